"""What this room shows on the page of a decision."""

from typing import Any

from django.http import HttpRequest

from governance.models import Proposal
from governance.sealed import access
from governance.sealed.pages import may_vote
from governance.sealed.queries import is_sealed, is_trustee, sealed_vote_of, tally_of
from members.models import Member


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The context of the panel; empty for votes with open ballots."""
    if not is_sealed(proposal):
        return {}
    vote = sealed_vote_of(proposal)
    return {
        "vote": vote,
        "tally": tally_of(proposal),
        "may_deal": access.may_deal(request, proposal),
        "may_tally": access.may_tally(request, proposal),
        "may_vote": may_vote(proposal, member),
        "trustee": vote is not None and is_trustee(vote, member),
    }
