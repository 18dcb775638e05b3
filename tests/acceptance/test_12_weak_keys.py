"""12: keys of small order and the zero key sign nothing and are let in nowhere."""

import hashlib
import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from metering.models import EnrolmentRequest, Envelope, NodeKey
from metering.services import start_enrolment
from signing import dsse, strict_json
from tests.metering.machine import ENROL, Machine, post

P = 2**255 - 19
POINTS = {
    "zero": bytes(32),
    "identity": (1).to_bytes(32, "little"),
    "order 2": (P - 1).to_bytes(32, "little"),
    "order 4, negative": (1 << 255).to_bytes(32, "little"),
    "order 8": bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    "order 8, negative": bytes.fromhex(
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"
    ),
    "order 8, other": bytes.fromhex(
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
    ),
    "identity, above the field": (P + 1).to_bytes(32, "little"),
    "zero, above the field": P.to_bytes(32, "little"),
}
FORGERIES = [bytes(64), (1).to_bytes(32, "little") + bytes(32)]
"""what a careless verifier takes for a signature by such a key over anything at all"""


def signed_by(public: bytes, kind: str, payload: bytes, forgery: bytes) -> dsse.Envelope:
    signature = dsse.Signature(dsse.keyid(public), forgery)
    return dsse.Envelope(kind, payload, (signature,))


@pytest.mark.django_db
def test_12_no_weak_key_is_let_in() -> None:
    for name, public in POINTS.items():
        body = {"v": 1, "pub": public.hex(), "next": "ab" * 32, "hostname": "gate"}
        for forgery in FORGERIES:
            asked = signed_by(public, ENROL, strict_json.dumps(body), forgery)
            answer = Client().post(
                "/api/v1/agent/enrol", json.dumps(asked.as_dict()), content_type="application/json"
            )
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), name
    assert not EnrolmentRequest.objects.exists()


@pytest.mark.django_db
def test_12_a_weak_key_that_somebody_wrote_into_the_table_signs_nothing() -> None:
    machine = Machine().enrolled()
    batch = machine.batch()
    for epoch, (name, public) in enumerate(POINTS.items(), 2):
        with transaction.atomic():
            NodeKey.objects.create(**row(machine, epoch, public))
            for forgery in FORGERIES:
                answer = post([signed_by(public, batch.payload_type, batch.payload, forgery)])
                assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), name
            transaction.set_rollback(True)
    assert not Envelope.objects.exists()


def row(machine: Machine, epoch: int, public: bytes) -> dict[str, Any]:
    return {
        "node": machine.row,
        "epoch": epoch,
        "public_key": public,
        "keyid": dsse.keyid(public),
        "next_digest": "00" * 32,
        "head_chain": hashlib.sha256(public).hexdigest(),
        "created_at": timezone.now(),
    }


@pytest.mark.django_db
def test_12_an_honest_key_is_let_in_so_that_the_others_were_refused_for_being_weak() -> None:
    assert start_enrolment(envelope=Machine().request()).user_code
