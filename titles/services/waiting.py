"""The waiting list of a pool: joining, being offered what is free, taking it, leaving."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from assets.models import Pool
from ledger.errors import KeyConflict
from members.models import Member, User
from policies.queries import policy
from titles import notices
from titles.carried import is_open
from titles.errors import AlreadyWaiting, BeyondCap, NotOffered, SharesAreFree
from titles.limits import room_for
from titles.models import PurchaseDraft, Subscription, WaitingPlace
from titles.queries import free_units, terms
from titles.services.locks import lock_member, lock_pool
from titles.services.reserving import release_overdue, require_wish, reserve

State = WaitingPlace.State


@transaction.atomic(durable=True)
def join_waiting_list(
    *, member: Member, pool: Pool, wish: int, takes_part: bool, actor: User | None, key: str
) -> WaitingPlace:
    """A place in the list of those who wait for units of a pool; earlier places come first.

    The same key gives the first result. Raises NotAMember, PoolClosed, BelowMinimum,
    AboveMaximum, NotInSteps, BeyondCap, SharesAreFree, AlreadyWaiting, KeyConflict.
    """
    pool, member = lock_pool(pool), lock_member(member.pk)
    before = WaitingPlace.objects.filter(key=key).first()
    if before is not None:
        return _same(before, member, pool, wish)
    release_overdue(pool)
    offer_free_units(pool=pool)
    _require_waiting(member, pool, wish)
    PurchaseDraft.objects.filter(member=member, pool=pool).delete()
    return WaitingPlace.objects.create(
        member=member, pool=pool, wish=wish, takes_part=takes_part, key=key
    )


def _require_waiting(member: Member, pool: Pool, wish: int) -> None:
    """Refuse a place to whoever has one, could not take what they wish, or can buy it now."""
    conditions = terms(pool, member)
    require_wish(conditions, member=member, pool=pool, count=wish)
    if _standing(member, pool).exists():
        raise AlreadyWaiting
    if wish > conditions.room:
        occupied = conditions.held + conditions.reserved + conditions.linked
        raise BeyondCap(cap=conditions.cap, held=occupied, possible=conditions.room)
    if wish <= conditions.free:
        raise SharesAreFree(possible=conditions.free)


@transaction.atomic(durable=True)
def leave_waiting_list(*, place_id: int, actor: User | None) -> WaitingPlace:
    """Give up a place, or decline what is offered; a second call changes nothing.

    What was kept is offered to the next. Raises NotOffered where it was taken.
    """
    place, pool, _member = _locked(place_id)
    if place.state in (State.LEFT, State.EXPIRED):
        return place
    if place.state not in WaitingPlace.STANDING:
        raise NotOffered
    _end(place, State.LEFT)
    offer_free_units(pool=pool)
    return place


@transaction.atomic(durable=True)
def take_offer(*, place_id: int, actor: User | None) -> Subscription:
    """Turn an offer from the list into a reservation at today's price, with a charge to pay.

    Whoever was offered a part and wishes for more keeps their place for the rest. A second call
    gives the first result. Raises NotOffered, NotAMember, PoolClosed.
    """
    place, pool, member = _locked(place_id)
    if place.state == State.TAKEN and place.subscription is not None:
        return place.subscription
    if place.state != State.OFFERED or place.offer_until is None:
        raise NotOffered
    if place.offer_until < timezone.now():
        raise NotOffered
    conditions, taken = terms(pool, member), place.offered
    require_wish(conditions, member=member, pool=pool, count=taken)
    rest = place.wish - taken
    _end(place, State.TAKEN)
    key = f"place:{place.pk}"
    # Credit may have become the units that were offered: the database lets nobody promise them.
    try:
        with transaction.atomic():
            place.subscription = reserve(
                member=member, pool=pool, count=taken, price=conditions.price, key=key
            )
    except IntegrityError as error:
        raise NotOffered from error
    place.save(update_fields=["subscription"])
    _keep_place(place, rest, conditions.minimum)
    return place.subscription


def _keep_place(place: WaitingPlace, rest: int, minimum: int) -> None:
    """Whoever took a part goes on waiting for the rest, with the moment they began to wait."""
    if rest >= minimum:
        WaitingPlace.objects.create(
            member=place.member,
            pool=place.pool,
            wish=rest,
            takes_part=place.takes_part,
            created_at=place.created_at,
            key=f"rest:{place.pk}",
        )


def offer_free_units(*, pool: Pool) -> list[WaitingPlace]:
    """Offer what is free in the treasury to those who wait, in the order of their places.

    A place whose wish does not fit whole gets a part only where its member takes parts, else it
    keeps its rank and the next are asked. Whoever could not take units now, for the cap or their
    state, is passed over and keeps their place. Call inside a transaction with the pool locked,
    after anything that frees units.
    """
    if not is_open(pool, timezone.now()):
        return []
    waiting = WaitingPlace.objects.filter(pool=pool, state=State.WAITING)
    offered, free = [], free_units(pool) if waiting.exists() else 0
    for place in waiting.select_related("member__user", "pool") if free else ():
        units = _fitting(place, free) if free else 0
        if units:
            free -= units
            offered.append(_offer(place, units))
    return offered


def _fitting(place: WaitingPlace, free: int) -> int:
    """Units to offer: the wish, a part where that is welcome and allowed, or none."""
    now, code = timezone.now(), place.pool.code
    if place.member.state != Member.State.ACTIVE:
        return 0
    if place.wish > free and not place.takes_part:
        return 0
    most = min(place.wish, free, room_for(place.pool, place.member))
    if most == place.wish:
        return most
    most -= most % policy("purchase_step", now, code)
    minimum: int = policy("purchase_minimum", now, code)
    return most if place.takes_part and most >= minimum else 0


def _offer(place: WaitingPlace, units: int) -> WaitingPlace:
    days: int = policy("offer_days", timezone.now(), place.pool.code)
    place.state, place.offered = State.OFFERED, units
    place.offer_until = timezone.now() + timedelta(days=days)
    place.save(update_fields=["state", "offered", "offer_until"])
    notices.units_offered(place)
    return place


def expire_offers(*, pool: Pool) -> list[WaitingPlace]:
    """Let go of offers that nobody took in time; the pool is locked, inside a transaction."""
    late = WaitingPlace.objects.filter(
        pool=pool, state=State.OFFERED, offer_until__lt=timezone.now()
    )
    places = list(late.select_related("member__user", "pool").select_for_update(of=["self"]))
    for place in places:
        _end(place, State.EXPIRED)
        notices.offer_lapsed(place)
    return places


def _end(place: WaitingPlace, state: str) -> None:
    place.state = state
    place.save(update_fields=["state"])


def _standing(member: Member, pool: Pool) -> QuerySet[WaitingPlace]:
    return WaitingPlace.objects.filter(member=member, pool=pool, state__in=WaitingPlace.STANDING)


def _locked(place_id: int) -> tuple[WaitingPlace, Pool, Member]:
    found = WaitingPlace.objects.select_related("pool").get(pk=place_id)
    pool, member = lock_pool(found.pool), lock_member(found.member_id)
    return WaitingPlace.objects.select_for_update(no_key=True).get(pk=place_id), pool, member


def _same(before: WaitingPlace, member: Member, pool: Pool, wish: int) -> WaitingPlace:
    if (before.member_id, before.pool_id, before.wish) != (member.pk, pool.pk, wish):
        raise KeyConflict
    return before
