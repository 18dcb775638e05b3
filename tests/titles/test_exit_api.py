"""The ways out under /api/v1/."""

import pytest
from django.test import Client

from members.models import Member, User
from tests.makers import all_wrong, make_steward
from tests.titles.leaving import all_of_it, ask, bought_pool, no_notice, owners
from titles.models import Leaving, RedemptionRequest, RedemptionRun

pytestmark = pytest.mark.django_db
JSON = "application/json"


def window(user: User | None) -> Client:
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def key(value: str) -> dict[str, str]:
    return {"Idempotency-Key": value}


def test_asking_seeing_and_withdrawing() -> None:
    pool = bought_pool(100)
    people = owners(pool, Ana=20, Ben=20)
    ask(people["Ben"], pool, 3)
    ana = window(people["Ana"].user)
    wish = {"pool": "backbone", "amount": 7}
    first = ana.post("/api/v1/redemptions", wish, JSON, headers=key("k"))
    again = ana.post("/api/v1/redemptions", wish, JSON, headers=key("k"))
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    shown = ana.get("/api/v1/redemptions").json()
    assert [(row["wanted"], row["place"], row["paid"]) for row in shown] == [(7, 2, 0)]
    other = RedemptionRequest.objects.get(member=people["Ben"])
    assert ana.post(f"/api/v1/redemptions/{other.pk}/withdraw").status_code == 404
    gone = ana.post(f"/api/v1/redemptions/{first.json()['id']}/withdraw")
    assert gone.json()["state"] == "withdrawn"
    too_many = ana.post(
        "/api/v1/redemptions", {"pool": "backbone", "amount": 21}, JSON, headers=key("z")
    )
    assert (too_many.status_code, too_many.json()["code"]) == (409, "units_bound")


def test_anyone_may_see_what_a_share_brings_and_why() -> None:
    bought_pool(100)
    shown = Client().get("/api/v1/pools/backbone/redemption").json()
    assert (shown["price"], shown["issue_price"], shown["limit_units"]) == (100, 100, 5)
    assert shown["derivation"]["assets"] == 10_000


def test_only_stewards_serve_and_a_key_serves_once() -> None:
    no_notice()
    all_of_it()
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    ask(ana, pool, 20)
    path = "/api/v1/pools/backbone/redemption/runs"
    assert window(ana.user).post(path, headers=key("k")).status_code == 403
    steward = window(make_steward())
    first = steward.post(path, headers=key("k"))
    again = steward.post(path, headers=key("k"))
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert first.json()["redemptions"][0]["due"] == 2000
    assert RedemptionRun.objects.count() == 1
    assert all_wrong() == []


def test_leaving_and_staying() -> None:
    pool = bought_pool(100)
    ana = owners(pool, Ana=20)["Ana"]
    client = window(ana.user)
    assert client.get("/api/v1/leaving").status_code == 404
    wrong = client.post("/api/v1/leaving", {"plan": {}}, JSON, headers=key("w"))
    assert wrong.json()["code"] == "wrong_plan"
    plan = {"plan": {"backbone": "redeem"}}
    begun = client.post("/api/v1/leaving", plan, JSON, headers=key("k"))
    assert begun.status_code == 201
    assert client.get("/api/v1/leaving").json()["unsettled"] == ["shares"]
    assert client.delete("/api/v1/leaving").json()["state"] == "withdrawn"
    assert Leaving.objects.get().state == "withdrawn"
    ana.refresh_from_db()
    assert ana.state == Member.State.ACTIVE
