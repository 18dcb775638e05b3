"""The ownership path: when a member will own all that they use. Integers only, no Django.

Each closed period, what is paid above cost becomes equity credit, and credit becomes shares at
the issue price (economics, section 8). At an unchanged use and price the months ahead follow:
this module plays them forward.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.arithmetic import charge

LONGEST = 240


@dataclass(frozen=True)
class Use:
    """One yield as a member uses it: millitokens per period, rates in micro-cents per token.

    `capacity` is what the whole pool yields; a share yields its part of it.
    """

    capacity: int
    used: int
    cost: int
    price: int

    def allotted(self, units: int, all_units: int) -> int:
        """Millitokens that so many shares bring in a period."""
        return self.capacity * units // all_units if all_units else 0

    def profit(self, units: int, all_units: int) -> int:
        """Cents paid above cost in a period for what goes beyond the allotment."""
        over = max(0, self.used - self.allotted(units, all_units))
        return charge(over, self.price - self.cost)


@dataclass(frozen=True)
class Stake:
    """What a member holds of one pool: shares, credit in cents, shares still to be had."""

    units: int
    all_units: int
    room: int
    issue_price: int
    credit: int
    uses: tuple[Use, ...]

    def after_a_period(self) -> "Stake":
        """The stake after one more period of the same use at the same price."""
        profit = sum(use.profit(self.units, self.all_units) for use in self.uses)
        credit = self.credit + profit
        gained = min(credit // self.issue_price, self.room)
        return Stake(
            self.units + gained,
            self.all_units,
            self.room - gained,
            self.issue_price,
            credit - gained * self.issue_price,
            self.uses,
        )


@dataclass(frozen=True)
class Covered:
    """How much of a use is one's own: both valued at the price, so resources can be added."""

    owned: int
    used: int

    @property
    def is_all(self) -> bool:
        """Whether all that is used is owned."""
        return self.owned == self.used


def valued(parts: Sequence[tuple[int, int, int]]) -> Covered:
    """The sum of (issued, used, price) triples; a price of zero counts as one."""
    owned = sum(min(issued, used) * max(price, 1) for issued, used, price in parts)
    return Covered(owned, sum(used * max(price, 1) for _issued, used, price in parts))


def covered(stakes: Sequence[Stake]) -> Covered:
    """How much of the use these stakes cover now."""
    return valued(
        [
            (use.allotted(stake.units, stake.all_units), use.used, use.price)
            for stake in stakes
            for use in stake.uses
        ]
    )


def ahead(stakes: Sequence[Stake]) -> list[Covered]:
    """The coming periods, the next one first, until all is owned or nothing moves any more.

    Empty where all is owned already or no growth is in sight; at most LONGEST periods.
    """
    path: list[Covered] = []
    now = list(stakes)
    while len(path) < LONGEST and not (path or [covered(now)])[-1].is_all:
        later = [stake.after_a_period() for stake in now]
        if later == now or not any(stake.room for stake in now):
            break
        now = later
        path.append(covered(now))
    return path if any(point.owned > covered(stakes).owned for point in path) else []
