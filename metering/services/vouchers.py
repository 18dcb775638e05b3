"""Taking tokens out for a node that may be cut off: what it honours, counted in its own unit."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from assets.models import Asset, Pool, Resource
from assets.names import resource_name
from members.models import Member, User
from metering.conversion import raw_unit
from metering.errors import NotBound, NoVoucher, ReasonNeeded
from metering.models import Node, VoucherPresentation, VoucherReview
from metering.services.states import ENDED, RATED
from tokens.models import Voucher
from tokens.services.vouchers import Terms, take_out


@dataclass(frozen=True)
class Slot:
    """When and where a voucher is good: at one node, or at the nodes of one asset."""

    not_before: datetime
    not_after: datetime
    node: Node | None = None
    asset: Asset | None = None


def take_voucher(
    *,
    member: Member,
    pool: Pool,
    resource: Resource,
    amount: int,
    slot: Slot,
    actor: AbstractBaseUser | None,
    key: str,
) -> Voucher:
    """Take so many own unused millitokens out as a voucher; the same key gives the first one.

    Raises NotBound where the node or asset is none of the pool's, NoVoucher, and what
    `take_out` raises.
    """
    _need_bound(pool, slot)
    unit, fraction = _unit_of(resource)
    terms = Terms(
        amount=amount,
        raw=int(amount / fraction),
        unit=unit,
        not_before=slot.not_before,
        not_after=slot.not_after,
        node=None if slot.node is None else slot.node.uuid,
        asset=slot.asset,
    )
    return take_out(member=member, pool=pool, resource=resource, terms=terms, actor=actor, key=key)


def _need_bound(pool: Pool, slot: Slot) -> None:
    """One place, of this pool; a node that stands for no pool serves any."""
    places = [place for place in (slot.node, slot.asset) if place is not None]
    if len(places) != 1 or places[0].pool_id not in (None, pool.pk):
        raise NotBound
    if slot.node is not None and slot.node.state not in RATED:
        raise NotBound
    if slot.asset is not None and is_paused(slot.asset):
        raise NotBound


def is_paused(asset: Asset) -> bool:
    """Whether all nodes that stand for an asset and are in use are held back."""
    nodes = Node.objects.filter(asset=asset).exclude(state__in=ENDED)
    return nodes.exists() and not nodes.filter(state__in=RATED).exists()


def _unit_of(resource: Resource) -> tuple[str, Fraction]:
    """What a node counts of a resource, and the millitokens in one of it; raises NoVoucher."""
    found = raw_unit(resource.unit)
    if found is None:
        raise NoVoucher(resource=resource_name(resource))
    return found


@transaction.atomic
def review_voucher(*, voucher_id: int, note: str, actor: User | None) -> VoucherReview:
    """Say what came of looking at a voucher that was presented twice. Raises ReasonNeeded."""
    if not note.strip():
        raise ReasonNeeded
    voucher = Voucher.objects.select_for_update().get(pk=voucher_id)
    newest = VoucherPresentation.objects.filter(voucher=voucher).order_by("-pk").first()
    return VoucherReview.objects.create(
        voucher=voucher, upto=0 if newest is None else newest.pk, note=note.strip(), actor=actor
    )
