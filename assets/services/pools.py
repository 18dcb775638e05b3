"""Every write of pools, capacity, costs and assets."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NotRequired, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone

from assets.accounts import created_account, money_account, open_pool_accounts, treasury_account
from assets.errors import (
    CodeTaken,
    EndsBeforeItBegins,
    GrowthFundTooSmall,
    ReserveTooSmall,
    WrongWeights,
)
from assets.models import Asset, Bill, CapacityChange, CostLine, Pool, Resource
from assets.services.steps import begin, new_asset
from ledger.models import Transaction
from ledger.queries import balance_of
from ledger.services import Leg, Posting, actor_name, post
from members.models import User
from policies.queries import policy

PURSES = {"growth": "cash:growth", "reserve": "cash:reserve"}
"""what pays in cash of the pool's own; all else stands in its funding"""


class Details(TypedDict):
    """What an asset is: cost in cents, the day it begins to serve, and what paid for it.

    `paid_from` is "grant", "loan", "founders", "reserve" or "growth" (the growth fund, which must
    hold the cost). Without a day of service it is in its pool and waits for `put_in_service`.
    """

    name: str
    kind: str
    cost: int
    in_service: date | None
    paid_from: str
    code: NotRequired[str]
    manufacturer: NotRequired[str]
    model_name: NotRequired[str]
    serial: NotRequired[str]
    place: NotRequired[str]
    location: NotRequired[str]
    purchased_on: NotRequired[date | None]
    supplier: NotRequired[str]
    bill: NotRequired[str]
    warranty_until: NotRequired[date | None]
    salvage: NotRequired[int]
    useful_months: NotRequired[int]


@transaction.atomic
def create_pool(*, code: str, name: str, about: str = "", actor: User | None) -> Pool:
    """A new pool with its accounts, empty. Raises CodeTaken."""
    pool, made = Pool.objects.get_or_create(code=code, defaults={"name": name, "about": about})
    if not made and pool.name != name:
        raise CodeTaken(code=code)
    open_pool_accounts(pool)
    return pool


def create_resource(*, code: str, name: str, unit: str, position: int = 0) -> Resource:
    """A thing that pools can yield; one token is one `unit` of it."""
    resource, _ = Resource.objects.get_or_create(
        code=code, defaults={"name": name, "unit": unit, "position": position}
    )
    return resource


def set_capacity(
    *,
    pool: Pool,
    resource: Resource,
    since: date,
    change: int,
    until: date | None = None,
    normal: bool = True,
    source: str,
    actor: User | None,
    asset: Asset | None = None,
) -> CapacityChange:
    """Change what a pool yields per period from a date on, by so many millitokens.

    `asset` is the thing that brings or loses it, where it is one.
    """
    return CapacityChange.objects.create(
        pool=pool,
        resource=resource,
        since=since,
        until=until,
        change=change,
        normal=normal,
        source=source,
        asset=asset,
    )


def add_cost_line(
    *,
    pool: Pool,
    name: str,
    amount: int,
    weights: Mapping[str, int],
    since: date,
    until: date | None = None,
    source: str,
    actor: User | None,
    bill: Bill | None = None,
) -> CostLine:
    """A cost of so many cents in every period from a date on. Raises WrongWeights."""
    known = set(Resource.objects.filter(code__in=weights).values_list("code", flat=True))
    if not weights or known != set(weights) or any(w <= 0 for w in weights.values()):
        raise WrongWeights
    return CostLine.objects.create(
        pool=pool,
        name=name,
        amount=amount,
        weights=dict(weights),
        since=since,
        until=until,
        source=source,
        bill=bill,
    )


@transaction.atomic
def end_cost_line(*, line_id: int, until: date, actor: User | None) -> CostLine:
    """Let a cost end on a day, exclusive; budgets and bookings of the past stay as they are.

    Raises EndsBeforeItBegins.
    """
    line = CostLine.objects.select_for_update(no_key=True).get(pk=line_id)
    if until < line.since:
        raise EndsBeforeItBegins(since=line.since)
    line.until = until
    line.save(update_fields=["until"])
    return line


@transaction.atomic
def place_asset(
    *,
    pool: Pool,
    key: str,
    actor: User | None,
    capacity: Mapping[str, int] | None = None,
    at: datetime | None = None,
    **details: Unpack[Details],
) -> Asset:
    """Put an asset into a pool: cost ÷ issue price new units come into its treasury.

    `details` say what it is. `capacity` gives millitokens per period by resource code, from the
    in-service date. The same key gives the first result. Raises GrowthFundTooSmall.
    """
    pool = Pool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    earlier = Transaction.objects.filter(source="asset", key=key).first()
    if earlier is not None:
        return Asset.objects.get(txn_id=earlier.pk)
    units = details["cost"] // policy("issue_price", at or timezone.now(), pool.code)
    txn_id = book_asset(pool, details, units, actor, key)
    day = details["in_service"]
    state = Asset.State.IN_SERVICE if day else Asset.State.ORDERED
    asset = new_asset(pool=pool, units_created=units, txn_id=txn_id, state=state, **details)
    begin(asset, on=day or timezone.localdate(), actor=actor)
    if day:
        _add_capacity(asset, day, capacity or {}, actor)
    return asset


def book_asset(
    pool: Pool,
    details: Details,
    units: int,
    actor: User | None,
    key: str,
    *,
    taken_over: bool = False,
) -> int:
    """Book an asset into a pool, and its units into the treasury; the id of the transaction.

    What is `taken_over` from an older register was paid long ago: no cash moves for it here.
    Call inside a transaction, under the lock of the pool. Raises GrowthFundTooSmall,
    ReserveTooSmall.
    """
    paid_from = "" if taken_over else details["paid_from"]
    return post(
        Posting(
            source="asset",
            key=key,
            kind="asset placed",
            legs=[
                *_paid(pool, details["cost"], paid_from),
                Leg(treasury_account(pool), units),
                Leg(created_account(pool), -units),
            ],
            about=f"pool:{pool.code}",
            actor=actor_name(actor),
            memo=details["name"],
        )
    )


def _paid(pool: Pool, cost: int, paid_from: str) -> list[Leg]:
    payer = money_account(PURSES.get(paid_from, "backing"), pool)
    refusal = {"growth": GrowthFundTooSmall, "reserve": ReserveTooSmall}.get(paid_from)
    if refusal is not None and balance_of(payer) < cost:
        raise refusal(pool=pool.code, held=balance_of(payer), cost=cost)
    return [Leg(money_account("assets", pool), cost), Leg(payer, -cost)]


def _add_capacity(
    asset: Asset, since: date, capacity: Mapping[str, int], actor: User | None
) -> None:
    for code, change in capacity.items():
        set_capacity(
            pool=asset.pool,
            resource=Resource.objects.get(code=code),
            since=since,
            change=change,
            source=f"asset:{asset.pk}",
            asset=asset,
            actor=actor,
        )
