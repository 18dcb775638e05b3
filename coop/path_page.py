"""The page of the ownership path: own, need and gap of every yield, break-even, and the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from assets.models import Pool, Resource
from assets.queries import treasury_units
from coop.holdings import Holding, holding_of, holdings_of
from coop.need import Need, Standing
from coop.path import last_used, path_of
from members.models import Member
from titles.queries import terms
from tokens.queries import BookState, books_of, current_period


@dataclass(frozen=True)
class Line:
    """One yield: millitokens per period owned, needed, and missing, with its rates."""

    resource: Resource
    own: int
    need: int
    rates: Need

    @property
    def gap(self) -> int:
        """Millitokens that are missing."""
        return max(0, self.need - self.own)

    @property
    def spare(self) -> int:
        """Millitokens owned beyond the need."""
        return max(0, self.own - self.need)


@dataclass(frozen=True)
class PoolPath:
    """One pool: where the member stands and what each yield says."""

    pool: Pool
    standing: Standing
    lines: tuple[Line, ...]


def path_page(member: Member) -> dict[str, Any]:
    """Everything the page and the API show; `pools` is empty before a period was ever opened."""
    period = current_period()
    if period is None:
        return {"period": None, "path": None, "pools": []}
    books = books_of(member, period)
    holdings = holdings_of(member, timezone.now())
    return {
        "period": period,
        "path": path_of(member, holdings, books, period),
        "pools": pools_of(member, holdings, books),
        "is_measured": last_used(member) is not None,
    }


def pools_of(
    member: Member, holdings: Sequence[Holding], books: Sequence[BookState]
) -> list[PoolPath]:
    """Own, need and gap in each pool of which the member uses or owns something."""
    used, held = last_used(member), {holding.pool.pk: holding for holding in holdings}
    pools = {book.row.pool_id: book.row.pool for book in books}
    found = []
    for pk, pool in sorted(pools.items()):
        mine = [book for book in books if book.row.pool_id == pk]
        holding = held.get(pk) or holding_of(member, pool, timezone.now())
        found.append(_pool_path(member, holding, mine, used))
    return [entry for entry in found if entry.standing.units or entry.standing.needed]


def _pool_path(
    member: Member,
    holding: Holding,
    books: Sequence[BookState],
    used: dict[tuple[int, int], int] | None,
) -> PoolPath:
    lines = tuple(_line(book, holding, used) for book in books)
    now = terms(holding.pool, member)
    standing = Standing(
        units=holding.units,
        all_units=holding.all_units,
        issue_price=holding.issue_price,
        room=min(now.room, treasury_units(holding.pool)),
        needs=tuple(line.rates for line in lines),
    )
    return PoolPath(holding.pool, standing, lines)


def _line(book: BookState, holding: Holding, used: dict[tuple[int, int], int] | None) -> Line:
    row = book.row
    need = book.used if used is None else used.get((row.pool_id, row.resource_id), 0)
    rates = Need(row.capacity, need, row.unit_cost, row.price)
    own = rates.allotted(holding.units, holding.all_units)
    return Line(row.resource, own, need, rates)
