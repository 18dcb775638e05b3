"""Named reads of disputes."""

from django.db.models import QuerySet

from members.models import Member
from metering.models import Dispute


def disputes_of(member: Member) -> QuerySet[Dispute]:
    """A member's disputes, the newest first."""
    return _rows().filter(member=member).order_by("-pk")


def disputes_waiting() -> QuerySet[Dispute]:
    """What no steward has answered yet, the oldest first."""
    return _rows().filter(answered_at=None).order_by("pk")


def disputes_answered() -> QuerySet[Dispute]:
    """What was answered, the latest first."""
    return _rows().exclude(answered_at=None).order_by("-answered_at")


def _rows() -> QuerySet[Dispute]:
    return Dispute.objects.select_related(
        "member", "pool", "resource", "reading__meter__node", "correction", "answered_by"
    )
