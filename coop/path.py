"""A member's ownership path, read from the books: what was, and what comes at today's use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.formats import date_format

from assets import queries as assets
from coop import charts, ownership
from coop.holdings import Allowance, Holding, holding_of
from members.models import Member
from titles import queries as titles
from tokens.models import Period, Settlement


def path_of(
    member: Member, holdings: Sequence[Holding], allowances: Sequence[Allowance], period: Period
) -> "Path | None":
    """The ownership path with its pictures; None before anything was used."""
    past = history(member)
    stakes = stakes_of(member, holdings, allowances)
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
    def wide(self) -> charts.PathChart:
        """The picture for wide cards."""
        return charts.ownership(self.past, self.coming, 640, 236)

    @property
    def narrow(self) -> charts.PathChart:
        """The picture for narrow cards."""
        return charts.ownership(self.past, self.coming, 330, 240)


def history(member: Member) -> list[charts.PathPoint]:
    """One point per closed period in which the member used anything."""
    rows = Settlement.objects.filter(book__member=member).select_related("book__yields__period")
    parts: dict[Period, list[tuple[int, int, int]]] = {}
    for row in rows.order_by("book__yields__period__start"):
        book = row.book
        parts.setdefault(book.yields.period, []).append((book.issued, row.used, book.yields.price))
    sums = [(timezone.localdate(p.start), ownership.valued(found)) for p, found in parts.items()]
    return [point(start, value) for start, value in sums if value.used]


def stakes_of(
    member: Member, holdings: Sequence[Holding], allowances: Sequence[Allowance]
) -> list[ownership.Stake]:
    """The member's stakes at the use of the last closed period, or of this one if it is more."""
    before = last_used(member)
    pools = {a.yields.pool_id: a.yields.pool for a in allowances}
    by_pool = {h.pool.pk: h for h in holdings}
    now = timezone.now()
    stakes = []
    for pk, pool in pools.items():
        held = by_pool.get(pk) or holding_of(member, pool, now)
        mine = [a for a in allowances if a.yields.pool_id == pk]
        stakes.append(stake_of(member, held, mine, before))
    return stakes


def stake_of(
    member: Member,
    held: Holding,
    allowances: Sequence[Allowance],
    before: dict[tuple[int, int], int],
) -> ownership.Stake:
    left = max(0, titles.holding_cap(held.pool) - held.units)
    room = min(left, assets.treasury_units(held.pool)) if member.consents_to_conversion else 0
    uses = tuple(
        ownership.Use(
            capacity=a.yields.capacity,
            used=max(a.used, before.get((a.yields.pool_id, a.yields.resource_id), 0)),
            cost=a.yields.sale_cost,
            price=a.yields.price,
        )
        for a in allowances
    )
    return ownership.Stake(held.units, held.all_units, room, held.issue_price, held.credit, uses)


def last_used(member: Member) -> dict[tuple[int, int], int]:
    """(pool, resource) → millitokens used in the last closed period."""
    last = Period.objects.filter(state=Period.State.CLOSED).last()
    rows = Settlement.objects.filter(book__member=member, book__yields__period=last)
    return {
        (pool, resource): used
        for pool, resource, used in rows.values_list(
            "book__yields__pool_id", "book__yields__resource_id", "used"
        )
    }


def point(start: date, value: ownership.Covered) -> charts.PathPoint:
    return charts.PathPoint(date_format(start, "F Y"), value.owned, value.used)


def months_later(start: date, months: int) -> date:
    years, month = divmod(start.month - 1 + months, 12)
    return date(start.year + years, month + 1, 1)
