"""What moves keep of a person: purchases, places in waiting lists, offers, estates."""

from typing import Any

from django.db.models import Q

from members.models import Member
from titles.models import Inheritance, PurchaseDraft, Subscription, Transfer, WaitingPlace


def data_on(member: Member) -> dict[str, Any]:
    """What a member wanted to buy, waited for, offered, was offered, left or inherited."""
    either = Q(giver=member) | Q(receiver=member)
    part = Q(deceased=member) | Q(shares__heir=member)
    seen = ("giver", "receiver", "pool")
    return {
        "drafts": list(PurchaseDraft.objects.filter(member=member).values("pool__code", "count")),
        "purchases": [_purchase(row) for row in _of(Subscription, member)],
        "waiting list": [_place(row) for row in _of(WaitingPlace, member)],
        "offers of shares": [
            _offer(row, member)
            for row in Transfer.objects.filter(either).select_related(*seen).order_by("pk")
        ],
        "estates": [
            {"of member": row.deceased.number, "at": row.recorded_at.isoformat()}
            for row in Inheritance.objects.filter(part).select_related("deceased").distinct()
        ],
    }


def _of(model: Any, member: Member) -> Any:
    return model.objects.filter(member=member).select_related("pool").order_by("pk")


def _purchase(row: Subscription) -> dict[str, Any]:
    return {
        "pool": row.pool.code,
        "shares": row.count,
        "price (cents)": row.price,
        "state": row.state,
        "at": row.created_at.isoformat(),
    }


def _place(row: WaitingPlace) -> dict[str, Any]:
    return {
        "pool": row.pool.code,
        "wish": row.wish,
        "takes part": row.takes_part,
        "state": row.state,
        "at": row.created_at.isoformat(),
    }


def _offer(row: Transfer, member: Member) -> dict[str, Any]:
    return {
        "pool": row.pool.code,
        "shares": row.units,
        "kind": row.kind,
        "given": row.giver_id == member.pk,
        "note": row.note,
        "state": row.state,
        "at": row.created_at.isoformat(),
    }
