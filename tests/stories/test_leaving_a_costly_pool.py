"""Shares that go back while cost is carried on: the next period knows, and everything holds."""

from datetime import datetime

import pytest
from django.db import transaction

from coop.invariants import all_broken
from ledger.queries import balance
from payments.models import Charge
from tests.makers import agree
from tests.titles.leaving import all_of_it, no_notice, serve
from tests.valley import AUGUST, JULY, Valley, make_valley
from titles.models import Redemption
from titles.services import accept_payment, request_redemption, subscribe, write_off
from tokens.models import Yield
from tokens.services import run_step

pytestmark = pytest.mark.django_db


def close(valley: Valley, period_id: int, *, at: datetime, actual: int, pay: bool) -> None:
    """A period closed at a cost, with everything charged for it paid, or not."""
    for step in ("settle", "match", "charge", "expire", "convert"):
        run_step(
            period_id=period_id,
            step=step,
            actor=None,
            at=at,
            actual={("backbone", "bandwidth"): actual},
        )
        if pay and step == "charge":
            pay_all()


def pay_all() -> None:
    for charge in Charge.objects.filter(state="open", kind="period"):
        accept_payment(
            reference=charge.reference,
            amount=charge.amount,
            received_on=charge.created_at.date(),
            actor=None,
            key=charge.reference,
        )


def fill_the_growth_fund(valley: Valley) -> None:
    """Chloe buys a hundred shares, so that there is money to give back."""
    bought = subscribe(
        member=valley.members["chloe"], pool=valley.pool, count=100, actor=None, key="chloe"
    )
    accept_payment(
        reference=bought.charge.reference,
        amount=bought.charge.amount,
        received_on=bought.created_at.date(),
        actor=None,
        key="chloe",
    )


def test_what_a_redeemer_settles_lowers_what_the_next_period_has_to_recover() -> None:
    no_notice()
    all_of_it()
    agree("holding_cap", [1, 1])
    valley = make_valley()
    fill_the_growth_fund(valley)
    close(valley, valley.period.pk, at=JULY, actual=60_000, pay=True)
    carried = balance("EUR", "stabilisation", "backbone/bandwidth")
    assert carried > 0
    ben = valley.members["ben"]
    request_redemption(member=ben, pool=valley.pool, units=50, actor=None, key="ben")
    serve(valley.pool)
    row = Redemption.objects.get()
    assert row.settled == min(row.gross, carried * 50 // 1000)
    assert all_broken() == []
    july = valley.open_july()
    assert Yield.objects.get(period=july).carried == row.settled - carried
    close(valley, july.pk, at=AUGUST, actual=50_000, pay=False)
    assert all_broken() == []


def test_a_debt_written_off_is_in_the_next_budget() -> None:
    valley = make_valley()
    close(valley, valley.period.pk, at=JULY, actual=50_000, pay=False)
    before = balance("EUR", "stabilisation", "backbone/bandwidth")
    debt = Charge.objects.get(member=valley.members["ben"], state="open")
    with transaction.atomic():
        write_off(charge_id=debt.pk, actor=None, source="proposal:1")
    assert balance("EUR", "stabilisation", "backbone/bandwidth") == before + debt.cost
    assert all_broken() == []
    july = valley.open_july()
    row = Yield.objects.get(period=july)
    assert row.budget == row.cost + before + debt.cost
    close(valley, july.pk, at=AUGUST, actual=row.budget, pay=False)
    assert all_broken() == []
