"""Letting a node in for an asset: alone, by two, in another one's place, without a connection."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from assets.models import Asset
from coop.invariants import all_broken
from metering import services
from metering.errors import NoAnswerYet, NoSuchCode, SecondPersonNeeded, SlotTaken
from metering.models import EnrolmentRequest, Node, NodeStateChange
from signing import dsse, keys, strict_json
from tests.makers import buy
from tests.metering.machine import Machine, post, statuses
from tests.metering.world import Valley


def asset_of(valley: Valley) -> Asset:
    return Asset.objects.get(pool=valley.pool)


def asked(machine: Machine) -> str:
    return services.start_enrolment(envelope=machine.request()).user_code


def test_an_asset_of_one_member_needs_one_person(valley: Valley) -> None:
    code = asked(Machine())
    node = services.claim_enrolment(
        actor=valley.steward, user_code=code, label="gate", asset=asset_of(valley)
    )
    assert node is not None
    assert (node.asset, node.pool) == (asset_of(valley), valley.pool)
    with pytest.raises(NoSuchCode):
        services.agree_enrolment(actor=valley.ana.user, user_code=code)


def test_a_shared_asset_needs_a_second_co_owner(valley: Valley) -> None:
    buy(valley.ben, valley.pool, 10)
    code = asked(Machine())
    claim: dict[str, Any] = {"user_code": code, "label": "gate", "asset": asset_of(valley)}
    assert services.claim_enrolment(actor=valley.ana.user, **claim) is None
    assert Node.objects.count() == 1
    for nobody in (valley.ana.user, valley.steward, None):
        with pytest.raises(SecondPersonNeeded):
            services.agree_enrolment(actor=nobody, user_code=code)
    node = services.agree_enrolment(actor=valley.ben.user, user_code=code)
    assert (node.label, node.asset) == ("gate", asset_of(valley))
    assert all_broken() == []


def test_a_claim_outlives_the_question_and_ends_with_its_days(valley: Valley) -> None:
    buy(valley.ben, valley.pool, 10)
    machine = Machine()
    code = asked(machine)
    services.claim_enrolment(
        actor=valley.steward, user_code=code, label="gate", asset=asset_of(valley)
    )
    with time_machine.travel(timezone.now() + timedelta(days=6), tick=False):
        services.sweep_enrolments()
        again = services.start_enrolment(envelope=machine.request())
        assert again.user_code == code
        node = services.agree_enrolment(actor=valley.ben.user, user_code=code)
        answer = services.poll_enrolment(device_code=again.device_code)
    said = strict_json.loads(keys.verify_document(answer, dsse.payload_type("enrolled")))
    assert (said["node"], said["asset"]) == (str(node.uuid), asset_of(valley).code)
    other = Machine()
    late = asked(other)
    services.claim_enrolment(
        actor=valley.steward, user_code=late, label="x", asset=asset_of(valley), replace=True
    )
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        with pytest.raises(NoSuchCode):
            services.agree_enrolment(actor=valley.ben.user, user_code=late)
        assert services.sweep_enrolments() > 0
    assert not EnrolmentRequest.objects.filter(state="claimed").exists()


def test_who_asks_with_another_next_key_is_not_what_was_compared(valley: Valley) -> None:
    buy(valley.ben, valley.pool, 10)
    machine = Machine()
    services.claim_enrolment(
        actor=valley.steward, user_code=asked(machine), label="gate", asset=asset_of(valley)
    )
    services.start_enrolment(envelope=machine.request(next="cd" * 32))
    states = EnrolmentRequest.objects.order_by("pk").values_list("state", flat=True)
    assert list(states)[-2:] == ["replaced", "pending"]


def test_a_machine_flashed_anew_takes_the_place_of_the_one_before(valley: Valley) -> None:
    asset, old = asset_of(valley), valley.machine
    services.set_node_asset(actor=None, node=old.row, asset=asset)
    claim: dict[str, Any] = {"actor": valley.steward, "label": "gate 2", "asset": asset}
    code = asked(Machine())
    with pytest.raises(SlotTaken):
        services.claim_enrolment(user_code=code, **claim)
    new = services.claim_enrolment(user_code=code, replace=True, **claim)
    assert new is not None
    assert list(Node.objects.order_by("pk").values_list("state", flat=True)) == [
        "retired",
        "active",
    ]
    retired = NodeStateChange.objects.get(state="retired")
    assert retired.reason == f"node {str(new.uuid)[:8]} took its place"
    refused = post(old.batches(0))
    assert (refused.status_code, refused.json()["code"]) == (403, "revoked_key")
    assert all_broken() == []


def test_a_node_without_a_connection_is_let_in_by_files(
    valley: Valley, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine, request, answer = Machine(), tmp_path / "request", tmp_path / "answer"
    request.write_bytes(machine.request().as_json())
    call_command("enrol_file", str(request))
    code, words = capsys.readouterr().out.split()
    assert len(words.split("-")) == 5
    with pytest.raises(NoAnswerYet):
        services.answer_to_file(user_code=code)
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        node = services.approve_enrolment(actor=None, user_code=code, label="far")
        call_command("enrol_file", str(answer), "--answer", code)
    document = dsse.Envelope.from_json(answer.read_bytes().strip())
    said = strict_json.loads(keys.verify_document(document, dsse.payload_type("enrolled")))
    assert (said["node"], said["pub"]) == (str(node.uuid), machine.public.hex())
    request.write_bytes(b"not an envelope")
    with pytest.raises(CommandError):
        call_command("enrol_file", str(request))


def test_the_api_claims_and_agrees(valley: Valley) -> None:
    buy(valley.ben, valley.pool, 10)
    code = asked(Machine())
    steward, second = Client(), Client()
    steward.force_login(valley.steward)
    assert valley.ben.user is not None
    second.force_login(valley.ben.user)
    [waiting] = steward.get("/api/v1/enrolments/").json()
    assert (waiting["user_code"], len(waiting["words"].split("-"))) == (code, 5)
    told = {"name": "gate", "asset": asset_of(valley).code}
    path = f"/api/v1/enrolments/{code}/"
    assert second.post(path, told, content_type="application/json").status_code == 403
    wrong = steward.post(path, told | {"pool": "backbone"}, content_type="application/json")
    assert wrong.status_code == 400
    claimed = steward.post(path, told, content_type="application/json")
    assert claimed.json() == {"node": None}
    assert steward.get(f"{path}agree/").status_code == 404
    assert second.get(f"{path}agree/").json()["name"] == "gate"
    agreed = second.post(f"{path}agree/").json()["node"]
    node = Node.objects.get(uuid=agreed)
    services.quarantine_node(actor=valley.steward, node=node, reason="it lies")
    [newest, first] = Client().get(f"/api/v1/nodes/{agreed}/history/").json()["results"]
    assert (newest["node_state"], first["brought_about_by"]) == ("quarantined", "enrolled")
    assert "actor" not in newest
    [key] = Client().get(f"/api/v1/nodes/{agreed}/keys/").json()
    assert (key["epoch"], key["head_seq"], key["revoked_seq"]) == (1, 0, None)
    assert second.get(f"/api/v1/nodes/{agreed}/suspense/").json() == []
    assert Client().get(f"/api/v1/nodes/{agreed}/suspense/").status_code == 403


def test_the_api_decides_about_keys(valley: Valley) -> None:
    from tests.metering.rotating import Rotating

    machine = Rotating()
    machine.enrolled()
    post([machine.rotation(machine.after)])
    steward = Client()
    steward.force_login(valley.steward)
    [row] = steward.get("/api/v1/nodes/rotations/").json()
    decided = {"approve": True, "reason": "the paper says the same words"}
    path = f"/api/v1/nodes/rotations/{row['id']}/"
    assert Client().post(path, decided, content_type="application/json").status_code == 403
    assert steward.post(path, decided, content_type="application/json").status_code == 200
    assert statuses(post([machine.rotation()])) == ["accepted"]
    due = steward.get("/api/v1/nodes/keys-due/")
    assert (due.status_code, due.json()) == (200, [])
    ended = steward.post(
        f"/api/v1/nodes/{machine.row.uuid}/keys/revoke/",
        {"epoch": 1, "reason": "enough"},
        content_type="application/json",
    )
    assert [k["revoked_seq"] for k in ended.json()] == [0, None]
