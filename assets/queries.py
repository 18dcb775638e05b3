"""Named reads of pools, capacity, costs and backing."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet, Sum

from assets.accounts import MONEY, pool_owner, unit_code
from assets.models import Asset, CapacityChange, CostLine, DepreciationPlan, Pool, Resource
from assets.money import depreciation_at
from ledger.arithmetic import largest_remainder
from ledger.models import Balance
from ledger.queries import balance


@dataclass(frozen=True)
class Backing:
    """What stands behind the units of a pool, in cents, as the books have it now."""

    assets: int
    growth_fund: int
    reserve: int
    operating: int
    loans: int
    equity_credit: int
    over_recovered: int
    units: int

    @property
    def total(self) -> int:
        """Cents behind all units together (economics, section 8)."""
        things = self.assets + self.growth_fund + self.reserve + self.operating
        return things - self.loans - self.equity_credit - self.over_recovered

    @property
    def per_unit(self) -> int:
        """Cents behind one unit, rounded down; 0 where there is none, or nothing behind it."""
        return max(0, self.total // self.units) if self.units else 0


def pools() -> QuerySet[Pool]:
    """Every pool by code."""
    return Pool.objects.order_by("code")


def treasury_units(pool: Pool) -> int:
    """Units of a pool that nobody has bought yet."""
    return balance(unit_code(pool), "treasury", pool_owner(pool))


def total_units(pool: Pool) -> int:
    """All units of a pool, treasury included: created minus cancelled."""
    return -balance(unit_code(pool), "created")


def resources_of(pool: Pool) -> QuerySet[Resource]:
    """What a pool yields or has costs for, in the order of the resources."""
    costed = {code for line in CostLine.objects.filter(pool=pool) for code in line.weights}
    plans = DepreciationPlan.objects.filter(asset__pool=pool).values_list("weights", flat=True)
    costed |= {code for weights in plans for code in weights}
    yielding = Q(pk__in=CapacityChange.objects.filter(pool=pool).values("resource_id"))
    return Resource.objects.filter(yielding | Q(code__in=costed)).distinct()


def capacity_at(pool: Pool, resource: Resource, on: date) -> tuple[int, int]:
    """(capacity, normal capacity) in millitokens per period on a date, never below zero."""
    changes = CapacityChange.objects.filter(
        Q(until=None) | Q(until__gt=on), pool=pool, resource=resource, since__lte=on
    )
    sums = changes.aggregate(all=Sum("change"), normal=Sum("change", filter=Q(normal=True)))
    return max(0, sums["all"] or 0), max(0, sums["normal"] or 0)


def cost_lines_at(pool: Pool, on: date) -> QuerySet[CostLine]:
    """The cost lines of a pool in force on a date."""
    return CostLine.objects.filter(
        Q(until=None) | Q(until__gt=on), pool=pool, since__lte=on
    ).order_by("pk")


def cost_at(pool: Pool, on: date) -> dict[str, int]:
    """Cents per resource code in the period that begins on a date.

    Each line is split by its weights, largest remainder, ties by the code of the resource. What
    the pool's assets lose in a month by their plans is part of it.
    """
    costs: dict[str, int] = {}
    for line in cost_lines_at(pool, on):
        codes = sorted(line.weights)
        parts = largest_remainder(line.amount, [line.weights[code] for code in codes])
        for code, part in zip(codes, parts, strict=True):
            costs[code] = costs.get(code, 0) + part
    for code, part in depreciation_at(pool, on).items():
        costs[code] = costs.get(code, 0) + part
    return costs


def assets_of(pool: Pool) -> QuerySet[Asset]:
    """The physical things that a pool has and that serve or will, oldest first."""
    there = Asset.objects.filter(pool=pool, ended_on=None)
    return there.exclude(state=Asset.State.ORDERED, txn_id=None).order_by("in_service", "pk")


def backing(pool: Pool) -> Backing:
    """What stands behind a pool's units, from the books (economics, section 8)."""
    owner = pool_owner(pool)
    loans = Asset.objects.filter(pool=pool, paid_from="loan").aggregate(n=Sum("cost"))["n"] or 0
    return Backing(
        assets=balance(MONEY, "assets", owner) + balance(MONEY, "depreciation", owner),
        growth_fund=balance(MONEY, "cash:growth", owner),
        reserve=balance(MONEY, "cash:reserve", owner),
        operating=balance(MONEY, "cash:operating", owner),
        loans=loans,
        equity_credit=-_sum_of("equity_credit", f"{pool.code}/"),
        over_recovered=max(0, -_sum_of("stabilisation", f"{pool.code}/")),
        units=total_units(pool),
    )


def _sum_of(kind: str, owner_prefix: str) -> int:
    found = Balance.objects.filter(
        account__commodity__code=MONEY,
        account__kind=kind,
        account__owner__startswith=owner_prefix,
    )
    return found.aggregate(n=Sum("amount"))["n"] or 0
