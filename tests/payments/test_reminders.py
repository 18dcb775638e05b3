"""Reminders: each step on its day, once, with its fee and its letter."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from assets.models import Pool
from ledger.queries import balance
from members.models import Member
from payments.errors import AlreadyPaid, NotTheirs, ReasonNeeded
from payments.models import Charge, Mail, MemberDefault, Reminder
from payments.queries import disputed_charges, members_in_default
from payments.services import (
    dispute_charge,
    pause_reminders,
    remind,
    resume_reminders,
    send_waiting,
)
from policies.services import set_policy
from tests.at_once import run_at_once
from tests.makers import agree, charge_period, make_member, make_pool, make_user
from tests.payments.paying_out import books_wrong
from titles.services import accept_payment

pytestmark = pytest.mark.django_db(transaction=True)
DUE = date(2026, 7, 15)
RAISED = datetime(2026, 7, 1, 12, tzinfo=UTC)


def after(days: int) -> date:
    return DUE + timedelta(days=days)


def late(name: str = "Lena", pool: Pool | None = None) -> tuple[Member, Charge]:
    """A member with a charge of 30.00 that was raised on the first of July."""
    pool = pool or make_pool()
    with time_machine.travel(RAISED, tick=False):
        member = make_member(name)
        return member, charge_period(member, pool, cost=2000, profit=1000, code="2026-06")


def pay(charge: Charge) -> None:
    accept_payment(
        reference=charge.reference,
        amount=charge.amount,
        received_on=timezone.localdate(),
        actor=None,
        key=f"pay {charge.pk}",
    )


def steps() -> list[tuple[int, int]]:
    return list(Reminder.objects.order_by("pk").values_list("step", "fee"))


def sweep_daily(last: int) -> None:
    for day in range(last + 1):
        remind(today=after(day))


def test_each_step_comes_on_its_day() -> None:
    member, charge = late()
    for day, wanted in ((6, []), (7, [(1, 0)]), (20, [(1, 0)]), (21, [(1, 0), (2, 500)])):
        remind(today=after(day))
        assert steps() == wanted
    fee = Charge.objects.get(kind=Charge.Kind.FEE)
    assert (fee.amount, fee.due, fee.member) == (500, after(21), member)
    assert balance("EUR", "fee_income", "pool/backbone") == -500
    assert list(members_in_default()) == []
    remind(today=after(42))
    assert steps()[-1] == (3, 0)
    assert list(members_in_default()) == [member]
    assert MemberDefault.objects.get().since == after(42)
    assert books_wrong() == []
    pay(charge)
    assert list(members_in_default()) == []
    pay(fee)
    assert books_wrong() == []


def test_a_sweep_finds_nothing_the_second_time() -> None:
    late()
    for _again in range(3):
        sweep_daily(50)
    assert [step for step, _fee in steps()] == [1, 2, 3]
    assert Charge.objects.filter(kind=Charge.Kind.FEE).count() == 1


def test_sweeps_at_once_take_each_step_once() -> None:
    late()
    results = run_at_once([lambda: len(remind(today=after(8)))] * 8)
    assert sorted(results, key=str) == [0] * 7 + [1]


def test_a_sweep_that_stood_still_leads_nobody_through_all_steps_at_once() -> None:
    late()
    sweep = [len(remind(today=after(100 + day))) for day in range(36)]
    assert [day for day, taken in enumerate(sweep) if taken] == [0, 14, 35]


def test_the_terms_are_those_of_the_day_on_which_the_charge_was_raised() -> None:
    late()
    agree("second_reminder_fee", 0)
    set_policy(actor=None, key="reminder_days", value=1, source="proposal:1")
    assert remind(today=after(6)) == []
    sweep_daily(21)
    assert steps() == [(1, 0), (2, 0)]
    assert not Charge.objects.filter(kind=Charge.Kind.FEE).exists()


def test_what_holds_the_reminders() -> None:
    member, charge = late()
    remind(today=after(7))
    user = member.user
    assert user is not None
    with pytest.raises(NotTheirs):
        dispute_charge(charge_id=charge.pk, reason="no", actor=make_user())
    dispute_charge(charge_id=charge.pk, reason="the meter was broken", actor=user)
    assert remind(today=after(60)) == []
    assert disputed_charges().get() == charge
    with pytest.raises(ReasonNeeded):
        resume_reminders(charge_id=charge.pk, reason="", actor=None)
    resume_reminders(charge_id=charge.pk, reason="the meter was looked at", actor=None)
    assert [r.step for r in remind(today=after(60))] == [2]
    pause_reminders(charge_id=charge.pk, reason="in hospital", actor=None)
    assert remind(today=after(99)) == []
    pay(charge)
    with pytest.raises(AlreadyPaid):
        pause_reminders(charge_id=charge.pk, reason="again", actor=None)


def test_two_late_charges_of_a_member_cost_one_fee_charge_with_both() -> None:
    member, _charge = late()
    with time_machine.travel(RAISED, tick=False):
        charge_period(member, make_pool("storage"), cost=100, profit=0, code="2026-05")
    sweep_daily(21)
    fee = Charge.objects.get(kind=Charge.Kind.FEE)
    assert (fee.amount, fee.lines.count()) == (1000, 2)
    assert Reminder.objects.filter(fee_charge=fee).count() == 2
    assert books_wrong() == []


def test_hundreds_of_late_charges_cost_a_fixed_number_of_queries(
    django_assert_max_num_queries: Any,
) -> None:
    pool = make_pool()
    for number in range(5):
        late(f"Member {number}", pool)
    with django_assert_max_num_queries(14):
        remind(today=after(7))
    for number in range(40):
        late(f"Later {number}", pool)
    with django_assert_max_num_queries(14):
        assert len(remind(today=after(8))) == 40


def test_each_step_writes_once_in_the_language_of_the_member() -> None:
    member, _charge = late()
    user = member.user
    assert user is not None
    user.language = "de"
    user.save()
    sweep_daily(45)
    assert Mail.objects.count() == 3
    assert send_waiting() == 3
    assert send_waiting() == 0
    assert [message.to for message in mail.outbox] == [[user.email]] * 3
    assert len({message.message().get("Message-ID") for message in mail.outbox}) == 3
