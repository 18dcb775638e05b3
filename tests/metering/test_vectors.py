"""The site against the golden vectors of docs/vectors: what it takes, says and signs."""

import base64
import json
import subprocess
import sys
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from metering import services
from metering.models import Meter, Node, NodeKey
from metering.payloads import (
    read_audit_answer,
    read_batch,
    read_countersign,
    read_enrol,
    read_inventory,
    spelled,
)
from metering.services.rotate import Rotate, shaped
from signing import dsse, strict_json
from tests.vectors import FOLDER, every_signed, public, said, seed, title, vectors

URL = "/api/v1/agent/envelopes"
booked = pytest.mark.django_db(transaction=True)


@pytest.fixture
def node() -> Node:
    """The node of the vectors, let in by its own `enrol` under its own id."""
    asked = dsse.Envelope.from_dict(vectors("enrol")[0]["envelope"])
    codes = services.start_enrolment(envelope=asked)
    made = services.approve_enrolment(actor=None, user_code=codes.user_code, label="gate")
    keys = vectors("keys")
    NodeKey.objects.filter(node=made).update(head_chain=keys["genesis of epoch 1"])
    Node.objects.filter(pk=made.pk).update(uuid=uuid.UUID(keys["node id"]))
    return Node.objects.get(pk=made.pk)


def post(*envelopes: dict[str, Any]) -> Any:
    body = json.dumps({"envelopes": list(envelopes)})
    return Client().post(URL, body, content_type="application/json")


def results(*envelopes: dict[str, Any]) -> list[dict[str, Any]]:
    return list(post(*envelopes).json()["results"])


@pytest.mark.parametrize("vector", every_signed(), ids=title)
def test_signed_again_it_is_the_same_to_the_byte(vector: dict[str, Any]) -> None:
    payload = vector["payload"].encode()
    kind = vector["envelope"]["payloadType"]
    parts = [dsse.sign(seed(signer), kind, payload) for signer in vector["signers"]]
    wire = parts[0].as_dict() | {"signatures": [p.as_dict()["signatures"][0] for p in parts]}
    assert wire == vector["envelope"]
    assert parts[0].digest == vector["chain"]
    for signer in vector["signers"]:
        envelope = dsse.Envelope.from_dict(vector["envelope"])
        assert dsse.verify(envelope, public(signer), kind) == payload


@booked
def test_the_chain_is_taken_and_the_gap_gone_over(node: Node) -> None:
    first, second, third, refused, fifth = (v["envelope"] for v in vectors("batches"))
    [told] = results(vectors("inventory")[0]["envelope"])
    assert (told["status"], told["chain"]) == ("accepted", vectors("inventory")[0]["inv"])
    assert [r["status"] for r in results(first, second)] == ["accepted"] * 2
    assert [r["code"] for r in results(refused, third)] == ["schema", ""]
    [last] = results(fifth)
    receipt = dsse.Envelope.from_dict(last["receipt"])
    assert last["status"] == "accepted"
    assert set(strict_json.loads(receipt.payload)) == set(said("receipt"))
    assert NodeKey.objects.get(node=node).head_seq == 5
    services.rate_waiting()
    assert Meter.objects.filter(node=node).count() == 3


@booked
def test_out_of_order_they_wait_and_join(node: Node) -> None:
    first, second, third, *_ = (v["envelope"] for v in vectors("batches"))
    assert [r["status"] for r in results(third, second)] == ["pending_gap"] * 2
    assert results(first)[0]["status"] == "accepted"
    assert [r["status"] for r in results(third, second, first)] == ["duplicate"] * 3


@booked
def test_what_is_wrong_is_refused_with_its_code(node: Node) -> None:
    found, wanted = {}, {}
    for vector in vectors("negative"):
        raw = base64.b64decode(vector["body"])
        answer = Client().post(URL, raw, content_type="application/json")
        assert answer.headers["Content-Type"] == "application/problem+json"
        found[title(vector)] = (answer.status_code, answer.json()["code"])
        wanted[title(vector)] = (vector["status"], vector["code"])
    assert found == wanted
    assert len(wanted) > 30
    assert not node.envelopes.exists()


@booked
def test_both_ways_of_changing_the_key(node: Node) -> None:
    both, lost = (vector["envelope"] for vector in vectors("rotate"))
    results(*(vector["envelope"] for vector in vectors("batches")))
    [waits] = results(lost)
    assert (waits["status"], waits["seq"], waits["receipt"]) == ("pending_approval", None, None)
    assert results(both)[0]["status"] == "accepted"
    newest = NodeKey.objects.filter(node=node).latest("epoch")
    assert (newest.epoch, bytes(newest.public_key)) == (2, public("next"))
    assert newest.head_chain == vectors("keys")["genesis of epoch 2"]


def test_what_nodes_sign_has_the_shape_that_the_site_reads() -> None:
    read_enrol(vectors("enrol")[0]["payload"].encode())
    read_inventory(vectors("inventory")[0]["payload"].encode())
    shaped(said("rotate"), Rotate)
    read_audit_answer(vectors("audit")[2]["payload"].encode())
    for vector in vectors("countersign"):
        read_countersign(vector["payload"].encode())
    kinds = {r.__struct_config__.tag for b in (0, 1, 2, 4) for r in batch(b).records}
    assert kinds == {"counter", "gauge", "gap", "event", "redeem"}


def batch(number: int) -> Any:
    return read_batch(vectors("batches")[number]["payload"].encode())


@booked
def test_what_the_site_signs_has_the_shape_of_the_vectors(node: Node) -> None:
    signed = {
        "config": services.signed_configuration(node=node),
        "allowances": services.signed_allowances(
            envelope=dsse.Envelope.from_dict(fresh_question("allowances"))
        ),
        "challenges": services.signed_challenges(
            envelope=dsse.Envelope.from_dict(fresh_question("challenges"))
        ),
    }
    assert set(opened(signed["config"])) <= set(said("config"))
    assert set(opened(signed["allowances"])) == set(said("allowances", 1))
    assert set(opened(services.signed_revocations())) == set(said("trust", 0))
    assert set(opened(services.signed_notices(node=node))) == set(said("trust", 1))
    assert set(opened(signed["challenges"])) == set(said("audit", 1))


def fresh_question(about: str) -> dict[str, Any]:
    """The question for allowances or challenges, asked now: an old one is refused."""
    body = said("allowances", 0) | {"sent": spelled(timezone.now())}
    kind = dsse.payload_type(f"{about}-request")
    return dsse.sign(seed("node"), kind, strict_json.dumps(body)).as_dict()


def opened(envelope: dsse.Envelope) -> dict[str, Any]:
    return dict(strict_json.loads(envelope.payload))


@booked
def test_a_file_carried_by_hand_is_taken_line_by_line(node: Node) -> None:
    carried = vectors("carried")
    answers = results(*(json.loads(line) for line in carried["coopbatch"]))
    for answer, line in zip(answers, carried["coopreceipts"], strict=True):
        wanted = json.loads(line)
        names = ("node", "epoch", "seq", "chain", "status", "code")
        assert [answer[n] for n in names] == [wanted[n] for n in names]
        assert (answer["receipt"] is None) == (wanted["receipt"] is None)


def test_made_again_the_files_are_the_same(tmp_path: Any) -> None:
    for path in FOLDER.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    subprocess.run([sys.executable, str(tmp_path / "make.py")], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.json")}
    assert made == {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
