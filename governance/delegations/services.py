"""Naming somebody to vote in one's place, and taking the word back (R12, R13)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from governance.actions import ACTIONS
from governance.delegations.in_force import area_of, rules_of
from governance.delegations.resolve import LOCK_NAME
from governance.errors import (
    BindsOnlyAProxy,
    DelegationsOff,
    EndNeeded,
    HolderIsFull,
    NoProxyWhenSealed,
    NotYourWord,
    OneVoteHasItsEnd,
    SpeaksForNobody,
    UnknownScope,
    VotingClosed,
    WrongState,
)
from governance.methods.answers import check_answer
from governance.models import Delegation, Proposal
from governance.queries import locked
from ledger.errors import KeyConflict
from members.models import Member, User
from policies.queries import policy

Kind, Scope = Delegation.Kind, Delegation.Scope
ALONGSIDE = f"SELECT pg_advisory_xact_lock_shared(hashtext('{LOCK_NAME}')), clock_timestamp()"


@dataclass(frozen=True)
class Meant:
    """What somebody's word is for: all votes, an area, or one vote, and until when it stands.

    `directed` is the answer that a proxy for one vote is bound to, in the shape of a ballot's.
    """

    kind: str
    scope: str = Scope.PROPOSAL
    area: str = ""
    proposal_id: int | None = None
    directed: Any = None
    until: datetime | None = None


@transaction.atomic(durable=True)
def give(
    *, giver: Member, holder: Member, meant: Meant, actor: User | None, key: str = ""
) -> Delegation:
    """Another member votes for the giver where the giver does not, from now on.

    It takes the place of the giver's earlier word for the same scope. The same key gives the
    same row. Raises SpeaksForNobody, UnknownScope, DelegationsOff, NoProxyWhenSealed, EndNeeded,
    OneVoteHasItsEnd, BindsOnlyAProxy, HolderIsFull, VotingClosed, WrongState, KeyConflict, and
    what `check_answer` raises for a binding answer.
    """
    key = key or uuid.uuid4().hex
    proposal = None if meant.proposal_id is None else locked(meant.proposal_id)
    at = moment()
    Member.objects.select_for_update(no_key=True).get(pk=giver.pk)
    earlier = Delegation.objects.filter(key=key).first()
    if earlier is not None:
        return same(earlier, giver, holder, meant)
    require_people(giver, holder)
    require_scope(meant, proposal)
    require_kind(meant, proposal, at)
    require_end(meant, at)
    require_room(giver, holder, meant, proposal, at)
    same_scope = {"scope": meant.scope, "area": meant.area, "proposal": proposal}
    standing(giver).filter(**same_scope).update(revoked_at=at)
    return Delegation.objects.create(
        giver=giver,
        holder=holder,
        kind=meant.kind,
        scope=meant.scope,
        area=meant.area,
        proposal=proposal,
        directed=meant.directed,
        key=key,
        made_at=at,
        until=meant.until,
    )


def moment() -> datetime:
    """This very moment, in the queue with closes: what gets it after a close is after it."""
    with connection.cursor() as cursor:
        cursor.execute(ALONGSIDE)
        row = cursor.fetchone()
    if row is None:
        raise RuntimeError("the database gave no time")
    at: datetime = row[1]
    return at


def standing(giver: Member) -> QuerySet[Delegation]:
    """What a member gave and did not take back, its time over or not."""
    return Delegation.objects.filter(giver=giver, revoked_at=None)


def same(earlier: Delegation, giver: Member, holder: Member, meant: Meant) -> Delegation:
    """The row that this key made; raises KeyConflict where it says something else."""
    said = (earlier.giver_id, earlier.holder_id, earlier.kind, earlier.scope, earlier.area)
    more = (earlier.proposal_id, earlier.directed, earlier.until)
    asked = (giver.pk, holder.pk, meant.kind, meant.scope, meant.area)
    if said + more != (*asked, meant.proposal_id, meant.directed, meant.until):
        raise KeyConflict
    return earlier


def require_people(giver: Member, holder: Member) -> None:
    """Raise SpeaksForNobody unless these are two active members."""
    active = {giver.state, holder.state} == {Member.State.ACTIVE}
    if not active or giver.pk == holder.pk:
        raise SpeaksForNobody


def require_scope(meant: Meant, proposal: Proposal | None) -> None:
    """Raise UnknownScope for what no vote falls under, OneVoteHasItsEnd for a day too many."""
    areas = {action.area for action in ACTIONS.values()}
    fits = (
        (meant.scope == Scope.ALL and not meant.area and proposal is None)
        or (meant.scope == Scope.AREA and meant.area in areas and proposal is None)
        or (meant.scope == Scope.PROPOSAL and not meant.area and proposal is not None)
    )
    if not fits:
        raise UnknownScope
    if meant.scope == Scope.PROPOSAL and meant.until is not None:
        raise OneVoteHasItsEnd


def require_kind(meant: Meant, proposal: Proposal | None, at: datetime) -> None:
    """Raise unless this kind of word can be given here: in general, or in this vote."""
    if meant.kind not in Kind.values:
        raise UnknownScope
    if meant.directed is not None and (meant.kind != Kind.PROXY or proposal is None):
        raise BindsOnlyAProxy
    if proposal is not None:
        require_vote(meant, proposal, at)
    elif meant.kind == Kind.DELEGATION and not policy("delegation_enabled", at):
        raise DelegationsOff


def require_vote(meant: Meant, proposal: Proposal, at: datetime) -> None:
    """Raise unless this vote is announced or open, not secret, and takes this kind of word."""
    if proposal.state not in (Proposal.State.NOTICE, Proposal.State.OPEN):
        raise WrongState(state=proposal.get_state_display())
    if proposal.closes_at is None or at >= proposal.closes_at:
        raise VotingClosed
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        raise NoProxyWhenSealed
    if meant.kind == Kind.DELEGATION and not rules_of(proposal).enabled:
        raise DelegationsOff
    if meant.directed is not None and check_answer(proposal, meant.directed) != meant.directed:
        raise BindsOnlyAProxy


def require_end(meant: Meant, at: datetime) -> None:
    """Raise EndNeeded where a standing word has no end, or one out of reach."""
    if meant.scope == Scope.PROPOSAL:
        return
    days: int = policy("delegation_days", at)
    if meant.until is None or not at < meant.until <= at + timedelta(days=days):
        raise EndNeeded(days=days)


def require_room(
    giver: Member, holder: Member, meant: Meant, proposal: Proposal | None, at: datetime
) -> None:
    """Raise HolderIsFull where a proxy would be one more than its holder may have (R12).

    Proxies that hold for the same votes count. What delegations bring beyond the cap is found at
    the close only: it depends on who votes themselves.
    """
    if meant.kind != Kind.PROXY:
        return
    heads = policy("proxy_heads", at) if proposal is None else rules_of(proposal).heads
    area = meant.area if proposal is None else area_of(proposal)
    same_votes = Q(scope=Scope.ALL) | Q(scope=Scope.AREA, area=area)
    if proposal is not None:
        same_votes |= Q(proposal=proposal)
    held = Delegation.objects.filter(same_votes, holder=holder, kind=Kind.PROXY, revoked_at=None)
    others = held.exclude(giver=giver).exclude(until__lte=at)
    if others.values("giver").distinct().count() >= heads:
        raise HolderIsFull(name=holder.name, heads=heads)


@transaction.atomic(durable=True)
def revoke(*, delegation_id: int, member: Member, actor: User | None) -> Delegation:
    """The word taken back by its giver, or laid down by its holder; a second call changes nothing.

    What comes after a vote's close no longer changes that vote. Raises NotYourWord.
    """
    at = moment()
    row = Delegation.objects.select_for_update().get(pk=delegation_id)
    if member.pk not in (row.giver_id, row.holder_id):
        raise NotYourWord
    if row.revoked_at is None:
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
    return row
