"""The pages of the ways out, as members and stewards use them."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from members.models import Member, User
from members.services import change_state
from tests.makers import (
    agree,
    all_wrong,
    charge_period,
    earn_credit,
    make_member,
    make_steward,
)
from tests.titles.leaving import all_of_it, ask, bought_pool, no_notice, owners, serve
from titles.models import Leaving, RedemptionRequest, RedemptionRun
from titles.queries import units_of
from titles.services import set_class

pytestmark = pytest.mark.django_db


def window(user: User | None) -> Client:
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def key_in(html: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f-]+)"', html)
    assert found is not None
    return found[1]


def test_a_member_asks_sees_the_place_and_withdraws() -> None:
    pool = bought_pool(100)
    people = owners(pool, Ana=20, Ben=20)
    ask(people["Ben"], pool, 4)
    ana = window(people["Ana"].user)
    form = page(ana, "/redemptions/pool/backbone/")
    assert "1.00" in form
    data = {"count": 12, "reason": "I move", "key": key_in(form)}
    assert ana.post("/redemptions/pool/backbone/", data).status_code == 303
    assert ana.post("/redemptions/pool/backbone/", data).status_code == 303
    mine = page(ana, "/redemptions/")
    assert "Place 2 in the queue" in mine
    request = RedemptionRequest.objects.get(member=people["Ana"])
    assert (request.wanted, request.reason) == (12, "I move")
    assert ana.post(f"/redemptions/{request.pk}/withdraw/").status_code == 303
    request.refresh_from_db()
    assert request.state == "withdrawn"


def test_too_many_shares_are_refused_on_the_form() -> None:
    pool = bought_pool(100)
    ana = window(owners(pool, Ana=20)["Ana"].user)
    key = key_in(page(ana, "/redemptions/pool/backbone/"))
    answer = ana.post("/redemptions/pool/backbone/", {"count": 21, "key": key})
    assert answer.status_code == 422
    assert not RedemptionRequest.objects.exists()


def test_the_titles_may_be_chosen() -> None:
    from tests.makers import buy

    ana, pool = make_member("Ana"), bought_pool(100)
    buy(ana, pool, 5)
    second = buy(ana, pool, 5).title
    assert second is not None
    client = window(ana.user)
    key = key_in(page(client, "/redemptions/pool/backbone/"))
    data = {"count": 3, "titles": [second.pk], "key": key}
    assert client.post("/redemptions/pool/backbone/", data).status_code == 303
    assert RedemptionRequest.objects.get().numbers == [second.number]


def test_nobody_withdraws_the_request_of_another() -> None:
    pool = bought_pool(100)
    people = owners(pool, Ana=20, Ben=20)
    request = ask(people["Ben"], pool, 4)
    answer = window(people["Ana"].user).post(f"/redemptions/{request.pk}/withdraw/")
    assert answer.status_code == 404


def test_ripe_credit_is_asked_for_with_one_button() -> None:
    agree("credit_payout_days", 0)
    ana, pool = make_member("Ana"), bought_pool(100)
    earn_credit(ana, pool, 300, code="2019-05")
    client = window(ana.user)
    assert "Ask for" in page(client, "/redemptions/pool/backbone/")
    assert client.post("/redemptions/pool/backbone/credit/").status_code == 303
    assert RedemptionRequest.objects.get().wanted == 300


def test_the_wizard_leads_from_what_is_held_to_the_leaving_and_back() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    client = window(ana.user)
    assert "20" in page(client, "/leave/")
    review = page(client, "/leave/review/?plan_backbone=redeem")
    assert not Leaving.objects.exists()
    data = {"plan_backbone": "redeem", "text": "", "key": key_in(review)}
    assert client.post("/leave/review/", data).status_code == 303
    assert client.post("/leave/review/", data).status_code == 303
    assert "I stay after all" in page(client, "/leave/")
    ana.refresh_from_db()
    assert (ana.state, Leaving.objects.count()) == (Member.State.LEAVING, 1)
    assert client.post("/leave/stay/").status_code == 303
    ana.refresh_from_db()
    assert ana.state == Member.State.ACTIVE


def test_a_plan_without_an_answer_goes_back_to_the_choices() -> None:
    pool = bought_pool(100)
    client = window(owners(pool, Ana=20)["Ana"].user)
    assert client.get("/leave/review/").status_code == 422


def test_a_steward_sees_what_serving_books_before_it_is_booked() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    ask(ana, pool, 20)
    steward = window(make_steward())
    assert "See the queue" in page(steward, "/stewardship/exits/")
    html = page(steward, "/stewardship/exits/pool/backbone/")
    assert "Serve and book it" in html
    assert "20.00" in html
    assert (RedemptionRun.objects.count(), units_of(ana, pool)) == (0, 20)
    data = {"key": key_in(html)}
    for _ in range(2):
        assert steward.post("/stewardship/exits/pool/backbone/", data).status_code == 303
    assert (RedemptionRun.objects.count(), units_of(ana, pool)) == (1, 0)
    assert all_wrong() == []


def test_a_suspension_is_shown_with_its_decision_and_serves_nobody() -> None:
    from policies.services import set_policy

    no_notice()
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    ask(ana, pool, 20)
    set_policy(
        actor=None,
        key="redemption_suspended",
        value=True,
        scope="backbone",
        valid_from=timezone.now() - timedelta(days=1),
        source="proposal:7",
    )
    assert "/decisions/7/" in page(window(ana.user), "/redemptions/pool/backbone/")
    steward = window(make_steward())
    assert "/decisions/7/" in page(steward, "/stewardship/exits/pool/backbone/")
    answer = steward.post("/stewardship/exits/pool/backbone/", {"key": "x"})
    assert answer.status_code == 422


def test_a_steward_gives_a_turn_with_a_reason() -> None:
    pool = bought_pool(100)
    request = ask(owners(pool, Ana=20)["Ana"], pool, 20, reason="ill")
    steward = window(make_steward())
    path = f"/stewardship/exits/requests/{request.pk}/"
    assert "ill" in page(steward, path)
    assert steward.post(path, {"klass": "hardship", "reason": ""}).status_code == 422
    assert steward.post(path, {"klass": "hardship", "reason": "ill"}).status_code == 303
    request.refresh_from_db()
    assert (request.klass, request.class_reason) == ("hardship", "ill")


def test_a_steward_begins_the_way_out_of_who_died() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    change_state(member_id=ana.pk, to="deceased", reason="death", actor=None, text="x")
    steward = window(make_steward())
    assert "nothing begun" in page(steward, "/stewardship/exits/")
    path = f"/stewardship/exits/members/{ana.pk}/"
    data = {"plan_backbone": "redeem", "key": key_in(page(steward, path))}
    assert steward.post(path, data).status_code == 303
    assert Leaving.objects.get().reason == "death"


@pytest.mark.parametrize("path", ["/stewardship/exits/", "/stewardship/exits/pool/backbone/"])
def test_the_stewards_pages_are_for_stewards(path: str) -> None:
    pool = bought_pool(100)
    page(window(owners(pool, Ana=20)["Ana"].user), path, 403)


def test_my_requests_name_what_was_paid() -> None:
    no_notice()
    agree("redemption_limit", [1, 10])
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    request = ask(ana, pool, 20)
    set_class(request_id=request.pk, klass="hardship", reason="ill", actor=None)
    serve(pool)
    html = page(window(ana.user), "/redemptions/")
    assert "10 shares served so far" in html
    assert "is owed to you" in html


def test_a_contribution_and_a_write_off_are_proposed_on_forms() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    charge = charge_period(ana, pool, cost=900, profit=100, code="2026-06")
    client = window(ana.user)
    words = {"title": "Decide", "text": "Because."}
    page(client, "/decisions/new/value_contribution/")
    given = {
        "number": ana.number,
        "pool": "backbone",
        "given": "labour",
        "what": "Two days on the mast",
        "value": "120.50",
        "key": "a",
    }
    made = client.post("/decisions/new/value_contribution/", given | words)
    assert made.status_code == 303
    assert "120 at" in page(client, made["Location"])
    off = {"reference": charge.reference, "key": "b"}
    made = client.post("/decisions/new/write_off_debt/", off | words)
    assert made.status_code == 303
    assert charge.reference in page(client, made["Location"])
    wrong = client.post("/decisions/new/write_off_debt/", off | words | {"reference": "RF00"})
    assert wrong.status_code == 422
