"""What proves the books right: sums, kept balances, gapless versions, what was carried over a cut.

Entries before the last cut may be gone. What is still in this database of them, attached or
detached, is checked as a chain of its own (ledger/putaway.py); the rest goes on from `Carried`.
"""

from collections.abc import Callable

from django.db import connection

from ledger import partitions, putaway

SINCE = "since AS (SELECT coalesce(max(through), '-infinity') AS cut FROM ledger_cut)"
NOT_ZERO = """
SELECT format('transaction %s does not sum to zero in %s: %s', e.txn_id, c.code, sum(e.amount))
FROM ledger_entry e JOIN ledger_commodity c ON c.id = e.commodity_id
GROUP BY e.txn_id, c.code HAVING sum(e.amount) <> 0"""
KEPT_DIFFERS = f"""
WITH {SINCE}
SELECT format('account %s keeps %s (%s entries) but its entries sum to %s (%s entries)',
              b.account_id, b.amount, b.version, coalesce(c.amount, 0) + coalesce(s.amount, 0),
              coalesce(c.version, 0) + coalesce(s.n, 0))
FROM ledger_balance b
LEFT JOIN ledger_carried c USING (account_id)
LEFT JOIN (SELECT account_id, sum(amount) AS amount, count(*) AS n, max(version) AS top,
                  max(recorded_at) AS last
           FROM ledger_entry, since WHERE recorded_at >= cut GROUP BY account_id) s
    USING (account_id)
WHERE b.amount <> coalesce(c.amount, 0) + coalesce(s.amount, 0)
   OR b.version <> coalesce(c.version, 0) + coalesce(s.n, 0)
   OR b.version <> coalesce(s.top, c.version, 0) OR b.recorded_at <> s.last"""
RUNNING_DIFFERS = f"""
WITH {SINCE}
SELECT format('account %s, entry %s: the running balance is %s, should be %s as entry %s',
              account_id, version, balance_after, running, place)
FROM (SELECT account_id, e.version, balance_after, recorded_at,
             lag(recorded_at) OVER w AS before,
             coalesce(c.amount, 0) + sum(e.amount) OVER w AS running,
             coalesce(c.version, 0) + row_number() OVER w AS place
      FROM since JOIN ledger_entry e ON e.recorded_at >= cut
      LEFT JOIN ledger_carried c USING (account_id)
      WINDOW w AS (PARTITION BY account_id ORDER BY e.version ROWS UNBOUNDED PRECEDING)) AS e
WHERE balance_after <> running OR version <> place OR recorded_at < before"""
BELOW_FLOOR = """
SELECT format('account %s is below its floor: %s', account_id, amount)
FROM ledger_balance WHERE amount < floor"""
FLOOR_DIFFERS = """
SELECT format('account %s has floor %s, its balance has %s', a.id, a.floor, b.floor)
FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.id
WHERE b.account_id IS NULL OR a.floor IS DISTINCT FROM b.floor"""
WITHOUT_ENTRIES = f"""
WITH {SINCE}
SELECT format('transaction %s has no entries', t.id)
FROM since JOIN ledger_transaction t ON t.recorded_at >= cut
WHERE NOT EXISTS (SELECT FROM ledger_entry e
                  WHERE e.txn_id = t.id AND e.recorded_at = t.recorded_at)"""
ASTRAY = """
SELECT format('account %s, entry %s: no transaction %s of its moment, or another commodity',
              e.account_id, e.version, e.txn_id)
FROM ledger_entry e
LEFT JOIN ledger_transaction t ON t.id = e.txn_id AND t.recorded_at = e.recorded_at
LEFT JOIN ledger_account a ON a.id = e.account_id AND a.commodity_id = e.commodity_id
WHERE t.id IS NULL OR a.id IS NULL"""
# Where the original's entries were put away the log still holds it; nothing here can compare.
NO_OPPOSITE = """
SELECT format('transaction %s is not the opposite of %s, which it reverses', r.id, r.reverses_id)
FROM ledger_transaction r JOIN ledger_transaction o ON o.id = r.reverses_id
WHERE o.recorded_at >= coalesce((SELECT max(through) FROM ledger_cut), '-infinity')
  AND (SELECT array_agg((account_id, amount::numeric) ORDER BY account_id, amount)
       FROM ledger_entry e WHERE e.txn_id = r.id AND e.recorded_at = r.recorded_at)
      IS DISTINCT FROM
      (SELECT array_agg((account_id, -amount::numeric) ORDER BY account_id, -amount::numeric)
       FROM ledger_entry e WHERE e.txn_id = o.id AND e.recorded_at = o.recorded_at)"""
CARRIED_WITHOUT_CUT = """
SELECT format('account %s carries %s, but there is no cut with a document', account_id, amount)
FROM ledger_carried WHERE NOT EXISTS (
    SELECT FROM ledger_cut c JOIN ledger_document d ON d.id = c.document_id)"""


def broken(sql: str, limit: int = 20) -> list[str]:
    """The sentences that a query gives about what is broken, at most `limit` of them."""
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {limit}")
        return [row[0] for row in cursor.fetchall()]


def transactions_sum_to_zero() -> list[str]:
    """Every transaction sums to zero per commodity, and none is empty."""
    return broken(NOT_ZERO) + broken(WITHOUT_ENTRIES) + broken(ASTRAY)


def kept_balances_are_the_sums() -> list[str]:
    """Kept balances, versions and running balances are what the entries say."""
    return broken(KEPT_DIFFERS) + broken(RUNNING_DIFFERS)


def reversals_are_opposites() -> list[str]:
    """Every reversal moves exactly what its original moved, the other way round."""
    return broken(NO_OPPOSITE)


def no_account_is_below_its_floor() -> list[str]:
    """No account flagged non-negative is negative, and no floor was moved."""
    return broken(BELOW_FLOOR) + broken(FLOOR_DIFFERS)


def carried_balances_are_what_the_log_says() -> list[str]:
    """What is carried over the last cut has the digest that was put into the log."""
    cut = partitions.last_cut()
    if cut is None:
        return broken(CARRIED_WITHOUT_CUT)
    document = cut.document
    if (document.kind, bytes(document.digest)) == (partitions.BALANCES, partitions.root()):
        return []
    return [f"the balances carried over {cut.through:%Y-%m-%d} are not those in the log"]


def what_was_put_away_ends_in_what_is_carried() -> list[str]:
    """Detached months that are still here sum to zero and end in the carried balances."""
    cut = partitions.last_cut()
    tables = partitions.readable_before(cut.through) if cut else []
    if not tables:
        return []
    return [sentence for sql in putaway.checks(tables) for sentence in broken(sql)]


def every_entry_stands_in_its_month() -> list[str]:
    """No entry had to be written without a partition of its month."""
    rest = partitions.rows_in_rest()
    if not rest:
        return []
    return [f"{rest} entries stand in no month of their own: manage.py partition_entries"]


INVARIANTS: list[Callable[[], list[str]]] = [
    transactions_sum_to_zero,
    kept_balances_are_the_sums,
    reversals_are_opposites,
    no_account_is_below_its_floor,
    carried_balances_are_what_the_log_says,
    what_was_put_away_ends_in_what_is_carried,
    every_entry_stands_in_its_month,
]
