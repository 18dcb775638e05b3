"""How much a member may still run up before what they use is beyond their credit limit."""

from datetime import datetime

from django.conf import settings
from django.db import connection

from members.models import Member
from policies.queries import policy

ROOM = """
SELECT coalesce(-sum(v.amount), 0) - coalesce((
    SELECT sum(ledger_charge(d.amount, d.price)) FROM tokens_bid d
    JOIN tokens_auction x ON x.id = d.auction_id AND x.state = 'collecting'
    WHERE d.member_id = %(member)s AND d.withdrawn_at IS NULL), 0)
FROM ledger_account a JOIN ledger_balance v ON v.account_id = a.id
JOIN ledger_commodity c ON c.id = a.commodity_id AND c.code = %(money)s
WHERE a.owner = 'member/' || %(member)s
  AND a.kind IN ('prepaid', 'receivable', 'provisional_receivable')"""
"""Cents paid ahead, less what is owed, what is charged so far and what standing bids may cost."""


def credit_limit(at: datetime) -> int | None:
    """Cents that everybody may owe at a moment; None where there is no limit (the policy is 0)."""
    return policy("credit_limit", at) or None


def credit_room(member: Member, at: datetime) -> int | None:
    """Cents that a member may still run up; below zero where more was; None: there is no limit.

    The limit, and what was paid ahead, less unpaid charges, the provisional charges of the period
    and what standing bids would cost at their own price.
    """
    limit = credit_limit(at)
    if limit is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(ROOM, {"member": member.pk, "money": settings.COOP_CURRENCY})
        used = cursor.fetchone()[0]
    return limit + int(used)
