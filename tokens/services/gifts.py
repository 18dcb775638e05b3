"""Giving own unused tokens, and offering them for sale at the close."""

from typing import TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from assets.models import Pool, Resource
from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, post
from members.models import Member
from members.services import need_free_hands
from tokens.calendar import counted_in
from tokens.errors import (
    GiftDecided,
    GiftToOneself,
    NoOpenPeriod,
    UnknownYield,
)
from tokens.models import Ask, Bid, Gift, Offer, Period, Yield
from tokens.services.books import books_for, received_accounts, rerate
from tokens.services.given import need_own, need_within_cap
from tokens.services.usage import open_period_shared

Repeatable = TypeVar("Repeatable", Gift, Offer, Ask, Bid)


def open_yield(pool: Pool, resource: Resource) -> Yield:
    """The yield of the open period, the period locked; raises NoOpenPeriod, UnknownYield."""
    period = open_period_shared()
    if period is None:
        raise NoOpenPeriod
    row = Yield.objects.filter(period=period, pool=pool, resource=resource).first()
    if row is None:
        raise UnknownYield
    return row


@transaction.atomic
def give(
    *,
    giver: Member,
    receiver: Member,
    pool: Pool,
    resource: Resource,
    amount: int,
    actor: AbstractBaseUser | None,
    key: str,
) -> Gift:
    """Offer own unused tokens to another member; they move when the receiver accepts.

    Raises GiftToOneself, NotEnoughTokens, GiftCapReached, NoOpenPeriod, UnknownYield, KeyConflict.
    """
    if giver.pk == receiver.pk:
        raise GiftToOneself
    books = books_for(open_yield(pool, resource), [giver.pk, receiver.pk])
    earlier = Gift.objects.filter(key=key).first()
    if earlier is not None:
        wanted = {"giver_id": books[giver.pk].pk, "receiver_id": books[receiver.pk].pk}
        return same(earlier, amount=amount, **wanted)
    need_free_hands(giver)
    need_own(books[giver.pk], amount)
    need_within_cap(books[giver.pk], amount)
    return Gift.objects.create(
        giver=books[giver.pk], receiver=books[receiver.pk], amount=amount, key=key
    )


@transaction.atomic
def accept_gift(*, gift_id: int, actor: AbstractBaseUser | None) -> Gift:
    """Take a gift: own tokens of the giver become received tokens of the receiver.

    Accepting twice changes nothing more. Raises GiftDecided, NotEnoughTokens, NoOpenPeriod.
    """
    if open_period_shared() is None:
        raise NoOpenPeriod
    gift = Gift.objects.select_for_update().get(pk=gift_id)
    books_for(gift.giver.yields, [gift.giver.member_id, gift.receiver.member_id])
    if gift.state == Gift.State.ACCEPTED:
        return gift
    if gift.state != Gift.State.OFFERED or gift.giver.yields.period.state != Period.State.OPEN:
        raise GiftDecided
    need_own(gift.giver, gift.amount)
    gift.txn_id = _move(gift, actor)
    gift.state = Gift.State.ACCEPTED
    gift.save(update_fields=["state", "txn_id"])
    rerate(gift.giver.yields, [gift.receiver_id], actor)
    return gift


def _move(gift: Gift, actor: AbstractBaseUser | None) -> int:
    received = received_accounts([gift.receiver_id])
    return post(
        Posting(
            source="tokens.gift",
            key=str(gift.pk),
            kind="tokens given",
            about=f"yield:{gift.giver.yields_id}",
            actor=actor_name(actor),
            effective_at=counted_in(gift.giver.yields.period),
            legs=[
                Leg(gift.giver.own_account, -gift.amount),
                Leg(received[gift.receiver_id], gift.amount),
            ],
        )
    )


@transaction.atomic
def decline_gift(*, gift_id: int, actor: AbstractBaseUser | None) -> Gift:
    """Turn a gift down; nothing moves. Raises GiftDecided where it was accepted."""
    return _end(gift_id, Gift.State.DECLINED)


@transaction.atomic
def withdraw_gift(*, gift_id: int, actor: AbstractBaseUser | None) -> Gift:
    """Take an offered gift back before it is accepted. Raises GiftDecided."""
    return _end(gift_id, Gift.State.WITHDRAWN)


def _end(gift_id: int, state: Gift.State) -> Gift:
    gift = Gift.objects.select_for_update().get(pk=gift_id)
    if gift.state == state:
        return gift
    if gift.state != Gift.State.OFFERED:
        raise GiftDecided
    gift.state = state
    gift.save(update_fields=["state"])
    return gift


@transaction.atomic
def offer_surplus(
    *,
    member: Member,
    pool: Pool,
    resource: Resource,
    amount: int | None,
    standing: bool = False,
    actor: AbstractBaseUser | None,
    key: str | None = None,
) -> Offer:
    """Offer own tokens for sale at the close: up to an amount, or (None) all that is left.

    `standing` offers hold for every period until they are withdrawn. Several offers add up; the
    same key gives the first one. Raises NoOpenPeriod, UnknownYield, KeyConflict.
    """
    need_free_hands(member)
    row = open_yield(pool, resource)
    wanted = {
        "member_id": member.pk,
        "pool_id": pool.pk,
        "resource_id": resource.pk,
        "period_id": None if standing else row.period_id,
        "amount": amount,
    }
    if key is None:
        return Offer.objects.create(**wanted)
    offer, _ = Offer.objects.get_or_create(key=key, defaults=wanted)
    return same(offer, **wanted)


def same(row: Repeatable, **wanted: int | None) -> Repeatable:
    """The row made under a key before; raises KeyConflict where it says something else."""
    if any(getattr(row, name) != value for name, value in wanted.items()):
        raise KeyConflict
    return row


@transaction.atomic
def withdraw_offer(*, offer_id: int, actor: AbstractBaseUser | None) -> Offer:
    """Take an offer back before the close; a second call changes nothing.

    Raises NoOpenPeriod while a close is under way: what it has shown stays as it was shown.
    """
    if open_period_shared() is None:
        raise NoOpenPeriod
    offer = Offer.objects.select_for_update().get(pk=offer_id)
    if offer.withdrawn_at is None:
        offer.withdrawn_at = timezone.now()
        offer.save(update_fields=["withdrawn_at"])
    return offer
