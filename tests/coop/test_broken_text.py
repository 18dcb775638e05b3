"""Texts that no database takes: a clear refusal for pages and programs, never a failure."""

import pytest
from django.test import Client

from tests.makers import make_member, make_steward

pytestmark = pytest.mark.django_db
HALF = "\ud800"


def test_a_nul_in_an_address_is_refused() -> None:
    visitor, ana = Client(), Client()
    user = make_member("Ana").user
    assert user is not None
    ana.force_login(user)
    for client, path in (
        (visitor, "/api/v1/prices?pool=%00&resource=x"),
        (ana, "/api/v1/gifts?period=%00"),
        (ana, "/api/v1/vouchers?period=%00"),
        (ana, "/tokens/?period=%00"),
        (ana, "/tokens/history/?period=%00"),
    ):
        answer = client.get(path)
        assert answer.status_code == 400, path
        assert "Nothing was booked" in answer.content.decode()


def test_a_nul_in_a_body_is_refused() -> None:
    client = Client()
    client.force_login(make_steward())
    body = {"pool": "\x00", "resource": "bandwidth", "day": "2026-11-01", "reason": "x"}
    answer = client.post(
        "/api/v1/usage/disputes/",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    sent = {"source": "library:second-mast", "key": "\x00"}
    assert client.post("/stewardship/simulation/begin/", sent).status_code == 400


def test_half_a_character_in_a_body_is_refused() -> None:
    client = Client()
    client.force_login(make_steward())
    body = {"pool": HALF, "resource": HALF, "closes_at": HALF, "pool_tokens": HALF, "before": HALF}
    answer = client.post(
        "/api/v1/auctions",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )
    assert answer.status_code == 400


def test_a_reading_of_endless_digits_does_not_exist() -> None:
    client, user = Client(), make_member("Ana").user
    assert user is not None
    client.force_login(user)
    assert client.get("/usage/dispute/", {"reading": "9" * 5000}).status_code == 404
