"""A played scenario as rows over the months: what the pictures and tables of the pages show.

Pure: from the scenario and what `play` returned. Rates in micro-cents, tokens in millitokens,
money in cents, shares of use in whole per cent; None where there is nothing yet.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any, Literal

from coop.scenarios.shapes import Period, Pool, Scenario
from coop.scenarios.tables import owned

Json = dict[str, Any]
Kind = Literal["rate", "tokens", "money", "units", "percent"]
Values = tuple[int | None, ...]
OF_YIELD: tuple[tuple[str, Kind], ...] = (
    ("unit_cost", "rate"),
    ("price", "rate"),
    ("overage_matched", "tokens"),
    ("overage_unbacked", "tokens"),
    ("vacancy", "money"),
)
OF_POOL: tuple[tuple[str, Kind], ...] = (
    ("growth_fund", "money"),
    ("reserve", "money"),
    ("treasury", "units"),
    ("owned_median", "percent"),
    ("owned_lowest", "percent"),
)


@dataclass(frozen=True)
class Numbers:
    """One run: rows by (pool, resource or "", measure); each member's share of use; the end."""

    currency: str
    months: tuple[str, ...]
    rows: Mapping[tuple[str, str, str], Values]
    owned: Mapping[str, Mapping[str, Values]]
    units: Mapping[str, Mapping[str, int]]
    credit: Mapping[str, Mapping[str, int]]
    invariants: object

    @property
    def places(self) -> list[tuple[str, list[str]]]:
        """The pools with their resources, in the order of the file."""
        found: dict[str, list[str]] = {}
        for pool, resource, _measure in self.rows:
            here = found.setdefault(pool, [])
            if resource and resource not in here:
                here.append(resource)
        return list(found.items())


def numbers_of(scenario: Scenario, result: Json) -> Numbers:
    """Everything that the pages show of a run."""
    months = result["periods"]
    shares = {pool.code: shares_in(pool.code, scenario, months) for pool in scenario.pools}
    rows: dict[tuple[str, str, str], Values] = {}
    for pool in scenario.pools:
        rows |= {(pool.code, "", key): row for key, row in pool_rows(pool, scenario, months)}
        rows |= {
            (pool.code, "", key): row for key, row in share_rows(shares[pool.code], len(months))
        }
        for resource in pool.resources:
            found = yield_rows(pool, resource, scenario, months)
            rows |= {(pool.code, resource, key): row for key, row in found}
    final = result["final"]
    return Numbers(
        currency=scenario.currency,
        months=tuple(month["month"] for month in months),
        rows=rows,
        owned=shares,
        units={name: member["units"] for name, member in final["members"].items()},
        credit={name: member["equity_credit"] for name, member in final["members"].items()},
        invariants=final["invariants"],
    )


def yield_rows(
    pool: Pool, resource: str, scenario: Scenario, months: Sequence[Json]
) -> Iterator[tuple[str, Values]]:
    """What a pool's resource cost, and what was sold of it."""
    of_month = [month["pools"][pool.code]["resources"][resource] for month in months]
    periods = [period for _month, period in scenario.months()]
    for key, _kind in OF_YIELD:
        if key != "price":
            yield key, tuple(row[key] for row in of_month)
            continue
        yield (
            key,
            tuple(
                max(posted(period, pool, resource), row["sale_cost"])
                for period, row in zip(periods, of_month, strict=True)
            ),
        )


def posted(period: Period, pool: Pool, resource: str) -> int:
    own = period.posted_price.get(pool.code, {})
    return own.get(resource, pool.posted_price[resource])


def pool_rows(
    pool: Pool, scenario: Scenario, months: Sequence[Json]
) -> Iterator[tuple[str, Values]]:
    """Growth fund, reserve and treasury after each month."""
    of_month = [month["pools"][pool.code] for month in months]
    periods = [period for _month, period in scenario.months()]
    moved = [
        put_in(period, pool) + charged(row, "profit_charged")
        for period, row in zip(periods, of_month, strict=True)
    ]
    reserve = [sum(one["to_reserve"] for one in row["resources"].values()) for row in of_month]
    yield "growth_fund", running(moved)
    yield "reserve", running(reserve)
    yield "treasury", tuple(row["treasury"] for row in of_month)


def put_in(period: Period, pool: Pool) -> int:
    """Cents that purchases bring to the growth fund in a month, less what acquisitions take."""
    bought = sum(one.units for one in period.buy if one.pool == pool.code) * pool.issue_price
    return bought - sum(one.cost for one in period.acquire if one.pool == pool.code)


def charged(row: Json, key: str) -> int:
    return sum(book[key] for one in row["resources"].values() for book in one["members"].values())


def running(changes: Sequence[int]) -> Values:
    """The sum so far, after each."""
    total, sums = 0, []
    for change in changes:
        total += change
        sums.append(total)
    return tuple(sums)


def shares_in(code: str, scenario: Scenario, months: Sequence[Json]) -> dict[str, Values]:
    """Per cent of their use that each member's own tokens cover; those who use something."""
    found = {}
    for member in scenario.members:
        used: dict[str, int] = {}
        row = tuple(owned(m["pools"][code]["resources"], member.name, used) for m in months)
        if any(share is not None for share in row):
            found[member.name] = row
    return found


def share_rows(shares: Mapping[str, Values], months: int) -> Iterator[tuple[str, Values]]:
    """The middle and the lowest share of all who use something, month by month."""
    by_month = [
        [share for row in shares.values() if (share := row[later]) is not None]
        for later in range(months)
    ]
    yield "owned_median", over(by_month, median_low)
    yield "owned_lowest", over(by_month, min)


def over(months: Sequence[Sequence[int]], take: Callable[[Sequence[int]], int]) -> Values:
    return tuple(take(month) if month else None for month in months)
