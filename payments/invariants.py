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
    FROM payments_charge WHERE kind IN ('period', 'fee') AND state = 'open' GROUP BY member_id
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
WHERE (c.state IN ('paid', 'returned')) <> (p.id IS NOT NULL) OR p.amount <> c.amount"""
BOOKED = """
SELECT format('payment %s of %s brought %s of cash into the books', p.id, p.amount, e.amount)
FROM payments_payment p JOIN payments_charge c ON c.id = p.charge_id
LEFT JOIN (SELECT e.txn_id, a.kind = 'prepaid' AS ahead,
                  abs(sum(e.amount)) AS amount
           FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
           WHERE a.kind IN ('cash:operating', 'cash:growth', 'prepaid') GROUP BY 1, 2) AS e
       ON e.txn_id = p.txn_id AND e.ahead = (c.kind = 'prepaid')
WHERE e.amount IS DISTINCT FROM p.amount
  AND NOT (e.txn_id IS NULL AND EXISTS (
    SELECT FROM ledger_transaction t JOIN ledger_cut c ON t.recorded_at < c.through
    WHERE t.id = p.txn_id))"""

PAYABLE = """
WITH asked AS (
    SELECT format('member/%s', member_id) AS owner, sum(amount) AS amount
    FROM payments_payout WHERE state NOT IN ('executed', 'cancelled') GROUP BY member_id
), booked AS (
    SELECT a.owner, -sum(b.amount) AS amount
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.kind = 'payable' GROUP BY a.owner
)
SELECT format('%s is owed %s in the books, but the payouts not executed sum to %s',
              owner, coalesce(b.amount, 0), coalesce(p.amount, 0))
FROM asked p FULL JOIN booked b USING (owner)
WHERE coalesce(b.amount, 0) <> coalesce(p.amount, 0)"""
EXECUTED = """
SELECT format('payout %s is %s, with %s approvals and %s bookings in this state',
              p.reference, p.state, a.given, e.booked)
FROM payments_payout p
CROSS JOIN LATERAL (SELECT count(DISTINCT user_id) AS given FROM payments_payoutapproval a
                    WHERE a.payout_id = p.id AND a.round = p.round
                      AND a.account_id = p.account_id) a
CROSS JOIN LATERAL (SELECT count(txn_id) AS booked FROM payments_payoutevent e
                    WHERE e.payout_id = p.id AND e.round = p.round AND e.state = p.state) e
WHERE p.state IN ('approved', 'ordered', 'executed') AND a.given < 2
   OR p.state IN ('executed', 'cancelled') AND e.booked <> 1"""

RETURNED = """
SELECT format('charge %s is %s, but its payment was %s taken back', c.reference, c.state,
              CASE WHEN r.id IS NULL THEN 'not' ELSE 'indeed' END)
FROM payments_charge c JOIN payments_payment p ON p.charge_id = c.id
LEFT JOIN payments_paymentreturn r ON r.payment_id = p.id
WHERE (c.state = 'returned') <> (r.id IS NOT NULL)"""
PREPAID = """
SELECT format('the prepaid balance of %s is below zero by %s', a.owner, b.amount)
FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
WHERE a.kind = 'prepaid' AND b.amount > 0"""


def charges_are_the_sum_of_their_lines() -> list[str]:
    """A charge demands what its lines say."""
    return broken(LINES_SUM)


def members_owe_their_open_charges() -> list[str]:
    """What the books say a member owes is the sum of their open period charges."""
    return broken(OWED)


def paid_charges_have_their_payment() -> list[str]:
    """A charge is paid exactly when its payment is recorded and its cash is booked."""
    return broken(PAID) + broken(BOOKED)


def members_are_owed_their_payouts() -> list[str]:
    """What the books say is to be paid to a member is the sum of their payouts not executed."""
    return broken(PAYABLE)


def payouts_left_with_two_approvals() -> list[str]:
    """No payout went to the bank without two approvals of its account, and each is booked once."""
    return broken(EXECUTED)


def returned_payments_are_taken_back() -> list[str]:
    """A charge ends as returned exactly when its payment was taken back."""
    return broken(RETURNED)


def nobody_has_prepaid_less_than_nothing() -> list[str]:
    """A prepaid balance is what the cooperative owes a member, never the other way round."""
    return broken(PREPAID)


INVARIANTS: list[Callable[[], list[str]]] = [
    charges_are_the_sum_of_their_lines,
    members_owe_their_open_charges,
    paid_charges_have_their_payment,
    returned_payments_are_taken_back,
    nobody_has_prepaid_less_than_nothing,
    members_are_owed_their_payouts,
    payouts_left_with_two_approvals,
]
