"""Casting a ballot."""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from governance import board, clock, own
from governance.documents import ballot_document, receipt_document
from governance.errors import (
    BadSealedBallot,
    NotOnRoll,
    ObjectionMissing,
    OldCounter,
    UnknownChoice,
    VotingClosed,
)
from governance.lifecycle.extension import extend_if_late
from governance.methods.answers import Answer, check_answer
from governance.methods.material import raised_by
from governance.models import Ballot, Proposal
from governance.queries import locked, seats_of
from ledger.errors import KeyConflict
from members.models import Member, User
from signing import strict_json
from signing.dsse import Envelope
from signing.keys import sign_document

LENGTHS = tuple(48 + 1024 * 2**n for n in range(5))
"""of sealed ballots: padded to 1024, 2048 … bytes, and what a SealedBox adds"""
MOST_COUNTER = 2**31 - 1
Answers = dict[str, Answer]


@transaction.atomic(durable=True)
def cast(
    *,
    proposal_id: int,
    member: Member,
    actor: User | None,
    choice: str = "",
    choices: Answers | None = None,
    answer: Answer | None = None,
    answers: Answers | None = None,
    sealed: bytes | None = None,
    counter: int | None = None,
    reason: str = "",
    key: str = "",
    envelope: Envelope | None = None,
) -> Ballot:
    """The member's answer as the next entry of the board; it replaces an earlier one.

    `answer` (or `choice`) answers in every chamber the member sits in, in the shape of the kind
    of vote (governance.methods.answers); `answers` (or `choices`) in each by its name. A sealed
    vote takes `sealed`, the ciphertext, with a `counter` above the voter's earlier ones; without
    one the next is given. The clock of the database at the start of this transaction decides
    whether the ballot is open. The same key gives the same entry. `envelope` is the answer, or
    the hash of `sealed`, as the member signed it with a key of their own; it is its own key, so
    that an old one never replaces a newer. Raises VotingClosed, NotOnRoll, UnknownChoice,
    BadSealedBallot, OldCounter, ObjectionMissing, KeyConflict, and what `governance.own` raises.
    """
    proposal = locked(proposal_id)
    key = _key(key, envelope)
    earlier = proposal.ballots.filter(member=member, key=key).first()
    at = clock.now()
    if earlier is None:
        _require_open(proposal, at)
    voters = seats_of(proposal, member)
    if not voters:
        raise NotOnRoll
    entry = Ballot(
        proposal=proposal,
        member=member,
        choices={},
        reason=reason.strip(),
        attested=envelope is None,
        own_envelope=None if envelope is None else envelope.as_json(),
        key=key,
        cast_at=at,
        sealed=sealed,
        counter=counter,
    )
    given = choices if answers is None else answers
    if given is None:
        given = dict.fromkeys(voters, choice if answer is None else answer)
    return _taken(entry, earlier, voters, given, envelope)


def _taken(
    entry: Ballot,
    earlier: Ballot | None,
    voters: dict[str, str],
    given: Answers,
    envelope: Envelope | None,
) -> Ballot:
    """The entry made, or the one that was made already with this key."""
    proposal = entry.proposal
    is_sealed = proposal.ballot_kind == Proposal.BallotKind.SEALED
    if is_sealed != (entry.sealed is not None):
        raise BadSealedBallot
    if not is_sealed and envelope is None:
        entry.choices = _checked(proposal, voters, given)
    if earlier is not None:
        return _same(earlier, entry)
    if envelope is not None:
        _take_signed(entry, envelope, voters)
    if entry.sealed is not None:
        _require_sealed(entry, bytes(entry.sealed))
    _require_objection(entry)
    _enter(proposal, next(iter(voters.values())), entry)
    extend_if_late(proposal, entry.cast_at)
    return entry


def _checked(proposal: Proposal, voters: dict[str, str], given: Answers) -> Answers:
    if set(given) != set(voters):
        raise UnknownChoice
    return {chamber: check_answer(proposal, answer) for chamber, answer in given.items()}


def _take_signed(entry: Ballot, envelope: Envelope, voters: dict[str, str]) -> None:
    # Under the member's lock no key ends between this look and the entry.
    Member.objects.select_for_update(no_key=True).get(pk=entry.member_id)
    said = own.words_in(
        proposal=entry.proposal,
        member=entry.member,
        envelope=envelope,
        reason=entry.reason,
        at=entry.cast_at,
        sealed=None if entry.sealed is None else bytes(entry.sealed),
    )
    if entry.sealed is None:
        entry.choices = _checked(entry.proposal, voters, said["choices"])
    else:
        entry.counter = said["counter"]


def _require_sealed(entry: Ballot, sealed: bytes) -> None:
    """A ciphertext as ballots are, nothing beside it, a counter above all earlier ones."""
    copied = entry.proposal.ballots.filter(sealed=sealed).exists()
    if entry.reason or copied or len(sealed) not in LENGTHS:
        raise BadSealedBallot
    earlier = entry.proposal.ballots.filter(member=entry.member)
    last = earlier.aggregate(last=Max("counter"))["last"] or 0
    if entry.counter is None:
        entry.counter = last + 1
    if not last < entry.counter <= MOST_COUNTER:
        raise OldCounter


def _require_objection(entry: Ballot) -> None:
    """Whoever objects to a consent has said why, and what would have to change (R21)."""
    objects = "object" in entry.choices.values()
    if objects and not raised_by(entry.proposal, entry.member).exists():
        raise ObjectionMissing


def _key(key: str, envelope: Envelope | None) -> str:
    """What makes a second sending the same: for a signed answer the answer itself."""
    return (key or uuid.uuid4().hex) if envelope is None else f"own {envelope.digest}"


def _require_open(proposal: Proposal, at: datetime) -> None:
    # A closing that got the lock first has changed the state by now.
    if proposal.state != Proposal.State.OPEN or proposal.opens_at is None:
        raise VotingClosed
    if proposal.closes_at is None or not proposal.opens_at <= at < proposal.closes_at:
        raise VotingClosed


def _same(earlier: Ballot, entry: Ballot) -> Ballot:
    """The entry that was made already, if it says the same; a signed one is its own key."""
    said = (earlier.choices, earlier.reason, earlier.sealed and bytes(earlier.sealed))
    given = (entry.choices if entry.attested else earlier.choices, entry.reason, entry.sealed)
    if said != given:
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
        sealed=None if entry.sealed is None else bytes(entry.sealed),
        counter=entry.counter,
    )
    return sign_document(board.BALLOT, strict_json.dumps(document)).as_json()


def _signed_receipt(proposal: Proposal, entry: Ballot) -> bytes:
    document = receipt_document(
        proposal, index=entry.index, leaf=entry.leaf, link=entry.link, at=entry.cast_at
    )
    return sign_document(board.RECEIPT, strict_json.dumps(document)).as_json()
