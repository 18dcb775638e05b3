"""Who may sign an emergency, and who may answer it (R17, R18)."""

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from governance.models import Proposal
from governance.offices.locks import concerned_by
from governance.offices.queries import has_lost_power, stewards_in_office
from members.models import Member, User
from members.queries import member_of
from metering.models import MeterAssignment, Node

State = Proposal.State
ON_THE_WAY = (State.NOTICE, State.OPEN, State.COUNTING)


def why_not_sign(user: User) -> str:
    """What keeps a user from signing emergencies; "" where nothing does."""
    member = member_of(user)
    if user.pk not in stewards_in_office() or member is None:
        return _("only stewards in office can")
    if has_lost_power(user):
        return _("a quarantine that you signed was not ratified; only an election gives it back")
    if is_voted_on(member):
        return _("a vote that concerns you is on its way")
    return ""


def is_voted_on(member: Member) -> bool:
    """Whether a vote on a member's recall, pay or sanction is announced or open (R18)."""
    rows = Proposal.objects.filter(state__in=ON_THE_WAY)
    return any(member.pk in concerned_by(proposal) for proposal in rows)


def is_of_the_node(member: Member | None, node: Node) -> bool:
    """Whether a member owns a node, or has use that it measures now."""
    if member is None:
        return False
    running = Q(until=None) | Q(until__gt=timezone.now())
    measured = MeterAssignment.objects.filter(running, meter__node=node, member=member)
    return node.owner_id == member.pk or measured.exists()
