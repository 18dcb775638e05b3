"""How a node is let in: over HTTP, as docs/metering-protocol.md tells it."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from metering import services
from metering.errors import KeyOfAnotherNode, TooManyAsking
from metering.models import EnrolmentRequest, Node, NodeKey
from signing import dsse, keys, strict_json
from tests.metering.machine import ENROL, Machine, post, statuses

pytestmark = pytest.mark.django_db


def send(path: str, body: Any) -> Any:
    return Client().post(f"/api/v1/agent/{path}", json.dumps(body), content_type="application/json")


def ask(machine: Machine) -> dict[str, Any]:
    response = send("enrol", machine.request().as_dict())
    assert response.status_code == 200
    codes: dict[str, Any] = response.json()
    return codes


def poll(codes: dict[str, Any]) -> Any:
    return send("enrol/poll", {"device_code": codes["device_code"]})


def code_of(response: Any) -> tuple[int, str]:
    assert response["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def test_a_node_asks_is_let_in_and_learns_who_it_is() -> None:
    machine = Machine()
    codes = ask(machine)
    assert code_of(poll(codes)) == (400, "authorization_pending")
    node = services.approve_enrolment(actor=None, user_code=codes["user_code"], label="North")
    answer = poll(codes).json()
    said = strict_json.loads(
        keys.verify_document(dsse.Envelope.from_dict(answer), dsse.payload_type("enrolled"))
    )
    assert (said["node"], said["epoch"], said["pub"]) == (
        str(node.uuid),
        1,
        machine.public.hex(),
    )
    assert said["server_keys"] == [keys.public_key().hex()]
    assert poll(codes).json() == answer


def test_the_code_is_eight_consonants_and_good_for_a_quarter_of_an_hour() -> None:
    codes = ask(Machine())
    assert (codes["expires_in"], codes["interval"]) == (900, 5)
    assert len(codes["user_code"]) == 9
    assert not set(codes["user_code"]) & set("AEIOUY0123456789")
    with time_machine.travel(timezone.now() + timedelta(seconds=901)):
        assert code_of(poll(codes)) == (400, "expired_token")
        with pytest.raises(CommandError):
            call_command("approve_node", codes["user_code"])


def test_the_secret_that_picks_up_the_answer_is_not_kept() -> None:
    codes = ask(Machine())
    values = EnrolmentRequest.objects.values_list("device_digest", "envelope").get()
    assert codes["device_code"] not in str(values)


def test_who_polls_too_fast_is_told_so() -> None:
    codes = ask(Machine())
    poll(codes)
    assert code_of(poll(codes)) == (400, "slow_down")
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        assert code_of(poll(codes)) == (400, "authorization_pending")


def test_who_was_turned_away_is_told_so() -> None:
    codes = ask(Machine())
    services.deny_enrolment(actor=None, user_code=codes["user_code"])
    assert code_of(poll(codes)) == (400, "access_denied")
    assert not Node.objects.exists()


def test_of_several_requests_of_one_key_the_newest_counts() -> None:
    machine = Machine()
    first, second = ask(machine), ask(machine)
    assert code_of(poll(first)) == (400, "expired_token")
    assert code_of(poll(second)) == (400, "authorization_pending")


def test_a_node_that_lost_its_answer_continues_as_the_same_node() -> None:
    machine = Machine().enrolled()
    post(machine.batches(0, 1))
    again = ask(machine)
    node = services.approve_enrolment(actor=None, user_code=again["user_code"], label="other")
    assert node == machine.row
    assert statuses(post([machine.batch()])) == ["accepted"]
    assert NodeKey.objects.count() == 1


def test_a_revoked_nodes_key_is_not_let_in_again() -> None:
    machine = Machine().enrolled()
    services.set_node_state(actor=None, node=machine.row, state="revoked", reason="stolen")
    codes = ask(machine)
    with pytest.raises(KeyOfAnotherNode):
        services.approve_enrolment(actor=None, user_code=codes["user_code"], label="x")


def by_another_key(machine: Machine) -> dsse.Envelope:
    return dsse.sign(bytes(32), ENROL, machine.request().payload)


@pytest.mark.parametrize(
    ("make", "status", "code"),
    [
        (by_another_key, 401, "bad_signature"),
        (lambda m: m.signed(m.request().payload), 422, "schema"),
        (lambda m: m.request(pub="00"), 422, "schema"),
        (lambda m: m.request(admin="yes"), 422, "schema"),
        (lambda m: m.signed(b"{", ENROL), 400, "malformed"),
    ],
)
def test_a_request_that_is_not_right_is_refused(make: Any, status: int, code: str) -> None:
    assert code_of(send("enrol", make(Machine()).as_dict())) == (status, code)
    assert not EnrolmentRequest.objects.exists()


@pytest.mark.parametrize("point", ["00" * 32, "01" + "00" * 31])
def test_a_key_of_small_order_is_refused(point: str) -> None:
    machine = Machine()
    envelope = machine.request(pub=point)
    assert code_of(send("enrol", envelope.as_dict())) == (401, "bad_signature")
    # the signature that verifies for everything under such a key where a library lets it
    forged = dsse.Signature(dsse.keyid(bytes.fromhex(point)), bytes.fromhex("01" + "00" * 63))
    everything = dsse.Envelope(envelope.payload_type, envelope.payload, (forged,))
    assert code_of(send("enrol", everything.as_dict())) == (401, "bad_signature")


def test_a_nodes_configuration_is_signed_and_only_for_nodes() -> None:
    machine = Machine().enrolled()
    answer = Client().get(f"/api/v1/agent/config/{machine.row.uuid}").json()
    said = strict_json.loads(
        keys.verify_document(dsse.Envelope.from_dict(answer), dsse.payload_type("config"))
    )
    config = said["config"]
    assert 1 <= config["sample_s"] <= config["record_s"] <= config["seal_s"]
    assert post([machine.batch()]).json()["config"] == config["etag"]
    unknown = Client().get(f"/api/v1/agent/config/{machine.row.uuid.__class__(int=1)}")
    assert code_of(unknown) == (404, "not_enrolled")


def test_a_node_is_let_in_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    codes = ask(Machine())
    call_command("approve_node", codes["user_code"].lower(), "--label", "Gate")
    node = Node.objects.get(label="Gate")
    assert capsys.readouterr().out.strip() == str(node.uuid)
    with pytest.raises(CommandError):
        call_command("approve_node", codes["user_code"])


def test_no_more_than_fifty_nodes_wait_at_once_and_old_ones_are_forgotten(db: None) -> None:
    asking = [Machine() for _ in range(50)]
    for machine in asking:
        services.start_enrolment(envelope=machine.request())
    late = Machine()
    with pytest.raises(TooManyAsking):
        services.start_enrolment(envelope=late.request())
    services.start_enrolment(envelope=asking[0].request())
    assert services.sweep_enrolments() == 0
    EnrolmentRequest.objects.update(expires_at=timezone.now())
    services.start_enrolment(envelope=late.request())
    assert services.sweep_enrolments() == 51
    assert EnrolmentRequest.objects.get().keyid == dsse.keyid(late.public)
