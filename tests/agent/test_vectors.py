"""The Python agent against the golden vectors of docs/vectors."""

import base64
import json
from typing import Any

import pytest
from nacl.signing import SigningKey

from coop_agent import allowances, dsse, enrolment, notices
from coop_agent.errors import NotTrusted
from coop_agent.store import Store
from tests.vectors import every_signed, public, said, seed, title, vectors


@pytest.mark.parametrize("vector", every_signed(), ids=title)
def test_signed_again_it_is_the_same_to_the_byte(vector: dict[str, Any]) -> None:
    payload, kind = vector["payload"].encode(), vector["envelope"]["payloadType"]
    for signer, wanted in zip(vector["signers"], vector["envelope"]["signatures"], strict=True):
        signature = dsse.sign(SigningKey(seed(signer)), kind, payload)
        wire = dsse.envelope(kind, payload, public(signer), signature)
        assert wire == vector["envelope"] | {"signatures": [wanted]}
        assert dsse.opened(vector["envelope"], kind, [public(signer)]) == json.loads(payload)
    assert dsse.chain_value(kind, payload) == vector["chain"]
    with pytest.raises(NotTrusted):
        dsse.opened(vector["envelope"], kind, [public("stranger")])


def test_chains_begin_as_they_should() -> None:
    keys = vectors("keys")
    assert dsse.genesis(keys["node id"], 1, public("node")) == keys["genesis of epoch 1"]
    assert dsse.genesis(keys["node id"], 2, public("next")) == keys["genesis of epoch 2"]
    prev = keys["genesis of epoch 1"]
    for vector in vectors("batches"):
        assert json.loads(vector["payload"])["prev"] == prev
        prev = vector["chain"]


@pytest.fixture
def pinned(store: Store) -> Store:
    """A store whose node is that of the vectors, and which trusts their site."""
    with store.transaction():
        store.put("node", vectors("keys")["node id"])
        store.put("server_keys", [public("site").hex()])
    return store


def test_it_believes_what_the_site_signed(pinned: Store) -> None:
    entered = enrolment.read_enrolled(vectors("enrol")[1]["envelope"], public("node"), None)
    assert entered["server_keys"] == [public("site").hex()]
    assert allowances.opened(pinned, vectors("allowances")[1]["envelope"])["period"] == "2026-11"
    with pinned.transaction():
        pinned.put("revocations", vectors("trust")[0]["envelope"])
        pinned.put("notices", vectors("trust")[1]["envelope"])
    [revocation], [notice] = notices.revocations(pinned), notices.notices(pinned)
    assert (revocation.last_seq, revocation.reason) == (41, "stolen")
    assert (notice.state, notice.links) == ("quarantined", (("if:va:tx", "if:vb:rx"),))
    assert said("trust", 1)["notices"][0]["keyids"] == list(notice.keyids)


def bodies() -> list[Any]:
    """The payloads of the negative vectors that break the strict profile."""
    found = []
    for vector in vectors("negative"):
        if vector["code"] == "malformed" and b"payload" in base64.b64decode(vector["body"]):
            found.append(vector)
    return found


@pytest.mark.parametrize("vector", bodies()[:10], ids=title)
def test_it_reads_no_more_than_the_site_does(vector: dict[str, Any]) -> None:
    [wire] = json.loads(base64.b64decode(vector["body"]))["envelopes"]
    with pytest.raises(NotTrusted):
        dsse.opened(wire, wire["payloadType"], [public("node")])
