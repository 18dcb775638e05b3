"""Fills books with years of history, set-based and with the rules off, yet right in every row.

Transactions come in pairs: money goes from one of a few accounts to one of many, and back. So the
versions, the running balances and the leaves of the log can be computed from a transaction's
number, and no balance differs from what it was. The leaves that open an account are made by the
ledger's own code; a sample of all others is compared with it.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from ledger import reading
from ledger.log import records
from ledger.log.seal import KEEP_TILES, Window, place_of, publish
from ledger.log.tree import read_tile
from signing import merkle, tiles

MONTHS = 24
CHUNK = 500_000
SAMPLE = 500
FIRST_OF_NOW = 100_000_000
"""ids of transactions begin here, so that the history's come before them"""

NUMBERED = """
CREATE TEMP TABLE history ON COMMIT DROP AS
WITH counted AS (
    SELECT i, (i - 1) / 2 AS k, (i - 1) %% 2 AS back
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i
), placed AS (
    SELECT i, k, back, (%(many)s::bigint[])[1 + (k %% %(n_many)s)::int] AS a,
           (%(few)s::bigint[])[1 + (k %% %(n_few)s)::int] AS b, 100 + k %% 9000 AS x,
           2 * (k / %(n_many)s) + 1 + back AS a_version,
           2 * (k / %(n_few)s) + 1 + back AS b_version,
           %(start)s::timestamptz + (i * %(step)s) * interval '1 microsecond' AS recorded_at
    FROM counted
)
SELECT *, CASE back WHEN 0 THEN x ELSE -x END AS a_amount,
       CASE back WHEN 0 THEN x ELSE 0 END AS a_balance,
       recorded_at - CASE WHEN k %% 1000 = 0 THEN interval '3 days' ELSE '0' END AS effective_at,
       CASE WHEN k %% 20 = 0 THEN 'payment' ELSE 'usage rated' END AS kind,
       'old ' || i AS key, sha256(i::text::bytea) AS body, md5('salt' || i)::uuid AS salt
FROM placed ORDER BY i"""
TRANSACTIONS = """
INSERT INTO ledger_transaction (id, source, key, body_hash, kind, about, actor, memo, effective_at,
                                recorded_at, salt)
SELECT i, 'history', key, body, kind, '', 'system', '', effective_at, recorded_at, salt
FROM history ORDER BY i"""
ENTRIES = """
INSERT INTO ledger_entry (account_id, recorded_at, version, txn_id, commodity_id, amount,
                          balance_after)
SELECT account, recorded_at, version, i, %(commodity)s, amount, balance
FROM history, LATERAL (VALUES (a, a_version, a_amount, a_balance),
                              (b, b_version, -a_amount, -a_balance))
              AS e(account, version, amount, balance)
ORDER BY i"""
LEAVES = """
WITH lines AS (
    SELECT *, format('{"account":%%s,"amount":%%s,"balance":%%s,"version":%%s}',
                     a, a_amount, a_balance, a_version) AS first,
           format('{"account":%%s,"amount":%%s,"balance":%%s,"version":%%s}',
                  b, -a_amount, -a_balance, b_version) AS second,
           format('{"about":"","actor":"system","body_hash":"%%s","key":"%%s","memo":"",'
                  '"salt":"%%s","source":"history"}', encode(body, 'hex'), key, salt) AS details
    FROM history
), rooted AS (
    SELECT *, sha256('\\x01'::bytea || sha256('\\x00'::bytea || convert_to(first, 'UTF8'))
                     || sha256('\\x00'::bytea || convert_to(second, 'UTF8'))) AS root
    FROM lines
), kept AS (
    INSERT INTO ledger_leaf (index, txn_id, entries_count, entries_root)
    SELECT i - 1, i, 2, root FROM rooted ORDER BY i
)
SELECT sha256('\\x00'::bytea || convert_to(format(
    '{"details":"%%s","effective_at":"%%s","entries":{"count":2,"root":"%%s"},"id":%%s,'
    '"kind":"%%s","recorded_at":"%%s","reverses":null,"type":"transaction","v":1}',
    encode(sha256(convert_to(details, 'UTF8')), 'hex'),
    to_char(effective_at AT TIME ZONE 'UTC', %(spelt)s), encode(root, 'hex'), i, kind,
    to_char(recorded_at AT TIME ZONE 'UTC', %(spelt)s)), 'UTF8')) FROM rooted ORDER BY i"""
SPELT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
OLD = """(SELECT account_id, max(version) AS n, max(recorded_at) AS last
          FROM ledger_entry WHERE txn_id < %s GROUP BY account_id)"""
SHIFT_ENTRIES = f"""
UPDATE ledger_entry e SET version = version + o.n FROM {OLD} o
WHERE e.account_id = o.account_id AND e.txn_id >= %s"""
SHIFT_BALANCES = f"""
UPDATE ledger_balance b SET version = version + o.n, recorded_at = coalesce(recorded_at, o.last)
FROM {OLD} o WHERE b.account_id = o.account_id"""


@dataclass(frozen=True)
class Accounts:
    """Accounts of one commodity: many that are paid into, few that pay, opened after them."""

    commodity: int
    many: list[int]
    few: list[int]


@dataclass(frozen=True)
class Span:
    """When the history began, and how many microseconds lie between two transactions."""

    start: datetime
    step: int


@transaction.atomic
def fill(entries: int, accounts: Accounts) -> None:
    """Put so many entries, over two years up to yesterday, before all that was booked so far."""
    count = entries // 2
    end = datetime.now(UTC) - timedelta(days=1)
    start = end - timedelta(days=30 * MONTHS)
    span = Span(start, (end - start) // timedelta(microseconds=1) // count)
    run("SET LOCAL session_replication_role = replica")
    run("SELECT ledger_make_partitions(%s, %s)", start.date(), end.date())
    for first in range(1, count + 1, CHUNK):
        add(first, min(first + CHUNK - 1, count), accounts, span)
    run(SHIFT_ENTRIES, FIRST_OF_NOW, FIRST_OF_NOW)
    run(SHIFT_BALANCES, FIRST_OF_NOW)
    publish(count, Window(0, int(rows("SELECT pg_current_xact_id()::text")[0][0]), None))
    compare(count)


def add(first: int, last: int, accounts: Accounts, span: Span) -> None:
    """Transactions of these numbers with their entries, leaves and tiles."""
    values: dict[str, Any] = {
        "first": first, "last": last, "many": accounts.many, "few": accounts.few,
        "n_many": len(accounts.many), "n_few": len(accounts.few),
        "start": span.start, "step": span.step,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(NUMBERED, values)
        cursor.execute(TRANSACTIONS)
        cursor.execute(ENTRIES, {"commodity": accounts.commodity})
        cursor.execute(LEAVES, {"spelt": SPELT})
        hashes = [bytes(row[0]) for row in cursor.fetchall()]
        cursor.execute("DROP TABLE history")
    if first == 1:
        for number, hashed in opening(accounts):
            hashes[number - 1] = hashed
    keep(first - 1, hashes)


def opening(accounts: Accounts) -> Iterator[tuple[int, bytes]]:
    """The leaf hashes of transactions with an account's first entry, by the ledger's own code."""
    ids = [2 * k + 1 for k in range(len(accounts.many))]
    for record in records.transactions(ids):
        place = place_of(record)
        run("UPDATE ledger_leaf SET entries_root = %s WHERE txn_id = %s",
            place.entries_root, record.id)  # fmt: skip
        yield record.id, merkle.leaf_hash(place.content)


def keep(size: int, hashes: Sequence[bytes]) -> None:
    """The tiles that hold these leaves and what stands above them."""
    grown = tiles.grow(size, hashes, read_tile)
    levels, numbers = [level for level, _ in grown], [number for _, number in grown]
    run(KEEP_TILES, levels, numbers, list(grown.values()))


def compare(count: int) -> None:
    """Hold a sample of the leaves against what the ledger's own code makes of the rows."""
    ids = sorted(random.Random(1).sample(range(1, count + 1), SAMPLE))
    node = tiles.node_reader(read_tile)
    for record in records.transactions(ids):
        place = place_of(record)
        assert merkle.leaf_hash(place.content) == node(0, record.id - 1), record.id
        found = rows("SELECT entries_root FROM ledger_leaf WHERE txn_id = %s", record.id)
        assert bytes(found[0][0]) == place.entries_root, record.id


def leave_room() -> None:
    """Number the transactions of now so that there is room for the history before them."""
    run("SELECT setval('ledger_transaction_id_seq', %s, false)", FIRST_OF_NOW)


def run(sql: str, *params: Any) -> None:
    """Execute a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """What a query gives."""
    return reading.rows(sql, params)
