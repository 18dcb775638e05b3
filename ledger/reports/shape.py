"""What every report is made of: tables of lines, a cell for each column, each leading to its rows.

The page, the CSV file, the PDF and the API all show this one shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.utils import timezone

from ledger.asof import TICK, Window
from ledger.models import Commodity


@dataclass(frozen=True)
class Rows:
    """Which entries a number sums: those of some accounts in a stretch of time.

    `side` keeps, of the kinds that the chart parts by their side, the accounts whose balance at the
    end is a "debit" or a "credit", and all accounts of other kinds; `way` keeps entries
    that come "in" or go "out"; `part` is "closing" for the entries that close a period's cost
    accounts, "open" for all but those; `txn` is a kind of transaction.
    """

    kinds: tuple[str, ...] = ()
    window: Window = field(default_factory=Window)
    pool: str = ""
    commodity: str = ""
    accounts: tuple[int, ...] = ()
    side: str = ""
    way: str = ""
    part: str = ""
    txn: str = ""

    def query(self) -> str:
        """The query of the address that lists these entries."""
        window = self.window
        values: dict[str, object] = {
            "kind": ",".join(self.kinds),
            "pool": self.pool,
            "commodity": self.commodity,
            "accounts": ",".join(map(str, self.accounts)),
            "side": self.side,
            "way": self.way,
            "part": self.part,
            "txn": self.txn,
            "first": _day(window.start),
            "last": _day(window.end and window.end - TICK),
            "known": window.known.isoformat() if window.known else "",
        }
        return urlencode({key: value for key, value in values.items() if value})


@dataclass(frozen=True)
class Column:
    """One column of numbers: its key in files, its heading, and what it counts."""

    key: str
    label: str
    commodity: Commodity


@dataclass(frozen=True)
class Cell:
    """One number, in the smallest unit and with the sign that is shown, and what it sums."""

    amount: int
    rows: Rows | None = None


@dataclass(frozen=True)
class Line:
    """One line of a table; `weight` is "line", "less" (taken off), "sum" or "total".

    `number` and `label` are those of the chart; `pool` is a pool's code, `pool_name` what it is
    called (filled in by `build`).
    """

    label: str
    cells: Sequence[Cell | None]
    number: int | None = None
    pool: str = ""
    weight: str = "line"
    pool_name: str = ""


@dataclass(frozen=True)
class Table:
    """Lines that belong together."""

    caption: str
    columns: Sequence[Column]
    lines: Sequence[Line]

    @property
    def pairs(self) -> list[tuple[Line, list[tuple[Column, Cell | None]]]]:
        """Each line with its cells under their columns."""
        return [(line, list(zip(self.columns, line.cells, strict=True))) for line in self.lines]


@dataclass(frozen=True)
class Check:
    """Something that must hold of a report, and whether it does."""

    text: str
    holds: bool


@dataclass(frozen=True)
class Report:
    """A report as it is shown: `notes` say in sentences how it is to be read."""

    name: str
    title: str
    tables: Sequence[Table]
    checks: Sequence[Check] = ()
    notes: Sequence[str] = ()


def _day(moment: datetime | None) -> str:
    return timezone.localtime(moment).date().isoformat() if moment else ""
