"""What this room shows on the page of a decision."""

from typing import Any

from django.http import HttpRequest

from governance.models import Proposal
from governance.sealed import access
from governance.sealed.queries import is_sealed, sealed_vote_of, tally_of
from members.models import Member


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The context of the panel; empty for votes with open ballots."""
    if not is_sealed(proposal):
        return {}
    return {
        "vote": sealed_vote_of(proposal),
        "tally": tally_of(proposal),
        "may_deal": access.may_deal(request, proposal),
        "may_tally": access.may_tally(request, proposal),
    }
