"""What an export reads, a part of constant size at a time, on one snapshot of the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import QuerySet
from django.utils import timezone

from ledger import asof
from ledger.asof import Moment, Movement
from ledger.corrections.queries import replacements, replaces, reversed_by
from ledger.exports.asked import DAY, Asked
from ledger.models import Account, Commodity, Entry, Transaction
from ledger.reading import rows

TRANSACTIONS, ACCOUNTS, ENTRIES = 500, 2000, 2000
"""rows held in memory at a time"""

FIRST_COUNTED = """
SELECT c.id, least(late.at,
    (SELECT t.effective_at FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.txn_id
     WHERE e.account_id = c.id ORDER BY e.recorded_at, e.version LIMIT 1))
FROM unnest(%(accounts)s::bigint[]) AS c(id)
LEFT JOIN (SELECT e.account_id AS id, min(t.effective_at) AS at
           FROM ledger_transaction t
           JOIN ledger_entry e ON e.txn_id = t.id AND e.recorded_at = t.recorded_at
           WHERE t.effective_at < t.recorded_at AND e.account_id = ANY (%(accounts)s::bigint[])
           GROUP BY e.account_id) AS late USING (id)"""
"""when the earliest entry of each account counts: its first, or one that was booked late"""


@dataclass(frozen=True)
class Held:
    """An account, what it held before the first day and after the last, the day it opened.

    That day is never after the first on which one of its entries counts.
    """

    account: Account
    opening: int
    closing: int
    opened: date


@dataclass(frozen=True)
class Fact:
    """A transaction with its entries, and what it replaces or is replaced by."""

    txn: Transaction
    entries: Sequence[Entry]
    replaced_by: int | None

    @property
    def owners(self) -> set[str]:
        """Whose accounts it moved."""
        return {entry.account.owner for entry in self.entries}

    @property
    def reversed_by(self) -> int | None:
        """The number of the transaction that took it back."""
        return reversed_by(self.txn)

    @property
    def replaces(self) -> int | None:
        """The number of the transaction in whose place it was booked."""
        return replaces(self.txn)


def commodities() -> QuerySet[Commodity]:
    """Everything that is counted."""
    return Commodity.objects.order_by("pk")


def held(asked: Asked) -> Iterator[Held]:
    """The accounts, by number: all of them, or those that held or moved something in the days."""
    after = 0
    while True:
        chosen = Account.objects.filter(pk__gt=after).select_related("commodity", "balance")
        part = list(chosen.order_by("pk")[:ACCOUNTS])
        if not part:
            return
        yield from _held(part, asked)
        after = part[-1].pk


def _held(part: Sequence[Account], asked: Asked) -> Iterator[Held]:
    ids = [account.pk for account in part]
    opened, before = _opened(part), opening_of(ids, asked)
    moved = {} if asked.whole else asof.movements(ids, asked.window)
    for account in part:
        pk, opening = account.pk, before.get(account.pk, 0)
        if asked.whole:
            yield Held(account, 0, account.balance.amount, opened[pk])
        elif opening or pk in moved:
            closing = opening + moved.get(pk, Movement()).net
            before_it = asked.first - DAY if asked.first and opening else opened[pk]
            yield Held(account, opening, closing, min(opened[pk], before_it))


def opening_of(accounts: Sequence[int], asked: Asked) -> dict[int, int]:
    """What accounts held before the first day, by id."""
    opening: Moment | None = asked.window.opening
    return {} if opening is None else asof.balances(accounts, opening)


def _opened(part: Sequence[Account]) -> dict[int, date]:
    counted = dict(rows(FIRST_COUNTED, {"accounts": [account.pk for account in part]}))
    return {a.pk: timezone.localdate(_earlier(a.opened_at, counted[a.pk])) for a in part}


def _earlier(moment: datetime, other: datetime | None) -> datetime:
    return moment if other is None else min(moment, other)


def facts(asked: Asked) -> Iterator[Fact]:
    """The transactions that count in the days, in the order in which they were booked."""
    window, after = asked.window, 0
    chosen = Transaction.objects.select_related("reversed_by").order_by("pk")
    if window.start:
        chosen = chosen.filter(effective_at__gte=window.start)
    if window.end:
        chosen = chosen.filter(effective_at__lt=window.end)
    while True:
        part = list(chosen.filter(pk__gt=after)[:TRANSACTIONS])
        if not part:
            return
        yield from _facts(part)
        after = part[-1].pk


def _facts(part: Sequence[Transaction]) -> Iterator[Fact]:
    txns = {txn.pk: txn for txn in part}
    replaced = replacements(txns)
    times = [txn.recorded_at for txn in part]
    entries = (
        Entry.objects.filter(txn__in=txns, recorded_at__range=(min(times), max(times)))
        .select_related("account__commodity")
        .order_by("txn_id", "commodity_id", "account_id", "version")
        .iterator(ENTRIES)
    )
    for pk, moved in groupby(entries, lambda entry: entry.txn_id):
        yield Fact(txns[pk], list(moved), replaced.get(pk))
