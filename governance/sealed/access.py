"""This sealed vote for this reader, or a refusal."""

from django.http import Http404, HttpRequest
from rest_framework.request import Request

from governance import access
from governance.models import Proposal
from governance.sealed.queries import is_sealed, is_trustee, sealed_vote_of
from members.queries import is_steward, member_of


def sealed_proposal_for(request: HttpRequest | Request, proposal_id: int) -> Proposal:
    """The proposal, if this reader may see it and its ballots are sealed; raises Http404."""
    proposal = access.proposal_for(request, proposal_id)
    if not is_sealed(proposal):
        raise Http404
    return proposal


def may_deal(request: HttpRequest | Request, proposal: Proposal) -> bool:
    """Proposer and stewards bring the deal of a draft."""
    mine = access.reader_member(request) == proposal.proposer
    return proposal.state == Proposal.State.DRAFT and (mine or is_steward(request.user))


def may_tally(request: HttpRequest | Request, proposal: Proposal) -> bool:
    """Trustees of the vote and stewards bring the tally, once the ballot is closed."""
    vote = sealed_vote_of(proposal)
    if vote is None or proposal.state != Proposal.State.COUNTING:
        return False
    return is_steward(request.user) or is_trustee(vote, member_of(request.user))
