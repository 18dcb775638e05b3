"""From nothing to an announced proposal."""

import hashlib
from typing import Any

from django.db import transaction

from governance.backing.access import require_may_announce
from governance.backing.queries import is_backed
from governance.errors import NotYours, ProposersAlone, SecondVoteWaits
from governance.lifecycle.drafting import Options, announce, draft, require
from governance.models import Proposal
from governance.offices.locks import (
    require_free_hand,
    require_no_interest,
    require_unconflicted,
)
from governance.queries import locked
from members.models import Member, User
from members.queries import is_steward

__all__ = ["announce", "draft", "propose", "publish", "require", "withdraw"]
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
    kind: str = Proposal.Kind.MOTION,
    ballot_kind: str = Proposal.BallotKind.OPEN,
    options: Options = (),
    seats: int = 1,
    previous: Proposal | None = None,
    because: str = "",
) -> Proposal:
    """A draft; any admitted member may make one. The same key gives the same draft.

    `options` are `[{"name", optional "payload", optional "member" (a number)}]`; ids and the
    standing option of a ranked motion are added. `previous` is the vote that this one follows
    on, `because` says why. A key is the member's own: nobody can take the one of another, nor of
    a vote that the rules call (a petition, objections, a second vote). Raises TextMissing,
    UnknownAction, WrongKind, BadOptions, NotSealable, BadPayload and what the action's check
    raises, KeyConflict.
    """
    return draft(
        title=title, text=text, action=action, payload=payload, member=member, actor=actor,
        key=_own_key(member, key), kind=kind, ballot_kind=ballot_kind, options=options,
        seats=seats, previous=previous, because=because,
    )  # fmt: skip


def _own_key(member: Member, key: str) -> str:
    return key and hashlib.sha256(f"{member.pk} {key}".encode()).hexdigest()


@transaction.atomic(durable=True)
def withdraw(*, proposal_id: int, actor: User) -> Proposal:
    """A proposal taken back: a draft by its proposer or a steward, later by its proposer alone.

    Later begins once members stand behind it. What others called for, and what is open, nobody
    takes back. Raises NotYours, ProposersAlone, CalledByOthers, ConflictOfInterest, WrongState.
    """
    proposal = locked(proposal_id)
    if not _may_withdraw(proposal, actor):
        raise ProposersAlone if is_steward(actor) else NotYours
    require_free_hand(proposal)
    require_unconflicted(actor, proposal)
    if proposal.state != State.WITHDRAWN:
        require(proposal, State.DRAFT, State.NOTICE)
        proposal.state = State.WITHDRAWN
        proposal.save(update_fields=["state"])
    return proposal


def _may_withdraw(proposal: Proposal, actor: User) -> bool:
    if proposal.proposer.user_id == actor.pk:
        return True
    second = proposal.because == Proposal.Because.SECOND_VOTE
    free = proposal.state == State.DRAFT and not second and not is_backed(proposal)
    return free and is_steward(actor)


@transaction.atomic(durable=True)
def publish(*, proposal_id: int, actor: User | None) -> Proposal:
    """Notice given: terms, dates and dry run copied in, hashed and frozen; all members told.

    By a steward, or by the proposer with enough members behind the draft. A second call changes
    nothing. Raises NotYours, NotBacked, WrongState, ConflictOfInterest, SecondVoteWaits,
    BadOptions where nobody stands, NoTrustees, and what the action's check raises where things
    changed since the draft.
    """
    proposal = locked(proposal_id)
    if proposal.state in (State.NOTICE, State.OPEN):
        return proposal
    require(proposal, State.DRAFT)
    require_may_announce(actor, proposal)
    require_no_interest(actor, proposal)
    if proposal.because == Proposal.Because.SECOND_VOTE:
        raise SecondVoteWaits
    return announce(proposal, actor=actor)
