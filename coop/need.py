"""What a member owns of what they need, and when buying the rest has paid for itself.

Integers only, no Django. For so many shares a period costs `charge(allotted, u)` for what one
owns, used or not, and `charge(over, P)` for what goes beyond (economics, sections 4 and 6).
"""

from dataclasses import dataclass

from ledger.arithmetic import charge


@dataclass(frozen=True)
class Need:
    """One yield of a pool as a member uses it: millitokens per period, micro-cents per token.

    `capacity` is what the whole pool yields, `own_cost` what an owner pays (u), `price` what
    somebody pays who has no tokens left (P).
    """

    capacity: int
    used: int
    own_cost: int
    price: int

    def allotted(self, units: int, all_units: int) -> int:
        """Millitokens that so many shares bring in a period."""
        return self.capacity * units // all_units if all_units else 0

    def units_for(self, all_units: int) -> int:
        """The least shares that bring all that is used; 0 where nothing yields it."""
        if not self.capacity or not all_units:
            return 0
        return -(-self.used * all_units // self.capacity)

    def bill(self, units: int, all_units: int) -> int:
        """Cents of a period with so many shares."""
        own = self.allotted(units, all_units)
        return charge(own, self.own_cost) + charge(max(0, self.used - own), self.price)


@dataclass(frozen=True)
class Step:
    """Going from so many shares to more: cents paid once, and cents a period before and after."""

    units: int
    cost: int
    before: int
    after: int

    @property
    def saved(self) -> int:
        """Cents less per period; below zero where owning costs more than buying."""
        return self.before - self.after

    @property
    def periods(self) -> int | None:
        """After how many whole periods it has paid for itself; None where it never does."""
        if self.cost == 0:
            return 0
        return -(-self.cost // self.saved) if self.saved > 0 else None


@dataclass(frozen=True)
class Standing:
    """Where a member stands in one pool: shares held, all there are, cents a share, what they use.

    `room` is how many more shares they can have now.
    """

    units: int
    all_units: int
    issue_price: int
    room: int
    needs: tuple[Need, ...]

    @property
    def needed(self) -> int:
        """The least shares that bring all that is used of every yield."""
        return max((need.units_for(self.all_units) for need in self.needs), default=0)

    @property
    def missing(self) -> int:
        """Shares that are missing to that."""
        return max(0, self.needed - self.units)

    @property
    def is_beyond_reach(self) -> bool:
        """Whether more are missing than can be had now."""
        return self.missing > self.room

    def bill(self, units: int) -> int:
        """Cents of a period with so many shares, at today's use and price."""
        return sum(need.bill(units, self.all_units) for need in self.needs)

    @property
    def rest(self) -> Step:
        """Buying what is missing, from where the member stands."""
        return self._step(self.units, max(self.units, self.needed))

    @property
    def from_nothing(self) -> Step:
        """Owning all that is used, against owning nothing and paying the price for all of it."""
        return self._step(0, self.needed)

    def _step(self, start: int, end: int) -> Step:
        return Step(end, (end - start) * self.issue_price, self.bill(start), self.bill(end))
