"""Mails about emergencies: to those who can sign, and to the people of the node."""

from django.db.models import Q, QuerySet
from django.urls import reverse

from governance.models import Emergency
from governance.notices.mail import tell
from governance.offices.queries import stewards_in_office
from members.models import Member
from metering.models import MeterAssignment
from metering.trust.standing import public_name


def tell_stewards(emergency: Emergency) -> int:
    """Ask the other stewards to look and sign; how many. Call inside a transaction."""
    signed = emergency.signatures.values("steward")
    others = Member.objects.filter(user__in=stewards_in_office()).exclude(user__in=signed)
    return _tell(others, "emergency_called", emergency)


def tell_in_force(emergency: Emergency) -> int:
    """Tell the node's people what happened and that they can answer; how many."""
    measured = MeterAssignment.objects.filter(meter__node=emergency.node, until=None)
    theirs = Q(pk__in=measured.values("member")) | Q(nodes=emergency.node)
    return _tell(Member.objects.filter(theirs).distinct(), "emergency_in_force", emergency)


def _tell(people: QuerySet[Member], kind: str, emergency: Emergency) -> int:
    return tell(
        people.order_by("pk"),
        kind=kind,
        context={"node": public_name(emergency.node), "reason": emergency.reason},
        path=reverse("governance:emergency", args=[emergency.pk]),
        key=f"{kind}:{emergency.pk}",
    )
