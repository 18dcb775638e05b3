"""Reading at growing lengths of history: balances and pages of a statement.

The history is written set-based with the rules off, yet every version and every balance is right:
transaction i takes one cent from the one account that all share and gives it to another one.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from django.http import QueryDict
from psycopg import sql

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
READS = 40
NOT_READ = ("ledger_transaction_times", "ledger_transaction_xid")
"""indexes that no statement and no balance is read by, left out so that filling takes minutes"""
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
        span = timedelta(days=700)
        self.url = url
        self.start = datetime.now(UTC) - span - timedelta(days=1)
        self.step = span / (largest // 2)
        self.entries = 0
        self.server = self._connected()
        self.server.execute(
            "SELECT ledger_make_partitions(%s::date, now()::date)", [self.start.date()]
        )
        for name in NOT_READ:
            self.server.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        server = psycopg.connect(self.url, autocommit=True)
        server.execute("SET session_replication_role = replica")
        server.execute("SET synchronous_commit = off")
        return server

    def keep(self) -> str:
        """Copy the books as they are now into a database of their own; its name."""
        name = f"history_{self.entries}"
        self.server.close()
        with psycopg.connect(self.url.replace("/coop?", "/postgres?"), autocommit=True) as server:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE coop").format(sql.Identifier(name))
            server.execute(copy)
        self.server = self._connected()
        return name

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

    def _number(self, query: LiteralString) -> int:
        row = self.server.execute(query).fetchone()
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


def readings(history: History, size: int, database: str) -> dict[str, float]:
    """Milliseconds of each kind of read in one of the databases, the median of many."""
    from django.db import connection

    from ledger import queries
    from ledger.paging import page_by

    connection.close()
    connection.settings_dict["NAME"] = database
    fields = queries.IN_TIME
    older = page_by(queries.entries_of(history.shared), fields, QueryDict()).older
    deep = half_way(history, size)
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


def half_way(history: History, size: int) -> str:
    """The address of the page in the middle of the shared account's statement."""
    middle = size // 4
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
