"""What a close charges, and gives back, for late usage of closed periods booked since the last one.

Per closed book the adjustments of the period are summed. Above nothing they are lines of the
period's charge. Below nothing the cost part is taken off the charge, as far as its cost parts go;
what is left is prepaid. The profit part is given back out of equity credit that is still open.
"""

from django.db import connection

from assets.accounts import MONEY, resource_account
from ledger.services import open_accounts, post_set
from members.models import User
from payments.accounts import money_accounts
from payments.services.funding import BANK
from titles.services.returned_credit import return_credit
from tokens.accounts import member_money, pool_member_money, pool_money
from tokens.models import Adjustment, LateCharge, Period, Yield
from tokens.services.settlement import posting

SUM_UP = """
WITH late AS (
    SELECT a.book_id, a.booked_in_id, b.member_id, p.code AS fund, r.code AS resource, c.start,
           sum(a.over) AS over, sum(a.cost_part) AS cost, sum(a.profit) AS profit
    FROM tokens_adjustment a JOIN tokens_book b ON b.id = a.book_id
    JOIN tokens_yield y ON y.id = b.yields_id JOIN tokens_period c ON c.id = y.period_id
    JOIN tokens_yield now ON now.id = a.booked_in_id AND now.period_id = %(period)s
    JOIN assets_pool p ON p.id = y.pool_id JOIN assets_resource r ON r.id = y.resource_id
    GROUP BY 1, 2, 3, 4, 5, 6
), due AS (
    SELECT b.member_id, sum(s.own_cost + s.cost_part) AS cost
    FROM tokens_settlement s JOIN tokens_book b ON b.id = s.book_id
    JOIN tokens_yield y ON y.id = b.yields_id AND y.period_id = %(period)s
    WHERE b.member_id IN (SELECT member_id FROM late WHERE cost < 0) GROUP BY 1
), placed AS (
    SELECT l.*, greatest(0, -l.cost) AS back,
           sum(greatest(0, -l.cost)) OVER (
               PARTITION BY l.member_id ORDER BY l.fund, l.resource, l.start) AS back_until,
           coalesce(d.cost, 0) + sum(greatest(0, l.cost)) OVER (PARTITION BY l.member_id) AS room
    FROM late l LEFT JOIN due d USING (member_id)
)
INSERT INTO tokens_latecharge (book_id, booked_in_id, over, cost_part, profit, to_prepaid)
SELECT book_id, booked_in_id, over, cost, profit, greatest(0, least(back, back_until - room))
FROM placed ORDER BY book_id"""
"""One row per closed book with adjustments; what is given back in the order of the codes."""

LINES = """
SELECT b.member_id, 'adjustment' AS kind, p.code AS fund, r.code AS resource, l.over AS quantity,
       y.price AS rate, y.settled_cost AS cost_rate, l.cost_part + l.to_prepaid AS cost,
       greatest(0, l.profit) AS profit, c.code AS period
FROM tokens_latecharge l JOIN tokens_book b ON b.id = l.book_id
JOIN tokens_yield y ON y.id = b.yields_id JOIN tokens_period c ON c.id = y.period_id
JOIN tokens_yield now ON now.id = l.booked_in_id AND now.period_id = %(period)s
JOIN assets_pool p ON p.id = y.pool_id JOIN assets_resource r ON r.id = y.resource_id
WHERE l.cost_part + l.to_prepaid <> 0 OR l.profit > 0"""
"""The lines of the period's charges that name a closed period."""

LEGS = f"""
WITH late AS (
    SELECT b.member_id, now.pool_id, l.cost_part, l.to_prepaid, greatest(0, l.profit) AS profit
    FROM tokens_latecharge l JOIN tokens_book b ON b.id = l.book_id
    JOIN tokens_yield now ON now.id = l.booked_in_id WHERE now.id = %(yield)s
), b AS (
    SELECT member_id, sum(cost_part + to_prepaid + profit) AS owed, sum(to_prepaid) AS prepaid,
           sum(profit) AS profit
    FROM late GROUP BY 1
), total AS (
    SELECT coalesce(sum(cost_part), 0) AS cost, coalesce(sum(to_prepaid), 0) AS prepaid FROM late
)
SELECT 1 AS n, {member_money("receivable")} AS account, owed AS amount FROM b
UNION ALL SELECT 1, {member_money("prepaid")}, -prepaid FROM b WHERE prepaid > 0
UNION ALL SELECT 1, {pool_member_money("profit_due")}, -profit FROM b
CROSS JOIN assets_pool p WHERE p.id = %(pool)s AND profit > 0
UNION ALL SELECT 1, %(cost_income)s, -cost FROM total
UNION ALL SELECT 1, {pool_money("cash:operating")}, -prepaid FROM total
CROSS JOIN assets_pool p WHERE p.id = %(pool)s
UNION ALL SELECT 1, %(bank)s, prepaid FROM total"""
"""Books one yield's late usage: owed or taken off, or prepaid, against the cost recovered."""

MEMBERS = """
SELECT 'member/' || b.member_id FROM tokens_latecharge l JOIN tokens_book b ON b.id = l.book_id
JOIN tokens_yield now ON now.id = l.booked_in_id WHERE now.period_id = %s"""
IN_POOLS = """
SELECT p.code || '/member/' || b.member_id FROM tokens_latecharge l
JOIN tokens_book b ON b.id = l.book_id JOIN tokens_yield now ON now.id = l.booked_in_id
JOIN assets_pool p ON p.id = now.pool_id WHERE now.period_id = %s AND l.profit > 0"""


def sum_up(period: Period, actor: User | None) -> bool:
    """Settle the period's adjustments; False where there are none. Call inside a transaction.

    The settlements of the period are there, and its charges are not raised yet.
    """
    if not Adjustment.objects.filter(booked_in__period=period).exists():
        return False
    with connection.cursor() as cursor:
        cursor.execute(SUM_UP, {"period": period.pk})
    for kind, owners in (("receivable", MEMBERS), ("prepaid", MEMBERS), ("profit_due", IN_POOLS)):
        open_accounts(commodity=MONEY, kind=kind, owners=owners, params=[period.pk])
    _give_credit_back(period, actor)
    return True


def _give_credit_back(period: Period, actor: User | None) -> None:
    """The profit of corrected use; only people's corrections bring it below nothing, one by one."""
    found = LateCharge.objects.filter(booked_in__period=period, profit__lt=0).order_by("pk")
    for row in found.select_related("booked_in__pool", "book__member", "book__yields__period"):
        return_credit(
            pool=row.booked_in.pool,
            member=row.book.member,
            cents=-row.profit,
            about=f"period:{row.book.yields.period.code}",
            key=f"late:{row.pk}",
            actor=actor,
        )


def post_late(row: Yield, actor: User | None) -> int:
    """Book what late usage comes to in one yield; cents of cost, below zero where given back."""
    found = LateCharge.objects.filter(booked_in=row).values_list("cost_part", flat=True)
    if not found:
        return 0
    params = {
        "yield": row.pk,
        "pool": row.pool_id,
        "cost_income": resource_account("cost_income", row.pool, row.resource.code),
        "bank": money_accounts([BANK])[BANK],
    }
    post_set([posting("late.charge", "late usage charged", row, actor)], legs=LEGS, params=params)
    return sum(found)
