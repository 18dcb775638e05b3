"""Named reads of delivery notes and storage challenges."""

from django.db.models import QuerySet

from members.models import Member
from metering.models import DeliveryNote, MeterAssignment, StorageChallenge

OF_ASSIGNMENT = (
    "assignment__meter__node", "assignment__pool", "assignment__resource", "assignment__member",
)  # fmt: skip


def notes_of(member: Member) -> QuerySet[DeliveryNote]:
    """A member's delivery notes, newest first."""
    rows = DeliveryNote.objects.filter(assignment__member=member)
    return rows.select_related(*OF_ASSIGNMENT, "dispute", "node").order_by("-day", "-pk")


def challenges_of(member: Member) -> QuerySet[StorageChallenge]:
    """Challenges for what a member stores; those asked last first."""
    rows = StorageChallenge.objects.filter(assignment__member=member)
    return rows.select_related(*OF_ASSIGNMENT).order_by("-issued_at", "-pk")


def storing(member: Member) -> QuerySet[MeterAssignment]:
    """The running assignments of folders that hold a member's data."""
    rows = MeterAssignment.objects.filter(member=member, until=None, meter__name__startswith="dir:")
    return rows.select_related("meter__node").order_by("meter__node__label", "meter__name")


def assignments_to_ask() -> QuerySet[MeterAssignment]:
    """Running assignments, with whether their member countersigns."""
    rows = MeterAssignment.objects.filter(until=None)
    related = ("meter__node", "member", "pool", "resource", "countersigning")
    return rows.select_related(*related).order_by("meter__node__label", "meter__name")
