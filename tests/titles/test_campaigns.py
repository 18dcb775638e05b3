"""Money paid ahead for something planned waits for that thing, and becomes shares of it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from assets.models import Pool
from assets.queries import treasury_units
from assets.services import create_resource
from ledger.errors import KeyConflict
from ledger.queries import balance
from members.models import Member
from payments.models import Payment
from tests.at_once import run_at_once
from tests.makers import agree, all_wrong, earn_credit, make_member, make_pool
from titles.campaigns import campaigns, kept_for_campaigns, progress_of
from titles.errors import (
    BelowCampaignMinimum,
    BeyondGoal,
    CampaignOver,
    KeptForCampaigns,
    WrongCapacity,
)
from titles.models import Campaign, Prepayment, Title
from titles.queries import credit_lots, equity_credit, units_of
from titles.services import (
    accept_payment,
    acquire,
    cancel_prepayment,
    convert_credit,
    give_up_campaign,
    open_campaign,
    prepay,
)

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = timezone.localdate()


def planned(pool: Pool, goal: int = 50_000, *, name: str = "Second mast") -> Campaign:
    create_resource(code="bandwidth", name="Bandwidth", unit="GB")
    return open_campaign(
        pool=pool, name=name, about="For the far side of the hill.", kind="mast", goal=goal,
        minimum=1_000, capacity={"bandwidth": 500_000}, planned_on=TODAY + timedelta(days=90),
        closes_on=TODAY + timedelta(days=30), actor=None, key=f"campaign {name}",
    )  # fmt: skip


def promise(member: Member, campaign: Campaign, amount: int, key: str = "") -> Prepayment:
    return prepay(
        member=member, campaign_id=campaign.pk, amount=amount, actor=member.user,
        key=key or f"promise {member.pk} {campaign.pk} {amount}",
    )  # fmt: skip


def paid(prepayment: Prepayment) -> Payment:
    charge = prepayment.charge
    return accept_payment(
        reference=charge.reference, amount=charge.amount, actor=None,
        received_on=timezone.localdate(), key=f"pay {charge.reference}",
    )  # fmt: skip


def bought(campaign: Campaign, cost: int, key: str = "mast 2") -> None:
    acquire(
        pool=campaign.pool, name=campaign.name, cost=cost, capacity=campaign.capacity,
        since=TODAY, actor=None, key=key, kind=campaign.kind, campaign_id=campaign.pk,
    )  # fmt: skip
    campaign.refresh_from_db()


def test_what_was_paid_ahead_becomes_shares_of_what_it_was_paid_for() -> None:
    pool = make_pool(treasury=100)
    ana, ben, chloe = make_member("Ana"), make_member("Ben"), make_member("Chloe")
    earn_credit(chloe, pool, 10_000, code="2026-01")
    campaign = planned(pool)
    paid(promise(ana, campaign, 30_050))
    paid(promise(ben, campaign, 19_950))
    assert kept_for_campaigns(pool) == 50_000
    assert progress_of(campaigns())[0].left == 0
    bought(campaign, 50_000)
    assert (campaign.state, units_of(ana, pool), units_of(ben, pool)) == ("bought", 300, 199)
    assert {t.origin for t in Title.objects.filter(member__in=[ana, ben])} == {"campaign"}
    assert [equity_credit(m, pool) for m in (ana, ben)] == [50, 50]
    assert units_of(chloe, pool) == 100
    assert treasury_units(pool) == 100 + 500 - 499 - 100
    assert kept_for_campaigns(pool) == 0
    assert all_wrong() == []


def test_no_close_turns_what_waits_for_one_thing_into_anything_else() -> None:
    pool = make_pool(treasury=1000)
    ana = make_member()
    campaign = planned(pool)
    paid(promise(ana, campaign, 20_000))
    with transaction.atomic():
        assert convert_credit(pool=pool, period_code="2026-11", actor=None, key="k") is None
    assert equity_credit(ana, pool) == 20_000
    assert [lot.is_ahead for lot in credit_lots(ana, pool)] == [True]


def test_what_was_paid_ahead_for_one_thing_buys_no_other() -> None:
    pool = make_pool(treasury=10)
    ana = make_member()
    campaign = planned(pool)
    paid(promise(ana, campaign, 20_000))
    with pytest.raises(KeptForCampaigns):
        acquire(
            pool=pool, name="Router", cost=15_000, capacity={}, since=TODAY, actor=None, key="r"
        )
    assert balance("EUR", "cash:growth", f"pool/{pool.code}") == 20_000
    bought(campaign, 20_000)
    assert units_of(ana, pool) == 200


def test_under_the_stricter_vesting_only_new_shares_go_to_who_paid_ahead() -> None:
    pool = make_pool(treasury=1000)
    agree("vesting", "on_acquisition", scope=pool.code)
    ana, chloe = make_member("Ana"), make_member("Chloe")
    earn_credit(chloe, pool, 90_000, code="2026-01")
    campaign = planned(pool)
    paid(promise(ana, campaign, 20_000))
    bought(campaign, 30_000)
    assert (units_of(ana, pool), units_of(chloe, pool)) == (200, 100)
    assert treasury_units(pool) == 1000
    assert all_wrong() == []


def test_a_campaign_that_is_given_up_leaves_ordinary_credit() -> None:
    pool = make_pool(treasury=1000)
    ana, ben = make_member("Ana"), make_member("Ben")
    campaign = planned(pool)
    paid(promise(ana, campaign, 20_000))
    waiting = promise(ben, campaign, 5_000)
    give_up_campaign(campaign_id=campaign.pk, reason="No permit for the site.", actor=None)
    give_up_campaign(campaign_id=campaign.pk, reason="No permit for the site.", actor=None)
    waiting.charge.refresh_from_db()
    assert waiting.charge.state == "cancelled"
    assert [(lot.is_ahead, lot.left) for lot in credit_lots(ana, pool) if lot.left] == [
        (False, 20_000)
    ]
    with pytest.raises(CampaignOver):
        promise(ben, campaign, 5_000, key="again")
    with pytest.raises(CampaignOver):
        bought(campaign, 20_000)
    assert all_wrong() == []


def test_money_that_comes_after_the_end_is_ordinary_credit() -> None:
    pool = make_pool(treasury=1000)
    ana, ben = make_member("Ana"), make_member("Ben")
    campaign = planned(pool)
    paid(promise(ana, campaign, 20_000))
    late = promise(ben, campaign, 5_000)
    Campaign.objects.filter(pk=campaign.pk).update(
        state="cancelled", ended_at=timezone.now(), reason="x"
    )
    paid(late)
    assert [lot.is_ahead for lot in credit_lots(ben, pool)] == [False]
    assert all_wrong() == []


def test_the_goal_and_the_minimum_bind() -> None:
    pool = make_pool()
    ana, ben = make_member("Ana"), make_member("Ben")
    campaign = planned(pool)
    with pytest.raises(BelowCampaignMinimum):
        promise(ana, campaign, 999)
    first = promise(ana, campaign, 49_500)
    with pytest.raises(BeyondGoal):
        promise(ben, campaign, 501)
    promise(ben, campaign, 500)
    cancel_prepayment(prepayment_id=first.pk, actor=ana.user)
    promise(ben, campaign, 49_500, key="more")
    assert progress_of(campaigns())[0].left == 0


def test_a_second_click_promises_nothing_more() -> None:
    pool = make_pool()
    ana = make_member()
    campaign = planned(pool)
    first = promise(ana, campaign, 20_000, key="k")
    assert promise(ana, campaign, 20_000, key="k") == first
    with pytest.raises(KeyConflict):
        promise(ana, campaign, 21_000, key="k")
    with pytest.raises(KeyConflict):
        open_campaign(
            pool=pool, name=campaign.name, about="x", kind="mast", goal=1,
            capacity={"bandwidth": 1}, planned_on=TODAY, closes_on=TODAY, actor=None,
            key=campaign.key,
        )  # fmt: skip


def test_what_yields_nothing_is_no_campaign() -> None:
    pool = make_pool()
    with pytest.raises(WrongCapacity):
        open_campaign(
            pool=pool, name="Nothing", about="x", kind="mast", goal=1, capacity={"moon": 1},
            planned_on=TODAY, closes_on=TODAY, actor=None, key="n",
        )  # fmt: skip


def test_what_members_paid_for_cannot_be_rewritten() -> None:
    campaign = planned(make_pool())
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(goal=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        campaign.delete()


def test_twenty_who_promise_the_last_of_the_goal_find_it_once() -> None:
    pool = make_pool()
    people = [make_member(f"M{n}") for n in range(20)]
    campaign = planned(pool, 7_000)
    results = run_at_once([lambda m=m: promise(m, campaign, 1_000) for m in people])
    assert sum(isinstance(r, Prepayment) for r in results) == 7
    assert sum(isinstance(r, BeyondGoal) for r in results) == 13
    assert progress_of(campaigns())[0].left == 0
