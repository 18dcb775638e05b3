"""What proves the books right: sums, kept balances, gapless versions."""

from collections.abc import Callable

from django.db import connection

NOT_ZERO = """
SELECT format('transaction %s does not sum to zero in %s: %s', e.txn_id, c.code, sum(e.amount))
FROM ledger_entry e JOIN ledger_commodity c ON c.id = e.commodity_id
GROUP BY e.txn_id, c.code HAVING sum(e.amount) <> 0"""
KEPT_DIFFERS = """
SELECT format('account %s keeps %s (%s entries) but its entries sum to %s (%s entries)',
              b.account_id, b.amount, b.version, coalesce(s.amount, 0), coalesce(s.n, 0))
FROM ledger_balance b
LEFT JOIN (SELECT account_id, sum(amount) AS amount, count(*) AS n, max(version) AS top
           FROM ledger_entry GROUP BY account_id) s USING (account_id)
WHERE b.amount <> coalesce(s.amount, 0) OR b.version <> coalesce(s.n, 0)
   OR b.version <> coalesce(s.top, 0)"""
RUNNING_DIFFERS = """
SELECT format('account %s, entry %s: the running balance is %s, should be %s',
              account_id, version, balance_after, running)
FROM (SELECT account_id, version, balance_after,
             sum(amount) OVER (PARTITION BY account_id ORDER BY version) AS running
      FROM ledger_entry) AS e WHERE balance_after <> running"""
BELOW_FLOOR = """
SELECT format('account %s is below its floor: %s', account_id, amount)
FROM ledger_balance WHERE amount < floor"""
FLOOR_DIFFERS = """
SELECT format('account %s has floor %s, its balance has %s', a.id, a.floor, b.floor)
FROM ledger_account a LEFT JOIN ledger_balance b ON b.account_id = a.id
WHERE b.account_id IS NULL OR a.floor IS DISTINCT FROM b.floor"""
WITHOUT_ENTRIES = """
SELECT format('transaction %s has no entries', t.id) FROM ledger_transaction t
WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.txn_id = t.id)"""


def broken(sql: str, limit: int = 20) -> list[str]:
    """The sentences that a query gives about what is broken, at most `limit` of them."""
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT {limit}")
        return [row[0] for row in cursor.fetchall()]


def transactions_sum_to_zero() -> list[str]:
    """Every transaction sums to zero per commodity, and none is empty."""
    return broken(NOT_ZERO) + broken(WITHOUT_ENTRIES)


def kept_balances_are_the_sums() -> list[str]:
    """Kept balances, versions and running balances are what the entries say."""
    return broken(KEPT_DIFFERS) + broken(RUNNING_DIFFERS)


def no_account_is_below_its_floor() -> list[str]:
    """No account flagged non-negative is negative, and no floor was moved."""
    return broken(BELOW_FLOOR) + broken(FLOOR_DIFFERS)


INVARIANTS: list[Callable[[], list[str]]] = [
    transactions_sum_to_zero,
    kept_balances_are_the_sums,
    no_account_is_below_its_floor,
]
