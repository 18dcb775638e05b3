"""What proves months before a cut right while they are in this database, attached or not."""

from collections.abc import Sequence

from ledger import partitions
from ledger.models import Transaction

COLUMNS = "account_id, recorded_at, version, txn_id, commodity_id, amount, balance_after"
NOT_ZERO = """
SELECT format('put away: transaction %s does not sum to zero: %s', txn_id, sum(amount))
FROM away GROUP BY txn_id, commodity_id HAVING sum(amount) <> 0"""
NOT_CHAINED = """
SELECT format('put away: account %s, entry %s does not follow on the one before it',
              account_id, version)
FROM (SELECT account_id, version, amount, balance_after, recorded_at,
             lag(version) OVER w AS previous, lag(balance_after) OVER w AS stood,
             lag(recorded_at) OVER w AS before
      FROM away WINDOW w AS (PARTITION BY account_id ORDER BY version)) AS e
WHERE version <> coalesce(previous + 1, version)
   OR balance_after <> coalesce(stood, CASE version WHEN 1 THEN 0 ELSE balance_after - amount END)
                       + amount
   OR recorded_at < before"""
ENDS_ELSEWHERE = """
SELECT format('put away: account %s ends at %s after %s entries, but carries %s after %s',
              account_id, e.balance_after, e.version, c.amount, c.version)
FROM (SELECT DISTINCT ON (account_id) account_id, version, balance_after
      FROM away ORDER BY account_id, version DESC) AS e
LEFT JOIN ledger_carried c USING (account_id)
WHERE (e.version, e.balance_after) IS DISTINCT FROM (c.version, c.amount)"""
BEGINS_LATE = """
SELECT format('put away: account %s carries %s, but its first entry is %s',
              c.account_id, c.amount, coalesce(e.first::text, 'gone'))
FROM ledger_carried c
LEFT JOIN (SELECT account_id, min(version) AS first FROM away GROUP BY account_id) e
    USING (account_id)
WHERE e.first IS DISTINCT FROM 1"""


def checks(tables: Sequence[str]) -> list[str]:
    """Queries for sentences about what is broken in months that reach up to the last cut.

    Where they reach back to the first transaction, every carried balance must begin in them.
    """
    whole = [BEGINS_LATE] if reach_the_beginning(tables) else []
    union = " UNION ALL ".join(f"SELECT {COLUMNS} FROM {table}" for table in tables)
    found = [NOT_ZERO, NOT_CHAINED, ENDS_ELSEWHERE, *whole]
    return [f"WITH away AS MATERIALIZED ({union}) {sql}" for sql in found]


def reach_the_beginning(tables: Sequence[str]) -> bool:
    """Whether nothing was recorded before the first of some months."""
    return not Transaction.objects.filter(recorded_at__lt=partitions.month_of(tables[0])).exists()
