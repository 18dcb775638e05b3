"""From a draft to an open ballot."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from governance import board, clock, roll
from governance.actions import action_named
from governance.documents import notice_document
from governance.errors import NotYet, NotYours, TextMissing, WrongState
from governance.models import Proposal
from governance.queries import locked
from governance.terms import Terms, terms_at, terms_of
from ledger.errors import KeyConflict
from members.models import Member, User
from members.queries import is_steward

State = Proposal.State


@transaction.atomic(durable=True)
def propose(
    *,
    title: str,
    text: str,
    action: str,
    payload: dict[str, Any],
    member: Member,
    actor: User | None,
    key: str = "",
) -> Proposal:
    """A draft; any admitted member may make one. The same key gives the same draft.

    Raises TextMissing, UnknownAction, BadPayload and what the action's check raises, KeyConflict.
    """
    title, text = title.strip(), text.strip()
    if not title or not text:
        raise TextMissing
    kind = action_named(action)
    kind.check(kind.read(payload))
    draft = Proposal(
        title=title,
        text=text,
        proposer=member,
        action=action,
        payload=payload,
        payload_hash=board.document_hash(payload),
        key=key or uuid.uuid4().hex,
    )
    return _saved_once(draft)


def _saved_once(draft: Proposal) -> Proposal:
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
            return draft
    except IntegrityError:
        earlier = Proposal.objects.filter(key=draft.key).first()
        if earlier is None:
            raise
    if _content(earlier) != _content(draft):
        raise KeyConflict
    return earlier


def _content(proposal: Proposal) -> tuple[object, ...]:
    return (
        proposal.title,
        proposal.text,
        proposal.proposer_id,
        proposal.action,
        proposal.payload_hash,
    )


@transaction.atomic(durable=True)
def withdraw(*, proposal_id: int, actor: User) -> Proposal:
    """A draft taken back by its proposer or a steward. Raises NotYours, WrongState."""
    proposal = locked(proposal_id)
    if proposal.proposer.user_id != actor.pk and not is_steward(actor):
        raise NotYours
    if proposal.state != State.WITHDRAWN:
        require(proposal, State.DRAFT)
        proposal.state = State.WITHDRAWN
        proposal.save(update_fields=["state"])
    return proposal


@transaction.atomic(durable=True)
def publish(*, proposal_id: int, actor: User | None) -> Proposal:
    """Notice given: terms, dates and dry run copied in, hashed and frozen; all members told.

    A second call changes nothing. Raises WrongState, and what the action's check raises where
    things changed since the draft.
    """
    proposal = locked(proposal_id)
    if proposal.state in (State.NOTICE, State.OPEN):
        return proposal
    require(proposal, State.DRAFT)
    action = action_named(proposal.action)
    action.check(proposal.payload)
    at = clock.now()
    terms = terms_at(at, action=action.key, touches_usage_rights=action.touches_usage_rights)
    proposal.preview = action.dry_run(proposal.payload)
    _announce(proposal, terms, at)
    proposal.published_by = actor
    proposal.save()
    roll.give_notice(proposal)
    return proposal


def _announce(proposal: Proposal, terms: Terms, at: datetime) -> None:
    proposal.state = State.NOTICE
    proposal.terms = terms.as_json()
    proposal.notice_at = at
    proposal.opens_at = at + timedelta(seconds=terms.notice_seconds)
    proposal.closes_at = proposal.opens_at + terms.voting
    proposal.notice_hash = board.document_hash(notice_document(proposal))


@transaction.atomic(durable=True)
def open_ballot(*, proposal_id: int, actor: User | None) -> Proposal:
    """The ballot open, with rolls and weights frozen as of now; a second call changes nothing.

    Where the opening comes late the closing moves with it, so that the voting time stays whole.
    Raises WrongState, NotYet.
    """
    proposal = locked(proposal_id)
    if proposal.state == State.OPEN:
        return proposal
    require(proposal, State.NOTICE)
    at = clock.now()
    if proposal.opens_at is None or at < proposal.opens_at:
        raise NotYet
    terms = terms_of(proposal)
    roll.freeze(proposal, terms)
    proposal.state = State.OPEN
    proposal.opens_at, proposal.closes_at = at, at + terms.voting
    proposal.save(update_fields=["state", "opens_at", "closes_at"])
    return proposal


def require(proposal: Proposal, *states: str) -> None:
    """Raise WrongState unless the proposal is in one of these states."""
    if proposal.state not in states:
        raise WrongState(state=proposal.get_state_display())
