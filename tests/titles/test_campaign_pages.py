"""Campaigns as pages: what is planned, paying ahead, the receipt, and the stewards' part."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.makers import make_member, make_pool, make_steward
from tests.titles.test_campaigns import TODAY, paid, planned
from titles.models import Campaign, Prepayment

pytestmark = pytest.mark.django_db(transaction=True)


def text_of(answer: object) -> str:
    content = answer.text  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content))


def as_member(name: str = "Ana") -> Client:
    client = Client()
    user = make_member(name).user
    assert user is not None
    client.force_login(user)
    return client


def test_a_member_pays_ahead_and_gets_a_receipt_that_names_the_thing() -> None:
    campaign, ana = planned(make_pool()), as_member()
    page = ana.get(f"/campaigns/{campaign.pk}/")
    assert "500 GB" in text_of(page)
    answer = {"amount": "200.00", "key": "k"}
    made = ana.post(f"/campaigns/{campaign.pk}/", answer)
    assert made.status_code == 303
    assert ana.post(f"/campaigns/{campaign.pk}/", answer).headers["Location"] == made["Location"]
    found = Prepayment.objects.get()
    assert "Pay by bank transfer" in text_of(ana.get(made["Location"]))
    assert ana.get(f"{made['Location']}receipt.pdf").status_code == 303
    paid(found)
    shown = text_of(ana.get(made["Location"]))
    assert "becomes shares at the issue price of that day" in shown
    receipt = ana.get(f"{made['Location']}receipt.pdf")
    assert receipt.content.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in receipt.content
    assert "€200.00" in text_of(Client().get("/campaigns/"))


@pytest.mark.parametrize("amount", ["9.99", "500.01", "much", ""])
def test_what_cannot_be_paid_is_refused_on_the_form(amount: str) -> None:
    campaign, ana = planned(make_pool()), as_member()
    answer = ana.post(f"/campaigns/{campaign.pk}/", {"amount": amount, "key": "k"})
    assert answer.status_code == 422
    assert not Prepayment.objects.exists()


def test_a_promise_is_ones_own_business() -> None:
    campaign, ana, ben = planned(make_pool()), as_member("Ana"), as_member("Ben")
    made = ana.post(f"/campaigns/{campaign.pk}/", {"amount": "200", "key": "k"})
    assert ben.get(made["Location"]).status_code == 404
    assert ben.post(f"{made['Location']}cancel/").status_code == 404
    assert Client().get(made["Location"]).status_code == 302
    assert Client().post(f"/campaigns/{campaign.pk}/", {"amount": "200"}).status_code == 403
    assert ana.post(f"{made['Location']}cancel/").status_code == 303
    assert Prepayment.objects.get().charge.state == "cancelled"


def test_a_steward_opens_a_campaign_and_gives_it_up() -> None:
    pool = make_pool()
    planned(pool, name="First")
    stella = Client()
    stella.force_login(make_steward())
    facts = {
        "pool": pool.pk, "name": "Fibre", "kind": "fibre", "about": "Down the valley.",
        "goal": "12000", "minimum": "50", "planned_on": str(TODAY + timedelta(days=200)),
        "closes_on": str(TODAY + timedelta(days=100)), "yields_bandwidth": "4000", "key": "k",
    }  # fmt: skip
    for change in ({"yields_bandwidth": ""}, {"minimum": "0"}, {"goal": "0"}, {"name": ""}):
        assert stella.post("/stewardship/campaigns/new/", facts | change).status_code == 422
    made = stella.post("/stewardship/campaigns/new/", facts)
    assert made.status_code == 303
    campaign = Campaign.objects.get(name="Fibre")
    assert (campaign.goal, campaign.capacity) == (1_200_000, {"bandwidth": 4_000_000})
    path = f"/stewardship/campaigns/{campaign.pk}/give-up/"
    assert stella.post(path, {"reason": ""}).status_code == 422
    assert stella.post(path, {"reason": "Too dear."}).status_code == 303
    campaign.refresh_from_db()
    assert (campaign.state, campaign.reason) == ("cancelled", "Too dear.")
    assert "Too dear." in text_of(Client().get("/campaigns/"))
    ana = as_member()
    assert ana.get("/stewardship/campaigns/new/").status_code == 403
    assert timezone.now() >= campaign.opened_at


def test_more_campaigns_need_no_more_queries(
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    pool = make_pool()
    for n in range(6):
        planned(pool, name=f"Mast {n}")
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        Client().get("/campaigns/")
