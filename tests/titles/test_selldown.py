"""Who does not pay: notices, then shares against the debt; and debts that are written off."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from governance.actions import action_named
from ledger.queries import balance
from payments.models import Charge, Mail, MemberDefault, Payout
from payments.queries import members_in_default, owed_by, statement_of
from payments.services import prepaid_balance
from tests.makers import agree, all_wrong, charge_period, make_member
from tests.titles.leaving import bought_pool, owners, payable
from titles.exit_errors import NotOpen
from titles.models import Redemption, SellDown, SellDownStep, Title
from titles.queries import equity_credit, units_of
from titles.services import sweep_defaults, write_off

pytestmark = pytest.mark.django_db
What = SellDownStep.What


def default_on(charge: Charge) -> None:
    """As the last reminder leaves it: the charge's member is in default."""
    MemberDefault.objects.create(member=charge.member, charge=charge, since=timezone.localdate())


def days(count: int) -> datetime:
    return timezone.now() + timedelta(days=count)


def go_through_the_notices() -> None:
    """Two notices, fourteen days each, then the sale."""
    for count in (0, 14, 28):
        sweep_defaults(at=days(count))


def steps() -> list[str]:
    return list(SellDownStep.objects.values_list("what", flat=True))


def test_two_notices_come_before_anything_is_sold_and_each_is_told() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    default_on(charge_period(ana, pool, cost=1000, profit=0, code="2026-06"))
    assert list(members_in_default()) == [ana]
    for count, seen in ((0, 1), (0, 1), (13, 1), (14, 2), (27, 2), (28, 3), (60, 3)):
        sweep_defaults(at=days(count))
        assert len(steps()) == seen
    assert steps() == [What.NOTICE, What.NOTICE, What.SOLD]
    letters = Mail.objects.filter(key__startswith="selldown:", member=ana)
    assert letters.count() == 3
    assert all_wrong() == []


def test_so_many_shares_as_the_debt_needs_go_the_oldest_first() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    default_on(charge_period(ana, pool, cost=1000, profit=250, code="2026-06"))
    go_through_the_notices()
    row = Redemption.objects.get()
    assert (row.units, row.gross, row.set_off, row.due) == (13, 1300, 1250, 50)
    assert (units_of(ana, pool), owed_by(ana)) == (17, 0)
    assert Charge.objects.get(kind="period").state == Charge.State.PAID
    assert equity_credit(ana, pool) == 250
    assert (payable(ana), Payout.objects.get().amount) == (50, 50)
    assert balance("EUR", "cash:growth", "pool/backbone") == 3000 - 1250 + 250
    assert balance("EUR", "cash:operating", "pool/backbone") == 1000
    assert Title.objects.get(state="live").units == 17
    assert all_wrong() == []


def test_where_the_shares_bring_too_little_the_rest_is_debt() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=5)["Ana"]
    first = charge_period(ana, pool, cost=300, profit=0, code="2026-06")
    second = charge_period(ana, pool, cost=900, profit=0, code="2026-07")
    default_on(first)
    go_through_the_notices()
    states = [Charge.objects.get(pk=c.pk).state for c in (first, second)]
    assert states == [Charge.State.PAID, Charge.State.OPEN]
    assert (units_of(ana, pool), owed_by(ana), prepaid_balance(ana)) == (0, 900, 200)
    assert payable(ana) == 0
    assert all_wrong() == []


def test_whoever_pays_in_time_keeps_the_shares_and_is_told_so() -> None:
    from tests.titles.test_services import accept

    pool = bought_pool(100)
    ana = owners(pool, Ana=5)["Ana"]
    charge = charge_period(ana, pool, cost=300, profit=0, code="2026-06")
    default_on(charge)
    sweep_defaults(at=days(0))
    accept(charge)
    sweep_defaults(at=days(14))
    sweep_defaults(at=days(28))
    assert steps() == [What.NOTICE, What.ENDED]
    assert units_of(ana, pool) == 5
    assert SellDown.objects.get().state == SellDown.State.ENDED


def test_who_holds_nothing_is_given_no_notice() -> None:
    pool = bought_pool(100)
    chloe = make_member("Chloe")
    default_on(charge_period(chloe, pool, cost=300, profit=0, code="2026-06"))
    go_through_the_notices()
    assert steps() == []
    assert owed_by(chloe) == 300


def test_a_debt_written_off_is_carried_as_cost_of_its_pool() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=5)["Ana"]
    default_on(charge_period(ana, pool, cost=700, profit=200, code="2026-06"))
    go_through_the_notices()
    charge = Charge.objects.get(kind="period")
    assert prepaid_balance(ana) == 500
    with transaction.atomic():
        row = write_off(charge_id=charge.pk, actor=None, source="proposal:1")
        assert write_off(charge_id=charge.pk, actor=None, source="proposal:1") == row
    assert (row.amount, row.covered) == (900, 500)
    assert (owed_by(ana), prepaid_balance(ana), equity_credit(ana, pool)) == (0, 0, 0)
    assert balance("EUR", "stabilisation", "backbone/bandwidth") == 200
    assert balance("EUR", "profit_due", f"backbone/member/{ana.pk}") == 0
    assert balance("EUR", "cash:operating", "pool/backbone") == 500
    last = statement_of(ana)[0]
    assert (last.charged, last.paid, last.balance) == (-400, 500, 0)
    assert all_wrong() == []


def test_what_is_not_owed_cannot_be_written_off() -> None:
    pool = bought_pool(100)
    owners(pool, Ana=5)
    paid = Charge.objects.get()
    with pytest.raises(NotOpen):
        action_named("write_off_debt").check({"reference": paid.reference})


def test_the_policy_says_how_many_notices_and_how_long() -> None:
    agree("default_notices", 1)
    agree("default_notice_days", 0)
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    default_on(charge_period(ana, pool, cost=1000, profit=0, code="2026-06"))
    sweep_defaults(at=days(0))
    sweep_defaults(at=days(0))
    assert steps() == [What.NOTICE, What.SOLD]
