"""What proves late usage right: each once, at the rates of its own period, charged where booked."""

from collections.abc import Callable

from ledger.invariants import broken

ADJUSTED = """
SELECT format('usage %s: adjusted by %s, it is %s', u.key, a.from_expired + a.over, u.amount)
FROM tokens_adjustment a JOIN tokens_usage u ON u.id = a.usage_id
WHERE a.from_expired + a.over <> u.amount OR a.book_id <> u.book_id
UNION ALL
SELECT format('book %s: its close settled a use of %s, all but late usage sums to %s', s.book_id,
              s.used, u.n)
FROM tokens_settlement s CROSS JOIN LATERAL (
    SELECT coalesce(sum(u.amount), 0) AS n FROM tokens_usage u WHERE u.book_id = s.book_id
    AND NOT EXISTS (SELECT FROM tokens_adjustment a WHERE a.usage_id = u.id)) AS u
WHERE s.used <> u.n"""
COMES_TO = """
SELECT format('book %s: late usage of %s took %s from what had expired and %s beyond it for %s and '
              '%s, which is not what its close leaves', b.id, l.amount, l.from_expired, l.over,
              l.cost, l.profit)
FROM (SELECT book_id, sum(from_expired + over) AS amount, sum(from_expired) AS from_expired,
             sum(over) AS over, sum(cost_part) AS cost, sum(profit) AS profit
      FROM tokens_adjustment GROUP BY 1) AS l
JOIN tokens_book b ON b.id = l.book_id JOIN tokens_yield y ON y.id = b.yields_id
LEFT JOIN tokens_settlement s ON s.book_id = b.id
CROSS JOIN LATERAL (
    SELECT CASE WHEN l.amount >= 0 THEN greatest(0, l.amount - coalesce(s.expired, 0))
                ELSE greatest(l.amount, -coalesce(s.overage, 0)) END AS over,
           coalesce(s.overage, 0) + coalesce((
               SELECT sum(d.bought) FROM tokens_bid d
               WHERE d.book_id = b.id AND d.price = y.price), 0) AS bought) AS w
WHERE l.over <> w.over
   OR l.cost <> ledger_charge((w.bought + w.over)::bigint, y.settled_cost)
              - ledger_charge(w.bought::bigint, y.settled_cost)
   OR l.profit <> ledger_charge((w.bought + w.over)::bigint, y.price - y.settled_cost)
                - ledger_charge(w.bought::bigint, y.price - y.settled_cost)"""
UNBACKED = """
SELECT format('yield %s: %s stand as unbacked, the close left %s and late usage %s', y.id,
              -v.amount, y.unbacked, l.n)
FROM tokens_yield y JOIN tokens_period p ON p.id = y.period_id AND p.state = 'closed'
JOIN ledger_balance v ON v.account_id = y.unbacked_account
CROSS JOIN LATERAL (
    SELECT coalesce(sum(a.over), 0) AS n FROM tokens_adjustment a
    JOIN tokens_book b ON b.id = a.book_id WHERE b.yields_id = y.id) AS l
WHERE -v.amount <> y.unbacked + l.n"""
CHARGED = """
SELECT format('book %s: its adjustments booked in yield %s come to %s and %s, charged were %s '
              'and %s', a.book_id, a.booked_in_id, a.cost, a.profit, l.cost_part, l.profit)
FROM (SELECT book_id, booked_in_id, sum(cost_part) AS cost, sum(profit) AS profit
      FROM tokens_adjustment GROUP BY 1, 2) AS a
JOIN tokens_yield y ON y.id = a.booked_in_id
JOIN tokens_closestep t ON t.period_id = y.period_id AND t.name = 'charge'
LEFT JOIN tokens_latecharge l USING (book_id, booked_in_id)
WHERE (a.cost, a.profit) IS DISTINCT FROM (l.cost_part, l.profit)"""
RETURNED = """
SELECT format('credit return %s of %s has no correction that gives back as much', r.id, r.amount)
FROM payments_creditreturn r
LEFT JOIN tokens_latecharge l ON r.key = 'late:' || l.id
WHERE l.id IS NULL OR r.amount > -l.profit"""
BEYOND = """
SELECT format('book %s: %s of its overage of %s are said to be beyond the credit limit', book_id,
              beyond_limit, overage)
FROM tokens_settlement WHERE beyond_limit NOT BETWEEN 0 AND overage"""
MATCHED = """
SELECT format('yield %s: %s were matched, but only %s of its overage were within credit limits',
              y.id, y.matched, s.n)
FROM tokens_yield y CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.overage - s.beyond_limit), 0) AS n FROM tokens_settlement s
    JOIN tokens_book b ON b.id = s.book_id WHERE b.yields_id = y.id) AS s
WHERE y.matched > s.n"""


def late_usage_is_adjusted_once() -> list[str]:
    """Every late usage has its adjustment, and all of a book are what its close leaves room for."""
    return broken(ADJUSTED) + broken(COMES_TO) + broken(UNBACKED)


def adjustments_are_charged_where_they_are_booked() -> list[str]:
    """A close charges the adjustments booked in its period; credit goes back for them alone."""
    return broken(CHARGED) + broken(RETURNED)


def nothing_beyond_a_credit_limit_is_matched() -> list[str]:
    """Only overage within its member's credit limit was sold by anybody."""
    return broken(BEYOND) + broken(MATCHED)


INVARIANTS: list[Callable[[], list[str]]] = [
    late_usage_is_adjusted_once,
    adjustments_are_charged_where_they_are_booked,
    nothing_beyond_a_credit_limit_is_matched,
]
