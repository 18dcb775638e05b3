"""Who is left out where overage meets surplus: use beyond a credit limit, and linked members.

Pieces of the close's statements (tokens/services/settle.py): each reads what stands when the
periods' overage is matched, before any of it is charged, so that it gives the same however often.
"""

from datetime import datetime

from tokens.credit import credit_limit

NO_LIMIT = """
beyond AS (SELECT NULL::bigint AS book_id, 0::bigint AS amount WHERE false)"""

LIMIT = """
went_over AS (
    SELECT b.id, b.member_id, b.yields_id, b.overage, y.price, p.code AS fund, r.code AS resource,
           ledger_charge(b.overage, y.sale_cost)
           + ledger_charge(b.overage, y.price - y.sale_cost) AS cents
    FROM tokens_book b JOIN tokens_yield y ON y.id = b.yields_id AND y.period_id = %(period)s
    JOIN assets_pool p ON p.id = y.pool_id JOIN assets_resource r ON r.id = y.resource_id
    WHERE b.overage > 0
), run_up AS (
    SELECT w.member_id, sum(v.amount) AS cents
    FROM (SELECT DISTINCT member_id FROM went_over) AS w
    JOIN ledger_account a ON a.owner = 'member/' || w.member_id
         AND a.kind IN ('prepaid', 'receivable', 'provisional_receivable')
    JOIN ledger_balance v ON v.account_id = a.id GROUP BY 1
), placed_over AS (
    SELECT w.*, %(limit)s - coalesce(u.cents, 0) + sum(w.cents) OVER (PARTITION BY w.member_id)
           - sum(w.cents) OVER (PARTITION BY w.member_id ORDER BY w.fund, w.resource)
           + w.cents AS room
    FROM went_over w LEFT JOIN run_up u USING (member_id)
), beyond AS (
    SELECT id AS book_id, (overage - CASE
        WHEN cents <= room THEN overage WHEN room <= 0 THEN 0
        ELSE least(overage, div(room::numeric * 1000000000, price)) END)::bigint AS amount
    FROM placed_over WHERE yields_id = %(yield)s
)"""
"""The millitokens of each book's overage that its member's limit did not cover.

The room is the limit and what was paid ahead, less everything that was run up but for this
period's overage; the overage then takes it up pool by pool and resource by resource, by code.
"""

BARRED = """
linked AS (
    SELECT first_id AS member_id FROM members_linkedmembers WHERE ended_at IS NULL
    UNION SELECT second_id FROM members_linkedmembers WHERE ended_at IS NULL
), barred AS MATERIALIZED (
    SELECT o.member_id FROM offered o JOIN linked USING (member_id)
    WHERE EXISTS (
        SELECT FROM titles_linked(o.member_id) AS l(id)
        JOIN tokens_book w ON w.member_id = l.id AND w.yields_id = %(yield)s
        WHERE w.overage > 0 AND l.id <> o.member_id)
)"""
"""Those who offered in a yield where somebody linked with them went over: they sell nothing."""


def beyond(at: datetime) -> tuple[str, int]:
    """SQL for what went beyond the limit of a moment, and the limit in cents (0: there is none)."""
    limit = credit_limit(at)
    return (NO_LIMIT, 0) if limit is None else (LIMIT, limit)
