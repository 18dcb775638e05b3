"""What the register of assets holds on a person, and what of it may go."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from assets.models import AssetCustody, UpkeepEntry
from members.models import Member, User


def data_on(member: Member) -> dict[str, Any]:
    """Everything that the register of assets holds on a member, as JSON takes it."""
    kept = AssetCustody.objects.filter(member=member).select_related("asset").order_by("pk")
    worked = UpkeepEntry.objects.filter(member=member).select_related("asset").order_by("pk")
    return {
        "kept": [
            {
                "asset": row.asset.code,
                "name": row.asset.name,
                "asked": row.offered_at.isoformat(),
                "answered": row.answered_at.isoformat() if row.answered_at else None,
                "since": row.since.isoformat() if row.since else None,
                "until": row.until.isoformat() if row.until else None,
                "note": row.note,
            }
            for row in kept
        ],
        "upkeep": [
            {
                "asset": row.asset.code,
                "on": row.on.isoformat(),
                "what": row.what,
                "who": row.who,
                "minutes": row.minutes,
            }
            for row in worked
        ],
    }


def open_matters(member: Member) -> list[str]:
    """Things of the cooperative that they still keep."""
    kept = AssetCustody.objects.filter(member=member, since__isnull=False, until=None)
    return [
        _("They keep %(asset)s (%(code)s).") % {"asset": row.asset.name, "code": row.asset.code}
        for row in kept.select_related("asset").order_by("pk")
    ]


def forget(*, member: Member, actor: User | None) -> None:
    """Take a member's name out of the log of upkeep; call inside a transaction.

    That a member kept a thing stays, under the number: whose care it was in is a fact about the
    thing. The name behind the number goes with the member's own row.
    """
    theirs = Q(member=member) | Q(who=member.name) if member.name else Q(member=member)
    UpkeepEntry.objects.filter(theirs).exclude(who="").update(who="")
