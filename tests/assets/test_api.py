"""The register under /api/v1/: open to read, a steward's to write, each write once."""

from typing import Any

import pytest
from django.test import Client

from assets.models import Asset
from tests.assets.things import days_ago, serving, the_pool
from tests.makers import agree, make_member, make_steward

pytestmark = pytest.mark.django_db
PATH = "/api/v1/assets"
NEW = {
    "pool": "backbone",
    "on": days_ago(5).isoformat(),
    "name": "Router",
    "kind": "router",
    "cost": 25_000,
    "serial": "SER-1",
    "place": "Mill",
}


@pytest.fixture
def steward() -> Client:
    the_pool()
    client = Client()
    client.force_login(make_steward())
    return client


def send(client: Client, path: str, data: dict[str, Any], key: str = "k1") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(path, data, content_type="application/json", headers=headers)


def test_everybody_reads_public_facts() -> None:
    asset = serving(serial="SER-1", location="Loft", supplier="Wire", place="Mill", bandwidth=1500)
    (found,) = Client().get(PATH).json()["results"]
    assert found == Client().get(f"{PATH}/{asset.pk}").json()
    assert (found["place"], found["yields"], found["units_created"]) == (
        "Mill",
        {"bandwidth": 1500},
        250,
    )
    assert not {"serial", "location", "supplier", "bill"} & set(found)
    assert Client().get(f"{PATH}/999999").status_code == 404
    assert Client().get(PATH, {"state": "melted"}).status_code == 400
    assert Client().get(PATH, {"q": "nothing like it"}).json()["results"] == []


def test_a_life_in_seven_calls_each_of_them_sent_twice(steward: Client) -> None:
    for _ in range(2):
        answer = send(steward, PATH, NEW)
        assert answer.status_code == 201, answer.content
    asset_id = answer.json()["id"]
    steps: list[tuple[str, dict[str, Any]]] = [
        ("take", {"paid_from": "grant"}),
        ("serve", {"on": days_ago(4).isoformat(), "capacity": {"bandwidth": 900}}),
        ("fault", {"on": days_ago(3).isoformat(), "capacity": {"bandwidth": 300}}),
        ("repair", {"on": days_ago(2).isoformat(), "reason": "fuse"}),
        ("move", {"on": days_ago(1).isoformat(), "place": "Hill", "location": "Loft"}),
        ("upkeep", {"on": days_ago(1).isoformat(), "what": "Dusted", "minutes": 5}),
        ("end", {"on": days_ago(0).isoformat(), "to": "sold", "proceeds": 100}),
    ]
    refused = send(steward, f"{PATH}/{serving().pk}/end", steps[-1][1], "too soon")
    assert (refused.status_code, refused.json()["code"]) == (403, "decided_by_vote")
    agree("retirement_by_vote", False)
    for number, (name, data) in enumerate(steps):
        for _ in range(2):
            answer = send(steward, f"{PATH}/{asset_id}/{name}", data, f"step {number}")
            assert answer.status_code == 200, (name, answer.content)
    asset = Asset.objects.get(pk=asset_id)
    assert (asset.state, asset.place, asset.units_created) == ("sold", "Hill", 250)
    assert (asset.events.count(), asset.moves.count(), asset.upkeep.count()) == (5, 2, 1)
    again = send(steward, f"{PATH}/{asset_id}/fault", steps[2][1], "late")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_step")


def test_only_stewards_write_and_only_with_a_key_and_sense(steward: Client) -> None:
    asset, member = serving(), make_member("Ana")
    client = Client()
    paths = [PATH, *(f"{PATH}/{asset.pk}/{n}" for n in ("take", "serve", "move", "end", "upkeep"))]
    assert {send(client, path, NEW).status_code for path in paths} == {403}
    assert member.user is not None
    client.force_login(member.user)
    assert {send(client, path, NEW).status_code for path in paths} == {403}
    assert send(steward, PATH, NEW, key="").json()["code"] == "idempotency_key"
    assert send(steward, PATH, {**NEW, "pool": "nowhere"}).status_code == 400
    assert send(steward, f"{PATH}/999999/move", NEW).status_code in (400, 404)
    assert Asset.objects.count() == 1
