"""Reports and entries as CSV: UTF-8, one header row, ISO dates, plain integers and decimals.

A spreadsheet may take a text that begins like a formula for one; such a text gets an apostrophe
before it. Numbers are written with a full stop and a hyphen for a minus, in every language.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from io import StringIO

from django.utils import timezone

from ledger.access import Reader
from ledger.chart import Place, place_of, pool_of
from ledger.reports.entries import Row
from ledger.reports.shape import Cell, Column, Line, Report, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
HEAD = ("table", "number", "line", "pool", "weight")
CHART_HEAD = ("number", "account", "kind", "class", "usually", "other_number", "other_account",
              "used")  # fmt: skip
ENTRY_HEAD = (
    "effective_at", "recorded_at", "transaction", "transaction_kind", "account", "entry",
    "number", "account_kind", "owner", "pool", "commodity", "amount_minor", "amount",
    "balance_minor", "balance",
)  # fmt: skip


def text(value: object) -> str:
    """A text that no spreadsheet takes for a formula."""
    plain = "" if value is None else str(value)
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def decimal(amount: int | None, exponent: int) -> str:
    """An amount of the smallest unit as a plain decimal: -6364 → "-63.64"."""
    if amount is None:
        return ""
    whole, rest = divmod(abs(amount), 10**exponent)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{rest:0{exponent}d}" if exponent else f"{sign}{whole}"


def report_csv(report: Report) -> Iterator[str]:
    """A report, a line of text at a time; every column of numbers comes twice.

    First as an integer of the smallest unit (`…_minor`), then as a decimal.
    """
    columns = {column.key: column for table in report.tables for column in table.columns}
    head = [name for key in columns for name in (f"{key}_minor", key)]
    yield _written([*HEAD, *head])
    for table in report.tables:
        for line in table.lines:
            yield _written(_report_row(table, line, list(columns.values())))


def _report_row(table: Table, line: Line, columns: Sequence[Column]) -> list[object]:
    cells = {column.key: cell for column, cell in zip(table.columns, line.cells, strict=True)}
    row: list[object] = [
        text(table.caption), line.number or "", text(line.label), text(line.pool), line.weight,
    ]  # fmt: skip
    for column in columns:
        row += _numbers(cells.get(column.key), column)
    return row


def _numbers(cell: Cell | None, column: Column) -> list[object]:
    if cell is None:
        return ["", ""]
    return [cell.amount, decimal(cell.amount, column.commodity.exponent)]


def entries_csv(found: Iterable[Row], reader: Reader) -> Iterator[str]:
    """Entries, a line of text at a time, owners as the reader may see them."""
    yield _written(ENTRY_HEAD)
    for row in found:
        yield _written(_entry_row(row, reader))


def chart_csv(places: Iterable[Place], used: Collection[str]) -> Iterator[str]:
    """The chart of accounts, a line of text at a time; `used` are the kinds that were opened."""
    yield _written(CHART_HEAD)
    for place in places:
        side = "debit" if place.debit else "credit"
        opened = "yes" if place.kind in used else "no"
        other = place.contrary
        yield _written([
            place.number, text(place.label), text(place.kind), text(place.category.label), side,
            other.number if other else "", text(other.label if other else ""), opened,
        ])  # fmt: skip


def _entry_row(row: Row, reader: Reader) -> list[object]:
    account, exponent = row.account, row.account.commodity.exponent
    return [
        timezone.localtime(row.effective_at).isoformat(),
        timezone.localtime(row.recorded_at).isoformat(),
        row.txn,
        text(row.kind),
        account.pk,
        row.version,
        place_of(account.kind).number,
        text(account.kind),
        text(reader.label(account.owner)),
        text(pool_of(account.commodity.code, account.owner)),
        text(account.commodity.code),
        row.amount,
        decimal(row.amount, exponent),
        "" if row.balance is None else row.balance,
        decimal(row.balance, exponent),
    ]


def _written(values: Sequence[object]) -> str:
    out = StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()
