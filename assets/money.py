"""Named reads of what assets are worth: plans, what was written off, book values as of a date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.db.models import Prefetch, Q, QuerySet, Sum

from assets.depreciation import Plan, months_later
from assets.models import Asset, Bill, CostLine, Depreciation, DepreciationPlan, Disposal, Pool


@dataclass(frozen=True)
class PlanState:
    """A plan of depreciation with the cents that runs have booked under it by resource."""

    pk: int
    asset_id: int
    plan: Plan
    booked: Mapping[str, int]


@dataclass(frozen=True)
class BookValue:
    """What a thing cost, and what of it is left in the books on a day, in cents."""

    asset: Asset
    cost: int
    written_off: int

    @property
    def left(self) -> int:
        """Cents left."""
        return self.cost - self.written_off


def plans_of(pool: Pool) -> list[PlanState]:
    """The plans of a pool's assets that are still in its books; three queries."""
    rows = DepreciationPlan.objects.filter(asset__pool=pool, asset__disposal=None).select_related(
        "asset"
    )
    return _states(list(rows.order_by("asset_id", "since")))


def _states(rows: list[DepreciationPlan]) -> list[PlanState]:
    booked = booked_by_plan([row.pk for row in rows])
    ends = {row.pk: later.since for row, later in pairwise(rows) if row.asset_id == later.asset_id}
    states = []
    for row in rows:
        until = min((d for d in (ends.get(row.pk), row.asset.ended_on) if d), default=None)
        plan = Plan(row.base, row.since, row.months, row.weights, until)
        done = booked.get(row.pk, {})
        states.append(
            PlanState(row.pk, row.asset_id, plan, {c: done.get(c, 0) for c in row.weights})
        )
    return states


def booked_by_plan(plan_ids: list[int]) -> dict[int, dict[str, int]]:
    """Cents that runs have booked, by plan and resource."""
    sums = (
        Depreciation.objects.filter(plan_id__in=plan_ids)
        .values_list("plan_id", "resource")
        .annotate(n=Sum("amount"))
    )
    booked: dict[int, dict[str, int]] = {}
    for plan_id, resource, amount in sums:
        booked.setdefault(plan_id, {})[resource] = amount
    return booked


def written_off_by(asset: Asset, day: date, *, before: date | None = None) -> int:
    """Cents that the plans of an asset write off up to a day, those from `before` on left out."""
    rows = DepreciationPlan.objects.filter(asset=asset).select_related("asset")
    if before is not None:
        rows = rows.filter(since__lt=before)
    states = _states(list(rows.order_by("since")))
    return sum(sum(state.plan.written_off(day).values()) for state in states)


def depreciation_at(pool: Pool, on: date) -> dict[str, int]:
    """Cents by resource that the month which begins on a day will write off."""
    costs: dict[str, int] = {}
    for state in plans_of(pool):
        for code, amount in state.plan.between(on, months_later(on, 1)).items():
            costs[code] = costs.get(code, 0) + amount
    return {code: amount for code, amount in costs.items() if amount}


@dataclass(frozen=True)
class PoolValues:
    """The book values of a pool's assets."""

    pool: Pool
    rows: list[BookValue]

    @property
    def cost(self) -> int:
        """Cents that they cost."""
        return sum(row.cost for row in self.rows)

    @property
    def left(self) -> int:
        """Cents that are left."""
        return sum(row.left for row in self.rows)


def book_values(pool: Pool, day: date) -> list[BookValue]:
    """What each asset of a pool is worth in the books at the end of a day; two queries.

    Assets placed later, and those disposed of by then, are left out.
    """
    runs = Depreciation.objects.filter(until__lte=day_after(day)).only("amount", "plan_id")
    found = Asset.objects.filter(pool=pool, txn_id__isnull=False, in_service__lte=day)
    found = found.filter(Q(disposal=None) | Q(disposal__on__gt=day))
    rows = found.prefetch_related("plans", Prefetch("plans__runs", queryset=runs))
    return [
        BookValue(asset, asset.cost, sum(r.amount for p in asset.plans.all() for r in p.runs.all()))
        for asset in rows.order_by("in_service", "pk")
    ]


def book_value_of(asset: Asset) -> BookValue | None:
    """What an asset is worth in the books now; None where it stands in no pool, or left it."""
    if asset.txn_id is None or Disposal.objects.filter(asset=asset).exists():
        return None
    runs = Depreciation.objects.filter(plan__asset=asset)
    return BookValue(asset, asset.cost, runs.aggregate(n=Sum("amount", default=0))["n"])


def day_after(day: date) -> date:
    """The next day: what is written off up to it counts at the end of `day`."""
    return date.fromordinal(day.toordinal() + 1)


def bills_of(pool: Pool) -> QuerySet[Bill]:
    """A pool's bills with the asset each belongs to, the newest first."""
    return Bill.objects.filter(pool=pool).select_related("asset").order_by("-issued_on", "-pk")


def cost_lines_of(pool: Pool) -> QuerySet[CostLine]:
    """Every cost line that a pool ever had with its bill, those in force first."""
    rows = CostLine.objects.filter(pool=pool).select_related("bill")
    return rows.order_by("until", "since", "pk")


def disposals_of(pool: Pool) -> QuerySet[Disposal]:
    """The assets of a pool that ended in the books, the newest first."""
    return Disposal.objects.filter(asset__pool=pool).select_related("asset").order_by("-on", "-pk")


@dataclass(frozen=True)
class PlanRow:
    """A plan of depreciation as it stands on a day, in cents."""

    asset: Asset
    plan: Plan
    booked: int
    month: int

    @property
    def left(self) -> int:
        """Cents of the base that no run has written off."""
        return self.plan.base - self.booked

    @property
    def end(self) -> date:
        """The day on which all of the base is written off."""
        return self.plan.until or months_later(self.plan.since, self.plan.months)


def plan_rows(pool: Pool, day: date) -> list[PlanRow]:
    """The plans of a pool's assets with what was booked, and what a month from a day on loses."""
    states = plans_of(pool)
    assets = Asset.objects.in_bulk([state.asset_id for state in states])
    return [
        PlanRow(
            asset=assets[state.asset_id],
            plan=state.plan,
            booked=sum(state.booked.values()),
            month=sum(state.plan.between(day, months_later(day, 1)).values()),
        )
        for state in states
    ]


def assets_without_plan(pool: Pool) -> QuerySet[Asset]:
    """Assets of a pool that serve and that no plan writes off."""
    return Asset.objects.filter(
        pool=pool, plans=None, disposal=None, ended_on=None, in_service__isnull=False
    ).order_by("in_service", "pk")
