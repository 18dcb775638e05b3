"""Reading at growing lengths of history: balances and pages of a statement.

The history is written set-based with the rules off, yet every version and every balance is right:
transaction i takes one cent from the one account that all share and gives it to another one.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
from django.http import QueryDict

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
READS = 40
CHUNK = 500_000
OPEN = """
INSERT INTO ledger_account (commodity_id, kind, owner)
SELECT id, 'history', 'member/' || n FROM ledger_commodity, generate_series(0, 999) AS n
WHERE code = 'EUR' ORDER BY n RETURNING id"""
TRANSACTIONS = """
INSERT INTO ledger_transaction (id, source, key, body_hash, kind, about, actor, memo, effective_at,
                                recorded_at)
SELECT %(shift)s + i, 'history', i::text, sha256(i::text::bytea), 'usage rated', '', 'system', '',
       t.moment, t.moment
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i,
     LATERAL (SELECT %(start)s::timestamptz + i * %(step)s::interval AS moment) AS t
ORDER BY i"""
ENTRIES = """
INSERT INTO ledger_entry (account_id, recorded_at, version, txn_id, commodity_id, amount,
                          balance_after)
SELECT e.account, %(start)s::timestamptz + i * %(step)s::interval, e.version, %(shift)s + i,
       %(commodity)s, e.amount, e.balance
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i, LATERAL (VALUES
    (%(shared)s::bigint, i, -1, -i),
    (%(shared)s + 1 + (i - 1) %% 999, 1 + (i - 1) / 999, 1, 1 + (i - 1) / 999)
) AS e(account, version, amount, balance)
ORDER BY i"""
BALANCES = """
UPDATE ledger_balance b SET amount = e.balance_after, version = e.version,
                            recorded_at = e.recorded_at
FROM ledger_account a, LATERAL (
    SELECT * FROM ledger_entry WHERE account_id = a.id AND recorded_at >= %(since)s
    ORDER BY recorded_at DESC, version DESC LIMIT 1) AS e
WHERE a.kind = 'history' AND b.account_id = a.id"""


class History:
    """Two years of books that grow under the reader."""

    def __init__(self, url: str, largest: int) -> None:
        self.server = psycopg.connect(url, autocommit=True)
        self.server.execute("SET session_replication_role = replica")
        self.server.execute("SET synchronous_commit = off")
        span = timedelta(days=700)
        self.start = datetime.now(UTC) - span - timedelta(days=1)
        self.step = span / (largest // 2)
        self.server.execute(
            "SELECT ledger_make_partitions(%s::date, now()::date)", [self.start.date()]
        )
        self.entries = 0

    def open_accounts(self) -> None:
        """The shared account and 999 others, with their balances (the rules are off)."""
        opened = [row[0] for row in self.server.execute(OPEN)]
        self.shared = opened[0]
        self.server.execute(
            "INSERT INTO ledger_balance (account_id, amount, version)"
            " SELECT id, 0, 0 FROM ledger_account WHERE kind = 'history'"
        )
        self.commodity = self._number("SELECT commodity_id FROM ledger_account ORDER BY id DESC")
        self.shift = self._number("SELECT max(id) FROM ledger_transaction")

    def _number(self, sql: LiteralString) -> int:
        row = self.server.execute(sql).fetchone()
        assert row is not None
        return int(row[0])

    def grow(self, size: int) -> None:
        """Add entries until there are so many, and let the server come to rest."""
        began = self.start + (self.entries // 2) * self.step
        for first in range(self.entries // 2 + 1, size // 2 + 1, CHUNK):
            self._add(first, min(first + CHUNK - 1, size // 2))
        self.server.execute(BALANCES, {"since": began})
        self.entries = size
        self.server.execute("VACUUM (ANALYZE) ledger_transaction, ledger_entry, ledger_balance")
        self.server.execute("CHECKPOINT")

    def _add(self, first: int, last: int) -> None:
        values = {
            "first": first, "last": last, "start": self.start, "step": self.step,
            "shared": self.shared, "commodity": self.commodity, "shift": self.shift,
        }  # fmt: skip
        self.server.execute(TRANSACTIONS, values)
        self.server.execute(ENTRIES, values)


def readings(history: History) -> dict[str, float]:
    """Milliseconds of each kind of read, the median of many."""
    from ledger import queries
    from ledger.paging import page_by

    fields = queries.IN_TIME
    older = page_by(queries.entries_of(history.shared), fields, QueryDict()).older
    deep = half_way(history)
    return {
        "balance of an account": median(lambda n: queries.balance_of(history.shared + n)),
        "statement, first page": median(
            lambda n: page_by(queries.entries_of(history.shared), fields, QueryDict())
        ),
        "statement, second page by key": median(
            lambda n: page_by(
                queries.entries_of(history.shared), fields, QueryDict(f"cursor={older}")
            )
        ),
        "statement, a page half way back": median(
            lambda n: page_by(queries.entries_of(history.shared), fields, QueryDict(deep))
        ),
    }


def half_way(history: History) -> str:
    """The address of the page in the middle of the shared account's statement."""
    middle = history.entries // 4
    recorded_at = history.start + middle * history.step
    micros = (recorded_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return f"cursor=older.{micros}.{middle}"


def median(read: Callable[[int], object]) -> float:
    """Milliseconds of one of many reads."""
    times = []
    for n in range(READS):
        began = time.perf_counter()
        read(n)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
