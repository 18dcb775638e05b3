"""What the files of a register hold: one row class and its columns for each file. No database.

docs/moving-in.md explains them to whoever fills them in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from assets.models import Asset
from members.models import Member, MemberEvent
from titles.exchange import cells
from titles.exchange.cells import Cell
from titles.models import Title

FOLLOWING = (
    Title.Origin.SPLIT, Title.Origin.TRANSFER, Title.Origin.GIFT, Title.Origin.INHERITANCE,
)  # fmt: skip
"""origins of titles that take the place of earlier ones"""


@dataclass(frozen=True)
class Row:
    """A row of a file; `line` is where it began, 0 where it was not read from one."""

    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class PoolRow(Row):
    """A pool, with all units it has and those of its treasury as control sums."""

    code: str = ""
    name: str = ""
    about: str = ""
    units: int = 0
    treasury: int = 0


@dataclass(frozen=True)
class MemberRow(Row):
    """A member with the number they were given."""

    number: int = 0
    kind: str = Member.Kind.PERSON.value
    name: str = ""
    address: str = ""
    state: str = Member.State.ACTIVE.value
    applied_at: datetime | None = None
    admitted_at: datetime = datetime.min
    born_on: date | None = None
    email: str = ""
    phone: str = ""
    bylaws: str = ""
    conversion: bool = True


@dataclass(frozen=True)
class EventRow(Row):
    """A change of a member's state. A member without any applied, was admitted, and that is all."""

    member: int = 0
    on: date = date.min
    state: str = ""
    reason: str = ""
    text: str = ""


@dataclass(frozen=True)
class AssetRow(Row):
    """A physical thing; `placed_at` is when its units came into being (else its first day)."""

    code: str = ""
    pool: str = ""
    name: str = ""
    kind: str = ""
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    place: str = ""
    location: str = ""
    supplier: str = ""
    bill: str = ""
    purchased_on: date | None = None
    warranty_until: date | None = None
    cost: int = 0
    salvage: int = 0
    useful_months: int = 60
    units: int = 0
    paid_from: str = ""
    placed_at: datetime | None = None
    in_service: date | None = None
    state: str = Asset.State.IN_SERVICE.value
    ended_on: date | None = None


@dataclass(frozen=True)
class TitleRow(Row):
    """A title as it was issued; `paid_in` is cents."""

    number: int = 0
    member: int = 0
    pool: str = ""
    units: int = 0
    paid_in: int = 0
    origin: str = Title.Origin.IMPORT.value
    issued_at: datetime = datetime.min


@dataclass(frozen=True)
class TransferRow(Row):
    """So many units of one title went on in another, at a moment."""

    at: datetime = datetime.min
    earlier: int = 0
    later: int = 0
    units: int = 0


@dataclass(frozen=True)
class RedemptionRow(Row):
    """So many units of a title went back to the treasury, for so many cents."""

    at: datetime = datetime.min
    title: int = 0
    units: int = 0
    paid: int = 0


@dataclass(frozen=True)
class VoidRow(Row):
    """A number that nobody and nothing bears, and why."""

    kind: str = ""
    number: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its heading, its cell, and whether every file must have it."""

    name: str
    cell: Cell
    needed: bool = True
    field: str = ""

    @property
    def attribute(self) -> str:
        """The field of the row class."""
        return self.field or self.name


@dataclass(frozen=True)
class Shape:
    """A file: its name, its rows, and whether every register has it."""

    file: str
    row: type[Row]
    columns: Sequence[Column]
    needed: bool = True


def _may(name: str, cell: Cell, attribute: str = "") -> Column:
    return Column(name, cell, needed=False, field=attribute)


POOLS = Shape("pools.csv", PoolRow, [
    Column("code", cells.code(40)), Column("name", cells.text(120)),
    _may("about", cells.text(lines=True)),
    Column("units", cells.whole()), Column("treasury", cells.whole()),
])  # fmt: skip
MEMBERS = Shape("members.csv", MemberRow, [
    Column("number", cells.number), Column("kind", cells.choice(Member.Kind.values)),
    Column("name", cells.text(200)), _may("address", cells.text(lines=True)),
    Column("state", cells.choice(Member.State.values)),
    _may("applied_on", cells.optional(cells.moment), "applied_at"),
    Column("admitted_on", cells.moment, field="admitted_at"),
    _may("born_on", cells.optional(cells.day)),
    _may("email", cells.text(254)), _may("phone", cells.text(40)),
    _may("bylaws", cells.text(20)), _may("conversion", cells.flag),
])  # fmt: skip
EVENTS = Shape("events.csv", EventRow, [
    Column("member", cells.number), Column("on", cells.day),
    Column("state", cells.choice(Member.State.values)),
    Column("reason", cells.choice(MemberEvent.Reason.values)),
    _may("text", cells.text(lines=True)),
], needed=False)  # fmt: skip
ASSETS = Shape("assets.csv", AssetRow, [
    Column("code", cells.code(40)), Column("pool", cells.code(40)),
    Column("name", cells.text(120)), Column("kind", cells.text(40)),
    _may("manufacturer", cells.text(80)), _may("model", cells.text(80)),
    _may("serial", cells.text(80)), _may("place", cells.text(120)),
    _may("location", cells.text(200)), _may("supplier", cells.text(120)),
    _may("bill", cells.text(120)), _may("purchased_on", cells.optional(cells.day)),
    _may("warranty_until", cells.optional(cells.day)),
    Column("cost", cells.money), _may("salvage", cells.money),
    _may("useful_months", cells.whole(1, 32767)), Column("units", cells.whole()),
    _may("paid_from", cells.text(20)), _may("placed_on", cells.optional(cells.moment), "placed_at"),
    Column("in_service", cells.optional(cells.day)),
    _may("state", cells.choice(Asset.State.values)), _may("ended_on", cells.optional(cells.day)),
])  # fmt: skip
TITLES = Shape("titles.csv", TitleRow, [
    Column("number", cells.number), Column("member", cells.number),
    Column("pool", cells.code(40)), Column("units", cells.whole(1)),
    Column("paid_in", cells.money), Column("origin", cells.choice(Title.Origin.values)),
    Column("issued_on", cells.moment, field="issued_at"),
])  # fmt: skip
TRANSFERS = Shape("transfers.csv", TransferRow, [
    Column("on", cells.moment, field="at"), Column("from", cells.number, field="earlier"),
    Column("to", cells.number, field="later"), Column("units", cells.whole(1)),
], needed=False)  # fmt: skip
REDEMPTIONS = Shape("redemptions.csv", RedemptionRow, [
    Column("on", cells.moment, field="at"), Column("title", cells.number),
    Column("units", cells.whole(1)), Column("paid", cells.money),
], needed=False)  # fmt: skip
VOIDS = Shape("voids.csv", VoidRow, [
    Column("kind", cells.choice(("member", "title"))), Column("number", cells.number),
    Column("reason", cells.text(200)),
], needed=False)  # fmt: skip
SHAPES = (POOLS, MEMBERS, EVENTS, ASSETS, TITLES, TRANSFERS, REDEMPTIONS, VOIDS)


@dataclass(frozen=True)
class Register:
    """All that a set of files says."""

    pools: Sequence[PoolRow] = ()
    members: Sequence[MemberRow] = ()
    events: Sequence[EventRow] = ()
    assets: Sequence[AssetRow] = ()
    titles: Sequence[TitleRow] = ()
    transfers: Sequence[TransferRow] = ()
    redemptions: Sequence[RedemptionRow] = ()
    voids: Sequence[VoidRow] = ()

    def rows_of(self, shape: Shape) -> Sequence[Any]:
        """The rows of one file."""
        rows: Sequence[Any] = getattr(self, shape.file.removesuffix(".csv"))
        return rows

    def counts(self) -> Mapping[str, int]:
        """How many rows each file has."""
        return {shape.file: len(self.rows_of(shape)) for shape in SHAPES}
