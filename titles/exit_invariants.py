"""What proves the ways out right."""

from collections.abc import Callable

from ledger.invariants import broken

SERVED = """
SELECT format('request %s is %s with %s of %s served, but its redemptions sum to %s',
              q.id, q.state, q.served, q.wanted, r.n)
FROM titles_redemptionrequest q
CROSS JOIN LATERAL (SELECT coalesce(sum(units + credit), 0) AS n FROM titles_redemption
                    WHERE request_id = q.id) AS r
WHERE r.n <> q.served"""
BOOKED = """
SELECT format('redemption %s owes %s, but its transaction made %s payable',
              r.id, r.gross - r.settled, e.n)
FROM titles_redemption r
CROSS JOIN LATERAL (
    SELECT coalesce(-sum(e.amount), 0) AS n FROM ledger_entry e
    JOIN ledger_account a ON a.id = e.account_id
    WHERE e.txn_id = r.txn_id AND a.kind = 'payable'
      AND a.owner = 'member/' || r.member_id) AS e
WHERE e.n <> r.gross - r.settled
  AND EXISTS (SELECT FROM ledger_entry e WHERE e.txn_id = r.txn_id)"""
PRICED = """
SELECT format('redemption %s of %s units at %s brought %s, but the issue price was %s',
              r.id, r.units, r.price, r.gross, n.issue_price)
FROM titles_redemption r JOIN titles_redemptionrun n ON n.id = r.run_id
WHERE (r.units > 0 AND (r.gross <> r.units * r.price OR r.price > n.issue_price))
   OR (r.credit > 0 AND r.gross > r.credit)"""
PAID_OUT = """
SELECT format('redemption %s has %s to be paid out, its payout is over %s',
              r.id, r.gross - r.settled - r.set_off, coalesce(p.amount, 0))
FROM titles_redemption r LEFT JOIN payments_payout p ON p.id = r.payout_id
WHERE coalesce(p.amount, 0) <> r.gross - r.settled - r.set_off"""
LIMIT = """
WITH used AS (
    SELECT n.id, n.pool_id, n.period, n.derivation, coalesce(sum(r.nominal), 0) AS nominal
    FROM titles_redemptionrun n LEFT JOIN titles_redemption r ON r.run_id = n.id
    GROUP BY n.id
)
SELECT format('run %s brought the month %s to %s, above its limit of %s', id, period, total, most)
FROM (SELECT id, period, nominal, (derivation->>'limit')::bigint AS most,
             sum(nominal) OVER (PARTITION BY pool_id, period ORDER BY id) AS total
      FROM used) AS run
WHERE nominal > 0 AND total > most"""
GROWTH_PAYS = """
WITH out AS (
    SELECT split_part(a.owner, '/', 2) AS code, -sum(e.amount) AS cents
    FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id AND a.kind = 'cash:growth'
    JOIN ledger_transaction t ON t.id = e.txn_id
    WHERE t.source = 'redemption' OR EXISTS (
        SELECT FROM ledger_entry o JOIN ledger_account b ON b.id = o.account_id
        WHERE o.txn_id = e.txn_id AND b.kind = 'payable')
    GROUP BY 1
)
SELECT format('the growth fund of %s paid %s for redemptions that brought %s',
              p.code, out.cents, s.n)
FROM out JOIN assets_pool p USING (code)
CROSS JOIN LATERAL (SELECT coalesce(sum(gross), 0) AS n FROM titles_redemption
                    WHERE pool_id = p.id) AS s
WHERE out.cents > s.n"""
GONE = """
SELECT format('member %s has left and still holds or is owed something: %s %s of %s',
              m.id, b.amount, c.code, a.kind)
FROM members_member m
JOIN titles_leaving l ON l.member_id = m.id AND l.state = 'finished'
JOIN ledger_account a ON a.owner = 'member/' || m.id AND a.kind IN ('holding', 'payable')
JOIN ledger_balance b ON b.account_id = a.id AND b.amount <> 0
JOIN ledger_commodity c ON c.id = a.commodity_id
WHERE m.state = 'left'"""
WRITTEN_OFF = """
SELECT format('charge %s was written off, but it is %s', c.reference, c.state)
FROM titles_writeoff w JOIN payments_charge c ON c.id = w.charge_id
WHERE c.state <> 'cancelled'"""


def what_was_served_was_redeemed() -> list[str]:
    """A request is served by exactly what was booked for it."""
    return broken(SERVED)


def redemptions_are_booked_and_paid_out() -> list[str]:
    """What a redemption owes stands in the books, and what is left of it is a payout."""
    return broken(BOOKED) + broken(PAID_OUT)


def nobody_gets_more_than_the_issue_price() -> list[str]:
    """A unit brings the price of its run, and that is never above the issue price."""
    return broken(PRICED)


def the_limit_of_a_month_holds() -> list[str]:
    """All that a month's runs served stays within the limit of each run."""
    return broken(LIMIT)


def the_growth_fund_pays_what_redemptions_brought() -> list[str]:
    """What left a growth fund for members is covered by redemptions and paid-out credit."""
    return broken(GROWTH_PAYS)


def who_has_left_holds_nothing() -> list[str]:
    """Nobody who has left holds shares or is owed money."""
    return broken(GONE)


def written_off_charges_are_closed() -> list[str]:
    """Nobody is asked for what was written off."""
    return broken(WRITTEN_OFF)


INVARIANTS: list[Callable[[], list[str]]] = [
    what_was_served_was_redeemed,
    redemptions_are_booked_and_paid_out,
    nobody_gets_more_than_the_issue_price,
    the_limit_of_a_month_holds,
    the_growth_fund_pays_what_redemptions_brought,
    who_has_left_holds_nothing,
    written_off_charges_are_closed,
]
