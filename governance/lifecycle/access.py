"""Who may step into the way of a proposal: what the pages and the API ask before they offer it."""

from datetime import datetime
from typing import Any

from governance.backing.queries import is_backed
from governance.lifecycle.objections import objections_open
from governance.models import Proposal
from governance.offices.locks import is_conflicted, require_free_hand
from ledger.errors import DomainError
from members.models import Member, Role, User
from members.queries import holds_role, is_steward

State = Proposal.State


def may_amend(user: Any, proposal: Proposal) -> bool:
    """Whether somebody may change what a proposal says now."""
    if proposal.state not in (State.DRAFT, State.NOTICE) or not is_theirs_now(user, proposal):
        return False
    try:
        require_free_hand(proposal)
    except DomainError:
        return False
    return not is_conflicted(user, proposal)


def may_write_joint_text(user: Any, proposal: Proposal, at: datetime) -> bool:
    """Whether somebody may begin the second vote of two chambers that differ."""
    in_time = proposal.reconcile_until is not None and at < proposal.reconcile_until
    return in_time and _theirs(user, proposal) and not is_conflicted(user, proposal)


def may_object(member: Member | None, proposal: Proposal, at: datetime) -> bool:
    """Whether a member could object now; whether they are among the users is counted apart."""
    return member is not None and objections_open(proposal, at)


def may_halt(user: Any, proposal: Proposal) -> bool:
    """Whether an auditor may halt this vote now."""
    if proposal.state not in (State.OPEN, State.COUNTING, State.TIMELOCKED):
        return False
    if not holds_role(user, Role.Name.AUDITOR) or is_conflicted(user, proposal):
        return False
    return not proposal.halts.filter(auditor=user).exists()


def may_correct(user: Any, proposal: Proposal, at: datetime) -> bool:
    """Whether somebody may add who was left off a roll."""
    office = holds_role(user, Role.Name.STEWARD, Role.Name.AUDITOR)
    open_now = proposal.state == State.OPEN and (proposal.closes_at or at) > at
    return open_now and office and not is_conflicted(user, proposal)


def is_theirs_now(user: Any, proposal: Proposal) -> bool:
    """A draft is its proposer's and the stewards'; what was announced, or what members stand
    behind, is its proposer's alone."""
    if proposal.state == State.DRAFT and not is_backed(proposal):
        return _theirs(user, proposal)
    return isinstance(user, User) and proposal.proposer.user_id == user.pk


def _theirs(user: Any, proposal: Proposal) -> bool:
    return isinstance(user, User) and (proposal.proposer.user_id == user.pk or is_steward(user))
