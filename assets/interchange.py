"""The register as a CSV file: one line per asset, the same form in and out.

Money is written in cents, capacity in thousandths of a token per period, days as YYYY-MM-DD, so
nothing depends on a language. A column that is not known refuses the file; a line that cannot
be taken is named with its number and its reason, and then nothing of the file is taken.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from assets.models import Asset, Resource
from assets.models.things import CODE
from assets.register import register, yields_of

TEXTS = {
    "name": 120,
    "type": 40,
    "manufacturer": 80,
    "model": 80,
    "serial": 80,
    "place": 120,
    "location": 200,
    "supplier": 120,
    "bill": 120,
    "paid_from": 20,
}
DAYS = ("ordered_on", "purchased_on", "warranty_until", "in_service", "ended_on")
NUMBERS = ("cost", "salvage", "useful_months", "shares", "proceeds")
PAYERS = ("", "grant", "loan", "founders", "reserve", "growth")
COLUMNS = (
    "code",
    "pool",
    "name",
    "type",
    "manufacturer",
    "model",
    "serial",
    "place",
    "location",
    "purchased_on",
    "supplier",
    "bill",
    "warranty_until",
    "cost",
    "salvage",
    "useful_months",
    "paid_from",
    "shares",
    "state",
    "ordered_on",
    "in_service",
    "ended_on",
    "proceeds",
    "reason",
)
NEEDED = ("code", "pool", "name", "type", "cost", "state")
CAPACITY = "capacity:"
MOST = 10**15
FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Line:
    """One asset as a line has it; money in cents, capacity in millitokens by resource."""

    number: int
    code: str
    values: dict[str, Any]
    capacity: dict[str, int]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line, and where: 1 is the line of column names."""

    line: int
    text: str


@dataclass
class Read:
    """What a file says, and what is wrong with it."""

    lines: list[Line] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read(text: str) -> Read:
    """The lines of a file; every fault in it, none hiding another."""
    found = Read()
    rows = csv.reader(io.StringIO(text.replace("\r\n", "\n"), newline=""), strict=True)
    try:
        header = next(rows, [])
        resources = set(Resource.objects.values_list("code", flat=True))
        found.faults += [Fault(1, text) for text in _wrong_columns(header, resources)]
        if not found.faults:
            _read_lines(rows, header, found)
    except csv.Error as error:
        found.faults.append(Fault(rows.line_num, _("This is no CSV: %(why)s") % {"why": error}))
    return found


def _wrong_columns(header: list[str], resources: set[str]) -> Iterator[str]:
    known = {*COLUMNS, *(CAPACITY + code for code in resources)}
    for name in header:
        if name not in known:
            yield _("The column “%(name)s” is not known.") % {"name": name}
        if header.count(name) > 1:
            yield _("The column “%(name)s” is there twice.") % {"name": name}
    for name in NEEDED:
        if name not in header:
            yield _("The column “%(name)s” is missing.") % {"name": name}


def _read_lines(rows: Any, header: list[str], found: Read) -> None:
    seen: dict[str, int] = {}
    for cells in rows:
        number = rows.line_num
        if not any(cells):
            continue
        if len(cells) != len(header):
            words = {"found": len(cells), "wanted": len(header)}
            text = _("The line has %(found)s cells instead of %(wanted)s.") % words
            found.faults.append(Fault(number, text))
            continue
        line, faults = _line(number, dict(zip(header, cells, strict=True)))
        if line.code in seen:
            before = {"code": line.code, "line": str(seen[line.code])}
            faults.append(_("The code %(code)s stands in line %(line)s already.") % before)
        seen.setdefault(line.code, number)
        found.faults += [Fault(number, text) for text in faults]
        found.lines.append(line)


def _line(number: int, cells: dict[str, str]) -> tuple[Line, list[str]]:
    faults: list[str] = []
    values = {name: _value(name, cells.get(name, "").strip(), faults) for name in COLUMNS}
    given = {n.removeprefix(CAPACITY): c for n, c in cells.items() if n.startswith(CAPACITY)}
    read = {code: _whole(CAPACITY + code, cell.strip(), faults) for code, cell in given.items()}
    capacity = {code: value for code, value in read.items() if value}
    return Line(number, str(values["code"]), values, capacity), faults + _together(values)


def _value(name: str, cell: str, faults: list[str]) -> Any:
    if name in NEEDED and not cell:
        faults.append(_("“%(name)s” is empty.") % {"name": name})
    if name in NUMBERS:
        return _whole(name, cell, faults)
    if name in DAYS:
        return _day(name, cell, faults)
    if name == "code" and not CODE.regex.match(cell):  # type: ignore[union-attr]
        faults.append(_("“%(cell)s” is no inventory code.") % {"cell": cell[:40]})
    if len(cell) > TEXTS.get(name, 300):
        bound = {"name": name, "most": str(TEXTS.get(name, 300))}
        faults.append(_("“%(name)s” has more than %(most)s characters.") % bound)
    return unguarded(cell)


def _whole(name: str, cell: str, faults: list[str]) -> int | None:
    if not cell:
        return None
    if cell.isascii() and cell.isdigit() and int(cell) <= MOST:
        return int(cell)
    words = {"name": name, "cell": cell[:40]}
    faults.append(_("“%(name)s” is no whole number: %(cell)s") % words)
    return None


def _day(name: str, cell: str, faults: list[str]) -> date | None:
    if not cell:
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        words = {"name": name, "cell": cell[:40]}
        faults.append(_("“%(name)s” is no day like 2026-01-31: %(cell)s") % words)
        return None


def _together(values: dict[str, Any]) -> list[str]:
    """What does not go together on one line."""
    state, faults = values["state"], []
    if state and state not in Asset.State.values:
        words = {"state": state, "states": ", ".join(Asset.State.values)}
        faults.append(_("“%(state)s” is no state; there are %(states)s.") % words)
    if state in ("in_service", "faulty") and not values["in_service"]:
        faults.append(_("What serves needs the day since when: “in_service”."))
    if values["paid_from"] not in PAYERS:
        words = {"payer": values["paid_from"], "payers": ", ".join(PAYERS[1:])}
        faults.append(_("“%(payer)s” pays for nothing; there are %(payers)s.") % words)
    if values["in_service"] and values["cost"] and not values["paid_from"]:
        faults.append(_("What is in its pool needs to say what paid for it: “paid_from”."))
    if state in ("retired", "sold", "lost") and not values["ended_on"]:
        faults.append(_("What has ended needs the day: “ended_on”."))
    if (values["salvage"] or 0) > (values["cost"] or 0):
        faults.append(_("The residual value is from nothing up to the cost."))
    return faults


def written() -> str:
    """The whole register in this form, by inventory code."""
    resources = list(Resource.objects.values_list("code", flat=True))
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([*COLUMNS, *(CAPACITY + code for code in resources)])
    assets = list(register().select_related("disposal").prefetch_related("events"))
    brought = first_yields(assets)
    for asset in assets:
        cells = cells_of(asset)
        capacity = brought.get(asset.pk, {})
        rows.writerow(
            [guarded(cells[name]) for name in COLUMNS]
            + [str(capacity.get(code, "")) for code in resources]
        )
    return out.getvalue()


def first_yields(assets: list[Asset]) -> dict[int, dict[str, int]]:
    """What each asset brought on its first day of service, by resource, in millitokens."""
    days: dict[date, list[int]] = {}
    for asset in assets:
        if asset.in_service is not None:
            days.setdefault(asset.in_service, []).append(asset.pk)
    return {
        pk: {row.resource.code: row.normal for row in rows if row.normal}
        for day, ids in days.items()
        for pk, rows in yields_of(ids, day).items()
    }


def cells_of(asset: Asset) -> dict[str, str]:
    """An asset as the cells of its line."""
    events = sorted(asset.events.all(), key=lambda event: event.pk)
    first = events[0]
    is_ordered = first.to_state == Asset.State.ORDERED and first.on != asset.in_service
    disposal = getattr(asset, "disposal", None)
    plain: dict[str, Any] = {
        "type": asset.kind,
        "model": asset.model_name,
        "pool": asset.pool.code,
        "shares": asset.units_created if asset.txn_id is not None else None,
        "ordered_on": first.on if is_ordered else None,
        "proceeds": disposal.proceeds if disposal and disposal.proceeds else None,
        "reason": events[-1].reason,
    }
    named = {name: plain[name] if name in plain else getattr(asset, name) for name in COLUMNS}
    return {name: "" if value is None else str(value) for name, value in named.items()}


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith((*FORMULA, "'")) else cell


def unguarded(cell: str) -> str:
    """The cell that `guarded` was given."""
    return cell[1:] if cell.startswith("'") else cell
