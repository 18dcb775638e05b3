"""Leaving: notice, what becomes of shares and credit, settling, the end; staying after all."""

from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from members.models import Member, MemberEvent
from members.services import change_state
from payments.models import Charge, Mail, Payout
from payments.services import confirm_payout, prepaid_balance, set_bank_account
from tests.makers import (
    agree,
    all_wrong,
    charge_period,
    earn_credit,
    make_member,
    make_pool,
    reserve,
)
from tests.payments.paying_out import THEIR_IBAN, approve, make_treasurer
from tests.titles.leaving import all_of_it, ask, bought_pool, no_notice, owners, payable, serve
from tests.titles.test_campaigns import paid, planned, promise
from titles import exit_queries as queries
from titles.errors import NotAMember
from titles.exit_errors import AlreadyLeaving, CannotLeave, NoticeOver, WrongPlan
from titles.models import Leaving, RedemptionRequest, Subscription
from titles.queries import units_of
from titles.services import (
    give_up_campaign,
    leave,
    offer_units,
    subscribe,
    sweep_leavings,
    withdraw_leaving,
)

pytestmark = pytest.mark.django_db
FIRST_DAY = timezone.localdate() + timedelta(days=1)
"""When the leavers of these tests give notice: the real day never comes to it while they run."""


def go(member: Member, key: str = "k", **plan: str) -> Leaving:
    return leave(member=member, plan=plan, actor=member.user, key=key)


def on(day: int) -> time_machine.travel:
    """Noon where the cooperative is, so many days after the first."""
    noon = datetime.combine(FIRST_DAY + timedelta(days=day), time(12))
    return time_machine.travel(timezone.make_aware(noon))


def pay_everything_out() -> None:
    """Two treasurers approve each payout and the bank carries it out."""
    treasurers = [make_treasurer("Tomas"), make_treasurer("Tina")]
    for payout in Payout.objects.filter(state=Payout.State.REQUESTED).order_by("pk"):
        member = payout.member
        set_bank_account(
            member=member, holder=member.name, iban=THEIR_IBAN, bic="", actor=member.user
        )
        approve(payout, *treasurers)
        confirm_payout(
            reference=payout.reference,
            amount=payout.amount,
            booked_on=timezone.localdate(),
            key=f"bank {payout.pk}",
            actor=None,
        )


def test_a_leaver_gives_notice_is_paid_and_gone() -> None:
    all_of_it()
    pool = bought_pool(100)
    with on(0):
        ana = owners(pool, Ana=30)["Ana"]
        leaving = go(ana, backbone="redeem")
    assert leaving.notice_until == FIRST_DAY + timedelta(days=30)
    ana.refresh_from_db()
    assert ana.state == Member.State.LEAVING
    request = RedemptionRequest.objects.get()
    assert (request.wanted, request.klass) == (30, "leaving")
    assert request.due_on == FIRST_DAY + timedelta(days=31)
    with on(30):
        serve(pool)
        assert units_of(ana, pool) == 30
    with on(31):
        serve(pool)
        assert sweep_leavings(at=timezone.now()) == 0
        assert queries.unsettled(ana) == ["payouts"]
        pay_everything_out()
        assert sweep_leavings(at=timezone.now()) == 1
    ana.refresh_from_db()
    leaving.refresh_from_db()
    assert (ana.state, leaving.state) == (Member.State.LEFT, Leaving.State.FINISHED)
    assert Mail.objects.filter(key=f"left:{leaving.pk}").exists()
    assert all_wrong() == []


def test_what_is_owed_is_settled_from_what_the_shares_bring() -> None:
    all_of_it()
    pool = bought_pool(100)
    with on(0):
        ana = owners(pool, Ana=30)["Ana"]
        charge = charge_period(ana, pool, cost=1100, profit=0, code="2026-06")
        go(ana, backbone="redeem")
    with on(31):
        serve(pool)
        assert Charge.objects.get(pk=charge.pk).state == Charge.State.PAID
        assert (payable(ana), prepaid_balance(ana)) == (1900, 0)
        pay_everything_out()
        assert sweep_leavings(at=timezone.now()) == 1
    assert all_wrong() == []


def test_credit_leaves_like_shares_also_what_arises_later() -> None:
    all_of_it()
    pool = bought_pool(100)
    with on(0):
        ana = make_member("Ana")
        earn_credit(ana, pool, 400, code="2026-05")
        charge_period(ana, pool, cost=10, profit=70, code="2026-06")
        go(ana)
    with on(31):
        serve(pool)
        # 80 of it paid the last charge, and of that 70 are credit again.
        assert payable(ana) == 320
        assert sweep_leavings(at=timezone.now()) == 0
        serve(pool)
        assert payable(ana) == 390
        pay_everything_out()
        assert sweep_leavings(at=timezone.now()) == 1
    assert all_wrong() == []


def test_who_passes_everything_on_leaves_for_that_reason() -> None:
    no_notice()
    agree("leaving_notice_days", 0)
    pool = bought_pool(100)
    with on(0):
        people = owners(pool, Ana=30, Ben=1)
        leaving = go(people["Ana"], backbone="pass_on")
        assert not RedemptionRequest.objects.exists()
        assert leaving.reason == Leaving.Reason.TRANSFER
    with on(1):
        assert sweep_leavings(at=timezone.now()) == 0
        assert queries.unsettled(people["Ana"]) == ["shares"]
    event = MemberEvent.objects.filter(member=people["Ana"]).latest("pk")
    assert event.reason == MemberEvent.Reason.TRANSFER


def test_until_the_notice_is_over_one_can_stay() -> None:
    all_of_it()
    pool = bought_pool(100)
    with on(0):
        ana = owners(pool, Ana=30)["Ana"]
        leaving = go(ana, backbone="redeem")
    with on(30):
        assert withdraw_leaving(leaving_id=leaving.pk, actor=None).state == "withdrawn"
        assert withdraw_leaving(leaving_id=leaving.pk, actor=None).state == "withdrawn"
    ana.refresh_from_db()
    assert (ana.state, queries.queued_units(ana, pool)) == (Member.State.ACTIVE, 0)
    with on(32):
        serve(pool)
        assert units_of(ana, pool) == 30
        again = go(ana, "again", backbone="redeem")
    with on(63), pytest.raises(NoticeOver):
        withdraw_leaving(leaving_id=again.pk, actor=None)
    assert all_wrong() == []


def test_a_leaver_buys_nothing_more_and_reservations_are_let_go() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    waiting = reserve(ana, pool, 5)
    go(ana, backbone="redeem")
    waiting.refresh_from_db()
    assert waiting.state == Subscription.State.CANCELLED
    ana.refresh_from_db()
    with pytest.raises(NotAMember):
        subscribe(member=ana, pool=pool, count=1, actor=None, key="more")


def test_what_waits_already_becomes_a_leavers_and_is_counted_once() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    first = ask(ana, pool, 12)
    go(ana, backbone="redeem")
    first.refresh_from_db()
    assert first.klass == "leaving"
    assert [row.wanted for row in RedemptionRequest.objects.order_by("pk")] == [12, 18]


def test_what_is_offered_to_somebody_is_not_given_back_too() -> None:
    pool = bought_pool(100)
    people = owners(pool, Ana=30, Ben=1)
    offer_units(
        giver=people["Ana"],
        to_number=people["Ben"].number,
        pool=pool,
        units=10,
        actor=None,
        key="offer",
    )
    go(people["Ana"], backbone="redeem")
    assert RedemptionRequest.objects.get().wanted == 20


def test_the_plan_names_every_pool_in_which_shares_are_held() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    for plan in ({}, {"backbone": "burn"}, {"storage": "redeem"}):
        with pytest.raises(WrongPlan):
            go(ana, **plan)
    assert not Leaving.objects.exists()


def test_one_way_out_at_a_time_and_the_same_key_begins_it_once() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    first = go(ana, backbone="redeem")
    assert go(ana, backbone="redeem") == first
    assert RedemptionRequest.objects.count() == 1
    with pytest.raises(AlreadyLeaving):
        go(ana, "other", backbone="redeem")


@pytest.mark.parametrize(
    ("state", "why", "reason", "klass"),
    [
        (Member.State.EXPELLED, "expulsion", Leaving.Reason.EXPULSION, "leaving"),
        (Member.State.DECEASED, "death", Leaving.Reason.DEATH, "death"),
    ],
)
def test_expulsion_and_death_start_the_same_machinery(
    state: str, why: str, reason: str, klass: str
) -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=30)["Ana"]
    plan = {"backbone": "redeem"}
    with pytest.raises(CannotLeave):
        leave(member=ana, plan=plan, actor=None, key="k", reason=reason)
    change_state(member_id=ana.pk, to=state, reason=why, actor=None, source="proposal:1", text="x")
    ana.refresh_from_db()
    leaving = leave(member=ana, plan=plan, actor=None, key="k", reason=reason)
    request = RedemptionRequest.objects.get()
    assert request.klass == klass
    serve(pool, at=timezone.now() + timedelta(days=1))
    assert payable(ana) == 3000
    pay_everything_out()
    assert sweep_leavings(at=timezone.now()) == 1
    ana.refresh_from_db()
    leaving.refresh_from_db()
    assert (ana.state, leaving.state) == (state, Leaving.State.FINISHED)
    assert all_wrong() == []


def test_a_pool_in_which_nothing_is_held_needs_no_plan() -> None:
    ana = make_member("Ana")
    make_pool(treasury=10)
    with on(0):
        go(ana)
    with on(31):
        assert sweep_leavings(at=timezone.now()) == 1


def test_money_paid_ahead_for_a_planned_thing_waits_for_it_and_pays_nobody_else() -> None:
    agree("leaving_notice_days", 0)
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    people = owners(pool, Ana=10, Ben=10)
    campaign = planned(pool, goal=1_000)
    paid(promise(people["Ana"], campaign, 1_000))
    assert queries.limit(pool, timezone.now()).cash == 2_000
    go(people["Ana"], backbone="redeem")
    assert [row.kind for row in RedemptionRequest.objects.all()] == ["units"]
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        serve(pool)
        assert payable(people["Ana"]) == 1_000
        pay_everything_out()
        assert sweep_leavings(at=timezone.now()) == 0
        assert queries.unsettled(people["Ana"]) == ["credit"]
        give_up_campaign(campaign_id=campaign.pk, reason="no permit", actor=None)
        assert sweep_leavings(at=timezone.now()) == 0
        serve(pool)
        assert payable(people["Ana"]) == 1_000
    assert all_wrong() == []
