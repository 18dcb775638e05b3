"""What meters keep of a person, in short, and how they forget them."""

from typing import Any

from django.utils.translation import gettext as _

from members.models import Member, User
from metering.models import DeliveryNote, MeterAssignment, Node


def data_on(member: Member) -> dict[str, Any]:
    """Whose machines are theirs, which meters counted for them when, and what they confirmed."""
    counted = MeterAssignment.objects.filter(member=member).order_by("since")
    return {
        "nodes": list(Node.objects.filter(owner=member).values("id", "label", "state")),
        "meters": [
            {
                "meter": row.meter.name,
                "since": row.since.isoformat(),
                "until": row.until and row.until.isoformat(),
            }
            for row in counted.select_related("meter")
        ],
        "delivery_notes": [
            {"day": row.day.isoformat(), "millitokens": row.amount, "answer": row.state}
            for row in DeliveryNote.objects.filter(assignment__member=member).order_by("day")
        ],
    }


def open_matters(member: Member) -> list[str]:
    """Meters that still count for them."""
    meters = MeterAssignment.objects.filter(member=member, until=None).select_related("meter")
    return [_("the meter %(name)s") % {"name": row.meter.name} for row in meters]


def forget(*, member: Member, actor: User | None) -> None:
    """The names they gave to machines go; readings stay, because what was charged rests on them."""
    Node.objects.filter(owner=member).update(label="")
