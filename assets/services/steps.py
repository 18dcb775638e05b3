"""The beginning of an asset's life and each of its steps; parts of the services around them."""

from datetime import date
from typing import Any

from django.db import connection

from assets.models import Asset, AssetEvent, AssetMove
from members.models import User

NEXT_ID = "SELECT nextval(pg_get_serial_sequence('assets_asset', 'id'))"


def new_asset(**fields: Any) -> Asset:
    """A row of the register, with an inventory code where none is given."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_ID)
        (number,) = cursor.fetchone() or (0,)
    fields.setdefault("code", f"A-{number:05d}")
    return Asset.objects.create(pk=number, **fields)


def begin(
    asset: Asset,
    *,
    on: date,
    actor: User | None,
    reason: str = "",
    key: str | None = None,
) -> None:
    """Write down how and where an asset's life on the register begins; inside a transaction."""
    AssetEvent.objects.create(
        asset=asset, to_state=asset.state, on=on, reason=reason, actor=actor, key=key
    )
    if asset.place or asset.location:
        AssetMove.objects.create(
            asset=asset, on=on, place=asset.place, location=asset.location, actor=actor
        )
