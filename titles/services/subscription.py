"""Buying treasury units: reserving them, and letting go of the reservation."""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from ledger.errors import KeyConflict
from members.models import Member, User
from payments.models import Charge, ChargeLine
from payments.services import Line, cancel_charge, raise_charge
from policies.queries import policy
from titles.errors import (
    BelowMinimum,
    BeyondCap,
    BeyondTreasury,
    NotAMember,
    NotReserved,
    PoolClosed,
)
from titles.models import Subscription
from titles.queries import Terms, terms
from titles.services.locks import lock_member, lock_pool, lock_subscription


@transaction.atomic(durable=True)
def subscribe(
    *, member: Member, pool: Pool, count: int, actor: User | None, key: str
) -> Subscription:
    """Reserve treasury units at the issue price, with a charge to pay for them.

    The same key gives the first result. Raises NotAMember, PoolClosed, BelowMinimum,
    BeyondTreasury, BeyondCap, KeyConflict.
    """
    # Two buyers of the last unit, or two clicks of one buyer, wait for each other here.
    pool, member = lock_pool(pool), lock_member(member.pk)
    before = Subscription.objects.filter(key=key).first()
    if before is not None:
        return _same(before, member, pool, count)
    conditions = terms(pool, member)
    require_possible(conditions, member=member, pool=pool, count=count)
    return Subscription.objects.create(
        member=member,
        pool=pool,
        count=count,
        price=conditions.price,
        charge=_charge_for(member, pool, count, conditions.price),
        key=key,
    )


def require_possible(conditions: Terms, *, member: Member, pool: Pool, count: int) -> None:
    """Refuse a purchase that the rules do not allow, saying what is possible."""
    if member.state != Member.State.ACTIVE:
        raise NotAMember(name=member.name)
    if not conditions.is_open:
        raise PoolClosed(pool=pool.name)
    if count < conditions.minimum:
        raise BelowMinimum(minimum=conditions.minimum)
    if count > conditions.free:
        raise BeyondTreasury(possible=conditions.free)
    if count > conditions.room:
        held = conditions.held + conditions.reserved
        raise BeyondCap(cap=conditions.cap, held=held, possible=conditions.room)


@transaction.atomic(durable=True)
def cancel_subscription(*, subscription_id: int, actor: User | None) -> Subscription:
    """Let go of a reservation; a second call changes nothing. Raises NotReserved once paid."""
    found = Subscription.objects.select_related("pool", "member").get(pk=subscription_id)
    lock_pool(found.pool)
    lock_member(found.member_id)
    subscription = lock_subscription(subscription_id)
    if subscription.state == Subscription.State.CANCELLED:
        return subscription
    if subscription.state != Subscription.State.RESERVED:
        raise NotReserved
    cancel_charge(charge_id=subscription.charge_id, actor=actor)
    subscription.state = Subscription.State.CANCELLED
    subscription.save(update_fields=["state"])
    return subscription


def _same(before: Subscription, member: Member, pool: Pool, count: int) -> Subscription:
    if (before.member_id, before.pool_id, before.count) != (member.pk, pool.pk, count):
        raise KeyConflict
    return before


def _charge_for(member: Member, pool: Pool, count: int, price: int) -> Charge:
    line = Line(
        kind=ChargeLine.Kind.UNITS, fund=pool.code, quantity=count, rate=price, cost=count * price
    )
    return raise_charge(
        member=member,
        kind=Charge.Kind.SUBSCRIPTION,
        about=f"pool:{pool.code}",
        lines=[line],
        due=_due(pool),
    )


def _due(pool: Pool) -> date:
    days: int = policy("payment_days", timezone.now(), pool.code)
    return timezone.localdate() + timedelta(days=days)
