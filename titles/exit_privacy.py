"""What the ways out keep of a person, in short."""

from typing import Any

from members.models import Member
from titles.models import Contribution, Leaving, Redemption, RedemptionRequest, SellDownStep


def data_on(member: Member) -> dict[str, Any]:
    """Requests, what was taken back, steps of a default, contributions, leavings."""
    return {
        "requests to give back": [_request(row) for row in _of(RedemptionRequest, member)],
        "given back": [_redemption(row) for row in _of(Redemption, member)],
        "steps for what was owed": [
            {"at": step.at.isoformat(), "what": step.what, "owed (cents)": step.owed}
            for step in SellDownStep.objects.filter(selldown__member=member).order_by("pk")
        ],
        "contributions": [
            {"what": row.what, "value (cents)": row.value, "shares": row.units}
            for row in Contribution.objects.filter(giver=member).order_by("pk")
        ],
        "leavings": [_leaving(row) for row in _of(Leaving, member)],
    }


def _of(model: Any, member: Member) -> Any:
    return model.objects.filter(member=member).select_related().order_by("pk")


def _request(row: RedemptionRequest) -> dict[str, Any]:
    return {
        "pool": row.pool.code,
        "kind": row.kind,
        "wanted": row.wanted,
        "served": row.served,
        "served as": row.klass,
        "because": row.class_reason,
        "reason": row.reason,
        "at": row.requested_at.isoformat(),
        "state": row.state,
    }


def _redemption(row: Redemption) -> dict[str, Any]:
    return {
        "pool": row.pool.code,
        "shares": row.units,
        "credit (cents)": row.credit,
        "brought (cents)": row.gross,
        "kept for cost (cents)": row.settled,
        "kept for charges (cents)": row.set_off,
        "at": row.at.isoformat(),
    }


def _leaving(row: Leaving) -> dict[str, Any]:
    return {
        "reason": row.reason,
        "words": row.text,
        "plan": row.plan,
        "asked": row.asked_at.isoformat(),
        "state": row.state,
    }
