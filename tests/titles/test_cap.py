"""The cap is the database's: raw rows are refused too, and linked members count as one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from assets.models import Pool
from assets.queries import total_units
from members.models import LinkedMembers, Member
from policies.registry import PARAMETERS
from tests.makers import (
    agree,
    all_wrong,
    buy,
    earn_credit,
    make_member,
    make_pool,
    pay,
    reserve,
    stock,
)
from titles.errors import BeyondCap
from titles.models import Position, Subscription, Title, WaitingPlace
from titles.queries import holding_cap, standing, terms, units_of
from titles.services import (
    accept_transfer,
    cancel_subscription,
    convert_credit,
    issue_founding_units,
    offer_units,
)

pytestmark = pytest.mark.django_db


def link(one: Member, other: Member) -> LinkedMembers:
    first, second = sorted((one, other), key=lambda m: m.pk)
    return LinkedMembers.objects.create(
        first=first, second=second, reason="one household", linked_at=timezone.now()
    )


def raw_title(member: Member, pool: Pool, units: int, **changes: Any) -> None:
    """A row as somebody at the database's prompt would write it, past every service."""
    Title.objects.create(
        number=10_000 + Title.objects.count(),
        member=member,
        pool=pool,
        units=units,
        origin=changes.pop("origin", "purchase"),
        issued_at=timezone.now(),
        envelope=b"{}",
        salt=b"0" * 16,
        txn_id=1,
        **changes,
    )


def raw_place(member: Member, pool: Pool, units: int) -> None:
    WaitingPlace.objects.create(
        member=member,
        pool=pool,
        wish=units,
        offered=units,
        state="offered",
        offer_until=timezone.now() + timedelta(days=1),
        key="raw",
    )


@pytest.fixture
def half() -> Pool:
    """A pool of 100 units of which a member may hold half."""
    agree("holding_cap", [1, 2], scope="backbone")
    return make_pool(treasury=100)


def refused(constraint: str, task: Any, *args: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        task(*args)


def test_raw_rows_beyond_the_cap_are_refused(half: Pool) -> None:
    ana = make_member("Ana")
    buy(ana, half, 30)
    reserve(ana, half, 10)
    refused("the cap is 50", raw_title, ana, half, 11)
    refused("the cap is 50", raw_place, ana, half, 11)
    with transaction.atomic():
        raw_place(ana, half, 10)
    refused("the cap is 50", raw_title, ana, half, 1)
    assert Position.objects.values_list("held", "pending").get() == (30, 20)


def test_a_raw_change_of_a_purchase_is_refused(half: Pool) -> None:
    ana = make_member("Ana")
    subscription = reserve(ana, half, 50)
    rows = Subscription.objects.filter(pk=subscription.pk)
    refused("the cap is 50", lambda: rows.update(count=51))
    cancel_subscription(subscription_id=subscription.pk, actor=None)
    reserve(ana, half, 20)
    refused("the cap is 50", lambda: rows.update(state="reserved"))


def test_a_second_raw_row_in_the_same_statement_does_not_slip_through(half: Pool) -> None:
    ana = make_member("Ana")
    rows = [
        Title(
            number=n, member=ana, pool=half, units=26, origin="purchase", envelope=b"", salt=b"",
            issued_at=timezone.now(), txn_id=1,
        )
        for n in (1, 2)
    ]  # fmt: skip
    refused("the cap is 50", Title.objects.bulk_create, rows)


def test_positions_are_nobodys_to_write(half: Pool) -> None:
    buy(make_member("Ana"), half, 30)
    for sql in (
        "UPDATE titles_position SET held = 0",
        "DELETE FROM titles_position",
        "INSERT INTO titles_position (member_id, pool_id, held, pending, base, base_in) "
        "SELECT member_id, pool_id, 0, 0, 9, 9 FROM titles_position",
    ):
        refused("follows from titles", lambda sql=sql: connection.cursor().execute(sql))


def test_more_than_the_treasury_holds_is_promised_to_nobody() -> None:
    pool = make_pool(treasury=10)
    issue_founding_units(member=make_member("Dario"), pool=pool, units=90, actor=None, key="d")
    waiting = reserve(make_member("Ana"), pool, 6)
    refused("its treasury holds 10", raw_place, make_member("Ben"), pool, 5)
    rows = Subscription.objects.filter(pk=waiting.pk)
    refused("its treasury holds 10", lambda: rows.update(count=11))
    with transaction.atomic():
        raw_place(make_member("Chloe"), pool, 4)


def test_linked_members_count_as_one_also_through_a_third(half: Pool) -> None:
    ana, ben, chloe = (make_member(name) for name in ("Ana", "Ben", "Chloe"))
    link(ana, ben)
    ended = link(ben, chloe)
    buy(ana, half, 20)
    reserve(ben, half, 20)
    assert terms(half, chloe).possible == 10
    with pytest.raises(BeyondCap, match="40 are held"):
        reserve(chloe, half, 11)
    refused("the cap is 50", raw_title, chloe, half, 11)
    ended.ended_at = timezone.now()
    ended.save()
    assert reserve(chloe, half, 50).count == 50
    assert all_wrong() == []


@pytest.mark.django_db(transaction=True)
def test_linked_members_may_pass_on_among_themselves_what_is_above_the_cap(half: Pool) -> None:
    ana, ben, chloe = (make_member(name) for name in ("Ana", "Ben", "Chloe"))
    buy(ana, half, 50)
    buy(ben, half, 40)
    buy(chloe, half, 10)
    link(ana, ben)
    offered = offer_units(giver=ana, pool=half, units=10, actor=None, key="k", to_number=ben.number)
    accept_transfer(transfer_id=offered.transfer.pk, receiver=ben, actor=None)
    assert (units_of(ana, half), units_of(ben, half)) == (40, 50)
    with pytest.raises(BeyondCap):
        offer_units(giver=chloe, pool=half, units=1, actor=None, key="x", to_number=ben.number)
    assert all_wrong() == []


def test_linked_members_share_one_room_in_a_conversion() -> None:
    agree("holding_cap", [1, 10], scope="backbone")
    pool = make_pool(treasury=100)
    ana, ben, chloe = (make_member(name) for name in ("Ana", "Ben", "Chloe"))
    link(ana, ben)
    earn_credit(ana, pool, 3000, code="2026-05")
    earn_credit(ben, pool, 1000, code="2026-05")
    earn_credit(chloe, pool, 3000, code="2026-05")
    with transaction.atomic():
        convert_credit(pool=pool, period_code="2026-05", actor=None, key="close")
    held = [units_of(member, pool) for member in (ana, ben, chloe)]
    assert held[0] + held[1] == 10
    assert held == [8, 2, 10]
    assert all_wrong() == []


def test_a_conversion_leaves_room_for_what_is_reserved() -> None:
    agree("holding_cap", [1, 10], scope="backbone")
    pool, ana = make_pool(treasury=100), make_member("Ana")
    waiting = reserve(ana, pool, 6)
    earn_credit(ana, pool, 3000, code="2026-05")
    with transaction.atomic():
        convert_credit(pool=pool, period_code="2026-05", actor=None, key="close")
    assert units_of(ana, pool) == 4
    pay(waiting)
    assert units_of(ana, pool) == 10
    assert all_wrong() == []


def test_founders_keep_what_they_had_and_acquire_nothing_beyond_the_cap(half: Pool) -> None:
    ana = make_member("Ana")
    issue_founding_units(member=ana, pool=half, units=80, actor=None, key="ana", from_treasury=True)
    assert standing(half, ana).total == 80
    with pytest.raises(BeyondCap, match="0 more"):
        reserve(ana, half, 1)
    refused("the cap is 50", raw_place, ana, half, 1)


@pytest.mark.django_db(transaction=True)
def test_what_was_reserved_under_a_cap_is_paid_under_it_though_the_cap_fell() -> None:
    agree("holding_cap", [1, 2], scope="backbone")
    pool, ana = make_pool(treasury=100), make_member("Ana")
    waiting = reserve(ana, pool, 50)
    agree("holding_cap", [1, 4], scope="backbone")
    pay(waiting)
    assert units_of(ana, pool) == 50
    with pytest.raises(BeyondCap):
        reserve(ana, pool, 1)
    refused("the cap is 25", raw_title, ana, pool, 1)
    assert all_wrong() == []


@pytest.mark.parametrize("fraction", [[0, 1], [1, 3], [2, 7], [1, 1], [999_999, 1_000_000]])
def test_the_database_and_the_site_mean_the_same_cap(fraction: list[int]) -> None:
    pool = make_pool(treasury=1000)
    stock(pool, 7)
    with connection.cursor() as cursor:
        cursor.execute("SELECT titles_cap(%s)", [pool.pk])
        assert cursor.fetchone() == (holding_cap(pool),) == (1007,)
        agree("holding_cap", [1, 9])
        agree("holding_cap", fraction, scope="backbone")
        cursor.execute("SELECT titles_cap(%s), titles_all_units(%s)", [pool.pk, pool.pk])
        assert cursor.fetchone() == (holding_cap(pool), total_units(pool))
    assert PARAMETERS["holding_cap"].default == [1, 1]


def test_positions_follow_every_way_of_units(half: Pool) -> None:
    ana, ben = make_member("Ana"), make_member("Ben")
    buy(ana, half, 20)
    reserve(ana, half, 5)
    offered = offer_units(giver=ana, pool=half, units=8, actor=None, key="k", to_number=ben.number)
    accept_transfer(transfer_id=offered.transfer.pk, receiver=ben, actor=None)
    sums = Position.objects.aggregate(held=Sum("held"), pending=Sum("pending"))
    assert sums == {"held": 20, "pending": 5}
    assert all_wrong() == []
