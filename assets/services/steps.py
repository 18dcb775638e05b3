"""The beginning of an asset's life and each of its steps; parts of the services around them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.formats import date_format

from assets.errors import WrongDay, WrongStep
from assets.models import Asset, AssetEvent, AssetMove, Pool
from ledger.errors import KeyConflict
from members.models import User

NEXT_ID = "SELECT nextval(pg_get_serial_sequence('assets_asset', 'id'))"
ORDERED, SERVES, FAULTY = Asset.State.ORDERED, Asset.State.IN_SERVICE, Asset.State.FAULTY
RETIRED, SOLD, LOST = Asset.State.RETIRED, Asset.State.SOLD, Asset.State.LOST
ENDS = (RETIRED, SOLD, LOST)
STEPS: Mapping[str, tuple[str, ...]] = {
    ORDERED: (SERVES, RETIRED, LOST),
    SERVES: (FAULTY, RETIRED, SOLD, LOST),
    FAULTY: (SERVES, RETIRED, SOLD, LOST),
    RETIRED: (),
    SOLD: (),
    LOST: (),
}
"""From where to where; a trigger of the database holds the same list."""


def new_asset(**fields: Any) -> Asset:
    """A row of the register, with an inventory code where none is given."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_ID)
        (number,) = cursor.fetchone() or (0,)
    if not fields.get("code"):
        fields["code"] = f"A-{number:05d}"
    return Asset.objects.create(pk=number, **fields)


def begin(
    asset: Asset,
    *,
    on: date,
    actor: User | None,
    reason: str = "",
    key: str | None = None,
    known: datetime | None = None,
) -> None:
    """Write down how and where an asset's life on the register begins; inside a transaction."""
    now = known or timezone.now()
    AssetEvent.objects.create(
        asset=asset,
        to_state=asset.state,
        on=on,
        reason=reason,
        actor=actor,
        key=key,
        recorded_at=now,
    )
    if asset.place or asset.location:
        AssetMove.objects.create(
            asset=asset,
            on=on,
            place=asset.place,
            location=asset.location,
            actor=actor,
            recorded_at=now,
        )


def lock_asset(asset_id: int) -> Asset:
    """The asset as it is now, under the lock of its pool and its own; inside a transaction.

    The pool first: what an asset yields is read under that lock when a period opens.
    """
    assert transaction.get_connection().in_atomic_block
    pools = Asset.objects.filter(pk=asset_id).values("pool_id")
    pool = Pool.objects.select_for_update(no_key=True).get(pk__in=pools)
    asset = Asset.objects.select_for_update(no_key=True).get(pk=asset_id)
    asset.pool = pool
    return asset


def is_repeated(asset: Asset, to: str, key: str | None) -> bool:
    """Whether this very step was taken before under this key; raises KeyConflict."""
    earlier = AssetEvent.objects.filter(key=key).first() if key else None
    if earlier and (earlier.asset_id, earlier.to_state) != (asset.pk, to):
        raise KeyConflict
    return earlier is not None


def step(
    asset: Asset, to: Asset.State, *, on: date, reason: str, actor: User | None, key: str | None
) -> None:
    """Take a locked asset one step on; the caller saves it. Raises WrongStep, WrongDay."""
    if to not in STEPS[asset.state]:
        raise WrongStep(asset=asset.name, state=asset.get_state_display(), wanted=to.label)
    last = AssetEvent.objects.filter(asset=asset).latest("pk")
    require_day(on, last.on)
    AssetEvent.objects.create(
        asset=asset,
        from_state=asset.state,
        to_state=to,
        on=on,
        reason=reason,
        actor=actor,
        key=key,
    )
    asset.state = to


def require_day(on: date, first: date) -> None:
    """Refuse days ahead, and days before what was written down last; raises WrongDay."""
    if not first <= on <= timezone.localdate():
        raise WrongDay(first=date_format(first, "Y-m-d"))
