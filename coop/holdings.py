"""What one member owns, read from the titles and the books."""

from dataclasses import dataclass
from datetime import datetime

from assets import queries as assets
from assets.models import Pool
from coop.amounts import rounded_ratio
from members.models import Member
from policies.queries import policy
from titles import queries as titles


@dataclass(frozen=True)
class Holding:
    """What a member owns of one pool; money in cents."""

    pool: Pool
    units: int
    all_units: int
    issue_price: int
    backing: int
    credit: int

    @property
    def worth(self) -> int:
        """The shares at their issue price."""
        return self.units * self.issue_price

    @property
    def backing_each(self) -> int:
        """Cents behind one share."""
        return rounded_ratio(self.backing, self.all_units, 1)


def holdings_of(member: Member, at: datetime) -> list[Holding]:
    """A member's holdings, pools without any left out unless credit waits there."""
    found = [holding_of(member, pool, at) for pool in assets.pools()]
    return [holding for holding in found if holding.units or holding.credit]


def holding_of(member: Member, pool: Pool, at: datetime) -> Holding:
    behind = assets.backing(pool)
    return Holding(
        pool=pool,
        units=titles.units_of(member, pool),
        all_units=behind.units,
        issue_price=int(policy("issue_price", at, pool.code)),
        backing=behind.total,
        credit=titles.equity_credit(member, pool),
    )
