"""Months of entries: made ahead of time, put away when they are old, brought back to be read.

The entries of a month stand in a partition of their own, `ledger_entry_y2026m11`. Detached it is
the plain table `detached_entry_y2026m11`, which still refuses changes, until it is dumped and
dropped. What the accounts held at the cut stays in `Carried`, its digest in the log.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError
from ledger.log.leaves import canonical
from ledger.models import Carried, Cut, Document
from signing import merkle

MONTHS_AHEAD = 24
LOCK_SECONDS = 5
SETTLED = timedelta(days=1)
"""How long a month must be over: by then nothing can still be written into it."""
KEPT, AWAY = "ledger_entry_", "detached_entry_"
NAME = re.compile(r"_entry_y(\d{4})m(\d\d)$")
BALANCES = "balances"
"""The kind of the document that says what was carried over a cut."""

TABLES = """
SELECT c.relname FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE c.relkind = 'r' AND pg_table_is_visible(c.oid) AND c.relname ~ %s
  AND (i.inhparent = 'ledger_entry'::regclass) IS NOT DISTINCT FROM %s
ORDER BY c.relname"""
UNSEALED = """
SELECT EXISTS (SELECT FROM ledger_transaction t WHERE t.recorded_at < %s
               AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.txn_id = t.id))"""
STRAY = "SELECT EXISTS (SELECT FROM ledger_entry_rest WHERE recorded_at < %s)"
FREEZE = """
INSERT INTO ledger_carried (account_id, version, amount)
SELECT DISTINCT ON (account_id) account_id, version, balance_after
FROM ledger_entry WHERE recorded_at < %s
ORDER BY account_id, recorded_at DESC, version DESC
ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, amount = excluded.amount
WHERE ledger_carried.version < excluded.version"""


class NotSealed(DomainError):
    """Something recorded before the cut is not in the log yet."""

    code = "not_sealed"
    text = _("Not everything recorded before the cut is in the log yet: seal first.")


class CutTooLate(DomainError):
    """The month before the cut is not over, or has been over for less than a day."""

    code = "cut_too_late"
    text = _("The months before the cut must have been over for a day.")


class LaterCut(DomainError):
    """A later cut was made already."""

    code = "later_cut"
    text = _("A later cut was made already.")


class NothingToDetach(DomainError):
    """No entry stands before the cut in a partition of its own."""

    code = "nothing_to_detach"
    text = _("There is no entry before the cut to put away.")


class StrayEntries(DomainError):
    """Entries before the cut stand in the partition for the rest."""

    code = "stray_entries"
    text = _("Entries before the cut stand in no month of their own: run partition_entries first.")


@dataclass(frozen=True)
class Detached:
    """What was put away: tables, oldest first, and how many accounts carry a balance."""

    cut: datetime
    tables: list[str]
    accounts: int
    digest: bytes


def kept_tables() -> list[str]:
    """The partitions that hold one month each, oldest first."""
    return _tables(KEPT, attached=True)


def first_kept() -> datetime:
    """When the first month with a partition began: entries before it stand in the rest, if any."""
    return min(map(month_of, kept_tables()), default=datetime.max.replace(tzinfo=UTC))


def away_tables() -> list[str]:
    """The detached months that are still in this database, oldest first."""
    return _tables(AWAY, attached=None)


def month_of(table: str) -> datetime:
    """The first moment of the month that a table holds; raises ValueError."""
    found = NAME.search(table)
    if found is None:
        raise ValueError(f"{table} holds no month of entries")
    return datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)


def next_month(month: datetime) -> datetime:
    """The first moment of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


def last_cut() -> Cut | None:
    """The newest cut, None where no entry was ever put away."""
    return Cut.objects.select_related("document").order_by("-through").first()


def stands() -> bool:
    """Whether the tables are there: not where this app was migrated back to nothing."""
    return bool(_value("SELECT to_regclass('ledger_entry_rest') IS NOT NULL"))


def rows_in_rest() -> int:
    """How many entries stand in no month of their own, because their partition was missing."""
    return int(_value("SELECT count(*) FROM ledger_entry_rest"))


@transaction.atomic
def keep_ahead() -> tuple[int, int]:
    """See that every month from now to two years ahead has its partition; safe to repeat.

    Gives how many partitions were made, and how many entries were moved into them because they
    had to be written without one. Raises OperationalError where the books are too busy to let
    this through within seconds.
    """
    if all(month in kept_tables() for month in _months_ahead()) and not rows_in_rest():
        return 0, 0
    _one_at_a_time()
    _run(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    moved = _value("SELECT ledger_move_rest()") if rows_in_rest() else 0
    ahead = [month_of(table).date() for table in _months_ahead()]
    made = _value("SELECT ledger_make_partitions(%s, %s)", ahead[0], ahead[-1])
    return int(made), int(moved)


@transaction.atomic
def detach(cut: datetime) -> Detached:
    """Put away the entries recorded before a month, keeping what every account held then.

    The balances are frozen under a lock that stops posting for as long as it takes to find the
    last entry of each account; their digest becomes a document, which the log seals next. All or
    nothing. Raises CutTooLate, LaterCut, NotSealed, StrayEntries, NothingToDetach.
    """
    _one_at_a_time()
    _run("LOCK TABLE ledger_entry IN ACCESS EXCLUSIVE MODE")
    _refuse_unless_ready(cut)
    tables = [table for table in kept_tables() if month_of(table) < cut]
    if not Cut.objects.filter(through=cut).exists():
        _freeze(cut)
    if not tables:
        raise NothingToDetach
    return Detached(cut, [_put_away(name) for name in tables], Carried.objects.count(), root())


@transaction.atomic
def attach() -> list[str]:
    """Bring back every detached month that is in this database, to be read; their names.

    The cut stays: balances as of a moment and exports go on from it.
    """
    _one_at_a_time()
    _run("LOCK TABLE ledger_entry IN ACCESS EXCLUSIVE MODE")
    return [_bring_back(name) for name in away_tables()]


def carried_lines() -> Iterator[bytes]:
    """What each account carries over the last cut, as lines of canonical JSON, by account."""
    rows = Carried.objects.order_by("account_id").values_list("account_id", "amount", "version")
    for account, amount, version in rows.iterator():
        yield canonical({"account": account, "amount": amount, "version": version})


def root() -> bytes:
    """The RFC 6962 root over the carried lines: what the document of the last cut must say."""
    return merkle.root(merkle.leaf_hash(line) for line in carried_lines())


def readable_before(cut: datetime) -> list[str]:
    """The tables that still hold months before a cut, attached or not, oldest first.

    Only those that follow on one another up to the cut: before a missing month nothing counts.
    """
    found = {month_of(table): table for table in (*away_tables(), *kept_tables())}
    tables: list[str] = []
    for month in sorted((month for month in found if month < cut), reverse=True):
        if next_month(month) != (month_of(tables[0]) if tables else cut):
            break
        tables.insert(0, found[month])
    return tables


def _refuse_unless_ready(cut: datetime) -> None:
    if cut > datetime.now(UTC) - SETTLED:
        raise CutTooLate
    if Cut.objects.filter(through__gt=cut).exists():
        raise LaterCut
    if _value(UNSEALED, cut):
        raise NotSealed
    if _value(STRAY, cut):
        raise StrayEntries


def _freeze(cut: datetime) -> None:
    if not _run(FREEZE, cut):
        raise NothingToDetach
    Cut.objects.create(through=cut, document=Document.objects.create(kind=BALANCES, digest=root()))


def _put_away(kept: str) -> str:
    away = kept.replace(KEPT, AWAY)
    _run(f"ALTER TABLE ledger_entry DETACH PARTITION {kept}")
    _run(f"ALTER TABLE {kept} RENAME TO {away}")
    return away


def _bring_back(away: str) -> str:
    kept = away.replace(AWAY, KEPT)
    _run(f"ALTER TABLE {away} RENAME TO {kept}")
    _run("SELECT ledger_attach_partition(%s, %s)", kept, month_of(kept).replace(tzinfo=None))
    return kept


def _months_ahead() -> list[str]:
    month = datetime.now(UTC).replace(day=1)
    names = []
    for _ahead in range(MONTHS_AHEAD + 1):
        names.append(f"{KEPT}y{month:%Y}m{month:%m}")
        month = next_month(month)
    return names


def _tables(prefix: str, *, attached: bool | None) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [f"^{prefix}y[0-9]{{4}}m[0-9]{{2}}$", attached])
        return [name for (name,) in cursor.fetchall()]


def _one_at_a_time() -> None:
    _run("SELECT pg_advisory_xact_lock(hashtext('ledger partitions'))")


def _run(sql: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        return int(cursor.rowcount)


def _value(sql: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        row = cursor.fetchone()
    return int(row[0])
