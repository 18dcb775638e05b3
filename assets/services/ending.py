"""The end of an asset: what the register says and what the books say, in one transaction."""

from datetime import date

from django.db import transaction

from assets.errors import WrongValue
from assets.models import Asset
from assets.services.disposal import dispose
from assets.services.life import end_of_life
from assets.services.steps import SOLD
from members.models import User


@transaction.atomic
def end_asset(
    *,
    asset_id: int,
    to: Asset.State,
    on: date,
    reason: str,
    actor: User | None,
    proceeds: int = 0,
    key: str | None = None,
) -> Asset:
    """Retire, sell or lose an asset; `proceeds` in cents is what a sale fetched.

    Raises WrongStep, WrongDay, WrongValue for proceeds without a sale, KeyConflict.
    """
    if proceeds < 0 or (proceeds and to != SOLD):
        raise WrongValue
    asset = end_of_life(asset_id=asset_id, to=to, on=on, reason=reason, actor=actor, key=key)
    dispose(asset=asset, on=on, proceeds=proceeds, actor=actor)
    return asset
