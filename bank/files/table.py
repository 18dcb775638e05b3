"""A bank's table (CSV), read by a mapping that a treasurer saved once for their bank."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from bank.files import values
from bank.files.problem import Problem, Why
from bank.files.shapes import Booked, Told

ENCODINGS = ("utf-8-sig", "cp1252", "iso-8859-1", "iso-8859-15", "utf-16")
DELIMITERS = (";", ",", "\t", "|")
DECIMAL_MARKS = (",", ".")
DATE_FORMATS = {
    "%d.%m.%Y": "31.12.2026",
    "%d.%m.%y": "31.12.26",
    "%Y-%m-%d": "2026-12-31",
    "%d/%m/%Y": "31/12/2026",
    "%m/%d/%Y": "12/31/2026",
    "%d-%m-%Y": "31-12-2026",
}
MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 50_000
MOST_CELL = 5_000
MOST_SKIPPED = 50
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[.,'\u00a0\u202f ][0-9]{3})+|[+-]?[0-9]{1,13}")


@dataclass(frozen=True)
class Columns:
    """How to read a bank's table: the names of its columns, "" where it has none.

    The amount stands in `amount` with its sign, or in `money_in` and `money_out` without. `iban`
    and `currency`, where there, must be those of the account in every row; `balance` is what stood
    on the account after a row.
    """

    booked_on: str
    amount: str = ""
    money_in: str = ""
    money_out: str = ""
    value_on: str = ""
    text: str = ""
    reference: str = ""
    end_to_end: str = ""
    name: str = ""
    other_iban: str = ""
    bank_ref: str = ""
    iban: str = ""
    currency: str = ""
    balance: str = ""
    encoding: str = "utf-8-sig"
    delimiter: str = ";"
    decimal_mark: str = ","
    date_format: str = "%d.%m.%Y"
    skip: int = 0


NAMED = (
    "booked_on", "amount", "money_in", "money_out", "value_on", "text", "reference", "end_to_end",
    "name", "other_iban", "bank_ref", "iban", "currency", "balance",
)  # fmt: skip


def read(data: bytes, columns: Columns, *, iban: str, currency: str) -> list[Told]:
    """The one statement that a table holds; raises Problem, and then none of it counts.

    `iban` and `currency` are those of our account, for tables that do not say.
    """
    rows = list(_rows(data, columns))
    if not rows:
        raise Problem(Why.EMPTY)
    entries = [_booked(row, columns, number) for number, row in enumerate(rows, 1)]
    own = _only_one(rows, columns.iban, iban)
    opening, closing = _balances(rows, entries, columns)
    days = [entry.booked_on for entry in entries]
    return [
        Told(
            iban=own.replace(" ", "").upper()[:34],
            identification=f"csv {sha256(data).hexdigest()[:32]}",
            begins=min(days),
            ends=max(days),
            currency=_only_one(rows, columns.currency, currency),
            opening=opening,
            closing=closing,
            entries=tuple(entry for entry in entries if entry.amount),
        )
    ]


def amount_of(text: str, mark: str, place: str) -> int:
    """Signed cents from "-1.234,50": grouped or not, with this decimal mark."""
    plain = text.strip().replace("\u2212", "-").replace("EUR", "").replace("€", "").strip()
    whole, _mark, decimals = plain.partition(mark)
    if not GROUPED.fullmatch(whole) or mark in decimals or (decimals and not decimals.isdigit()):
        raise Problem(Why.BAD_AMOUNT, place, found=text[:40])
    if not decimals.isascii() or len(decimals.rstrip("0")) > 2 or len(decimals) > 5:
        raise Problem(Why.BAD_AMOUNT, place, found=text[:40])
    digits = "".join(c for c in whole if c in "0123456789")
    found = int(digits) * 100 + int(decimals.rstrip("0").ljust(2, "0") or 0)
    return -found if whole.startswith("-") else found


def _rows(data: bytes, columns: Columns) -> Iterator[Mapping[str, str]]:
    if len(data) > MOST_BYTES:
        raise Problem(Why.TOO_LARGE)
    try:
        text = data.decode(columns.encoding)
    except (UnicodeError, LookupError) as error:
        raise Problem(Why.ENCODING) from error
    lines = text.replace("\x00", "").splitlines(keepends=True)[columns.skip :]
    table = csv.reader(io.StringIO("".join(lines)), delimiter=columns.delimiter, strict=True)
    try:
        yield from _named(table, columns)
    except csv.Error as error:
        raise Problem(Why.COLUMN, f"row {table.line_num}", found=str(error)[:60]) from error


def _named(table: Iterator[list[str]], columns: Columns) -> Iterator[Mapping[str, str]]:
    head = [cell.strip() for cell in next(table, [])]
    for name in NAMED:
        wanted = getattr(columns, name)
        if wanted and wanted not in head:
            raise Problem(Why.COLUMN, wanted)
    for number, row in enumerate(table, 1):
        if number > MOST_ROWS:
            raise Problem(Why.TOO_MANY)
        if any(cell.strip() for cell in row):
            padded = row + [""] * (len(head) - len(row))
            yield {name: cell.strip()[:MOST_CELL] for name, cell in zip(head, padded, strict=False)}


def _booked(row: Mapping[str, str], columns: Columns, number: int) -> Booked:
    place = f"row {number}"
    value, text = _cell(row, columns.value_on), _cell(row, columns.text)
    structured = values.reference(_cell(row, columns.reference))
    end_to_end = _cell(row, columns.end_to_end)
    loose = (
        values.reference(end_to_end),
        *values.references_in(f"{text} {_cell(row, columns.reference)}"),
    )
    return Booked(
        booked_on=_day(_cell(row, columns.booked_on), columns, place),
        value_on=_day(value, columns, place) if value else None,
        amount=_amount(row, columns, place),
        bank_ref=values.one_line(_cell(row, columns.bank_ref), 120),
        end_to_end=values.one_line(end_to_end, 35),
        references=(structured,) if structured else tuple(dict.fromkeys(filter(None, loose))),
        is_structured=bool(structured),
        text=values.one_line(text, 500),
        name=values.one_line(_cell(row, columns.name), 140),
        iban=_cell(row, columns.other_iban).replace(" ", "").upper()[:34],
    )


def _cell(row: Mapping[str, str], name: str) -> str:
    return row.get(name, "") if name else ""


def _day(text: str, columns: Columns, place: str) -> date:
    try:
        there = datetime.strptime(text[:20], columns.date_format).date()
    except ValueError as error:
        raise Problem(Why.BAD_DATE, place, found=text[:40]) from error
    if there < values.EARLIEST:
        raise Problem(Why.BAD_DATE, place, found=text[:40])
    return there


def _amount(row: Mapping[str, str], columns: Columns, place: str) -> int:
    if columns.amount:
        return amount_of(_cell(row, columns.amount), columns.decimal_mark, place)
    came, went = _cell(row, columns.money_in), _cell(row, columns.money_out)
    if bool(came) == bool(went):
        raise Problem(Why.BAD_AMOUNT, place, found=f"{came} / {went}"[:40])
    found = amount_of(came or went, columns.decimal_mark, place)
    return abs(found) if came else -abs(found)


def _only_one(rows: list[Mapping[str, str]], column: str, ours: str) -> str:
    """What all rows say in a column, else what is ours; raises Problem where they differ."""
    found = {_cell(row, column) for row in rows} - {""}
    if len(found) > 1:
        raise Problem(Why.COLUMN, column, found=", ".join(sorted(found))[:80])
    return found.pop() if found else ours


def _balances(
    rows: list[Mapping[str, str]], entries: list[Booked], columns: Columns
) -> tuple[int | None, int | None]:
    """What stood on the account before and after, where the table tells it; raises Problem."""
    if not columns.balance:
        return None, None
    told = [amount_of(_cell(row, columns.balance), columns.decimal_mark, "") for row in rows]
    amounts = [entry.amount for entry in entries]
    if _runs(told, amounts):
        return told[0] - amounts[0], told[-1]
    if _runs(told[::-1], amounts[::-1]):
        return told[-1] - amounts[-1], told[0]
    raise Problem(Why.SUM, columns.balance)


def _runs(told: list[int], amounts: list[int]) -> bool:
    return all(told[i] == told[i - 1] + amounts[i] for i in range(1, len(told)))
