"""How much a member may still run up before what they use is beyond their credit limit."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import connection

from members.models import Member
from policies.queries import policy

ROOM = """
SELECT m.id, coalesce((
    SELECT -sum(v.amount) FROM ledger_account a JOIN ledger_balance v ON v.account_id = a.id
    JOIN ledger_commodity c ON c.id = a.commodity_id AND c.code = %(money)s
    WHERE a.owner = 'member/' || m.id
      AND a.kind IN ('prepaid', 'receivable', 'provisional_receivable')), 0) - coalesce((
    SELECT sum(ledger_charge(d.amount, d.price)) FROM tokens_bid d
    JOIN tokens_auction x ON x.id = d.auction_id AND x.state = 'collecting'
    WHERE d.member_id = m.id AND d.withdrawn_at IS NULL), 0)
FROM unnest(%(members)s::bigint[]) AS m(id)"""
"""Cents paid ahead, less what is owed, what is charged so far and what standing bids may cost."""


def credit_limit(at: datetime) -> int | None:
    """Cents that everybody may owe at a moment; None where there is no limit (the policy is 0)."""
    return policy("credit_limit", at) or None


def credit_room(member: Member, at: datetime) -> int | None:
    """Cents that a member may still run up; below zero where more was; None: there is no limit.

    The limit, and what was paid ahead, less unpaid charges, the provisional charges of the period
    and what standing bids would cost at their own price.
    """
    return credit_rooms([member.pk], at)[member.pk]


def credit_rooms(member_ids: Collection[int], at: datetime) -> dict[int, int | None]:
    """The same for many members, by their ids, in one query."""
    limit = credit_limit(at)
    if limit is None:
        return dict.fromkeys(member_ids)
    with connection.cursor() as cursor:
        cursor.execute(ROOM, {"members": list(member_ids), "money": settings.COOP_CURRENCY})
        return {member_id: limit + int(used) for member_id, used in cursor.fetchall()}
