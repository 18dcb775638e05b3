"""A member's ownership path, read from the books: what was, and what comes at today's use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.formats import date_format

from assets import queries as assets
from coop import charts, ownership
from coop.holdings import Holding, holding_of
from members.models import Member
from titles import queries as titles
from tokens.calendar import month_start, next_end
from tokens.models import Period, Settlement
from tokens.queries import BookState

SHOWN = 12


def path_of(
    member: Member, holdings: Sequence[Holding], books: Sequence[BookState], period: Period
) -> "Path | None":
    """The ownership path with its pictures; None before anything was used."""
    past = history(member)
    stakes = stakes_of(member, holdings, books)
    today = ownership.covered(stakes)
    if not today.used:
        return None
    coming = ownership.ahead(stakes)
    start = timezone.localdate(period.start)
    was = [*past, point(start, today)]
    comes = [point(months_later(start, n), c) for n, c in enumerate(coming, start=1)]
    return Path(was, comes, bool(coming and coming[-1].is_all))


@dataclass(frozen=True)
class Path:
    """Points up to now, points ahead, and whether the last of them owns all."""

    past: list[charts.PathPoint]
    coming: list[charts.PathPoint]
    arrives: bool

    @property
    def now(self) -> charts.PathPoint:
        """Today."""
        return self.past[-1]

    @property
    def is_whole(self) -> bool:
        """Whether all that is used is owned today."""
        return self.now.owned == self.now.used

    @property
    def goal(self) -> charts.PathPoint | None:
        """The last point ahead."""
        return self.coming[-1] if self.coming else None

    @property
    def nearly(self) -> charts.PathPoint | None:
        """The first point ahead at nine tenths, where all of it lies beyond the picture."""
        if len(self.coming) <= len(self.shown):
            return None
        return next((p for p in self.coming if 10 * p.owned >= 9 * p.used), None)

    @property
    def shown(self) -> list[charts.PathPoint]:
        """The points ahead that the picture has room for."""
        return self.coming[: max(SHOWN, 2 * len(self.past))]

    @property
    def last_shown(self) -> charts.PathPoint | None:
        """The end of the picture's time line; None where it is also the beginning."""
        line = [*self.past, *self.shown]
        return line[-1] if len(line) > 1 else None

    @property
    def milestones(self) -> list[charts.PathPoint]:
        """The points ahead for the table: each of the first year, then each year's, and the end."""
        later = self.coming[SHOWN:]
        end = [self.coming[-1]] if later and len(later) % 12 else []
        return [*self.coming[:SHOWN], *later[11::12], *end]

    @property
    def wide(self) -> charts.PathChart:
        """The picture for wide cards."""
        return charts.ownership(self.past, self.shown, self.ends, 640, 236)

    @property
    def narrow(self) -> charts.PathChart:
        """The picture for narrow cards."""
        return charts.ownership(self.past, self.shown, self.ends, 330, 240)

    @property
    def ends(self) -> bool:
        """Whether the picture reaches the last point."""
        return bool(self.coming) and len(self.shown) == len(self.coming)


def history(member: Member) -> list[charts.PathPoint]:
    """One point per full closed period in which the member used anything."""
    rows = Settlement.objects.filter(book__member=member, book__yields__period__in=counted())
    parts: dict[Period, list[tuple[int, int, int]]] = {}
    for row in rows.select_related("book__yields__period").order_by("book__yields__period__start"):
        book = row.book
        parts.setdefault(book.yields.period, []).append((book.issued, row.used, book.yields.price))
    sums = [(timezone.localdate(p.start), ownership.valued(found)) for p, found in parts.items()]
    return [point(start, value) for start, value in sums if value.used]


def counted() -> list[Period]:
    """The closed periods, oldest first: the full ones, or all where none is full.

    Whoever uses a period's tokens in the minutes before it is cut short says nothing of a month.
    """
    closed = list(Period.objects.filter(state=Period.State.CLOSED).order_by("start"))
    return [period for period in closed if is_full(period)] or closed


def is_full(period: Period) -> bool:
    """Whether a period lasted a whole month."""
    return period.start == month_start(period.start) and period.end == next_end(period.start)


def stakes_of(
    member: Member, holdings: Sequence[Holding], books: Sequence[BookState]
) -> list[ownership.Stake]:
    """The member's stakes at the use of the last full period; of this one where none was."""
    before = last_used(member)
    pools = {b.row.pool_id: b.row.pool for b in books}
    by_pool = {h.pool.pk: h for h in holdings}
    now = timezone.now()
    stakes = []
    for pk, pool in pools.items():
        held = by_pool.get(pk) or holding_of(member, pool, now)
        mine = [b for b in books if b.row.pool_id == pk]
        stakes.append(stake_of(member, held, mine, before))
    return stakes


def stake_of(
    member: Member,
    held: Holding,
    books: Sequence[BookState],
    before: dict[tuple[int, int], int] | None,
) -> ownership.Stake:
    left = max(0, titles.holding_cap(held.pool) - held.units)
    room = min(left, assets.treasury_units(held.pool)) if member.consents_to_conversion else 0
    uses = tuple(
        ownership.Use(
            capacity=b.row.capacity,
            used=b.used if before is None else before.get((b.row.pool_id, b.row.resource_id), 0),
            cost=b.row.sale_cost,
            price=b.row.price,
        )
        for b in books
    )
    credit = titles.free_credit(member, held.pool)
    return ownership.Stake(held.units, held.all_units, room, held.issue_price, credit, uses)


def last_used(member: Member) -> dict[tuple[int, int], int] | None:
    """(pool, resource) → millitokens used in the last closed period that counts.

    None where the member used nothing in it.
    """
    last = counted()[-1:]
    rows = Settlement.objects.filter(book__member=member, book__yields__period__in=last)
    found = rows.values_list("book__yields__pool_id", "book__yields__resource_id", "used")
    used = {(pool, resource): amount for pool, resource, amount in found if amount}
    return used or None


def point(start: date, value: ownership.Covered) -> charts.PathPoint:
    return charts.PathPoint(date_format(start, "F Y"), value.owned, value.used)


def months_later(start: date, months: int) -> date:
    years, month = divmod(start.month - 1 + months, 12)
    return date(start.year + years, month + 1, 1)
