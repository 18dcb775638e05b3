"""The books as CSV (RFC 4180): one row for each entry, in the order in which it was booked.

Where a first day is asked for, the first rows say what the accounts held before it.
"""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from ledger.chart import place_of
from ledger.exports.asked import Asked
from ledger.exports.rows import Fact, facts, held
from ledger.exports.words import decimal, instant, owner_text
from ledger.models import Account
from ledger.reading import one_snapshot

OPENING = "opening balance"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
"""what a spreadsheet takes for the beginning of a formula; and the mark that says it is none"""
HEAD = (
    "transaction", "kind", "about", "effective_at", "recorded_at", "reverses", "replaces", "memo",
    "account", "entry", "number", "class", "account_kind", "owner", "commodity", "amount_minor",
    "amount",
)  # fmt: skip


def csv_lines(asked: Asked) -> Iterator[str]:
    """The file, a row at a time. Raises BeforeTheCut."""
    asked = asked.kept()
    with one_snapshot():
        yield written(HEAD)
        if asked.first:
            yield from _opening(asked)
        for fact in facts(asked):
            head = _head(fact, asked)
            for entry in fact.entries:
                yield written([*head, *_moved(entry.account, entry.version, entry.amount, asked)])


def _opening(asked: Asked) -> Iterator[str]:
    start = asked.window.start
    assert start is not None
    head = ["", OPENING, "", instant(start), "", "", "", ""]
    for row in held(asked):
        if row.opening:
            yield written([*head, *_moved(row.account, "", row.opening, asked)])


def _head(fact: Fact, asked: Asked) -> list[object]:
    txn, reader = fact.txn, asked.reader
    return [
        txn.pk,
        safe(txn.kind),
        safe(reader.matter(txn.about, fact.owners)),
        instant(txn.effective_at),
        instant(txn.recorded_at),
        txn.reverses_id or "",
        fact.replaces or "",
        safe(txn.memo) if reader.may_name_all(fact.owners) else "",
    ]


def _moved(account: Account, version: object, amount: int, asked: Asked) -> list[object]:
    place = place_of(account.kind)
    return [
        account.pk,
        version,
        place.number,
        place.category.name.lower(),
        safe(account.kind),
        safe(owner_text(asked.reader, account.owner)),
        safe(account.commodity.code),
        amount,
        decimal(amount, account.commodity.exponent),
    ]


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe before what begins like one.

    It is undone by taking one apostrophe off the beginning.
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def written(values: Sequence[object]) -> str:
    """One row with its CRLF."""
    out = StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()
