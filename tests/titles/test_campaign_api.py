"""Campaigns under /api/v1/."""

import pytest
from django.test import Client

from tests.makers import make_member, make_pool
from tests.titles.test_campaigns import paid, planned
from titles.models import Prepayment

pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"


def test_a_client_pays_ahead_once() -> None:
    campaign, ana = planned(make_pool()), make_member()
    client = Client()
    path = f"/api/v1/campaigns/{campaign.pk}/prepayments"
    assert client.get("/api/v1/campaigns").json()[0]["goal"] == 50_000
    assert client.post(path, {"amount": 20_000}, JSON).status_code in (401, 403)
    assert ana.user is not None
    client.force_login(ana.user)
    assert client.post(path, {"amount": 20_000}, JSON).status_code == 400
    head = {"Idempotency-Key": "k"}
    made = client.post(path, {"amount": 20_000}, JSON, headers=head)
    assert made.status_code == 201, made.text
    again = client.post(path, {"amount": 20_000}, JSON, headers=head)
    assert again.json()["id"] == made.json()["id"]
    assert (
        client.post(path, {"amount": 30_001}, JSON, headers={"Idempotency-Key": "l"}).json()["code"]
        == "beyond_goal"
    )
    paid(Prepayment.objects.get())
    assert client.get("/api/v1/campaigns").json()[0]["paid"] == 20_000
    assert client.get(path).json()[0]["charge"]["state"] == "paid"
    assert client.get("/api/v1/campaigns/999/prepayments").json() == []
    assert (
        client.post(
            "/api/v1/campaigns/999/prepayments", {"amount": 5}, JSON, headers=head
        ).status_code
        == 404
    )
