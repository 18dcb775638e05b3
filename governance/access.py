"""This vote for this reader, or a refusal: the one place for permissions on votes."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from rest_framework.request import Request

from governance.backing.queries import is_backed
from governance.models import Ballot, Proposal
from governance.offices.locks import CALLED
from governance.queries import published, visible_to
from members.access import WITH_RIGHTS
from members.models import Member
from members.queries import is_auditor, is_steward, member_of


def reader_member(request: HttpRequest | Request) -> Member | None:
    """The admitted member who reads, or None."""
    member = member_of(request.user)
    return member if member is not None and member.state in WITH_RIGHTS else None


def proposal_for(request: HttpRequest | Request, proposal_id: int) -> Proposal:
    """The proposal, if this reader may see it; raises Http404."""
    rows = visible_to(reader_member(request), steward=is_steward(request.user))
    return get_object_or_404(rows, pk=proposal_id)


def may_withdraw(request: HttpRequest | Request, proposal: Proposal) -> bool:
    """Drafts are taken back by their proposer or a steward, what was announced by its proposer.

    So is what members stand behind.
    """
    own = reader_member(request) == proposal.proposer and proposal.because not in CALLED
    drafted = proposal.state == Proposal.State.DRAFT
    announced = proposal.state == Proposal.State.NOTICE
    if own and (drafted or announced):
        return True
    return drafted and is_steward(request.user) and not is_backed(proposal)


def withdrawable_by(request: HttpRequest | Request, proposal_id: int) -> Proposal:
    """The draft, if this reader may take it back; raises Http404, PermissionDenied."""
    proposal = proposal_for(request, proposal_id)
    if not may_withdraw(request, proposal):
        raise PermissionDenied
    return proposal


def public_proposal(proposal_id: int) -> Proposal:
    """The proposal, if notice was given of it; raises Http404."""
    return get_object_or_404(published(), pk=proposal_id)


def own_ballot(request: HttpRequest | Request, proposal_id: int, index: int) -> Ballot:
    """The reader's own entry of a board; raises Http404 for everybody else's."""
    rows = Ballot.objects.select_related("proposal")
    member = member_of(request.user)
    return get_object_or_404(rows, proposal=proposal_id, index=index, member=member)


def may_see_names(request: HttpRequest | Request, proposal: Proposal) -> bool:
    """After the close, members and auditors see who voted how; the public never does."""
    closed = proposal.decided_at is not None
    return closed and (reader_member(request) is not None or is_auditor(request.user))


def voting_member(request: HttpRequest | Request) -> Member:
    """The member who votes; raises PermissionDenied. Whether they may is for the roll to say."""
    member = member_of(request.user)
    if member is None or member.number is None:
        raise PermissionDenied
    return member
