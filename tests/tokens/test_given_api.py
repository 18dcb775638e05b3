"""Gifts, loans and movements for programs: as on the pages, for whom they are."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.metering.world import Valley, make_valley
from tokens.models import Gift, Loan

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def signed_in(valley: Valley, name: str) -> Client:
    client = Client()
    user = {"ana": valley.ana.user, "ben": valley.ben.user, "steward": valley.steward}[name]
    assert user is not None
    client.force_login(user)
    return client


def send(client: Client, path: str, body: Any = None, key: str = "k") -> Any:
    return client.post(
        f"/api/v1/{path}", body or {}, "application/json", headers={"idempotency-key": key}
    )


def wish(valley: Valley, **more: Any) -> dict[str, Any]:
    return {"pool": "backbone", "resource": "bandwidth", "amount": 40_000, **more}


def test_a_gift_is_made_accepted_and_read(valley: Valley) -> None:
    ana, ben = signed_in(valley, "ana"), signed_in(valley, "ben")
    body = wish(valley, receiver=valley.ben.number)
    made = send(ana, "gifts", body)
    assert made.status_code == 201, made.content
    assert send(ana, "gifts", body).json()["id"] == made.json()["id"]
    gift = Gift.objects.get()
    assert send(ana, f"gifts/{gift.pk}/accept").status_code == 404
    done = send(ben, f"gifts/{gift.pk}/accept").json()
    assert (done["gift_state"], done["giver"], done["amount"]) == (
        "accepted", valley.ana.number, 40_000,
    )  # fmt: skip
    assert send(ana, f"gifts/{gift.pk}/withdraw").status_code == 409
    assert [row["id"] for row in ben.get("/api/v1/gifts").json()] == [gift.pk]
    report = signed_in(valley, "steward").get("/api/v1/gifts/report").json()
    assert [(row["way"], row["amount"]) for row in report] == [("gift", 40_000)]
    assert ana.get("/api/v1/gifts/report").status_code == 403


def test_a_loan_is_made_accepted_and_returned(valley: Valley) -> None:
    ana, ben = signed_in(valley, "ana"), signed_in(valley, "ben")
    due = (timezone.now() + timedelta(days=2)).isoformat()
    body = wish(valley, borrower=valley.ben.number, due_at=due)
    assert send(ana, "loans", body).status_code == 201
    loan = Loan.objects.get()
    assert send(ben, f"loans/{loan.pk}/return").status_code == 409
    assert send(ben, f"loans/{loan.pk}/accept").json()["outstanding"] == 40_000
    assert send(ben, f"loans/{loan.pk}/return").json()["loan_state"] == "back"
    assert [row["returned"] for row in ana.get("/api/v1/loans").json()] == [40_000]
    late = send(ana, "loans", body | {"due_at": "2020-01-01T00:00:00Z"}, key="l")
    assert (late.status_code, late.json()["code"]) == (422, "bad_return_moment")


def test_every_movement_can_be_read(valley: Valley) -> None:
    ana = signed_in(valley, "ana")
    rows = ana.get("/api/v1/tokens/movements").json()
    assert [(row["kind"], row["amount"]) for row in rows] == [("tokens issued", 500_000)] * 3
    assert len(ana.get("/api/v1/tokens/movements?offset=2").json()) == 1
    assert ana.get("/api/v1/tokens/movements?offset=x").status_code in (400, 422)
    assert Client().get("/api/v1/tokens/movements").status_code in (401, 403)


@pytest.mark.parametrize(
    "changes", [{"receiver": 999}, {"pool": "nowhere"}, {"amount": 0}, {"amount": "x"}]
)
def test_a_wrong_gift_is_refused(valley: Valley, changes: dict[str, Any]) -> None:
    body = wish(valley, receiver=valley.ben.number) | changes
    assert send(signed_in(valley, "ana"), "gifts", body).status_code in (400, 404, 422)
    assert not Gift.objects.exists()
