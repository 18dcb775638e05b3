"""The life of an asset: ordered, into its pool, in service, faulty, moved, ended."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import NotRequired, TypedDict, Unpack

from django.db import transaction
from django.db.models import Sum, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from assets.errors import (
    AlreadyPlaced,
    CodeTaken,
    CostsNothing,
    NeedsDecision,
    NotInPool,
    WrongCapacity,
    WrongStep,
    WrongValue,
)
from assets.models import Asset, AssetEvent, AssetMove, CapacityChange, Pool, Resource
from assets.services.custody import end_custody
from assets.services.pools import Details, book_asset, set_capacity
from assets.services.steps import (
    FAULTY,
    ORDERED,
    SERVES,
    begin,
    is_repeated,
    lock_asset,
    new_asset,
    require_day,
    step,
)
from ledger.errors import KeyConflict
from ledger.models import Transaction
from members.models import User
from policies.queries import policy


class Facts(TypedDict):
    """What an asset is: cost and salvage in cents; what is left out is not known."""

    name: str
    kind: str
    cost: int
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
def register_asset(
    *, pool: Pool, on: date, actor: User | None, key: str, reason: str = "", **facts: Unpack[Facts]
) -> Asset:
    """Put an asset on the register as ordered for a pool: it brings no units and yields nothing.

    The same key with the same facts gives the first result. Raises CodeTaken, WrongValue,
    KeyConflict.
    """
    Pool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    earlier = AssetEvent.objects.filter(key=key).select_related("asset").first()
    if earlier is not None:
        return _same(earlier.asset, pool, facts)
    require_day(on, date.min)
    _check(facts)
    asset = new_asset(pool=pool, state=ORDERED, **facts)
    begin(asset, on=on, actor=actor, reason=reason, key=key)
    return asset


def _same(asset: Asset, pool: Pool, facts: Facts) -> Asset:
    if asset.pool_id != pool.pk or (asset.name, asset.kind, asset.cost) != (
        facts["name"],
        facts["kind"],
        facts["cost"],
    ):
        raise KeyConflict
    return asset


def _check(facts: Facts) -> None:
    code = facts.get("code")
    if code and Asset.objects.filter(code=code).exists():
        raise CodeTaken(code=code)
    if not 0 <= facts.get("salvage", 0) <= facts["cost"]:
        raise WrongValue


@transaction.atomic
def correct_facts(*, asset_id: int, actor: User | None, **facts: Unpack[Facts]) -> Asset:
    """Correct what the register says an asset is; places change by moving, cost never once placed.

    Raises CodeTaken, WrongValue, AlreadyPlaced where the cost of a placed asset would change.
    """
    asset = lock_asset(asset_id)
    if asset.txn_id is not None and facts["cost"] != asset.cost:
        raise AlreadyPlaced(asset=asset.name)
    _check({**facts, "code": "" if facts.get("code") == asset.code else facts.get("code", "")})
    for name, value in facts.items():
        if name not in ("place", "location"):
            setattr(asset, name, value)
    asset.save()
    return asset


@transaction.atomic
def take_into_pool(
    *, asset_id: int, paid_from: str, actor: User | None, key: str, on: date | None = None
) -> Asset:
    """Take an ordered asset into its pool: cost ÷ issue price new units come into its treasury.

    The price is that of today, or of `on` for what is taken over from an older register.
    `paid_from` as in `place_asset`, save the growth fund: that buys by a passed decision only. The
    same key gives the first result. Raises NeedsDecision, AlreadyPlaced, WrongStep,
    ReserveTooSmall, CostsNothing.
    """
    if paid_from == "growth" and on is None:
        raise NeedsDecision
    asset = lock_asset(asset_id)
    if asset.cost == 0:
        raise CostsNothing(asset=asset.name)
    units = asset.cost // policy("issue_price", _end_of(on), asset.pool.code)
    details = Details(
        name=asset.name, kind=asset.kind, cost=asset.cost, in_service=None, paid_from=paid_from
    )
    if asset.txn_id is not None:
        return _placed(asset, key)
    if asset.state != ORDERED:
        raise WrongStep(asset=asset.name, state=asset.get_state_display(), wanted=SERVES.label)
    asset.txn_id = book_asset(asset.pool, details, units, actor, key, taken_over=on is not None)
    asset.units_created, asset.paid_from = units, paid_from
    asset.save(update_fields=["txn_id", "units_created", "paid_from"])
    return asset


def _end_of(day: date | None) -> datetime:
    """The last moment of a day; now for today and where no day is given."""
    if day is None:
        return timezone.now()
    return min(timezone.now(), timezone.make_aware(datetime.combine(day, time.max)))


def _placed(asset: Asset, key: str) -> Asset:
    booked = Transaction.objects.filter(source="asset", key=key).values_list("pk", flat=True)
    if asset.txn_id not in booked:
        raise AlreadyPlaced(asset=asset.name)
    return asset


@transaction.atomic
def put_in_service(
    *,
    asset_id: int,
    on: date,
    actor: User | None,
    capacity: Mapping[str, int] | None = None,
    reason: str = "",
    key: str | None = None,
) -> Asset:
    """Let an asset of a pool serve from a day on; `capacity` is millitokens per period by resource.

    Raises NotInPool, WrongStep, WrongDay, WrongCapacity, KeyConflict.
    """
    asset = lock_asset(asset_id)
    if is_repeated(asset, SERVES, key):
        return asset
    if asset.txn_id is None and asset.cost:
        raise NotInPool(asset=asset.name)
    if asset.state == FAULTY:
        return _back(asset, on, reason, actor, key)
    step(asset, SERVES, on=on, reason=reason, actor=actor, key=key)
    asset.in_service = on
    asset.save(update_fields=["state", "in_service"])
    change_capacity(asset, capacity or {}, since=on, actor=actor)
    return asset


@transaction.atomic
def report_faulty(
    *,
    asset_id: int,
    on: date,
    reason: str,
    actor: User | None,
    lost: Mapping[str, int] | None = None,
    key: str | None = None,
) -> Asset:
    """An asset fails; `lost` millitokens per period by resource are missing until it is repaired.

    They are missing from the capacity, not from the normal capacity (economics, section 4).
    Raises WrongStep, WrongDay, WrongCapacity, KeyConflict.
    """
    asset = lock_asset(asset_id)
    if is_repeated(asset, FAULTY, key):
        return asset
    step(asset, FAULTY, on=on, reason=reason, actor=actor, key=key)
    asset.save(update_fields=["state"])
    missing = {code: -change for code, change in (lost or {}).items()}
    change_capacity(asset, missing, since=on, actor=actor, normal=False)
    return asset


@transaction.atomic
def report_repaired(
    *, asset_id: int, on: date, reason: str, actor: User | None, key: str | None = None
) -> Asset:
    """A faulty asset serves again, and yields again what was missing.

    Raises WrongStep, WrongDay, KeyConflict.
    """
    asset = lock_asset(asset_id)
    return asset if is_repeated(asset, SERVES, key) else _back(asset, on, reason, actor, key)


def _back(asset: Asset, on: date, reason: str, actor: User | None, key: str | None) -> Asset:
    if asset.state != FAULTY:
        raise WrongStep(asset=asset.name, state=asset.get_state_display(), wanted=SERVES.label)
    step(asset, SERVES, on=on, reason=reason, actor=actor, key=key)
    asset.save(update_fields=["state"])
    take_back(asset, on, only_outages=True)
    return asset


def end_of_life(
    *,
    asset_id: int,
    to: Asset.State,
    on: date,
    reason: str,
    actor: User | None,
    key: str | None = None,
) -> Asset:
    """Retire, sell or lose an asset on the register: state, event, capacity, custody.

    Call inside a transaction: who ends an asset books what becomes of its value in the same one.
    Its units stay: they are the members'. Raises WrongStep, WrongDay, KeyConflict.
    """
    asset = lock_asset(asset_id)
    if is_repeated(asset, to, key):
        return asset
    step(asset, to, on=on, reason=reason, actor=actor, key=key)
    asset.ended_on = on
    asset.save(update_fields=["state", "ended_on"])
    take_back(asset, on)
    end_custody(asset, on)
    return asset


@transaction.atomic
def move_asset(
    *, asset_id: int, on: date, place: str, location: str, reason: str, actor: User | None
) -> Asset:
    """Say where an asset stands from a day on: `place` for everybody, `location` for stewards.

    Raises WrongDay. Where nothing changes, nothing is written.
    """
    asset = lock_asset(asset_id)
    if (asset.place, asset.location) == (place, location):
        return asset
    last = AssetMove.objects.filter(asset=asset).order_by("pk").last()
    first = AssetEvent.objects.filter(asset=asset).earliest("pk")
    require_day(on, last.on if last else first.on)
    AssetMove.objects.create(
        asset=asset, on=on, place=place, location=location, reason=reason, actor=actor
    )
    asset.place, asset.location = place, location
    asset.save(update_fields=["place", "location"])
    return asset


def change_capacity(
    asset: Asset,
    changes: Mapping[str, int],
    *,
    since: date,
    actor: User | None,
    normal: bool = True,
) -> None:
    """What an asset brings or loses from a day on, in millitokens per period by resource code.

    Call inside a transaction. Raises WrongCapacity.
    """
    resources = {r.code: r for r in Resource.objects.filter(code__in=changes)}
    if set(resources) != set(changes):
        raise WrongCapacity
    for code, change in sorted(changes.items()):
        set_capacity(
            pool=asset.pool,
            resource=resources[code],
            since=since,
            change=change,
            normal=normal,
            source=f"asset:{asset.pk}",
            asset=asset,
            actor=actor,
        )


def take_back(asset: Asset, on: date, *, only_outages: bool = False) -> None:
    """End what an asset brings and lacks from a day on, by rows of the opposite sign."""
    rows = CapacityChange.objects.filter(asset=asset).exclude(until__lte=on)
    if only_outages:
        rows = rows.filter(normal=False)
    kinds = rows.values("resource_id", "normal", "until", first=Greatest("since", Value(on)))
    CapacityChange.objects.bulk_create(
        CapacityChange(
            pool=asset.pool,
            resource_id=row["resource_id"],
            asset=asset,
            since=row["first"],
            until=row["until"],
            change=-row["net"],
            normal=row["normal"],
            source=f"asset:{asset.pk}",
        )
        for row in kinds.annotate(net=Sum("change")).exclude(net=0).order_by()
    )
