"""Whether the files of a register agree with each other. Pure, no database.

Every rule gives the line that breaks it and says what to do; nothing is put right by guess.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from assets.models import Asset
from members.models import Member
from members.transitions import reasons_for
from titles.exchange import shapes
from titles.exchange.events import Happening, ends_of, happenings
from titles.exchange.files import Problem
from titles.exchange.shapes import FOLLOWING, EventRow, Register, Row, Shape, TitleRow

MOST_VOIDS = 100_000
"""numbers that may be missing: more of them is a mistake in a file"""


def check(register: Register) -> list[Problem]:
    """What is wrong in files that could all be read; in the order of files and lines."""
    look = _Look(register)
    rules = (
        look.once, look.known, look.lives, look.things, look.moments, look.chain, look.units,
        look.origins,
    )  # fmt: skip
    problems = [problem for rule in rules for problem in rule()]
    return problems or [*capital(register), *sums(register)]


def missing(register: Register) -> Mapping[str, list[int]]:
    """Numbers below the highest that no row bears: they become void."""
    said = defaultdict(set)
    for row in register.voids:
        said[row.kind].add(row.number)
    given = {
        "member": {row.number for row in register.members},
        "title": {row.number for row in register.titles},
    }
    return {
        kind: [n for n in range(1, max(numbers | said[kind], default=0) + 1)
               if n not in numbers and n not in said[kind]]
        for kind, numbers in given.items()
    }  # fmt: skip


def problem(shape: Shape, row: Row, column: str, text: str) -> Problem:
    """What is wrong in a row."""
    return Problem(shape.file, row.line, column, text)


class _Look:
    """The rules that need nothing but the rows themselves."""

    def __init__(self, register: Register) -> None:
        self.register = register
        self.pools = {row.code for row in register.pools}
        self.members = {row.number: row for row in register.members}
        self.titles = {row.number: row for row in register.titles}
        self.out: dict[int, int] = defaultdict(int)
        self.came: dict[int, int] = defaultdict(int)
        self.back = {row.title: row for row in register.redemptions}
        for row in register.transfers:
            self.out[row.earlier] += row.units
            self.came[row.later] += row.units
        for redeemed in register.redemptions:
            self.out[redeemed.title] += redeemed.units
        self.ends = ends_of(register)

    def once(self) -> Iterator[Problem]:
        """Nothing stands there twice, and numbers do not run away."""
        keys: list[tuple[Shape, str, Callable[[Any], Hashable]]] = [
            (shapes.POOLS, "code", lambda row: row.code),
            (shapes.MEMBERS, "number", lambda row: row.number),
            (shapes.ASSETS, "code", lambda row: row.code),
            (shapes.TITLES, "number", lambda row: row.number),
            (shapes.TRANSFERS, "to", lambda row: (row.earlier, row.later)),
            (shapes.REDEMPTIONS, "title", lambda row: row.title),
            (shapes.VOIDS, "number", lambda row: (row.kind, row.number)),
        ]
        for shape, column, key in keys:
            yield from _twice(shape, column, self.register.rows_of(shape), key)
        yield from self._voids()

    def _voids(self) -> Iterator[Problem]:
        for row in self.register.voids:
            given: Iterable[int] = self.members if row.kind == "member" else self.titles
            if row.number in given:
                text = _("This number is given: take this line out.")
                yield problem(shapes.VOIDS, row, "number", text)
        for kind, shape in (("member", shapes.MEMBERS), ("title", shapes.TITLES)):
            highest = max((row.number for row in self.register.rows_of(shape)), default=0)
            if highest - len(self.register.rows_of(shape)) > MOST_VOIDS:
                text = _("Too many numbers below %(number)s are missing: look at the numbers.")
                yield Problem(shape.file, 0, "number", text % {"number": highest, "kind": kind})

    def known(self) -> Iterator[Problem]:
        """What is pointed to is there."""
        for shape in (shapes.ASSETS, shapes.TITLES):
            for row in self.register.rows_of(shape):
                if row.pool not in self.pools:
                    yield problem(shape, row, "pool", _("No pool in pools.csv has this code."))
        for title in self.register.titles:
            if title.member not in self.members:
                text = _("No member in members.csv has this number.")
                yield problem(shapes.TITLES, title, "member", text)
        named = [(shapes.TRANSFERS, r, c, n) for r in self.register.transfers
                 for c, n in (("from", r.earlier), ("to", r.later))]  # fmt: skip
        named += [(shapes.REDEMPTIONS, r, "title", r.title) for r in self.register.redemptions]  # type: ignore[misc]
        for shape, row, column, number in named:
            if number not in self.titles:
                text = _("No title in titles.csv has this number.")
                yield problem(shape, row, column, text)

    def lives(self) -> Iterator[Problem]:
        """What happened to a member leads to the state they are in, by steps that there are."""
        last: dict[int, EventRow] = {}
        for row in self.register.events:
            if row.member not in self.members:
                text = _("No member in members.csv has this number.")
                yield problem(shapes.EVENTS, row, "member", text)
            before = last[row.member].state if row.member in last else ""
            if row.reason not in reasons_for(before, row.state):
                words = {"before": before or "–", "state": row.state, "reason": row.reason}
                text = (
                    _("A member does not go from %(before)s to %(state)s for %(reason)s.") % words
                )
                yield problem(shapes.EVENTS, row, "reason", text)
            last[row.member] = row
        for member in self.register.members:
            found = last[member.number].state if member.number in last else Member.State.ACTIVE
            if found != member.state:
                text = _("By events.csv this member is %(found)s: add or mend a line there.")
                yield problem(shapes.MEMBERS, member, "state", text % {"found": found})

    def things(self) -> Iterator[Problem]:
        """Assets that serve, or that brought units, were paid for and have their days."""
        for asset in self.register.assets:
            serves = asset.state in (Asset.State.IN_SERVICE, Asset.State.FAULTY)
            over = asset.state in (Asset.State.RETIRED, Asset.State.SOLD, Asset.State.LOST)
            if serves and not asset.in_service:
                text = _("Write the first day of its service.")
                yield problem(shapes.ASSETS, asset, "in_service", text)
            if (serves or asset.units) and not asset.cost:
                text = _("Write what it cost: it backs shares.")
                yield problem(shapes.ASSETS, asset, "cost", text)
            if asset.salvage > asset.cost:
                text = _("This must not be more than its cost.")
                yield problem(shapes.ASSETS, asset, "salvage", text)
            if over != (asset.ended_on is not None):
                text = _("An asset has a last day if it is retired, sold or lost, else none.")
                yield problem(shapes.ASSETS, asset, "ended_on", text)

    def moments(self) -> Iterator[Problem]:
        """Nothing happens tomorrow, and no title ends before it began, or twice."""
        now = timezone.now()
        for shape in (shapes.TRANSFERS, shapes.REDEMPTIONS):
            for row in self.register.rows_of(shape):
                number = row.earlier if isinstance(row, shapes.TransferRow) else row.title
                yield from self._moment(shape, row, number, now)
        for title in self.register.titles:
            if title.issued_at > now:
                yield problem(shapes.TITLES, title, "issued_on", _("This day has not come yet."))

    def _moment(self, shape: Shape, row: Any, number: int, now: datetime) -> Iterator[Problem]:
        if row.at > now:
            yield problem(shape, row, "on", _("This day has not come yet."))
        title = self.titles.get(number)
        if title and row.at < title.issued_at:
            text = _("Title %(number)s was not issued yet on this day.")
            yield problem(shape, row, "on", text % {"number": number})
        if row.at != self.ends[number]:
            text = _("Title %(number)s ends on another day in another line: it ends only once.")
            yield problem(shape, row, "on", text % {"number": number})

    def chain(self) -> Iterator[Problem]:
        """Each link leads from an earlier title to a later one of the same pool, at its moment."""
        for row in self.register.transfers:
            earlier, later = self.titles.get(row.earlier), self.titles.get(row.later)
            if not earlier or not later:
                continue
            if row.later <= row.earlier:
                text = _("A title goes on in one with a higher number.")
                yield problem(shapes.TRANSFERS, row, "to", text)
            if earlier.pool != later.pool:
                text = _("Both titles must be of the same pool.")
                yield problem(shapes.TRANSFERS, row, "to", text)
            if later.issued_at != row.at and not later.issued_at < row.at == earlier.issued_at:
                words = {"number": row.later}
                text = _("Title %(number)s was issued on another day than this.") % words
                yield problem(shapes.TRANSFERS, row, "on", text)

    def units(self) -> Iterator[Problem]:
        """All units of a title go on, or go back; and none came from nowhere."""
        for title in self.register.titles:
            out, came = self.out.get(title.number), self.came.get(title.number)
            words = {"units": title.units, "out": out, "came": came, "number": title.number}
            if out is not None and out != title.units:
                text = _("Of its %(units)s units, transfers and redemptions move %(out)s.")
                yield problem(shapes.TITLES, title, "units", text % words)
            if came is not None and came != title.units:
                text = _("It is over %(units)s units, but %(came)s came from earlier titles.")
                yield problem(shapes.TITLES, title, "units", text % words)

    def origins(self) -> Iterator[Problem]:
        """A title that follows on another says so, and only such a one."""
        for title in self.register.titles:
            if (title.number in self.came) != (title.origin in FOLLOWING):
                text = _("Its origin and transfers.csv do not agree: does it follow on another?")
                yield problem(shapes.TITLES, title, "origin", text)


def _twice(
    shape: Shape, column: str, rows: Iterable[Any], key: Callable[[Any], Hashable]
) -> Iterator[Problem]:
    lines: dict[Hashable, int] = {}
    for row in rows:
        first = lines.setdefault(key(row), row.line)
        if first != row.line:
            text = _("This stands in line %(line)s already.") % {"line": first}
            yield problem(shape, row, column, text)


def capital(register: Register) -> Iterator[Problem]:
    """What was paid in goes where the units go: nothing is re-priced."""
    for one in happenings(register):
        if not one.ended:
            continue
        gone = one.released
        if gone < 0 or (gone > 0 and not one.is_redemption):
            text = _("What was paid in changes from %(before)s to %(after)s cents on the way.")
            words = {"before": _paid(one.ended), "after": _paid(one.begun)}
            yield problem(shapes.TITLES, (*one.begun, *one.ended)[0], "paid_in", text % words)


def _paid(titles: Iterable[TitleRow]) -> int:
    return sum(title.paid_in for title in titles)


def sums(register: Register) -> Iterator[Problem]:
    """Units of a pool: created = held + treasury, at every moment, and in the control sums."""
    flow: dict[str, list[tuple[datetime, int, int, Happening | None]]] = defaultdict(list)
    for asset in register.assets:
        if asset.units:
            flow[asset.pool].append((placed(asset), 0, asset.units, None))
    for n, one in enumerate(happenings(register), 1):
        flow[one.pool].append((one.at, n, one.returned, one))
    for pool in register.pools:
        yield from _sums_of(pool, flow[pool.code])


def _sums_of(
    pool: shapes.PoolRow, flow: Iterable[tuple[datetime, int, int, Happening | None]]
) -> Iterator[Problem]:
    free = created = 0
    for _at, _n, units, one in sorted(flow, key=lambda step: step[:2]):
        free += units
        created += 0 if one else units
        if free < 0 and one:
            text = _("There were only %(free)s units in the treasury of %(pool)s on this day.")
            words = {"free": free - units, "pool": pool.code}
            yield problem(shapes.TITLES, one.begun[0], "units", text % words)
            return
    for column, said, found in (("units", pool.units, created), ("treasury", pool.treasury, free)):
        if said != found:
            text = _("The other files come to %(found)s, not to %(said)s.")
            yield problem(shapes.POOLS, pool, column, text % {"found": found, "said": said})


def placed(asset: shapes.AssetRow) -> datetime:
    """When an asset's units came into being."""
    if asset.placed_at is not None:
        return asset.placed_at
    day = asset.in_service or asset.purchased_on
    return timezone.make_aware(datetime(day.year, day.month, day.day)) if day else timezone.now()
