"""What the page of a draft shows of its backing."""

from typing import Any

from django.http import HttpRequest

from governance.backing.access import may_announce
from governance.backing.queries import is_backable, support_of
from governance.models import Proposal
from members.models import Member
from members.queries import is_steward


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The context of the panel; empty for what is no draft, and for who is no member."""
    if member is None or not is_backable(proposal):
        return {}
    own = proposal.proposer_id == member.pk
    return {
        "support": support_of(proposal, member),
        "own": own,
        "may_back": not own and member.state == Member.State.ACTIVE,
        "announces": may_announce(request.user, proposal) and not is_steward(request.user),
    }
