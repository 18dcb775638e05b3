"""Ownership through the API."""

import pytest
from django.test import Client

from members.models import Member
from tests.makers import buy, charge_period, make_member, make_pool
from titles.models import Subscription

pytestmark = pytest.mark.django_db

WISH = {"pool": "backbone", "count": 5}
ADDRESS = "/api/v1/subscriptions"


@pytest.fixture
def ana(client: Client) -> Member:
    member = make_member("Ana")
    assert member.user is not None
    client.force_login(member.user)
    return member


def test_buying_with_a_key_happens_once(client: Client, ana: Member) -> None:
    make_pool(treasury=100)
    send = {"content_type": "application/json", "headers": {"Idempotency-Key": "k1"}}
    first, second = client.post(ADDRESS, WISH, **send), client.post(ADDRESS, WISH, **send)
    assert (first.status_code, first.json()) == (201, second.json())
    assert first.json()["charge"]["amount"] == 500
    conflict = client.post(ADDRESS, WISH | {"count": 6}, **send)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "key_conflict")
    assert Subscription.objects.count() == 1


def test_two_members_may_use_the_same_key(client: Client, ana: Member) -> None:
    make_pool(treasury=100)
    send = {"content_type": "application/json", "headers": {"Idempotency-Key": "k1"}}
    client.post(ADDRESS, WISH, **send)
    ben = make_member("Ben")
    assert ben.user is not None
    client.force_login(ben.user)
    assert client.post(ADDRESS, WISH, **send).status_code == 201
    assert Subscription.objects.count() == 2


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"pool": "backbone", "count": 101}, 409, "beyond_treasury"),
        ({"pool": "backbone", "count": 0}, 400, "invalid"),
        ({"pool": "nowhere", "count": 1}, 400, "invalid"),
        ({"count": "x"}, 400, "invalid"),
        ([], 400, "invalid"),
    ],
)
def test_a_refused_wish_is_a_problem(
    client: Client, ana: Member, wish: object, status: int, code: str
) -> None:
    make_pool(treasury=100)
    response = client.post(
        ADDRESS, wish, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response["Content-Type"] == "application/problem+json"
    assert not Subscription.objects.exists()


def test_a_wish_without_a_key_or_member_is_refused(client: Client, ana: Member) -> None:
    make_pool(treasury=100)
    response = client.post(ADDRESS, WISH, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key")
    client.logout()
    assert client.post(ADDRESS, WISH, content_type="application/json").status_code == 403
    assert client.get(ADDRESS).status_code == 403


def test_a_title_is_public_by_its_number(client: Client, ana: Member) -> None:
    buy(ana, make_pool(treasury=100), 20)
    client.logout()
    answer = client.get("/api/v1/titles/1").json()
    assert (answer["state"], answer["is_genuine"]) == ("live", True)
    assert answer["facts"]["units"] == 20
    assert set(answer["document"]) == {"payloadType", "payload", "signatures"}
    missing = client.get("/api/v1/titles/2")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_title")
    assert client.get("/api/v1/titles").status_code == 403


def test_a_member_reads_own_titles_and_charges_only(client: Client, ana: Member) -> None:
    pool = make_pool(treasury=100)
    buy(ana, pool, 20)
    charge_period(ana, pool, cost=60, profit=36, code="2026-06")
    buy(make_member("Ben"), pool, 3)
    titles = client.get("/api/v1/titles").json()["results"]
    assert [(title["number"], title["units"]) for title in titles] == [(1, 20)]
    charges = client.get("/api/v1/charges").json()["results"]
    assert [charge["amount"] for charge in charges] == [96, 2000]
    assert charges[0]["lines"][0]["profit"] == 36
