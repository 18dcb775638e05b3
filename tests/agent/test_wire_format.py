"""The agent's envelopes against the golden vectors and against the site's own implementation."""

import base64
import gzip
from typing import Any

import pytest
from nacl.signing import SigningKey

from coop_agent import dsse
from coop_agent.errors import NotTrusted
from signing import dsse as site
from signing.words import fingerprint_words
from tests.signing.test_dsse import GENESIS, GOLDEN, NODE, PUBLIC, SEED

KEY = SigningKey(SEED)
BATCH = dsse.payload_type("usage-batch")


def test_genesis_and_keyid_are_the_golden_ones() -> None:
    assert dsse.genesis(NODE, 1, PUBLIC) == GENESIS
    assert dsse.keyid(PUBLIC) == "ed25519:56475aa75463474c0285df5dbf2bcab7"


@pytest.mark.parametrize(("seq", "prev", "sig", "chain"), GOLDEN)
def test_signature_and_chain_are_the_golden_ones(seq: int, prev: str, sig: str, chain: str) -> None:
    payload = dsse.dumped(
        {"v": 1, "node": NODE, "epoch": 1, "seq": seq, "prev": prev, "records": []}
    )
    assert base64.b64encode(dsse.sign(KEY, BATCH, payload)).decode() == sig
    assert dsse.chain_value(BATCH, payload) == chain


def test_the_site_reads_what_the_agent_signs() -> None:
    wire = dsse.envelope(BATCH, b'{"a":1}', PUBLIC, dsse.sign(KEY, BATCH, b'{"a":1}'))
    assert site.verify(site.Envelope.from_dict(wire), PUBLIC, BATCH) == b'{"a":1}'


def test_the_agent_reads_what_the_site_signs() -> None:
    wire = site.sign(SEED, BATCH, b'{"a":1}').as_dict()
    assert dsse.opened(wire, BATCH, [bytes(32), PUBLIC]) == {"a": 1}


def test_both_sides_say_the_same_words_for_a_key() -> None:
    assert (
        dsse.fingerprint_words(PUBLIC)
        == fingerprint_words(PUBLIC)
        == "jinal-jopol-jidog-hitas-bapaj"
    )


def _changed(**changes: Any) -> dict[str, Any]:
    return site.sign(SEED, BATCH, b'{"a":1}').as_dict() | changes


@pytest.mark.parametrize(
    "wire",
    [
        None,
        [],
        {},
        _changed(payload=base64.b64encode(b'{"a":2}').decode()),
        _changed(payloadType=dsse.payload_type("receipt")),
        _changed(signatures=[]),
        _changed(signatures=[{"sig": "e30="}]),
        _changed(signatures="sig"),
        _changed(payload=5),
        site.sign(bytes(32), BATCH, b'{"a":1}').as_dict(),
        site.sign(SEED, BATCH, b"[]").as_dict(),
        site.sign(SEED, BATCH, b'{"a":1,"a":1}').as_dict(),
        site.sign(SEED, BATCH, b'{"a":1.5}').as_dict(),
        site.sign(SEED, BATCH, b'{"a":"\\u0000"}').as_dict(),
        site.sign(SEED, BATCH, b'{"a":9007199254740992}').as_dict(),
        site.sign(SEED, BATCH, b'{"a":[[[[[[1]]]]]]}').as_dict(),
        site.sign(SEED, BATCH, b"[" * 50_000).as_dict(),
    ],
)
def test_the_agent_believes_nothing_else(wire: Any) -> None:
    with pytest.raises(NotTrusted):
        dsse.opened(wire, BATCH, [PUBLIC])


def test_packing_is_worth_it() -> None:
    record = {"k": "counter", "m": "if:lo:tx", "r0": "1", "r1": "2", "mt0": "1", "mt1": "2"}
    raw = dsse.dumped([{"n": n, **record} for n in range(500)])
    assert len(gzip.compress(raw, 6)) * 10 < len(raw)
