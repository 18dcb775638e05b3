"""Buying in, paying, founding: what becomes of the money, and what is refused."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from assets.models import Pool
from ledger.errors import KeyConflict
from ledger.models import Transaction
from ledger.queries import balance
from members.models import Member
from payments.errors import (
    AlreadyPaid,
    ChargeCancelled,
    NotYetReceived,
    ReceivedTooEarly,
    UnknownReference,
    WrongAmount,
)
from payments.models import Charge, Payment
from tests.makers import (
    agree,
    all_wrong,
    buy,
    charge_period,
    earn_credit,
    make_member,
    make_pool,
    pay,
    reserve,
    stock,
)
from titles.errors import (
    BelowMinimum,
    BeyondCap,
    BeyondTreasury,
    NotAMember,
    NotReserved,
    PoolClosed,
)
from titles.models import Subscription, Title
from titles.queries import credit_lots, equity_credit, facts_of, terms, units_of
from titles.services import (
    accept_payment,
    cancel_subscription,
    convert_credit,
    issue_founding_units,
    settle_charges,
    subscribe,
)

pytestmark = pytest.mark.django_db


def this_month() -> str:
    return f"{timezone.localdate():%Y-%m}"


def accept(charge: Charge, **changes: Any) -> Payment:
    values = {
        "reference": charge.reference,
        "amount": charge.amount,
        "received_on": timezone.localdate(),
        "actor": None,
        "key": "once",
    }
    return accept_payment(**{**values, **changes})


def test_a_paid_purchase_becomes_units_capital_and_a_signed_title() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    subscription = buy(ana, pool, 20)
    assert subscription.state == Subscription.State.ISSUED
    assert units_of(ana, pool) == 20
    assert balance("unit:backbone", "treasury", "pool/backbone") == 80
    assert balance("EUR", "cash:growth", "pool/backbone") == 2000
    assert balance("EUR", "capital", f"backbone/member/{ana.pk}") == -2000
    title = Title.objects.get()
    assert subscription.title == title
    facts = facts_of(title)
    assert (facts["number"], facts["units"], facts["member"]["number"]) == (1, 20, ana.number)
    assert facts["backing"] == [{"kind": "mast", "name": "Hill mast"}]
    assert "Ana" not in str(facts)
    assert all_wrong() == []


def test_before_the_payment_nothing_is_owed_and_nothing_is_owned() -> None:
    ana, pool = make_member(), make_pool(treasury=100)
    subscription = reserve(ana, pool, 20)
    assert subscription.charge.amount == 2000
    assert units_of(ana, pool) == 0
    assert not Transaction.objects.filter(source="titles").exists()
    assert all_wrong() == []


def test_the_same_key_reserves_once_and_other_content_is_a_conflict() -> None:
    ana, pool = make_member(), make_pool(treasury=100)
    first = subscribe(member=ana, pool=pool, count=5, actor=None, key="k")
    assert subscribe(member=ana, pool=pool, count=5, actor=None, key="k") == first
    assert Charge.objects.count() == 1
    with pytest.raises(KeyConflict):
        subscribe(member=ana, pool=pool, count=6, actor=None, key="k")
    with pytest.raises(KeyConflict):
        subscribe(member=make_member("Ben"), pool=pool, count=5, actor=None, key="k")


def test_units_reserved_by_others_are_not_offered_twice() -> None:
    pool = make_pool(treasury=10)
    reserve(make_member("Ana"), pool, 7)
    with pytest.raises(BeyondTreasury) as refusal:
        reserve(make_member("Ben"), pool, 4)
    assert "3" in str(refusal.value)
    assert reserve(make_member("Chloe"), pool, 3).count == 3


def test_the_cap_counts_what_is_held_and_what_is_reserved() -> None:
    ana, pool = make_member(), make_pool(treasury=100)
    agree("holding_cap", [1, 3], scope="backbone")
    buy(ana, pool, 20)
    reserve(ana, pool, 10)
    assert terms(pool, ana).cap == 33
    with pytest.raises(BeyondCap) as refusal:
        reserve(ana, pool, 4)
    assert "3" in str(refusal.value)
    assert reserve(ana, pool, 3).count == 3


@pytest.mark.parametrize("count", [0, -1, 4])
def test_a_purchase_below_the_minimum_is_refused(count: int) -> None:
    agree("purchase_minimum", 5, scope="backbone")
    with pytest.raises(BelowMinimum):
        reserve(make_member(), make_pool(treasury=10), count)


def test_a_closed_pool_and_a_stranger_are_refused() -> None:
    ana, pool = make_member(), make_pool(treasury=10)
    agree("subscriptions_open", False, scope="backbone")
    with pytest.raises(PoolClosed):
        reserve(ana, pool, 1)
    Member.objects.filter(pk=ana.pk).update(state=Member.State.LEAVING)
    with pytest.raises(NotAMember):
        reserve(ana, pool, 1)
    assert terms(pool, ana).possible == 0


@pytest.mark.parametrize("amount", [1, 1999, 2001, 200000])
def test_another_amount_is_refused_with_both_sums_and_books_nothing(amount: int) -> None:
    subscription = reserve(make_member(), make_pool(treasury=100), 20)
    with pytest.raises(WrongAmount) as refusal:
        accept(subscription.charge, amount=amount)
    assert "20.00" in str(refusal.value)
    assert f"{amount // 100}.{amount % 100:02}" in str(refusal.value)
    assert not Payment.objects.exists()
    assert not Title.objects.exists()
    assert all_wrong() == []


def test_a_payment_recorded_twice_is_booked_once() -> None:
    ana, pool = make_member(), make_pool(treasury=100)
    charge = reserve(ana, pool, 20).charge
    assert accept(charge) == accept(charge)
    with pytest.raises(AlreadyPaid):
        accept(charge, key="another")
    assert units_of(ana, pool) == 20
    assert Title.objects.count() == 1


def test_a_key_used_for_another_payment_is_a_conflict() -> None:
    pool = make_pool(treasury=100)
    accept(reserve(make_member("Ana"), pool, 20).charge)
    with pytest.raises(KeyConflict):
        accept(reserve(make_member("Ben"), pool, 20).charge)


def test_an_unknown_reference_and_a_future_day_are_refused() -> None:
    charge = reserve(make_member(), make_pool(treasury=100), 1).charge
    for wrong in ("RF18539007547034", "nonsense", ""):
        with pytest.raises(UnknownReference):
            accept(charge, reference=wrong)
    with pytest.raises(NotYetReceived):
        accept(charge, received_on=timezone.localdate() + timedelta(days=1))


def test_a_reference_may_be_typed_in_groups() -> None:
    charge = reserve(make_member(), make_pool(treasury=100), 1).charge
    typed = f" {charge.reference[:4].lower()} {charge.reference[4:8]} {charge.reference[8:]} "
    assert accept(charge, reference=typed).charge == charge


def test_a_cancelled_reservation_frees_its_units_and_takes_no_money() -> None:
    pool = make_pool(treasury=10)
    subscription = reserve(make_member("Ana"), pool, 10)
    cancelled = cancel_subscription(subscription_id=subscription.pk, actor=None)
    assert cancelled.state == Subscription.State.CANCELLED
    assert cancel_subscription(subscription_id=subscription.pk, actor=None) == cancelled
    assert reserve(make_member("Ben"), pool, 10).count == 10
    with pytest.raises(ChargeCancelled):
        accept(subscription.charge)
    assert all_wrong() == []


def test_what_was_paid_cannot_be_cancelled() -> None:
    subscription = buy(make_member(), make_pool(treasury=10), 10)
    with pytest.raises(NotReserved):
        cancel_subscription(subscription_id=subscription.pk, actor=None)


def test_money_that_finds_no_unit_becomes_equity_credit_of_the_month_it_came() -> None:
    ana, ben, pool = make_member("Ana"), make_member("Ben"), make_pool(treasury=10)
    subscription = reserve(ana, pool, 10)
    earn_credit(ben, pool, 700, code="2026-05")
    with transaction.atomic():
        convert_credit(pool=pool, period_code="2026-05", actor=None, key="close 2026-05")
    pay(subscription)
    subscription.refresh_from_db()
    assert (subscription.state, subscription.issued) == (Subscription.State.CREDITED, 3)
    assert units_of(ana, pool) == 3
    assert [(lot.lot.period, lot.left) for lot in credit_lots(ana, pool)] == [(this_month(), 700)]
    assert all_wrong() == []


def test_a_late_payment_comes_after_those_who_reserved_since() -> None:
    ana, ben, pool = make_member("Ana"), make_member("Ben"), make_pool(treasury=10)
    with time_machine.travel(timezone.now() - timedelta(days=40)):
        late = reserve(ana, pool, 10)
    in_time = reserve(ben, pool, 8)
    pay(late)
    pay(in_time)
    assert (units_of(ana, pool), units_of(ben, pool)) == (2, 8)
    assert equity_credit(ana, pool) == 800
    assert all_wrong() == []


def late(member: Member, pool: Pool, count: int) -> Subscription:
    """A reservation that was due long ago."""
    with time_machine.travel(timezone.now() - timedelta(days=40)):
        return reserve(member, pool, count)


def paid(subscription: Subscription) -> Subscription:
    pay(subscription)
    subscription.refresh_from_db()
    return subscription


@pytest.mark.parametrize(
    ("price", "units", "credit"), [(100, 10, 0), (300, 3, 100), (99, 10, 10), (1001, 0, 1000)]
)
def test_a_late_payment_buys_at_the_price_of_the_day(price: int, units: int, credit: int) -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    overdue = late(ana, pool, 10)
    agree("issue_price", price, scope="backbone")
    subscription = paid(overdue)
    assert (subscription.issued, subscription.credited) == (units, credit)
    assert (units_of(ana, pool), equity_credit(ana, pool)) == (units, credit)
    assert balance("EUR", "capital", f"backbone/member/{ana.pk}") == credit - 1000
    assert all_wrong() == []


def test_a_late_payment_buys_nothing_of_a_closed_pool() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    overdue = late(ana, pool, 10)
    agree("subscriptions_open", False, scope="backbone")
    subscription = paid(overdue)
    assert (subscription.state, subscription.issued) == (Subscription.State.CREDITED, 0)
    assert (subscription.title, equity_credit(ana, pool)) == (None, 1000)
    assert all_wrong() == []


def test_a_payment_in_time_keeps_the_price_although_the_pool_was_closed() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    in_time = reserve(ana, pool, 10)
    agree("issue_price", 300, scope="backbone")
    agree("subscriptions_open", False, scope="backbone")
    assert paid(in_time).issued == 10
    assert all_wrong() == []


def test_money_cannot_come_before_its_charge() -> None:
    charge = reserve(make_member(), make_pool(treasury=100), 1).charge
    for day in (date(1999, 1, 1), timezone.localdate() - timedelta(days=1)):
        with pytest.raises(ReceivedTooEarly, match="was raised on"):
            accept(charge, received_on=day)
    assert accept(charge).amount == 100


def test_paid_profit_becomes_credit_and_its_cash_moves_to_the_growth_fund() -> None:
    chloe, pool = make_member("Chloe"), make_pool(treasury=100)
    charge = charge_period(chloe, pool, cost=6000, profit=3600, code="2026-06")
    assert all_wrong() == []
    assert equity_credit(chloe, pool) == 0
    payment = accept(charge, received_on=timezone.localdate())
    assert (payment.amount, payment.profit) == (9600, 3600)
    assert [(lot.lot.period, lot.left) for lot in credit_lots(chloe, pool)] == [
        (this_month(), 3600)
    ]
    assert balance("EUR", "cash:operating", "pool/backbone") == 6000
    assert balance("EUR", "cash:growth", "pool/backbone") == 3600
    assert balance("EUR", "receivable", f"member/{chloe.pk}") == 0
    assert balance("EUR", "profit_due", f"backbone/member/{chloe.pk}") == 0
    assert all_wrong() == []


def test_settling_a_period_pays_every_open_charge_of_it_once() -> None:
    pool = make_pool(treasury=100)
    members = [make_member(name) for name in ("Ana", "Ben", "Chloe")]
    for number, member in enumerate(members):
        charge_period(member, pool, cost=100 + number, profit=50 * number, code="2026-06")
    charge_period(members[0], pool, cost=7, profit=0, code="2026-07")
    paid = settle_charges(period_code="2026-06", actor=None)
    assert [payment.amount for payment in paid] == [100, 151, 202]
    assert settle_charges(period_code="2026-06", actor=None) == []
    assert [equity_credit(member, pool) for member in members] == [0, 50, 100]
    assert Charge.objects.filter(state=Charge.State.OPEN).count() == 1
    assert all_wrong() == []


def test_founding_units_have_an_asset_behind_them_and_a_title() -> None:
    ana, pool = make_member("Ana"), make_pool()
    title = issue_founding_units(member=ana, pool=pool, units=500, actor=None, key="ana")
    again = issue_founding_units(member=ana, pool=pool, units=500, actor=None, key="ana")
    assert title == again
    assert (title.number, title.units, title.origin) == (1, 500, Title.Origin.FOUNDING)
    assert units_of(ana, pool) == 500
    assert balance("EUR", "assets", "pool/backbone") == 50000
    assert balance("EUR", "capital", f"backbone/member/{ana.pk}") == -50000
    assert balance("EUR", "cash:growth", "pool/backbone") == 0
    assert all_wrong() == []


def test_founders_may_take_the_units_of_assets_that_stand_already() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=500)
    issue_founding_units(
        member=ana, pool=pool, units=300, actor=None, key="ana", from_treasury=True
    )
    assert balance("unit:backbone", "treasury", "pool/backbone") == 200
    assert pool.assets.count() == 1
    assert all_wrong() == []


def test_titles_are_numbered_without_gaps_although_a_purchase_failed() -> None:
    ana, pool = make_member(), make_pool(treasury=100)
    buy(ana, pool, 1)
    doomed = reserve(ana, pool, 1)
    sid = transaction.savepoint()
    lost = issue_founding_units(member=ana, pool=pool, units=1, actor=None, key="lost")
    transaction.savepoint_rollback(sid)
    pay(doomed)
    assert lost.number == 2
    assert list(Title.objects.values_list("number", flat=True)) == [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"units": 21},
        {"number": 9},
        {"envelope": b"{}"},
        {"salt": b"other"},
        {"origin": "founding"},
    ],
)
def test_the_database_keeps_what_a_title_says(change: dict[str, Any]) -> None:
    buy(make_member(), make_pool(treasury=100), 20)
    with pytest.raises(IntegrityError), transaction.atomic():
        Title.objects.update(**change)


def end_all_titles() -> None:
    """As if every title had been cancelled."""
    now = timezone.now()
    Title.objects.update(
        state=Title.State.CANCELLED, ended_at=now, end_recorded_at=now, end_txn_id=1
    )


def test_a_title_cannot_be_removed_nor_revived() -> None:
    buy(make_member(), make_pool(treasury=100), 20)
    with pytest.raises(IntegrityError), transaction.atomic():
        Title.objects.all().delete()
    end_all_titles()
    with pytest.raises(IntegrityError), transaction.atomic():
        Title.objects.update(state=Title.State.LIVE)


def test_more_units_later_raise_what_the_cap_allows() -> None:
    ana, pool = make_member(), make_pool(treasury=100)
    agree("holding_cap", [1, 10], scope="backbone")
    assert terms(pool, ana).possible == 10
    stock(pool, 100)
    assert terms(pool, ana).possible == 20
