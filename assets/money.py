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
    ends = {
        row.pk: later.since
        for row, later in pairwise(rows)
        if row.asset_id == later.asset_id
    }
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
