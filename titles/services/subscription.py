"""Buying treasury units: drafting, reserving them, and letting go of the reservation."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from assets.models import Pool
from ledger.errors import KeyConflict
from members.models import Member, User
from payments.services import cancel_charge
from policies.queries import policy
from titles import notices
from titles.errors import NotReserved
from titles.models import PurchaseDraft, Subscription
from titles.queries import terms
from titles.services.locks import lock_member, lock_pool, lock_subscription
from titles.services.reserving import release_overdue, require_possible, reserve
from titles.services.waiting import offer_free_units


@transaction.atomic
def keep_draft(*, member: Member, pool: Pool, count: int) -> PurchaseDraft:
    """Keep a number that a member thinks of buying; the last one stands. It reserves nothing."""
    draft, _new = PurchaseDraft.objects.update_or_create(
        member=member, pool=pool, defaults={"count": count}
    )
    return draft


@transaction.atomic
def drop_draft(*, member: Member, pool: Pool) -> None:
    """Forget a draft; a second call changes nothing."""
    PurchaseDraft.objects.filter(member=member, pool=pool).delete()


@transaction.atomic(durable=True)
def subscribe(
    *, member: Member, pool: Pool, count: int, actor: User | None, key: str
) -> Subscription:
    """Reserve treasury units at the issue price, with a charge to pay for them.

    Whoever waits for units of the pool is served first. The same key gives the first result.
    Raises NotAMember, PoolClosed, BelowMinimum, AboveMaximum, NotInSteps, BeyondTreasury,
    BeyondCap, KeyConflict.
    """
    # Two buyers of the last unit, or two clicks of one buyer, wait for each other here.
    pool, member = lock_pool(pool), lock_member(member.pk)
    before = Subscription.objects.filter(key=key).first()
    if before is not None:
        return _same(before, member, pool, count)
    release_overdue(pool)
    offer_free_units(pool=pool)
    conditions = terms(pool, member)
    require_possible(conditions, member=member, pool=pool, count=count)
    drop_draft(member=member, pool=pool)
    return reserve(member=member, pool=pool, count=count, price=conditions.price, key=key)


@transaction.atomic(durable=True)
def cancel_subscription(*, subscription_id: int, actor: User | None) -> Subscription:
    """Let go of a reservation; a second call changes nothing. Raises NotReserved once paid.

    What becomes free is offered to those who wait.
    """
    found = Subscription.objects.select_related("pool", "member").get(pk=subscription_id)
    pool = lock_pool(found.pool)
    lock_member(found.member_id)
    subscription = lock_subscription(subscription_id)
    if subscription.state in Subscription.LET_GO:
        return subscription
    if subscription.state != Subscription.State.RESERVED:
        raise NotReserved
    _let_go(subscription, Subscription.State.CANCELLED, actor)
    offer_free_units(pool=pool)
    return subscription


def expire_reservations(*, pool: Pool) -> list[Subscription]:
    """Let go of what was not paid by its due day and the days of grace after it.

    Each member is told. Money that comes later finds a cancelled charge: it is theirs, and buys
    as anybody's of that day. Call inside a transaction with the pool locked.
    """
    grace: int = policy("reservation_grace_days", timezone.now(), pool.code)
    release_overdue(pool)
    old = Subscription.objects.filter(
        pool=pool,
        state=Subscription.State.RESERVED,
        charge__due__lt=timezone.localdate() - timedelta(days=grace),
    ).order_by("member_id", "pk")
    for member_id in dict.fromkeys(old.values_list("member_id", flat=True)):
        lock_member(member_id)
    expired = list(old.select_for_update(of=["self"], no_key=True).select_related("member__user"))
    for subscription in expired:
        _let_go(subscription, Subscription.State.EXPIRED, None)
        notices.reservation_expired(subscription)
    return expired


def _let_go(subscription: Subscription, state: str, actor: User | None) -> None:
    cancel_charge(charge_id=subscription.charge_id, actor=actor)
    subscription.state, subscription.holds = state, False
    subscription.save(update_fields=["state", "holds"])


def _same(before: Subscription, member: Member, pool: Pool, count: int) -> Subscription:
    if (before.member_id, before.pool_id, before.count) != (member.pk, pool.pk, count):
        raise KeyConflict
    return before
