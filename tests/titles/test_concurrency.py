"""The last units, wanted by many at once; one payment, recorded by many at once."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from ledger.errors import DomainError
from ledger.queries import balance
from members.models import Member
from payments.errors import AlreadyPaid
from payments.models import Charge, Payment
from tests.makers import all_wrong, earn_credit, make_member, make_pool, pay, reserve
from tests.races import at_once
from titles.errors import BeyondTreasury
from titles.models import Conversion, Subscription, Title
from titles.services import accept_payment, convert_credit, subscribe

pytestmark = pytest.mark.django_db(transaction=True)

Outcome = Callable[[], object]


def refused(task: Callable[[], object]) -> Outcome:
    """The task, with a refusal as its result."""

    def run() -> object:
        try:
            return task()
        except DomainError as error:
            return error

    return run


def purchase(member: Member, count: int, key: str) -> Callable[[], Subscription]:
    pool = make_pool()
    return lambda: subscribe(member=member, pool=pool, count=count, actor=None, key=key)


def payment(charge: Charge, key: str) -> Callable[[], Payment]:
    return lambda: accept_payment(
        reference=charge.reference,
        amount=charge.amount,
        received_on=timezone.localdate(),
        actor=None,
        key=key,
    )


def test_of_ten_units_wanted_by_twenty_at_once_exactly_ten_are_sold() -> None:
    pool = make_pool(treasury=10)
    members = [make_member(f"Member {n}") for n in range(20)]
    outcomes = at_once(*(refused(purchase(m, 1, f"k{m.pk}")) for m in members))
    sold = [o for o in outcomes if isinstance(o, Subscription)]
    assert len(sold) == 10
    assert sum(isinstance(o, BeyondTreasury) for o in outcomes) == 10
    at_once(*(lambda s=s: pay(s) for s in sold))
    assert balance("unit:backbone", "treasury", "pool/backbone") == 0
    assert Title.objects.filter(pool=pool).aggregate(n=Sum("units"))["n"] == 10
    assert sorted(Title.objects.values_list("number", flat=True)) == list(range(1, 11))
    assert all_wrong() == []


def test_a_second_click_buys_nothing_more() -> None:
    make_pool(treasury=100)
    ana = make_member()
    bought = at_once(*(purchase(ana, 5, "one form") for _ in range(6)))
    assert len({subscription.pk for subscription in bought}) == 1
    assert Charge.objects.count() == 1


def test_a_payment_recorded_by_many_at_once_is_booked_once() -> None:
    charge = reserve(make_member(), make_pool(treasury=100), 20).charge
    booked = at_once(*(payment(charge, "the same") for _ in range(6)))
    assert len({row.pk for row in booked}) == 1
    assert Title.objects.count() == 1
    assert all_wrong() == []


def test_two_keys_for_one_charge_book_it_once() -> None:
    charge = reserve(make_member(), make_pool(treasury=100), 20).charge
    outcomes = at_once(*(refused(payment(charge, f"key {n}")) for n in range(6)))
    assert sum(isinstance(outcome, Payment) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyPaid) for outcome in outcomes) == 5
    assert all_wrong() == []


def test_a_conversion_and_payments_at_once_leave_sound_books() -> None:
    pool = make_pool(treasury=30)
    buyers = [make_member(f"Buyer {n}") for n in range(5)]
    waiting = [reserve(member, pool, 5) for member in buyers]
    earn_credit(make_member("Chloe"), pool, 2000, code="2026-06")

    def close() -> Conversion | None:
        with transaction.atomic():
            return convert_credit(pool=pool, period_code="2026-06", actor=None, key="close")

    at_once(close, close, *(lambda s=s: pay(s) for s in waiting))
    assert Conversion.objects.count() == 1
    assert balance("unit:backbone", "treasury", "pool/backbone") == 0
    assert all_wrong() == []
