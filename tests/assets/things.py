"""Assets for tests, made through the services."""

import io
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from PIL import Image

from assets.models import Asset, Pool
from assets.services import (
    create_resource,
    put_in_service,
    register_asset,
    take_into_pool,
)
from tests.makers import make_pool


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def the_pool() -> Pool:
    """A pool that yields bandwidth and storage; made on first use."""
    found = Pool.objects.filter(code="backbone").first()
    if found is not None:
        return found
    create_resource(code="bandwidth", name="Bandwidth", unit="GB", position=1)
    create_resource(code="storage", name="Storage", unit="GB·day", position=2)
    return make_pool(price=100)


def ordered(name: str = "Core router", *, ago: int = 30, **facts: Any) -> Asset:
    """An asset that was ordered some days ago."""
    return register_asset(
        pool=the_pool(),
        on=days_ago(ago),
        actor=None,
        key=facts.pop("key", f"order {name}"),
        name=name,
        kind=facts.pop("kind", "router"),
        cost=facts.pop("cost", 25_000),
        **facts,
    )


def serving(
    name: str = "Core router", *, ago: int = 20, bandwidth: int = 900, **facts: Any
) -> Asset:
    """An asset that is in its pool and serves since some days."""
    asset = ordered(name, ago=facts.pop("ordered", ago), **facts)
    take_into_pool(asset_id=asset.pk, paid_from="grant", actor=None, key=f"place {name}")
    return put_in_service(
        asset_id=asset.pk, on=days_ago(ago), actor=None, capacity={"bandwidth": bandwidth}
    )


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **how: Any) -> bytes:
    """The bytes of a small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, (20, 120, 90)).save(out, kind, **how)
    return out.getvalue()
