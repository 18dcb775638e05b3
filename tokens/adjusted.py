"""Named reads of late usage: what it changed, and where it is charged."""

from django.db.models import Q, QuerySet

from members.models import Member
from tokens.models import Adjustment, Period


def adjustments_of(member: Member, period: Period) -> QuerySet[Adjustment]:
    """What came late for a period, or is booked in it for an earlier one, in the order it came."""
    about = Q(book__yields__period=period) | Q(booked_in__period=period)
    rows = Adjustment.objects.filter(about, book__member=member).order_by("pk")
    return rows.select_related(
        "usage", "booked_in__period", "book__yields__period", "book__yields__pool",
        "book__yields__resource",
    )  # fmt: skip
