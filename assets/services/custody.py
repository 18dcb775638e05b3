"""Who keeps an asset: offered by a steward, accepted by the member, ended by either."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from assets.errors import CannotKeep, CustodyOffered, NoCustodian, NotAsked
from assets.models import Asset, AssetCustody
from assets.services.steps import lock_asset
from members.models import Member, User


@transaction.atomic
def offer_custody(
    *, asset_id: int, member_id: int, actor: User | None, note: str = ""
) -> AssetCustody:
    """Ask a member to keep an asset; nothing changes until they accept.

    Asking the same member again gives the first offer. Raises CannotKeep, CustodyOffered.
    """
    asset = lock_asset(asset_id)
    member = Member.objects.get(pk=member_id)
    if asset.ended_on or member.state != Member.State.ACTIVE:
        raise CannotKeep
    waiting = AssetCustody.objects.filter(asset=asset, answered_at=None).first()
    if waiting and waiting.member_id != member_id:
        raise CustodyOffered(asset=asset.name)
    if waiting or _current(asset, member_id=member_id):
        return waiting or AssetCustody.objects.get(asset=asset, since__isnull=False, until=None)
    return AssetCustody.objects.create(asset=asset, member=member, offered_by=actor, note=note)


@transaction.atomic
def answer_custody(*, custody_id: int, accepts: bool, actor: User) -> AssetCustody:
    """The member who was asked accepts, and keeps the asset from today on, or declines.

    Whoever kept it until then keeps it no more. The same answer again changes nothing.
    Raises NotAsked, CannotKeep.
    """
    custody = _offer(custody_id)
    if custody.member.user_id != actor.pk:
        raise NotAsked
    if custody.answered_at is not None:
        return _same(custody, accepts)
    if accepts and (custody.asset.ended_on or custody.member.state != Member.State.ACTIVE):
        raise CannotKeep
    if accepts:
        end_custody(custody.asset, timezone.localdate())
        custody.since = timezone.localdate()
    custody.answered_at = timezone.now()
    custody.save(update_fields=["since", "answered_at"])
    return custody


@transaction.atomic
def withdraw_offer(*, custody_id: int, actor: User | None) -> AssetCustody:
    """Take an offer back before it was answered. Raises NotAsked."""
    custody = _offer(custody_id)
    if custody.since is not None:
        raise NotAsked
    if custody.answered_at is None:
        custody.answered_at = timezone.now()
        custody.save(update_fields=["answered_at"])
    return custody


@transaction.atomic
def give_back(*, asset_id: int, actor: User | None) -> Asset:
    """End a custody today: the asset came back to the cooperative. Raises NoCustodian."""
    asset = lock_asset(asset_id)
    if not end_custody(asset, timezone.localdate()):
        raise NoCustodian(asset=asset.name)
    return asset


def end_custody(asset: Asset, on: date) -> bool:
    """End a locked asset's custody on a day and its open offer now; whether there was a custodian.

    Call inside a transaction. A custody that began after the day ends where it began.
    """
    now = timezone.now()
    if asset.ended_on:
        AssetCustody.objects.filter(asset=asset, answered_at=None).update(answered_at=now)
    row = _current(asset)
    if row is None or row.since is None:
        return False
    row.until, row.ended_at = max(on, row.since), now
    row.save(update_fields=["until", "ended_at"])
    return True


def _current(asset: Asset, **more: int) -> AssetCustody | None:
    return AssetCustody.objects.filter(asset=asset, since__isnull=False, until=None, **more).first()


def _offer(custody_id: int) -> AssetCustody:
    asset = lock_asset(AssetCustody.objects.values_list("asset_id", flat=True).get(pk=custody_id))
    custody = AssetCustody.objects.select_related("member").get(pk=custody_id)
    custody.asset = asset
    return custody


def _same(custody: AssetCustody, accepts: bool) -> AssetCustody:
    if (custody.since is not None) != accepts:
        raise NotAsked
    return custody
