"""What is carried from closes, and that a pool is closed to purchases while it is too much.

Who bought in meanwhile would get what others overpaid, or owe what others were not charged
(economics, section 4).
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from assets.accounts import MONEY
from assets.models import Pool, Resource
from assets.queries import cost_at, resources_of
from ledger.queries import balance
from policies.queries import policy


@dataclass(frozen=True)
class Carried:
    """Cents that a pool carries of one resource, and what a month of it is budgeted at.

    `carried` is positive where too much came in; `share` is the part of the budget that policy
    allows, as [numerator, denominator].
    """

    resource: Resource
    carried: int
    budget: int
    share: list[int]

    @property
    def is_too_much(self) -> bool:
        """Whether it exceeds the share, whichever way."""
        return abs(self.carried) * self.share[1] > self.budget * self.share[0]

    @property
    def most(self) -> int:
        """Cents that may be carried, rounded down."""
        return self.budget * self.share[0] // self.share[1]


def carried_too_much(pool: Pool, at: datetime) -> Carried | None:
    """The first resource of which a pool carries more than policy allows; None where none."""
    share = policy("carried_band", at, pool.code)
    if share == "off":
        return None
    costs = cost_at(pool, timezone.localtime(at).date())
    for resource in resources_of(pool):
        carried = -balance(MONEY, "stabilisation", f"{pool.code}/{resource.code}")
        budget = max(0, costs.get(resource.code, 0) - carried)
        found = Carried(resource, carried, budget, share)
        if found.is_too_much:
            return found
    return None


def is_open(pool: Pool, at: datetime) -> bool:
    """Whether shares of a pool can be bought: by decision, and by what is carried."""
    return bool(policy("subscriptions_open", at, pool.code)) and carried_too_much(pool, at) is None
