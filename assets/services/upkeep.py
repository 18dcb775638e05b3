"""What is done to keep an asset going: work, labour, cost, the bill."""

from datetime import date
from typing import NotRequired, TypedDict, Unpack

from django.db import transaction

from assets.errors import CorrectedBefore
from assets.models import Asset, UpkeepEntry
from assets.services.steps import require_day
from ledger.errors import KeyConflict
from members.models import Member, User


class Work(TypedDict):
    """Work on an asset: cost in cents, labour in minutes; `who` is a firm or a name."""

    on: date
    what: str
    who: NotRequired[str]
    member: NotRequired[Member | None]
    cost: NotRequired[int]
    bill: NotRequired[str]
    minutes: NotRequired[int]


@transaction.atomic
def log_upkeep(
    *,
    asset_id: int,
    actor: User | None,
    key: str,
    corrects_id: int | None = None,
    **work: Unpack[Work],
) -> UpkeepEntry:
    """Write down work on an asset; `corrects_id` names an entry that this one replaces.

    The cost is what the bill says: who pays it is booked with the bill. The same key gives the
    first result. Raises WrongDay, CorrectedBefore, KeyConflict.
    """
    asset = Asset.objects.select_for_update(no_key=True).get(pk=asset_id)
    earlier = UpkeepEntry.objects.filter(key=key).first()
    if earlier is not None:
        return _same(earlier, asset_id, work)
    require_day(work["on"], date.min)
    if corrects_id is not None:
        _require_correctable(asset, corrects_id)
    return UpkeepEntry.objects.create(
        asset=asset, actor=actor, key=key, corrects_id=corrects_id, **work
    )


def _same(entry: UpkeepEntry, asset_id: int, work: Work) -> UpkeepEntry:
    if (entry.asset_id, entry.on, entry.what) != (asset_id, work["on"], work["what"]):
        raise KeyConflict
    return entry


def _require_correctable(asset: Asset, entry_id: int) -> None:
    entries = UpkeepEntry.objects.filter(asset=asset, pk=entry_id, corrected_by=None)
    if not entries.exists():
        raise CorrectedBefore
