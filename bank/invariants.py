"""What proves the bank's part of the books right."""

from collections.abc import Callable

from ledger.invariants import broken

ARRIVED = """
SELECT format('line %s of %s is in the books with %s', l.id, l.amount,
              coalesce(e.amount::text, 'nothing'))
FROM bank_line l
LEFT JOIN ledger_transaction t ON t.id = l.arrival_txn_id
LEFT JOIN LATERAL (
    SELECT sum(e.amount) AS amount FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
    WHERE e.txn_id = t.id AND e.recorded_at = t.recorded_at AND a.kind = 'cash:bank') AS e ON true
WHERE e.amount IS DISTINCT FROM l.amount
  AND NOT EXISTS (SELECT FROM ledger_cut c WHERE t.recorded_at < c.through)"""
UNASSIGNED = """
WITH standing AS (
    SELECT coalesce(sum(l.amount), 0) AS amount FROM bank_line l
    WHERE l.state IN ('new', 'partly', 'over', 'duplicate', 'unknown', 'by_hand', 'not_ours')
), cancelled AS (
    SELECT coalesce(sum(l.amount), 0) AS amount FROM bank_line l
    WHERE l.state = 'decided' AND EXISTS (
        SELECT FROM bank_decision d
        JOIN payments_payout p ON p.id = (d.parts -> 0 ->> 'payout')::bigint
        WHERE d.line_id = l.id AND d.kind = 'refund' AND p.state = 'cancelled'
          AND NOT EXISTS (SELECT FROM bank_decision u WHERE u.undoes_id = d.id))
), booked AS (
    SELECT coalesce(-sum(b.amount), 0) AS amount
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id WHERE a.kind = 'unassigned'
)
SELECT format('the lines that nobody has assigned sum to %s, but the books hold %s',
              s.amount + c.amount, b.amount)
FROM standing s, cancelled c, booked b WHERE s.amount + c.amount <> b.amount"""
WHOLE = """
SELECT format('statement %s told %s lines over %s, of which %s over %s are here', s.identification,
              s.entries - s.known, s.total - s.known_total, l.n, l.amount)
FROM bank_statement s CROSS JOIN LATERAL (
    SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount
    FROM bank_line WHERE statement_id = s.id) AS l
WHERE (s.entries - s.known, s.total - s.known_total) <> (l.n, l.amount)"""
LATEST = """
SELECT format('line %s is %s, but its latest decision left it %s', l.id, l.state, d.state)
FROM bank_line l
LEFT JOIN LATERAL (SELECT state FROM bank_decision WHERE line_id = l.id
                   ORDER BY id DESC LIMIT 1) AS d ON true
WHERE coalesce(d.state, 'new') <> l.state"""
PAIRS = """
SELECT format('line %s went back with line %s, which does not say so', l.id, l.other_id)
FROM bank_line l LEFT JOIN bank_line o ON o.id = l.other_id
WHERE (l.state = 'returned') <> (l.other_id IS NOT NULL)
   OR l.other_id IS NOT NULL AND (o.other_id <> l.id OR o.amount <> -l.amount)"""


def lines_are_in_the_books() -> list[str]:
    """Every line brought its amount onto the bank's account, once."""
    return broken(ARRIVED)


def unassigned_is_what_nobody_assigned() -> list[str]:
    """What stands as arrived and not assigned is the sum of the lines that nobody decided."""
    return broken(UNASSIGNED)


def statements_are_whole() -> list[str]:
    """Of every statement all lines are here that no earlier one had told."""
    return broken(WHOLE)


def lines_stand_where_their_history_ends() -> list[str]:
    """The state of a line is that of its latest decision."""
    return broken(LATEST)


def what_went_back_is_paired() -> list[str]:
    """Lines that take each other back name each other and sum to nothing."""
    return broken(PAIRS)


INVARIANTS: list[Callable[[], list[str]]] = [
    lines_are_in_the_books,
    unassigned_is_what_nobody_assigned,
    statements_are_whole,
    lines_stand_where_their_history_ends,
    what_went_back_is_paired,
]
