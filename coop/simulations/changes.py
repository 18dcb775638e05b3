"""What a steward changes in a scenario before it is played: pure, from scenario to scenario.

Capacity and use in millitokens, cost in cents, prices in micro-cents per token, growth as an
exact fraction a month. What is changed holds in every month, whatever the file said of one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from coop.scenarios.errors import Place
from coop.scenarios.shapes import (
    ByPool,
    Member,
    Period,
    Pool,
    Scenario,
    Usage,
    month_after,
)
from ledger.arithmetic import rhe

Json = dict[str, Any]

ADDED = Place(1, "what was changed")


@dataclass(frozen=True)
class Changes:
    """What is other than in the text; `months` 0: as many as the text has."""

    months: int = 0
    capacity: ByPool = field(default_factory=dict)
    cost: ByPool = field(default_factory=dict)
    posted_price: ByPool = field(default_factory=dict)
    newcomers: int = 0
    newcomer_use: ByPool = field(default_factory=dict)
    growth: Fraction = Fraction(0)

    def as_json(self) -> Json:
        """What the database keeps."""
        return {
            "months": self.months,
            "capacity": copied(self.capacity),
            "cost": copied(self.cost),
            "posted_price": copied(self.posted_price),
            "newcomers": self.newcomers,
            "newcomer_use": copied(self.newcomer_use),
            "growth": [self.growth.numerator, self.growth.denominator],
        }


def from_json(kept: Json) -> Changes:
    """The changes that `as_json` wrote; what is not there is not changed."""
    values = dict(kept)
    growth = Fraction(*values.pop("growth", (0, 1)))
    return Changes(**values, growth=growth)


def copied(values: ByPool) -> dict[str, dict[str, int]]:
    return {code: dict(row) for code, row in values.items()}


def changed(scenario: Scenario, changes: Changes) -> Scenario:
    """The scenario with the changes made; equal months that follow each other are one period."""
    months = list(calendar(scenario, changes.months))
    joining = newcomers(scenario, changes, len(months))
    played = [
        with_people(period_in(month, period, changes), changes, later, joining)
        for later, (month, period) in enumerate(months)
    ]
    return replace(
        scenario,
        pools=tuple(with_values(pool, changes) for pool in scenario.pools),
        members=(*scenario.members, *(member for group in joining for member in group)),
        periods=tuple(merged(played)),
    )


def calendar(scenario: Scenario, wanted: int) -> Iterator[tuple[str, Period]]:
    """So many months from the first one on; the last one of the text goes on where it ends."""
    written = list(scenario.months())
    for later in range(wanted or len(written)):
        period = written[min(later, len(written) - 1)][1]
        yield month_after(written[0][0], later), period


def with_values(pool: Pool, changes: Changes) -> Pool:
    """A pool with its new capacity, cost and price."""
    return replace(
        pool,
        capacity={**pool.capacity, **changes.capacity.get(pool.code, {})},
        cost={**pool.cost, **changes.cost.get(pool.code, {})},
        posted_price={**pool.posted_price, **changes.posted_price.get(pool.code, {})},
    )


def period_in(month: str, period: Period, changes: Changes) -> Period:
    """One month of a period, without the overrides of what was changed."""
    return replace(
        period,
        month=month,
        repeat=1,
        capacity=without(period.capacity, changes.capacity),
        cost=without(period.cost, changes.cost),
        actual_cost=without(period.actual_cost, changes.cost),
        posted_price=without(period.posted_price, changes.posted_price),
    )


def without(overrides: ByPool, new: ByPool) -> ByPool:
    left = {
        code: {name: value for name, value in row.items() if name not in new.get(code, {})}
        for code, row in overrides.items()
    }
    return {code: row for code, row in left.items() if row}


def newcomers(scenario: Scenario, changes: Changes, months: int) -> list[tuple[Member, ...]]:
    """Who joins in each month, named "new 1" and so on; taken names are passed over."""
    taken = {member.name for member in scenario.members}
    mark = "new"
    while any(name.startswith(f"{mark} ") for name in taken):
        mark += "er"
    numbers = iter(range(1, months * changes.newcomers + 1))
    return [
        tuple(Member(ADDED, f"{mark} {next(numbers)}", {}, True) for _ in range(changes.newcomers))
        for _month in range(months)
    ]


def with_people(
    period: Period, changes: Changes, later: int, joining: Iterable[tuple[Member, ...]]
) -> Period:
    """The use of a month: that of the text and of all who joined, grown so many months."""
    here = [member for group in list(joining)[: later + 1] for member in group]
    use = [
        Usage(ADDED, member.name, code, resource, amount)
        for member in here
        for code, row in changes.newcomer_use.items()
        for resource, amount in row.items()
        if amount
    ]
    factor = (1 + changes.growth) ** later
    return replace(period, usage=tuple(grown(one, factor) for one in (*period.usage, *use)))


def grown(use: Usage, factor: Fraction) -> Usage:
    """A use times a factor, rounded half to even to the millitoken."""
    return replace(use, amount=rhe(use.amount * factor.numerator, factor.denominator))


def merged(months: Iterable[Period]) -> Iterator[Period]:
    """Months that say the same, as one period that repeats."""
    held: Period | None = None
    for period in months:
        if held is not None and same(held, period):
            held = replace(held, repeat=held.repeat + 1)
            continue
        if held is not None:
            yield held
        held = period
    if held is not None:
        yield held


def same(one: Period, other: Period) -> bool:
    return replace(one, month=other.month, repeat=1, at=other.at) == other


def size_of(scenario: Scenario) -> Mapping[str, int]:
    """How large a play is: members, months, and books (a member, a resource, a month)."""
    months = sum(period.repeat for period in scenario.periods)
    resources = sum(len(pool.resources) for pool in scenario.pools)
    members = len(scenario.members)
    return {"members": members, "months": months, "books": members * months * resources}
