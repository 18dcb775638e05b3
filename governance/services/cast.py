"""Casting a ballot."""

import uuid
from datetime import datetime

from django.db import transaction

from governance import board, clock, own
from governance.counting import CHOICES
from governance.documents import ballot_document, receipt_document
from governance.errors import NotOnRoll, UnknownChoice, VotingClosed
from governance.models import Ballot, Proposal, RollRow
from governance.queries import locked
from ledger.errors import KeyConflict
from members.models import Member, User
from signing import strict_json
from signing.dsse import Envelope
from signing.keys import sign_document


@transaction.atomic(durable=True)
def cast(
    *,
    proposal_id: int,
    member: Member,
    actor: User | None,
    choice: str = "",
    choices: dict[str, str] | None = None,
    reason: str = "",
    key: str = "",
    envelope: Envelope | None = None,
) -> Ballot:
    """The member's answer as the next entry of the board; it replaces an earlier one.

    `choice` answers in every chamber the member sits in; `choices` in each by its name. The
    clock of the database at the start of this transaction decides whether the ballot is open.
    The same key gives the same entry. `envelope` is the answer as the member signed it with a key
    of their own, in place of `choice` and `choices`; it is its own key, so that an old one never
    replaces a newer. Raises VotingClosed, NotOnRoll, UnknownChoice, KeyConflict, and what
    `governance.own.choices_in` raises.
    """
    proposal = locked(proposal_id)
    key = _key(key, envelope)
    earlier = proposal.ballots.filter(member=member, key=key).first()
    at = clock.now()
    if earlier is None:
        _require_open(proposal, at)
    rows = RollRow.objects.filter(chamber__proposal=proposal, member=member)
    voters = {row.chamber.name: row.voter for row in rows.select_related("chamber")}
    if envelope is not None:
        choices = earlier.choices if earlier else _signed(proposal, member, envelope, reason, at)
    answer = _answer(voters, choice, choices)
    if earlier is not None:
        return _same(earlier, answer, reason.strip())
    entry = Ballot(
        proposal=proposal,
        member=member,
        choices=answer,
        reason=reason.strip(),
        attested=envelope is None,
        own_envelope=None if envelope is None else envelope.as_json(),
        key=key,
        cast_at=at,
    )
    return _enter(proposal, next(iter(voters.values())), entry)


def _signed(
    proposal: Proposal, member: Member, envelope: Envelope, reason: str, at: datetime
) -> dict[str, str]:
    # Under the member's lock no key ends between this look and the entry.
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    return own.choices_in(proposal=proposal, member=member, envelope=envelope, reason=reason, at=at)


def _key(key: str, envelope: Envelope | None) -> str:
    """What makes a second sending the same: for a signed answer the answer itself."""
    return (key or uuid.uuid4().hex) if envelope is None else f"own {envelope.digest}"


def _require_open(proposal: Proposal, at: datetime) -> None:
    # A closing that got the lock first has changed the state by now.
    if proposal.state != Proposal.State.OPEN or proposal.opens_at is None:
        raise VotingClosed
    if proposal.closes_at is None or not proposal.opens_at <= at < proposal.closes_at:
        raise VotingClosed


def _answer(voters: dict[str, str], choice: str, choices: dict[str, str] | None) -> dict[str, str]:
    if not voters:
        raise NotOnRoll
    answer = dict.fromkeys(voters, choice) if choices is None else choices
    if set(answer) != set(voters) or not set(answer.values()) <= set(CHOICES):
        raise UnknownChoice
    return answer


def _same(earlier: Ballot, answer: dict[str, str], reason: str) -> Ballot:
    if (earlier.choices, earlier.reason) != (answer, reason):
        raise KeyConflict
    return earlier


def _enter(proposal: Proposal, voter: str, entry: Ballot) -> Ballot:
    last = proposal.ballots.order_by("-index").first()
    entry.index = 1 if last is None else last.index + 1
    entry.envelope = _signed_ballot(proposal, voter, entry)
    entry.leaf = board.leaf_hash(entry.envelope)
    entry.link = board.next_link(board.FIRST_LINK if last is None else last.link, entry.leaf)
    entry.receipt = _signed_receipt(proposal, entry)
    entry.save(force_insert=True)
    return entry


def _signed_ballot(proposal: Proposal, voter: str, entry: Ballot) -> bytes:
    document = ballot_document(
        proposal,
        index=entry.index,
        voter=voter,
        choices=entry.choices,
        reason_hash=board.text_hash(entry.reason),
        at=entry.cast_at,
        own=None if entry.own_envelope is None else bytes(entry.own_envelope),
    )
    return sign_document(board.BALLOT, strict_json.dumps(document)).as_json()


def _signed_receipt(proposal: Proposal, entry: Ballot) -> bytes:
    document = receipt_document(
        proposal, index=entry.index, leaf=entry.leaf, link=entry.link, at=entry.cast_at
    )
    return sign_document(board.RECEIPT, strict_json.dumps(document)).as_json()
