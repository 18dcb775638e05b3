"""Who gives notice of a draft: a steward, or its proposer with enough members behind it."""

from typing import Any

from governance.backing.queries import is_backable, support_of
from governance.errors import NotBacked, NotYours
from governance.models import Proposal
from members.models import User
from members.queries import is_steward


def may_announce(user: Any, proposal: Proposal) -> bool:
    """Whether somebody may give notice of a draft now."""
    if is_steward(user):
        return True
    own = isinstance(user, User) and proposal.proposer.user_id == user.pk
    return own and is_backable(proposal) and support_of(proposal).is_enough


def require_may_announce(actor: User | None, proposal: Proposal) -> None:
    """Raise NotYours or NotBacked for who may not. Time (`actor` None) may."""
    if actor is None or may_announce(actor, proposal):
        return
    if proposal.proposer.user_id != actor.pk:
        raise NotYours
    support = support_of(proposal)
    raise NotBacked(has=support.backers, needed=support.needed)
