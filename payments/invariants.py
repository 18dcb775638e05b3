"""What proves charges and payments right."""

from collections.abc import Callable

from ledger.invariants import broken

LINES_SUM = """
SELECT format('charge %s demands %s, but its lines sum to %s',
              c.reference, c.amount, coalesce(sum(l.cost + l.profit), 0))
FROM payments_charge c LEFT JOIN payments_chargeline l ON l.charge_id = c.id
GROUP BY c.id HAVING c.amount <> coalesce(sum(l.cost + l.profit), 0)"""
OWED = """
WITH charged AS (
    SELECT format('member/%s', member_id) AS owner, sum(amount) AS amount
    FROM payments_charge WHERE kind = 'period' AND state = 'open' GROUP BY member_id
), booked AS (
    SELECT a.owner, sum(b.amount) AS amount
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.kind = 'receivable' GROUP BY a.owner
)
SELECT format('%s owes %s in the books, but its open charges sum to %s',
              owner, coalesce(b.amount, 0), coalesce(c.amount, 0))
FROM charged c FULL JOIN booked b USING (owner)
WHERE coalesce(b.amount, 0) <> coalesce(c.amount, 0)"""
PAID = """
SELECT format('charge %s is %s with a payment of %s against %s',
              c.reference, c.state, coalesce(p.amount::text, 'nothing'), c.amount)
FROM payments_charge c LEFT JOIN payments_payment p ON p.charge_id = c.id
WHERE (c.state = 'paid') <> (p.id IS NOT NULL) OR p.amount <> c.amount"""
BOOKED = """
SELECT format('payment %s of %s brought %s of cash into the books', p.id, p.amount, e.amount)
FROM payments_payment p
LEFT JOIN (SELECT e.txn_id, sum(e.amount) AS amount
           FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
           WHERE a.kind IN ('cash:operating', 'cash:growth') GROUP BY e.txn_id) AS e
       ON e.txn_id = p.txn_id
WHERE e.amount IS DISTINCT FROM p.amount
  AND NOT (e.txn_id IS NULL AND EXISTS (
    SELECT FROM ledger_transaction t JOIN ledger_cut c ON t.recorded_at < c.through
    WHERE t.id = p.txn_id))"""


def charges_are_the_sum_of_their_lines() -> list[str]:
    """A charge demands what its lines say."""
    return broken(LINES_SUM)


def members_owe_their_open_charges() -> list[str]:
    """What the books say a member owes is the sum of their open period charges."""
    return broken(OWED)


def paid_charges_have_their_payment() -> list[str]:
    """A charge is paid exactly when its payment is recorded and its cash is booked."""
    return broken(PAID) + broken(BOOKED)


INVARIANTS: list[Callable[[], list[str]]] = [
    charges_are_the_sum_of_their_lines,
    members_owe_their_open_charges,
    paid_charges_have_their_payment,
]
