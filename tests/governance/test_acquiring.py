"""The growth fund buys a thing by a passed vote, and its shares go to who paid for it."""

from datetime import date

import pytest
from django.utils import timezone

from assets.errors import GrowthFundTooSmall
from assets.models import Asset
from governance.errors import BadPayload
from governance.models import Proposal
from governance.services import execute, open_ballot, propose, publish
from tests.governance.test_pages import as_member, text_of
from tests.governance.votes import Town, broken, decide, make_town
from tests.makers import agree
from tests.titles.test_campaigns import paid, planned, promise
from titles.errors import CampaignOver, KeptForCampaigns
from titles.models import Campaign
from titles.queries import units_of
from titles.services import give_up_campaign

pytestmark = pytest.mark.django_db(transaction=True)


def payload(town: Town, campaign: Campaign | None = None, **change: object) -> dict[str, object]:
    return {
        "pool": town.pool.code, "name": "Second mast", "kind": "mast", "cost": 40_000,
        "capacity": {"bandwidth": 500_000}, "since": "2026-12-01",
        "campaign": campaign.pk if campaign else 0,
    } | change  # fmt: skip


def proposed(town: Town, facts: dict[str, object]) -> Proposal:
    ana = town.members["ana"]
    return propose(
        title="Second mast", text="For the far side.", action="acquire_asset", payload=facts,
        member=ana, actor=ana.user,
    )  # fmt: skip


def test_a_passed_vote_buys_what_members_paid_ahead_for() -> None:
    town = make_town()
    agree("timelock_seconds", 0)
    chloe = town.members["chloe"]
    before = units_of(chloe, town.pool)
    campaign = planned(town.pool, 40_000)
    paid(promise(chloe, campaign, 40_000))
    draft = proposed(town, payload(town, campaign))
    publish(proposal_id=draft.pk, actor=town.steward)
    proposal = open_ballot(proposal_id=draft.pk, actor=None)
    passed = decide(town, proposal, ana="for", ben="for")
    done = execute(proposal_id=passed.pk, actor=None)
    assert done.state == "executed"
    campaign.refresh_from_db()
    assert campaign.asset == Asset.objects.get(name="Second mast")
    assert campaign.asset is not None
    assert campaign.asset.in_service == date(2026, 12, 1)
    assert units_of(chloe, town.pool) > before
    shown = text_of(as_member(town).get(f"/decisions/{done.pk}/"))
    assert "bought for €400.00" in shown
    assert broken() == []
    assert execute(proposal_id=passed.pk, actor=None).state == "executed"
    assert Asset.objects.filter(name="Second mast").count() == 1


def test_what_cannot_be_bought_is_not_put_to_the_vote() -> None:
    town = make_town()
    with pytest.raises(GrowthFundTooSmall):
        proposed(town, payload(town, cost=10**9))
    campaign = planned(town.pool, 40_000)
    paid(promise(town.members["chloe"], campaign, 40_000))
    held = 10**6
    with pytest.raises((KeptForCampaigns, GrowthFundTooSmall)):
        proposed(town, payload(town, cost=held))
    for change in (
        {"capacity": {"moon": 1}}, {"since": "soon"}, {"cost": 0}, {"name": " "},
        {"campaign": 999}, {"pool": "moon"},
    ):  # fmt: skip
        with pytest.raises(BadPayload):
            proposed(town, payload(town) | change)
    give_up_campaign(campaign_id=campaign.pk, reason="x", actor=None)
    with pytest.raises(CampaignOver):
        proposed(town, payload(town, campaign))


def test_members_propose_it_on_a_form() -> None:
    town = make_town()
    campaign = planned(town.pool, 40_000)
    paid(promise(town.members["chloe"], campaign, 40_000))
    form = {
        "pool": town.pool.pk, "campaign": campaign.pk, "name": "Second mast", "asset_kind": "mast",
        "cost": "400.00", "since": f"{timezone.localdate()}", "yields_bandwidth": "500",
        "title": "Second mast", "text": "For the far side.", "key": "k",
    }  # fmt: skip
    ana = as_member(town)
    made = ana.post("/decisions/new/acquire_asset/", form)
    assert made.status_code == 303, text_of(made)
    assert "€400.00 from the growth fund" in text_of(ana.get(made.headers["Location"]))
    assert ana.post("/decisions/new/acquire_asset/", form | {"cost": "0"}).status_code == 422
