"""Writing assets off: plans, and the run of a period (economics, section 4)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from assets.accounts import money_account
from assets.errors import NotDepreciated, PlanTooEarly, WrongWeights
from assets.models import Asset, Depreciation, DepreciationPlan, Pool, Resource
from assets.money import plans_of, written_off_by
from ledger.services import Leg, Posting, actor_name, merge, post

SOURCE = "assets.depreciation"


@dataclass(frozen=True)
class Due:
    """Cents that a run writes off under a plan for a resource; `is_cost` of the period or not."""

    plan_id: int
    resource: str
    amount: int
    is_cost: bool


@transaction.atomic
def plan_depreciation(
    *,
    asset: Asset,
    weights: Mapping[str, int],
    source: str,
    actor: AbstractBaseUser | None,
    since: date | None = None,
    months: int | None = None,
) -> DepreciationPlan:
    """Write an asset off over so many months from a day on (its first of service, its useful life).

    A later plan takes the earlier one's place from its own day on, and spreads what is left less
    the salvage value. The same plan again is the first one. Raises WrongWeights, NotDepreciated
    (not in service), PlanTooEarly (before what has been written off already).
    """
    Pool.objects.select_for_update(no_key=True).get(pk=asset.pool_id)
    asset = Asset.objects.get(pk=asset.pk)
    day = since or asset.in_service
    if day is None or asset.ended_on is not None or asset.txn_id is None:
        raise NotDepreciated(name=asset.name)
    _require_resources(weights)
    values = {
        "months": months or asset.useful_months,
        "weights": dict(weights),
        "base": asset.cost - asset.salvage - written_off_by(asset, day, before=day),
    }
    before = DepreciationPlan.objects.filter(asset=asset, since=day).first()
    if before is not None and all(getattr(before, name) == v for name, v in values.items()):
        return before
    _require_open(asset, day)
    return DepreciationPlan.objects.create(asset=asset, since=day, source=source, **values)


def _require_resources(weights: Mapping[str, int]) -> None:
    known = set(Resource.objects.filter(code__in=weights).values_list("code", flat=True))
    if not weights or known != set(weights) or any(w <= 0 for w in weights.values()):
        raise WrongWeights


def _require_open(asset: Asset, day: date) -> None:
    """No plan may reach back behind another one, or behind what was written off."""
    later = DepreciationPlan.objects.filter(asset=asset, since__gte=day).order_by("since").first()
    run = Depreciation.objects.filter(plan__asset=asset).order_by("-until").first()
    if later is not None:
        raise PlanTooEarly(day=later.since)
    if run is not None and run.until > day:
        raise PlanTooEarly(day=run.until)


def depreciation_due(pool: Pool, start: date, end: date, resources: Collection[str]) -> list[Due]:
    """What a run for the days from `start` up to `end`, exclusive, has to write off.

    Days before `start` that no run has seen are no cost of this period, and neither is what falls
    on a resource that the period does not settle: nobody is charged for that, the pool bears it.
    """
    found = []
    for row in plans_of(pool):
        before, after = row.plan.written_off(start), row.plan.written_off(end)
        for code, booked in row.booked.items():
            begun = max(before[code], booked) if code in resources else after[code]
            found.append(Due(row.pk, code, after[code] - begun, True))
            found.append(Due(row.pk, code, begun - booked, False))
    return [due for due in found if due.amount > 0]


def run_depreciation(
    *,
    pool: Pool,
    start: date,
    end: date,
    resources: Collection[str],
    run: str,
    counted_at: datetime | None,
    actor: AbstractBaseUser | None,
) -> dict[str, int]:
    """Write a period off: the cents that are its cost, by resource code.

    `resources` are those whose cost the period settles. One transaction: the cash of the period's
    part goes to the replacement reserve. Call inside a transaction with the pool locked; the same
    run again changes nothing.
    """
    there = Depreciation.objects.filter(plan__asset__pool=pool, run=run)
    if not there.exists():
        _book(pool, depreciation_due(pool, start, end, resources), end, run, counted_at, actor)
    costs: dict[str, int] = {}
    for code, amount in there.filter(is_cost=True).values_list("resource", "amount"):
        costs[code] = costs.get(code, 0) + amount
    return costs


def _book(
    pool: Pool,
    due: list[Due],
    end: date,
    run: str,
    counted_at: datetime | None,
    actor: AbstractBaseUser | None,
) -> None:
    if not due:
        return
    txn_id = post(
        Posting(
            source=SOURCE,
            key=f"{run}:{pool.code}",
            kind="depreciation",
            legs=_legs(pool, due),
            about=f"pool:{pool.code}",
            actor=actor_name(actor),
            memo=run,
            effective_at=counted_at,
        )
    )
    Depreciation.objects.bulk_create(
        Depreciation(
            plan_id=row.plan_id,
            resource=row.resource,
            until=end,
            amount=row.amount,
            is_cost=row.is_cost,
            run=run,
            txn_id=txn_id,
        )
        for row in due
    )


def _legs(pool: Pool, due: list[Due]) -> list[Leg]:
    cost = sum(row.amount for row in due if row.is_cost)
    earlier = sum(row.amount for row in due if not row.is_cost)
    return merge(
        [
            Leg(money_account("cash:reserve", pool), cost),
            Leg(money_account("asset_losses", pool), earlier),
            Leg(money_account("depreciation", pool), -cost - earlier),
        ]
    )
