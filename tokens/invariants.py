"""What proves the token economy right: economics, section 11, points 3 to 5, 7 and 9."""

from collections.abc import Callable

from ledger.invariants import broken
from tokens import late_invariants

TOKENS_DIFFER = """
SELECT format('tokens of %s: issued %s + unbacked %s is not held %s + used %s + expired %s',
              c.code, s.issued, s.unbacked, s.held, s.used, s.expired)
FROM ledger_commodity c JOIN LATERAL (
    SELECT coalesce(-sum(b.amount) FILTER (WHERE a.kind = 'issue'), 0) AS issued,
           coalesce(-sum(b.amount) FILTER (WHERE a.kind = 'unbacked'), 0) AS unbacked,
           coalesce(sum(b.amount) FILTER (
               WHERE a.kind IN ('own', 'received', 'pool', 'vouchers')), 0) AS held,
           coalesce(sum(b.amount) FILTER (WHERE a.kind IN ('redeemed', 'overage')), 0) AS used,
           coalesce(sum(b.amount) FILTER (WHERE a.kind = 'expired'), 0) AS expired
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.commodity_id = c.id) s ON true
WHERE c.kind = 'token' AND s.issued + s.unbacked <> s.held + s.used + s.expired"""
ISSUE_DIFFERS = """
SELECT format('yield %s issued %s but its books and its pool got %s', y.id, y.issued, s.n)
FROM tokens_yield y CROSS JOIN LATERAL (
    SELECT y.pool_issued + coalesce(sum(issued), 0) AS n FROM tokens_book WHERE yields_id = y.id) s
JOIN ledger_balance i ON i.account_id = y.issue_account
WHERE y.issued <> s.n OR -i.amount <> y.issued"""
USAGE_DIFFERS = """
SELECT format('book %s: usage sums to %s but %s was redeemed or went over', b.id, u.n,
              b.redeemed + b.overage)
FROM tokens_book b
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS n FROM tokens_usage WHERE book_id = b.id) u
WHERE u.n <> b.redeemed + b.overage OR u.n < 0"""
USED_DIFFERS = """
SELECT format('yield %s: its books have redeemed %s and went over by %s, its accounts hold %s, %s',
              y.id, s.redeemed, s.overage, r.amount, o.amount)
FROM tokens_yield y
JOIN ledger_balance r ON r.account_id = y.redeemed_account
JOIN ledger_balance o ON o.account_id = y.overage_account
CROSS JOIN LATERAL (
    SELECT coalesce(sum(redeemed), 0) AS redeemed, coalesce(sum(overage), 0) AS overage
    FROM tokens_book WHERE yields_id = y.id) s
WHERE (r.amount, o.amount) <> (s.redeemed, s.overage)"""
FLOWS_DIFFER = """
SELECT format('book %s: own and received tokens do not agree with gifts, loans, vouchers, '
              'auctions and the close', b.id)
FROM tokens_book b
JOIN ledger_balance own ON own.account_id = b.own_account
LEFT JOIN ledger_balance rec ON rec.account_id = b.received_account
JOIN tokens_yield y ON y.id = b.yields_id
JOIN tokens_period p ON p.id = y.period_id
CROSS JOIN LATERAL (SELECT
    b.issued
    + coalesce((SELECT sum(amount) FROM tokens_gift
                WHERE receiver_id = b.id AND state = 'accepted'), 0)
    - coalesce((SELECT sum(amount) FROM tokens_gift
                WHERE giver_id = b.id AND state = 'accepted'), 0)
    + coalesce((SELECT sum(bought) FROM tokens_bid WHERE book_id = b.id), 0)
    - coalesce((SELECT sum(sold) FROM tokens_ask WHERE book_id = b.id), 0)
    + coalesce((SELECT sum(amount - returned - repaid) FROM tokens_loan
                WHERE borrower_id = b.id AND state IN ('running', 'owing')), 0)
    - coalesce((SELECT sum(amount - returned - repaid) FROM tokens_loan
                WHERE lender_id = b.id AND state IN ('running', 'owing')), 0)
    - coalesce((SELECT matched FROM tokens_settlement WHERE book_id = b.id), 0)
    - CASE WHEN EXISTS (SELECT FROM tokens_closestep
                        WHERE period_id = p.id AND name = 'expire')
           THEN coalesce((SELECT expired FROM tokens_settlement WHERE book_id = b.id), 0)
              - coalesce((SELECT sum(from_expired) FROM tokens_adjustment WHERE book_id = b.id), 0)
           ELSE coalesce((SELECT sum(amount - least(presented, amount)) FROM tokens_voucher
                          WHERE book_id = b.id AND state = 'out'), 0) END AS n) f
WHERE f.n <> own.amount + coalesce(rec.amount, 0) + b.redeemed"""
VOUCHERS_DIFFER = """
SELECT format('yield %s: the account of its vouchers holds %s, they stand for %s', y.id, v.amount,
              s.n)
FROM tokens_yield y JOIN ledger_balance v ON v.account_id = y.vouchers_account
CROSS JOIN LATERAL (
    SELECT CASE WHEN EXISTS (SELECT FROM tokens_closestep
                             WHERE period_id = y.period_id AND name = 'expire') THEN 0
           ELSE coalesce(sum(o.amount - least(o.presented, o.amount)), 0) END AS n
    FROM tokens_voucher o JOIN tokens_book b ON b.id = o.book_id
    WHERE b.yields_id = y.id AND o.state = 'out') s
WHERE v.amount <> s.n"""
GIVEN_DIFFERS = """
SELECT format('book %s has given and lent %s, and was issued %s', b.id, s.n, b.issued)
FROM tokens_book b CROSS JOIN LATERAL (
    SELECT coalesce((SELECT sum(amount) FROM tokens_gift
                     WHERE giver_id = b.id AND state = 'accepted'), 0)
         + coalesce((SELECT sum(amount - returned - repaid) FROM tokens_loan
                     WHERE lender_id = b.id AND state IN ('running', 'owing')), 0) AS n) s
WHERE s.n > b.issued"""
PROVISIONAL_DIFFERS = """
SELECT format('member %s: provisional charges are %s, the rating says %s', m.id, v.amount, s.n)
FROM members_member m
JOIN ledger_account a ON a.kind = 'provisional_receivable' AND a.owner = 'member/' || m.id
JOIN ledger_balance v ON v.account_id = a.id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE WHEN EXISTS (
        SELECT FROM tokens_closestep WHERE period_id = y.period_id AND name = 'charge') THEN 0
        ELSE ledger_charge(b.overage, y.sale_cost) + ledger_charge(b.overage, y.price - y.sale_cost)
             + coalesce((SELECT sum(ledger_charge(d.bought, y.sale_cost)
                                    + ledger_charge(d.bought, d.price - y.sale_cost))
                         FROM tokens_bid d WHERE d.book_id = b.id AND d.bought > 0), 0)
        END), 0) AS n
    FROM tokens_book b JOIN tokens_yield y ON y.id = b.yields_id
    WHERE b.member_id = m.id) s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(a.cost_part + a.profit), 0) AS n
    FROM tokens_book b JOIN tokens_adjustment a ON a.book_id = b.id
    JOIN tokens_yield y ON y.id = a.booked_in_id
    WHERE b.member_id = m.id AND NOT EXISTS (
        SELECT FROM tokens_closestep WHERE period_id = y.period_id AND name = 'charge')) late
WHERE v.amount <> s.n + late.n"""
RECOVERY_DIFFERS = """
SELECT format('yield %s: carried %s + recovered − actual %s is not what is carried on, %s',
              y.id, y.carried, y.actual, y.carried_next)
FROM tokens_yield y CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.own_cost + s.cost_part), 0) AS n
    FROM tokens_settlement s JOIN tokens_book b ON b.id = s.book_id WHERE b.yields_id = y.id) c
CROSS JOIN LATERAL (
    SELECT coalesce(sum(cost_part), 0) AS n FROM tokens_latecharge WHERE booked_in_id = y.id) late
WHERE y.carried_next IS NOT NULL
  AND y.carried_next <> y.carried + c.n + late.n + y.vacancy - y.to_reserve - y.actual"""
STABILISATION_DIFFERS = """
SELECT format('%s: the stabilisation account holds %s, the last close carried %s on, and %s came '
              'of redemptions and debts written off since its period opened',
              a.owner, -v.amount, y.carried_next, x.since)
FROM ledger_account a JOIN ledger_balance v ON v.account_id = a.id
JOIN LATERAL (
    SELECT y.carried_next, d.opened_at FROM tokens_yield y JOIN assets_pool p ON p.id = y.pool_id
    JOIN assets_resource r ON r.id = y.resource_id JOIN tokens_period d ON d.id = y.period_id
    WHERE a.owner = p.code || '/' || r.code AND y.carried_next IS NOT NULL
    ORDER BY y.id DESC LIMIT 1) y ON true
CROSS JOIN LATERAL (
    SELECT coalesce(-sum(e.amount), 0) AS since FROM ledger_entry e
    JOIN ledger_transaction t ON t.id = e.txn_id
    WHERE e.account_id = a.id AND e.recorded_at > y.opened_at
      AND t.source IN ('redemption', 'write-off')) x
WHERE a.kind = 'stabilisation' AND -v.amount <> y.carried_next + x.since"""


def tokens_are_conserved() -> list[str]:
    """issued + unbacked overage = held + redeemed + overage + expired, per token commodity."""
    return broken(TOKENS_DIFFER)


def capacity_was_issued_exactly() -> list[str]:
    """What books and pool got is what was issued."""
    return broken(ISSUE_DIFFERS)


def usage_is_rated_once() -> list[str]:
    """Usage is what tokens redeemed plus overage, in every book; and gifts and sales agree."""
    return broken(USAGE_DIFFERS) + broken(USED_DIFFERS) + broken(FLOWS_DIFFER)


def vouchers_and_gifts_are_covered() -> list[str]:
    """What is taken out lies in the yields' own accounts; nobody gave more than was issued."""
    return broken(VOUCHERS_DIFFER) + broken(GIVEN_DIFFERS)


def provisional_charges_follow_usage() -> list[str]:
    """Provisional charges are the pure function of the state that rating promises."""
    return broken(PROVISIONAL_DIFFERS)


def cost_is_recovered_or_carried() -> list[str]:
    """recovered = actual cost + change of the stabilisation account, per closed yield."""
    return broken(RECOVERY_DIFFERS) + broken(STABILISATION_DIFFERS)


INVARIANTS: list[Callable[[], list[str]]] = [
    tokens_are_conserved,
    capacity_was_issued_exactly,
    usage_is_rated_once,
    vouchers_and_gifts_are_covered,
    provisional_charges_follow_usage,
    cost_is_recovered_or_carried,
    *late_invariants.INVARIANTS,
]
