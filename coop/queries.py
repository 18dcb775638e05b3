"""Reads that put several apps together: the front page, the overview, the work waiting."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from assets import queries as assets
from assets.models import Asset, Pool, Resource
from coop.amounts import rounded_ratio
from governance.queries import latest_public
from members.queries import active_members
from policies.queries import policy


@dataclass(frozen=True)
class Yield:
    """What a pool yields of one resource per period, in millitokens, and its posted price."""

    resource: Resource
    capacity: int
    price: int


@dataclass(frozen=True)
class PoolFacts:
    """A pool as the public sees it; money in cents."""

    pool: Pool
    yields: tuple[Yield, ...]
    units: int
    treasury: int
    issue_price: int
    backing: int
    assets: tuple[Asset, ...]

    @property
    def held(self) -> int:
        """Shares that members own."""
        return self.units - self.treasury

    @property
    def backing_each(self) -> int:
        """Cents behind one share, rounded half to even."""
        return rounded_ratio(self.backing, self.units, 1)


def pool_facts(pool: Pool, at: datetime) -> PoolFacts:
    """One pool as it stands at a moment."""
    behind = assets.backing(pool)
    on = timezone.localdate(at)
    return PoolFacts(
        pool=pool,
        yields=tuple(yield_facts(pool, r, on, at) for r in assets.resources_of(pool)),
        units=behind.units,
        treasury=assets.treasury_units(pool),
        issue_price=int(policy("issue_price", at, pool.code)),
        backing=behind.total,
        assets=tuple(assets.assets_of(pool)),
    )


def yield_facts(pool: Pool, resource: Resource, on: date, at: datetime) -> Yield:
    capacity, _normal = assets.capacity_at(pool, resource, on)
    price = policy("posted_price", at, f"{pool.code}:{resource.code}", pool.code)
    return Yield(resource, capacity, int(price))


def public_facts(at: datetime) -> dict[str, Any]:
    """What is owned together, for everybody."""
    facts = [pool_facts(pool, at) for pool in assets.pools()]
    return {
        "pools": facts,
        "decisions": latest_public(),
        "members_count": active_members().count(),
        "assets_value": sum(asset.cost for fact in facts for asset in fact.assets),
        "units": sum(fact.units for fact in facts),
        "held": sum(fact.held for fact in facts),
    }
