"""The arithmetic of a close in the database: what each book used, sold, let expire and owes.

One statement per yield and purpose; docs/economics.md has the formulas, economics section 7.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from assets.accounts import MONEY
from tokens.accounts import pool_money
from tokens.services.limits import BARRED

SURPLUS = f"""
WITH {{beyond}}, offered AS (
    SELECT member_id, bool_or(amount IS NULL) AS everything, sum(amount) AS up_to
    FROM tokens_offer
    WHERE pool_id = %(pool)s AND resource_id = %(resource)s AND withdrawn_at IS NULL
      AND (period_id IS NULL OR period_id = %(period)s)
    GROUP BY member_id
), {BARRED}, sellable AS (
    SELECT b.id AS book_id, m.number,
           CASE WHEN o.everything THEN own.amount ELSE least(o.up_to, own.amount) END AS amount
    FROM offered o
    JOIN tokens_book b ON b.member_id = o.member_id AND b.yields_id = %(yield)s
    JOIN members_member m ON m.id = b.member_id
    JOIN ledger_balance own ON own.account_id = b.own_account AND own.amount > 0
    WHERE o.member_id NOT IN (SELECT member_id FROM barred)
    UNION ALL
    SELECT NULL, NULL, amount FROM ledger_balance
    WHERE account_id = %(pool_account)s AND amount > 0
), placed AS (
    SELECT book_id, amount::bigint AS amount,
           row_number() OVER (ORDER BY number NULLS LAST) AS place
    FROM sellable
), matched AS (
    SELECT least((SELECT coalesce(sum(amount), 0) FROM placed),
                 (SELECT coalesce(sum(overage), 0) FROM tokens_book
                  WHERE yields_id = %(yield)s)
                 - (SELECT coalesce(sum(amount), 0) FROM beyond))::bigint AS total
), parts AS (
    SELECT p.book_id, s.part
    FROM ledger_share_out((SELECT total FROM matched),
                          (SELECT array_agg(amount ORDER BY place) FROM placed)) AS s
    JOIN placed p USING (place)
)"""
"""book by book (NULL: the pool) what of its surplus is sold to those who went over.

What went beyond a credit limit is not matched; `beyond` is put in by tokens/services/limits.py.
"""

BOUGHT = """
bids AS (
    SELECT book_id, price AS rate, sum(bought)::bigint AS amount FROM tokens_bid
    WHERE bought > 0 AND book_id IN (SELECT id FROM tokens_book WHERE yields_id = %(yield)s)
    GROUP BY 1, 2
), bought AS (
    SELECT book_id, rate, sum(amount)::bigint AS amount FROM (
        SELECT book_id, rate, amount FROM bids
        UNION ALL
        SELECT id, %(price)s, overage FROM tokens_book
        WHERE yields_id = %(yield)s AND overage > 0) AS all_bought
    GROUP BY 1, 2
)"""
"""book and rate by rate what was bought, by auction and beyond the tokens together."""

SETTLE = f"""
{SURPLUS}, {BOUGHT}, paid AS (
    SELECT book_id, sum(ledger_charge(amount, %(settled_cost)s)) AS cost,
           sum(ledger_charge(amount, rate - %(settled_cost)s)) AS profit
    FROM bought GROUP BY 1
), asked AS (
    SELECT book_id, sum(sold) AS sold FROM tokens_ask
    WHERE book_id IN (SELECT id FROM tokens_book WHERE yields_id = %(yield)s) GROUP BY 1
), taken_out AS (
    SELECT book_id, sum(amount - least(presented, amount))::bigint AS amount FROM tokens_voucher
    WHERE state = 'out' AND book_id IN (SELECT id FROM tokens_book WHERE yields_id = %(yield)s)
    GROUP BY 1
), state AS (
    SELECT b.id, b.issued, coalesce(p.part, 0) AS matched,
           coalesce(p.part, 0) + coalesce(asked.sold, 0) AS sold,
           b.redeemed, b.overage,
           own.amount + coalesce(rec.amount, 0) + coalesce(out.amount, 0)
           - coalesce(p.part, 0) AS expired
    FROM tokens_book b
    JOIN ledger_balance own ON own.account_id = b.own_account
    LEFT JOIN ledger_balance rec ON rec.account_id = b.received_account
    LEFT JOIN parts p ON p.book_id = b.id LEFT JOIN asked ON asked.book_id = b.id
    LEFT JOIN taken_out out ON out.book_id = b.id
    WHERE b.yields_id = %(yield)s
), settled AS (
    INSERT INTO tokens_settlement (book_id, used, redeemed, overage, beyond_limit, matched, sold,
                                   expired, own_cost, cost_part, profit)
    SELECT s.id, redeemed + overage, redeemed, overage, coalesce(beyond.amount, 0), matched, sold,
           expired,
           ledger_charge((issued - sold)::bigint, %(unit_cost)s),
           coalesce(paid.cost, 0), coalesce(paid.profit, 0)
    FROM state s LEFT JOIN paid ON paid.book_id = s.id
    LEFT JOIN beyond ON beyond.book_id = s.id
)
SELECT (SELECT total FROM matched),
       coalesce((SELECT sum(part) FROM parts WHERE book_id IS NULL), 0)::bigint,
       (SELECT coalesce(sum(overage), 0) FROM state)::bigint,
       (SELECT coalesce(sum(amount), 0) FROM beyond)::bigint,
       ((SELECT coalesce(sum(amount), 0) FROM placed WHERE book_id IS NOT NULL)
        - (SELECT coalesce(sum(part), 0) FROM parts WHERE book_id IS NOT NULL))::bigint"""
"""Writes a settlement per book; gives (matched, of it the pool's, overage, beyond a limit, and
what members offered in vain)."""

LINES = """
WITH yields AS (
    SELECT y.id, y.price, y.unit_cost, y.settled_cost, p.code AS fund, r.code AS resource
    FROM tokens_yield y JOIN assets_pool p ON p.id = y.pool_id
    JOIN assets_resource r ON r.id = y.resource_id WHERE y.period_id = %(period)s
), bought AS (
    SELECT book_id, rate, sum(amount)::bigint AS amount FROM (
        SELECT d.book_id, d.price AS rate, d.bought AS amount FROM tokens_bid d
        JOIN tokens_book b ON b.id = d.book_id JOIN yields y ON y.id = b.yields_id
        WHERE d.bought > 0
        UNION ALL
        SELECT b.id, y.price, b.overage FROM tokens_book b JOIN yields y ON y.id = b.yields_id
        WHERE b.overage > 0) AS all_bought
    GROUP BY 1, 2
)
SELECT b.member_id, 'own' AS kind, y.fund, y.resource, b.issued - s.sold AS quantity,
       y.unit_cost AS rate, y.unit_cost AS cost_rate, s.own_cost AS cost, 0::bigint AS profit,
       '' AS period
FROM tokens_settlement s JOIN tokens_book b ON b.id = s.book_id
JOIN yields y ON y.id = b.yields_id WHERE s.own_cost > 0
UNION ALL
SELECT b.member_id, 'purchase', y.fund, y.resource, k.amount, k.rate, y.settled_cost,
       ledger_charge(k.amount, y.settled_cost), ledger_charge(k.amount, k.rate - y.settled_cost),
       ''
FROM bought k JOIN tokens_book b ON b.id = k.book_id JOIN yields y ON y.id = b.yields_id"""
"""What everybody is charged for in a period: own cost, and purchases rate by rate."""

OVERAGE_COST = """
SELECT coalesce(sum(ledger_charge(s.overage, %(settled_cost)s)), 0)::bigint,
       coalesce(sum(own_cost), 0)::bigint, coalesce(sum(cost_part), 0)::bigint
FROM tokens_settlement s JOIN tokens_book b ON b.id = s.book_id WHERE b.yields_id = %(yield)s"""

MATCH_LEGS = """
SELECT 1 AS n, b.own_account AS account, -s.matched AS amount
FROM tokens_settlement s JOIN tokens_book b ON b.id = s.book_id
WHERE b.yields_id = %(yield)s
UNION ALL SELECT 1, %(pool_account)s, -%(pool_matched)s
UNION ALL SELECT 1, %(unbacked_account)s, %(matched)s"""

HELD = """
WITH held AS (
    SELECT x.account, x.amount FROM (
        SELECT b.own_account AS account, v.amount FROM tokens_book b
        JOIN ledger_balance v ON v.account_id = b.own_account WHERE b.yields_id = %(yield)s
        UNION ALL
        SELECT b.received_account, v.amount FROM tokens_book b
        JOIN ledger_balance v ON v.account_id = b.received_account WHERE b.yields_id = %(yield)s
        UNION ALL
        SELECT %(pool_account)s, amount FROM ledger_balance WHERE account_id = %(pool_account)s
        UNION ALL
        SELECT v.account_id, v.amount FROM tokens_yield y
        JOIN ledger_balance v ON v.account_id = y.vouchers_account WHERE y.id = %(yield)s
    ) AS x
)"""

LEFT = f"{HELD} SELECT coalesce(sum(amount), 0)::bigint FROM held"

EXPIRE_LEGS = f"""
{HELD}
SELECT 1 AS n, account, -amount AS amount FROM held
UNION ALL SELECT 1, %(expired_account)s, (SELECT coalesce(sum(amount), 0) FROM held)"""

MONEY_ACCOUNT = f"""
    ledger_account a ON a.commodity_id = (SELECT id FROM ledger_commodity WHERE code = '{MONEY}')"""
"""The beginning of a join with members' money accounts, for all members at once."""

CHARGE_LEGS = f"""
SELECT 1 AS n, a.id AS account, s.own_cost + s.cost_part + s.profit AS amount
FROM tokens_settlement s JOIN tokens_book b ON b.id = s.book_id
JOIN {MONEY_ACCOUNT} AND a.kind = 'receivable' AND a.owner = 'member/' || b.member_id
WHERE b.yields_id = %(yield)s
UNION ALL SELECT 1, a.id, -s.profit
FROM tokens_settlement s JOIN tokens_book b ON b.id = s.book_id
JOIN assets_pool p ON p.id = %(pool)s
JOIN {MONEY_ACCOUNT} AND a.kind = 'profit_due' AND a.owner = p.code || '/member/' || b.member_id
WHERE b.yields_id = %(yield)s AND s.profit > 0
UNION ALL SELECT 1, %(cost_income)s, -sum(s.own_cost + s.cost_part)
FROM tokens_settlement s JOIN tokens_book b ON b.id = s.book_id WHERE b.yields_id = %(yield)s
UNION ALL SELECT 1, {pool_money("vacancy")}, %(vacancy)s FROM assets_pool p WHERE p.id = %(pool)s
UNION ALL SELECT 1, %(cost_income)s, -%(vacancy)s
UNION ALL SELECT 1, %(cost_income)s, %(to_reserve)s
UNION ALL SELECT 1, {pool_money("replacement_reserve")}, -%(to_reserve)s
FROM assets_pool p WHERE p.id = %(pool)s
UNION ALL SELECT 1, {pool_money("cash:reserve")}, %(to_reserve)s
FROM assets_pool p WHERE p.id = %(pool)s
UNION ALL SELECT 1, {pool_money("cash:operating")}, -%(to_reserve)s
FROM assets_pool p WHERE p.id = %(pool)s
UNION ALL SELECT 1, %(cost_income)s, %(recovered)s
UNION ALL SELECT 1, %(expense)s, -%(actual)s
UNION ALL SELECT 1, %(stabilisation)s, %(actual)s - %(recovered)s"""
"""Books what everybody owes for a yield and closes its cost accounts."""

PROVISIONAL_LEGS = f"""
SELECT 1 AS n, a.id AS account, -v.amount AS amount
FROM ledger_account a JOIN ledger_balance v ON v.account_id = a.id AND v.amount <> 0
JOIN ledger_commodity c ON c.id = a.commodity_id AND c.code = '{MONEY}'
WHERE a.kind IN ('provisional_receivable', 'provisional_cost', 'provisional_profit')"""
"""Takes back all provisional charges: only one period is ever running."""


def sort_in_memory() -> None:
    """Let this transaction's statements sort and join a million rows with few files between."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('work_mem', '64MB', true)")


def rows(sql: str, params: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    """What a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
