"""Drafts and notices, inside the transactions of the services that make them."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from governance import board, clock, roll
from governance.actions import Action, action_named
from governance.actions.base import ElectsPeople
from governance.documents import notice_document
from governance.errors import (
    BadPayload,
    NoTrustees,
    NotSealable,
    TextMissing,
    WrongKind,
    WrongState,
)
from governance.lifecycle.content import (
    OF_PEOPLE,
    candidates_of,
    content_of,
    require_enough,
    require_kind,
    stored_options,
)
from governance.lifecycle.versions import record_version
from governance.models import Proposal, SealedVote
from governance.offices.candidates import require_seats
from governance.terms import OWNERS, Terms, terms_for
from ledger.errors import KeyConflict
from members.models import Member, User

State = Proposal.State
Options = Iterable[Mapping[str, Any]]


def draft(
    *,
    title: str,
    text: str,
    action: str,
    payload: dict[str, Any],
    member: Member,
    actor: User | None,
    key: str = "",
    kind: str = Proposal.Kind.MOTION,
    ballot_kind: str = Proposal.BallotKind.OPEN,
    options: Options = (),
    seats: int = 1,
    previous: Proposal | None = None,
    because: str = "",
) -> Proposal:
    """As `propose`, inside the transaction of another service."""
    proposal = Proposal(
        title=title,
        text=text,
        kind=kind,
        ballot_kind=ballot_kind,
        options=list(options),
        seats=seats,
        proposer=member,
        action=action,
        payload=payload,
        previous=previous,
        because=because,
        key=key or uuid.uuid4().hex,
    )
    check_content(proposal)
    return _saved_once(proposal, actor)


def check_content(proposal: Proposal) -> None:
    """Bring what somebody wrote into its stored form, or raise what `propose` raises."""
    proposal.title, proposal.text = proposal.title.strip(), proposal.text.strip()
    if not proposal.title or not proposal.text:
        raise TextMissing
    action = action_named(proposal.action)
    require_kind(action, proposal.kind, seats=proposal.seats)
    if proposal.ballot_kind not in Proposal.BallotKind.values:
        raise WrongKind
    action.check(action.read(proposal.payload))
    _require_same_people(action, proposal)
    proposal.options = stored_options(proposal.kind, proposal.options, action)
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        _require_sealable(proposal)
    proposal.payload_hash = board.document_hash(proposal.payload)


def _require_same_people(action: Action, proposal: Proposal) -> None:
    """A second vote is about whom the first was about: users may carry it alone (R11)."""
    first = proposal.previous
    if proposal.because != Proposal.Because.SECOND_VOTE or first is None:
        return
    if action.concerns(proposal.payload) != action.concerns(first.payload):
        raise BadPayload


def _require_sealable(proposal: Proposal) -> None:
    terms = terms_for(proposal, clock.now())
    weighted = terms.owner_cap is not None and OWNERS in terms.chambers
    if len(terms.chambers) != 1 or weighted:
        raise NotSealable


def _saved_once(proposal: Proposal, actor: User | None) -> Proposal:
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
    except IntegrityError:
        earlier = Proposal.objects.filter(key=proposal.key).first()
        if earlier is None:
            raise
        return _same(earlier, proposal)
    record_version(proposal, by=actor)
    return proposal


def _same(earlier: Proposal, proposal: Proposal) -> Proposal:
    # What was edited since is compared as it was first written.
    first = earlier.versions.first()
    written = content_of(earlier) if first is None else first.content
    if (written, earlier.proposer_id) != (content_of(proposal), proposal.proposer_id):
        raise KeyConflict
    return earlier


def announce(proposal: Proposal, *, actor: User | None, why: str = "") -> Proposal:
    """Notice of what the proposal says now, to everybody. Call in a transaction, under its lock."""
    action, at = action_named(proposal.action), _after(proposal.notice_at, clock.now())
    if isinstance(action, ElectsPeople) or (not proposal.options and proposal.kind in OF_PEOPLE):
        proposal.options = candidates_of(proposal)
    require_enough(proposal)
    action.check(proposal.payload)
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        _require_deal(proposal)
    _preview(proposal)
    _date(proposal, terms_for(proposal, at), at)
    require_seats(proposal)
    proposal.published_by = actor
    proposal.save()
    record_version(proposal, by=actor, why=why)
    roll.give_notice(proposal)
    return proposal


def _after(earlier: datetime | None, at: datetime) -> datetime:
    """A transaction that waited for an earlier notice began before it."""
    return at if earlier is None else max(at, earlier + timedelta(microseconds=1))


def _require_deal(proposal: Proposal) -> None:
    if not SealedVote.objects.filter(proposal=proposal).exists():
        raise NoTrustees


def _preview(proposal: Proposal) -> None:
    action = action_named(proposal.action)
    proposal.preview = action.dry_run(proposal.payload)
    proposal.options = [
        {**option, "preview": action.dry_run(option["payload"])} if "payload" in option else option
        for option in proposal.options
    ]


def _date(proposal: Proposal, terms: Terms, at: datetime) -> None:
    proposal.state = State.NOTICE
    proposal.terms = terms.as_json()
    proposal.notice_at = at
    proposal.opens_at = at + timedelta(seconds=terms.notice_seconds)
    proposal.closes_at = proposal.opens_at + terms.voting
    proposal.notice_hash = board.document_hash(notice_document(proposal))


def require(proposal: Proposal, *states: str) -> None:
    """Raise WrongState unless the proposal is in one of these states."""
    if proposal.state not in states:
        raise WrongState(state=proposal.get_state_display())
