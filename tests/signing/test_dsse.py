"""The envelope: golden vectors of the protocol, and what must not verify."""

import base64
import dataclasses
import hashlib
from typing import Any

import pytest

from signing import dsse
from signing.errors import BadSignature, MalformedEnvelope, WrongPayloadType

SEED = bytes(range(32))
PUBLIC = bytes.fromhex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
NODE = "0192f3a4-0000-7000-8000-000000000001"
GENESIS = "b0bb0105da1332565e605a8fdb6074c9008d57bcdaa7cfe47c0242cd73921a76"
BATCH = dsse.payload_type("usage-batch")
GOLDEN = [
    (
        1,
        GENESIS,
        "AStwDqxOMufR0FLT30XBHRopcovwcKQm3TPvs7GflxGJaSkfYfIlAM0VLDGSwK2vgV7YMe4bh42tNRh5g4xEAg==",
        "ee2d22c586a8495a6457bcc131d7716397c45c7949bf76b8253303240e0aeb57",
    ),
    (
        2,
        "ee2d22c586a8495a6457bcc131d7716397c45c7949bf76b8253303240e0aeb57",
        "wtiKQmGUXoUKU3/Lu9RFtX/GLYHGNSZiIaLGGMqBjmOqmcxRyvyL3v0KzshHX55FheDrppIshKbMokopcKUGCA==",
        "b1d90c7c0b3f6560a3465875e90102d635221648cd517860c122258b4d61ca3e",
    ),
]


def _batch(seq: int, prev: str) -> bytes:
    return (
        f'{{"v":1,"node":"{NODE}","epoch":1,"seq":{seq},"prev":"{prev}","records":[]}}'
    ).encode()


def test_the_pre_authentication_encoding_counts_bytes_and_not_letters() -> None:
    assert dsse.pae("ä", b"hello") == "DSSEv1 2 ä 5 hello".encode()


def test_the_keyid_is_the_one_of_the_protocol() -> None:
    assert dsse.keyid(PUBLIC) == "ed25519:56475aa75463474c0285df5dbf2bcab7"


def test_the_genesis_link_is_the_one_of_the_protocol() -> None:
    start = b"coop-usage-chain-v1\n" + NODE.encode() + b"\n1\n" + PUBLIC
    assert hashlib.sha256(start).hexdigest() == GENESIS


@pytest.mark.parametrize(("seq", "prev", "sig", "chain"), GOLDEN)
def test_signature_and_chain_are_the_golden_ones(seq: int, prev: str, sig: str, chain: str) -> None:
    envelope = dsse.sign(SEED, BATCH, _batch(seq, prev))
    assert base64.b64encode(envelope.signatures[0].sig).decode() == sig
    assert envelope.digest == chain
    assert dsse.verify(envelope, PUBLIC, BATCH) == _batch(seq, prev)


def test_an_envelope_survives_the_wire_byte_for_byte() -> None:
    envelope = dsse.sign(SEED, BATCH, b'{ "order" : "kept" }')
    assert dsse.Envelope.from_json(envelope.as_json()) == envelope


def test_a_changed_payload_does_not_verify() -> None:
    envelope = dataclasses.replace(dsse.sign(SEED, BATCH, b"{}"), payload=b"[]")
    with pytest.raises(BadSignature):
        dsse.verify(envelope, PUBLIC, BATCH)


def test_another_key_does_not_verify() -> None:
    envelope = dsse.sign(bytes(32), BATCH, b"{}")
    with pytest.raises(BadSignature):
        dsse.verify(envelope, PUBLIC, BATCH)


def test_a_sound_signature_over_another_kind_is_refused() -> None:
    envelope = dsse.sign(SEED, dsse.payload_type("receipt"), b"{}")
    with pytest.raises(WrongPayloadType):
        dsse.verify(envelope, PUBLIC, BATCH)


def test_a_receipt_renamed_to_a_batch_does_not_verify() -> None:
    receipt = dsse.sign(SEED, dsse.payload_type("receipt"), b"{}")
    with pytest.raises(BadSignature):
        dsse.verify(dataclasses.replace(receipt, payload_type=BATCH), PUBLIC, BATCH)


@pytest.mark.parametrize(
    "key",
    [bytes(32), b"\x01" + bytes(31), bytes.fromhex("ec" + "ff" * 30 + "7f"), b"", bytes(31)],
    ids=["zero", "small-order-1", "small-order-2", "empty", "short"],
)
def test_weak_and_broken_keys_verify_nothing(key: bytes) -> None:
    # With a key of small order a signature of R = that point and S = 0 would fit many messages.
    forged = dsse.Signature("", key.ljust(32, b"\0")[:32] + bytes(32))
    with pytest.raises(BadSignature):
        dsse.verify(dsse.Envelope(BATCH, b"{}", (forged,)), key, BATCH)


def test_one_sound_signature_among_several_is_enough() -> None:
    sound = dsse.sign(SEED, BATCH, b"{}")
    other = dsse.sign(bytes(32), BATCH, b"{}")
    both = dataclasses.replace(sound, signatures=other.signatures + sound.signatures)
    assert dsse.verify(both, PUBLIC, BATCH) == b"{}"


def _wire(**changes: Any) -> dict[str, Any]:
    return dsse.sign(SEED, BATCH, b"{}").as_dict() | changes


@pytest.mark.parametrize(
    "wire",
    [
        [],
        "text",
        _wire(extra=1),
        _wire(payload=7),
        _wire(payload="a"),
        _wire(payload="e30=\n"),
        _wire(payload="é30="),
        _wire(payload="\ud800" * 4),
        _wire(payload="QUJD="),
        _wire(payloadType=None),
        _wire(signatures=[]),
        _wire(signatures={}),
        _wire(signatures=[{"sig": "e30="}] * 5),
        _wire(signatures=[{"keyid": "x"}]),
        _wire(signatures=[{"sig": "e30=", "alg": "none"}]),
    ],
)
def test_what_is_not_an_envelope_is_refused(wire: Any) -> None:
    with pytest.raises(MalformedEnvelope):
        dsse.Envelope.from_dict(wire)
