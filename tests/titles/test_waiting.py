"""Reservations that end by themselves, and those who wait for units that are not free yet."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from members.models import Member
from payments.errors import ChargeCancelled
from payments.models import Charge
from tests.makers import agree, all_wrong, buy, make_member, make_pool, pay, reserve, stock
from titles.errors import (
    AboveMaximum,
    AlreadyWaiting,
    BeyondCap,
    BeyondTreasury,
    NotInSteps,
    NotOffered,
    SharesAreFree,
)
from titles.models import PurchaseDraft, Subscription, WaitingPlace
from titles.queries import free_units, terms, units_of
from titles.services import (
    cancel_subscription,
    drop_draft,
    issue_founding_units,
    join_waiting_list,
    keep_draft,
    leave_waiting_list,
    subscribe,
    sweep_moves,
    take_offer,
)

pytestmark = pytest.mark.django_db


def wait(member: Member, wish: int, *, takes_part: bool = False) -> WaitingPlace:
    pool = make_pool()
    key = f"wait {member.pk} {wish}"
    return join_waiting_list(
        member=member, pool=pool, wish=wish, takes_part=takes_part, actor=None, key=key
    )


def take(place: WaitingPlace) -> Subscription:
    return take_offer(place_id=place.pk, actor=None)


def state_of(place: WaitingPlace) -> tuple[str, int]:
    place.refresh_from_db()
    return place.state, place.offered


def test_a_reservation_ends_after_its_grace_and_its_charge_with_it() -> None:
    pool, ana = make_pool(treasury=10), make_member("Ana")
    subscription = reserve(ana, pool, 10)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert sweep_moves() == 0
        assert free_units(pool) == 10
    with time_machine.travel(timezone.now() + timedelta(days=22)):
        assert sweep_moves() == 1
        assert sweep_moves() == 0
    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.EXPIRED
    assert Charge.objects.get().state == Charge.State.CANCELLED
    assert terms(pool, ana).reserved == 0
    with pytest.raises(ChargeCancelled):
        pay(subscription)
    assert cancel_subscription(subscription_id=subscription.pk, actor=None).state == "expired"
    assert all_wrong() == []


def test_money_within_the_grace_still_pays() -> None:
    pool, ana = make_pool(treasury=10), make_member("Ana")
    subscription = reserve(ana, pool, 10)
    with time_machine.travel(timezone.now() + timedelta(days=20)):
        sweep_moves()
        pay(subscription)
    assert units_of(ana, pool) == 10
    assert all_wrong() == []


def test_largest_purchase_and_steps_are_kept_and_named() -> None:
    pool, ana = make_pool(treasury=100), make_member("Ana")
    agree("purchase_maximum", 20, scope="backbone")
    agree("purchase_step", 5, scope="backbone")
    agree("purchase_minimum", 3, scope="backbone")
    with pytest.raises(AboveMaximum, match="20"):
        reserve(ana, pool, 25)
    with pytest.raises(NotInSteps, match="5"):
        reserve(ana, pool, 12)
    assert (terms(pool, ana).first, terms(pool, ana).possible) == (5, 20)
    assert reserve(ana, pool, 20).count == 20
    stock(pool, 3)
    assert terms(pool, ana).possible == 20


def test_a_draft_is_kept_until_it_becomes_a_purchase() -> None:
    pool, ana = make_pool(treasury=100), make_member("Ana")
    keep_draft(member=ana, pool=pool, count=7)
    keep_draft(member=ana, pool=pool, count=9)
    assert PurchaseDraft.objects.get().count == 9
    assert free_units(pool) == 100
    reserve(ana, pool, 9)
    assert not PurchaseDraft.objects.exists()
    drop_draft(member=ana, pool=pool)


def test_what_comes_free_is_offered_in_the_order_of_time() -> None:
    pool, ana = make_pool(treasury=10), make_member("Ana")
    ben, chloe = make_member("Ben"), make_member("Chloe")
    blocking = reserve(ana, pool, 10)
    first, second = wait(ben, 6), wait(chloe, 4)
    cancel_subscription(subscription_id=blocking.pk, actor=None)
    assert (state_of(first), state_of(second)) == (("offered", 6), ("offered", 4))
    with pytest.raises(BeyondTreasury):
        reserve(ana, pool, 1)
    pay(take(first))
    assert take(first) == take(first)
    assert units_of(ben, pool) == 6
    assert terms(pool, chloe).reserved == 4
    assert all_wrong() == []


def test_a_part_is_offered_only_to_those_who_take_one_and_the_rest_keeps_its_place() -> None:
    pool, ana = make_pool(treasury=10), make_member("Ana")
    ben, chloe, dario = (make_member(name) for name in ("Ben", "Chloe", "Dario"))
    issue_founding_units(member=ana, pool=pool, units=50, actor=None, key="ana")
    blocking = reserve(make_member("Emil"), pool, 10)
    whole, part = wait(ben, 20), wait(chloe, 12, takes_part=True)
    cancel_subscription(subscription_id=blocking.pk, actor=None)
    assert (state_of(whole), state_of(part)) == (("waiting", 0), ("offered", 10))
    pay(take(part))
    later = wait(dario, 2)
    rest = WaitingPlace.objects.get(member=chloe, state="waiting")
    assert (rest.wish, rest.created_at) == (2, part.created_at)
    stock(pool, 3)
    sweep_moves()
    assert (state_of(whole), state_of(rest), state_of(later)) == (
        ("waiting", 0), ("offered", 2), ("waiting", 0),
    )  # fmt: skip
    assert all_wrong() == []


def test_an_offer_not_taken_in_time_goes_to_the_next() -> None:
    pool, ana = make_pool(treasury=10), make_member("Ana")
    ben, chloe = make_member("Ben"), make_member("Chloe")
    blocking = reserve(ana, pool, 10)
    first, second = wait(ben, 10), wait(chloe, 10)
    cancel_subscription(subscription_id=blocking.pk, actor=None)
    assert state_of(second)[0] == "waiting"
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        with pytest.raises(NotOffered):
            take(first)
        assert sweep_moves() == 2
        assert (state_of(first)[0], state_of(second)[0]) == ("expired", "offered")
        assert take(second).count == 10
    assert all_wrong() == []


def test_whoever_leaves_makes_room_for_the_next() -> None:
    pool, ana = make_pool(treasury=10), make_member("Ana")
    ben, chloe = make_member("Ben"), make_member("Chloe")
    blocking = reserve(ana, pool, 10)
    first, second = wait(ben, 10), wait(chloe, 3)
    cancel_subscription(subscription_id=blocking.pk, actor=None)
    leave_waiting_list(place_id=first.pk, actor=None)
    leave_waiting_list(place_id=first.pk, actor=None)
    assert (state_of(first)[0], state_of(second)) == ("left", ("offered", 3))
    taken = take(second)
    with pytest.raises(NotOffered):
        leave_waiting_list(place_id=second.pk, actor=None)
    assert reserve(ana, pool, 7).count == 7
    assert taken.price == 100
    assert all_wrong() == []


def test_one_place_each_and_none_for_what_can_be_bought_or_never_held() -> None:
    pool, ana, ben = make_pool(treasury=12), make_member("Ana"), make_member("Ben")
    agree("holding_cap", [1, 2], scope="backbone")
    buy(ana, pool, 6)
    with pytest.raises(SharesAreFree, match="6"):
        wait(ben, 6)
    with pytest.raises(BeyondCap):
        wait(ben, 7)
    reserve(make_member("Chloe"), pool, 6)
    wait(ben, 6)
    with pytest.raises(AlreadyWaiting):
        wait(ben, 5)


def test_whoever_could_not_take_units_is_passed_over_and_keeps_the_place() -> None:
    pool, ana = make_pool(treasury=10), make_member("Ana")
    ben, chloe = make_member("Ben"), make_member("Chloe")
    blocking = reserve(ana, pool, 10)
    first, second = wait(ben, 4), wait(chloe, 4)
    Member.objects.filter(pk=ben.pk).update(state="suspended")
    cancel_subscription(subscription_id=blocking.pk, actor=None)
    assert (state_of(first)[0], state_of(second)[0]) == ("waiting", "offered")
    Member.objects.filter(pk=ben.pk).update(state="active")
    subscribe(member=ana, pool=pool, count=1, actor=None, key="walk in")
    assert state_of(first) == ("offered", 4)


def test_an_offer_counts_under_the_cap() -> None:
    pool, ana, ben = make_pool(treasury=20), make_member("Ana"), make_member("Ben")
    agree("holding_cap", [1, 2], scope="backbone")
    blocking = reserve(ana, pool, 10)
    other = reserve(make_member("Chloe"), pool, 10)
    wait(ben, 8)
    cancel_subscription(subscription_id=blocking.pk, actor=None)
    cancel_subscription(subscription_id=other.pk, actor=None)
    with pytest.raises(BeyondCap) as refusal:
        reserve(ben, pool, 3)
    assert "2 more" in str(refusal.value)
    assert reserve(ben, pool, 2).count == 2
