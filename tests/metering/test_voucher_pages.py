"""Pages and API of vouchers: taking out, the file, giving back, and what stewards see."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from metering import services
from signing import dsse, keys
from tests.metering.test_vouchers import GB, deliver, redeem, taken
from tests.metering.world import Valley
from tokens.models import Voucher
from tokens.voucher_file import VOUCHER

pytestmark = pytest.mark.django_db


def signed_in(valley: Valley, name: str) -> Client:
    client = Client()
    user = {"ana": valley.ana.user, "ben": valley.ben.user, "steward": valley.steward}[name]
    assert user is not None
    client.force_login(user)
    return client


def filled(valley: Valley, **changes: str) -> dict[str, str]:
    now = timezone.localtime()
    row = valley.period.yields.get(resource__code="bandwidth")
    return {
        "yields": str(row.pk),
        "amount": "20",
        "place": f"node:{valley.machine.row.pk}",
        "not_before": f"{now:%Y-%m-%dT%H:%M}",
        "not_after": f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}",
        "key": "k",
    } | changes


def test_a_member_takes_a_voucher_out_and_gives_it_back(valley: Valley) -> None:
    ana = signed_in(valley, "ana")
    assert "gate" in ana.get("/tokens/vouchers/new/").content.decode()
    answer = ana.post("/tokens/vouchers/new/", filled(valley))
    row = Voucher.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/tokens/vouchers/{row.uuid}/")
    assert ana.post("/tokens/vouchers/new/", filled(valley))["Location"] == answer["Location"]
    page = ana.get(answer["Location"]).content.decode()
    assert "<svg" in page
    assert "Give it back" in page
    file = ana.get(answer["Location"] + "voucher.json")
    envelope = dsse.Envelope.from_json(file.content)
    assert dsse.verify(envelope, keys.public_key(), VOUCHER) == bytes(row.payload)
    assert "taken out" in ana.get("/tokens/").content.decode()
    assert ana.post(answer["Location"] + "back/").status_code == 303
    row.refresh_from_db()
    assert row.state == "back"
    assert "Give it back" not in ana.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "9999"}, "own tokens are unused"),
        ({"not_after": "2020-01-01T00:00"}, "good for a time"),
        ({"place": "node:0"}, "Select a valid choice"),
        ({"amount": ""}, "required"),
    ],
)
def test_a_wrong_voucher_says_what_to_do(
    valley: Valley, changes: dict[str, str], words: str
) -> None:
    answer = signed_in(valley, "ana").post("/tokens/vouchers/new/", filled(valley, **changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Voucher.objects.exists()


def test_a_voucher_is_its_members_alone(valley: Valley) -> None:
    row = taken(valley)
    for path in ("", "voucher.json"):
        assert (
            signed_in(valley, "ben").get(f"/tokens/vouchers/{row.uuid}/{path}").status_code == 404
        )
    assert signed_in(valley, "ben").post(f"/tokens/vouchers/{row.uuid}/back/").status_code == 404
    assert signed_in(valley, "ben").get(f"/api/v1/vouchers/{row.uuid}").status_code == 404


def test_stewards_see_what_was_presented_twice_and_say_what_it_was(valley: Valley) -> None:
    row, steward = taken(valley), signed_in(valley, "steward")
    assert "No voucher was presented twice" in steward.get("/nodes/vouchers/").content.decode()
    deliver(valley.machine, redeem(valley.machine, row, 20 * GB))
    deliver(valley.machine, redeem(valley.machine, row, GB))
    deliver(valley.machine, redeem(valley.machine, "ab" * 32, GB))
    page = steward.get("/nodes/vouchers/").content.decode()
    assert "presented twice" in page
    assert "no voucher of ours has this ticket" in page
    assert "presented twice" in steward.get("/stewardship/").content.decode()
    proof = json.loads(steward.get(f"/nodes/vouchers/{row.uuid}/proof.json").content)
    assert len(proof["batches"]) == 2
    for batch in proof["batches"]:
        envelope = dsse.Envelope.from_dict(batch["envelope"])
        assert dsse.verify(envelope, bytes.fromhex(batch["node_key"]), envelope.payload_type)
    path = f"/nodes/vouchers/{row.uuid}/looked/"
    assert steward.post(path, {"note": ""}).status_code == 422
    assert steward.post(path, {"note": "A restored backup."}).status_code == 303
    assert "A restored backup." in steward.get("/nodes/vouchers/").content.decode()
    mine = signed_in(valley, "ana").get(f"/tokens/vouchers/{row.uuid}/").content.decode()
    assert "more for this voucher than it holds" in mine
    for path in ("/nodes/vouchers/", f"/nodes/vouchers/{row.uuid}/proof.json"):
        assert signed_in(valley, "ana").get(path).status_code == 403


def test_programs_take_out_and_give_back(valley: Valley) -> None:
    ana = signed_in(valley, "ana")
    now = timezone.now().replace(microsecond=0)
    body: dict[str, Any] = {
        "pool": "backbone", "resource": "bandwidth", "amount": 20_000,
        "node": str(valley.machine.row.uuid),
        "not_before": (now - timedelta(days=1)).isoformat(),
        "not_after": (now + timedelta(days=1)).isoformat(),
    }  # fmt: skip

    def send(path: str, said: Any = None) -> Any:
        key = {"idempotency-key": "k"}
        return ana.post(f"/api/v1/vouchers{path}", said or {}, "application/json", headers=key)

    made = send("", body)
    assert made.status_code == 201, made.content
    said = made.json()
    assert dsse.Envelope.from_dict(said["document"]).digest == said["ticket"]
    assert send("", body).json()["id"] == said["id"]
    assert send("", body | {"node": None}).status_code == 422
    deliver(valley.machine, redeem(valley.machine, said["ticket"], GB))
    [row] = ana.get(f"/api/v1/vouchers/{said['id']}/presented").json()
    assert (row["presentation_state"], row["amount"]) == ("counted", 1_000)
    refusal = send(f"/{said['id']}/back")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "voucher_used")
    assert [v["left"] for v in ana.get("/api/v1/vouchers").json()] == [19_000]
    assert ana.get("/api/v1/vouchers/twice").status_code == 403


def test_a_steward_says_which_asset_a_node_stands_for(valley: Valley) -> None:
    steward, node = signed_in(valley, "steward"), valley.machine.row
    asset, path = valley.pool.assets.get(), f"/nodes/{valley.machine.row.uuid}/asset/"
    before = services.configuration(node)["etag"]
    assert steward.post(path, {"asset": "0"}).status_code == 422
    assert steward.post(path, {"asset": str(asset.pk)}).status_code == 303
    node.refresh_from_db()
    assert node.asset == asset
    said = json.loads(services.signed_configuration(node=node).payload)
    assert said["asset"] == asset.code
    assert said["config"]["etag"] != before
    assert f"stands for {asset.code}" in steward.get(f"/nodes/{node.uuid}/").content.decode()
    assert signed_in(valley, "ana").post(path, {"asset": ""}).status_code == 403
