"""Anything at all is sent to the envelope endpoint: it never fails, and refuses without a trace.

Valid batches are changed at every level: in the records, in the payload, in its bytes, in the
envelope, in the body, in its packing; and what was changed is signed again by the right key, so
that the parser behind the signature is reached as well.
"""

import base64
import copy
import gzip
import json
import random
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metering import services
from metering.errors import Malformed, SchemaError, TooLarge
from metering.models import Envelope, EnvelopeConflict, MeterInventory, Reading, RefusedBatch
from metering.payloads import (
    Batch,
    read_batch,
    read_enrol,
    read_inventory,
    read_plain,
    read_strictly,
)
from signing import dsse
from tests.acceptance.field import taken_back
from tests.metering.machine import BATCH, INVENTORY, Machine, post_raw
from tests.metering.world import Valley, make_valley
from tokens.models import Usage

CODES = {
    400: {"malformed", "digest_mismatch"},
    401: {"unknown_key", "bad_signature"},
    403: {"revoked_key", "not_enrolled"},
    413: {"too_large"},
    415: {"unsupported_media_type"},
    422: {"schema"},
    429: {"too_many_waiting", "too_many_requests"},
}
STORED = (Envelope, EnvelopeConflict, MeterInventory, RefusedBatch)
FUZZED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from([
        "", "0", "-1", "18446744073709551615", "99999999999999999999", "1970-01-01T00:00:00Z",
        "9000-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "\0", "\ud800",
        "é" * 200, "00" * 32, "ff" * 32, "counter", "gauge", "gap", "redeem", "refused", "fresh",
        2**53, 2**63, [], {}, [[]], {"k": "counter"}, [None] * 3,
    ]),
    st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=2), max_leaves=8),
)  # fmt: skip
MUTATION = st.tuples(st.sampled_from(["set", "drop", "add", "twice", "swap"]), st.integers(0), ODD)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, as the keys that lead to it."""
    found = [path] if path else []
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, dict) else listed:
        found += places(item, (*path, key))
    return found


def changed(value: Any, how: str, where: int, odd: Any) -> Any:
    """The value with one place in it changed."""
    value = copy.deepcopy(value)
    all_places = places(value)
    if not all_places:
        return odd
    path = all_places[where % len(all_places)]
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    last = path[-1]
    if how == "set":
        parent[last] = odd
    elif how == "drop":
        del parent[last]
    elif how == "add" and isinstance(parent, dict):
        parent[f"{odd}"[:20]] = parent[last]
    elif how == "twice" and isinstance(parent, list):
        parent.insert(last, copy.deepcopy(parent[last]))
    elif how == "swap":
        other = all_places[(where // 7) % len(all_places)]
        parent[last] = copy.deepcopy(lookup(value, other))
    return value


def lookup(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def spelled(value: Any) -> bytes:
    """JSON with whatever cannot be said in UTF-8 left as an escape."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


def full_batch(machine: Machine) -> dict[str, Any]:
    """A batch with one record of every kind and every optional key."""
    ended = machine.times(300)
    return machine.body(
        machine.counted(5) | {"f": ["fresh"]},
        machine.held(7),
        {"k": "gap", "why": "agent_stopped", **machine.times(30)},
        {"k": "gap", "why": "refused", "seq": 1, "chain": "ab" * 32},
        {"k": "event", "e": "reboot", "t1": ended["t1"], "mt1": ended["mt1"]},
        {"k": "redeem", "ticket": "cd" * 32, "q": "5", "u": "By", **ended},
        x={"free": [1]},
    )


@pytest.fixture
def machine(db: None) -> Machine:
    return make_valley().machine


def said(answer: Any) -> str:
    """The answer's verdict; it is one of the protocol's, whatever was sent."""
    assert answer.status_code < 500, answer.content
    body = answer.json()
    if answer.status_code == 200:
        assert {r["status"] for r in body["results"]} <= {
            "accepted", "duplicate", "held", "pending_gap", "conflict", "rejected",
            "pending_approval",
        }  # fmt: skip
        return "taken"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["code"] in CODES[answer.status_code], body
    return "refused"


def tried(raw: bytes, **headers: str) -> None:
    """Send it, rate what came of it; what is refused leaves no row and no usage behind."""

    def sent() -> None:
        before = sum(model.objects.count() for model in STORED)
        verdict = said(post_raw(raw, **headers))
        after = sum(model.objects.count() for model in STORED)
        assert verdict == "taken" or after == before
        while services.rate_waiting():
            pass
        assert verdict == "taken" or not Reading.objects.exists()
        assert not Usage.objects.exists()

    taken_back(sent)


def wrapped(machine: Machine, payload: bytes, kind: str = BATCH) -> dict[str, Any]:
    return machine.signed(payload, kind).as_dict()


def body_of(*envelopes: Any) -> bytes:
    return spelled({"envelopes": list(envelopes)})


@FUZZED
@given(st.lists(MUTATION, min_size=1, max_size=4))
def test_a_changed_batch_that_the_right_key_signed_never_fails(
    machine: Machine, mutations: list[tuple[str, int, Any]]
) -> None:
    value: Any = full_batch(machine)
    for how, where, odd in mutations:
        value = changed(value, how, where, odd)
    tried(body_of(wrapped(machine, spelled(value))))


@FUZZED
@given(st.lists(MUTATION, min_size=1, max_size=4))
def test_a_changed_inventory_that_the_right_key_signed_never_fails(
    machine: Machine, mutations: list[tuple[str, int, Any]]
) -> None:
    value: Any = json.loads(machine.inventory(since="2026-05-05T00:00:00Z").payload)
    for how, where, odd in mutations:
        value = changed(value, how, where, odd)
    tried(body_of(wrapped(machine, spelled(value), INVENTORY)))


@FUZZED
@given(st.integers(0), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=5))
def test_changed_bytes_that_the_right_key_signed_never_fail(
    machine: Machine, cut: int, flips: list[tuple[int, int]]
) -> None:
    raw = bytearray(spelled(full_batch(machine)))
    for where, byte in flips:
        raw[where % len(raw)] = byte
    if cut % 3 == 0:
        del raw[cut % len(raw) :]
    tried(body_of(wrapped(machine, bytes(raw))))


@FUZZED
@given(st.lists(MUTATION, min_size=1, max_size=3))
def test_a_changed_envelope_or_body_never_fails(
    machine: Machine, mutations: list[tuple[str, int, Any]]
) -> None:
    good = wrapped(machine, spelled(full_batch(machine)))
    value: Any = {"envelopes": [good, copy.deepcopy(good)]}
    for how, where, odd in mutations:
        value = changed(value, how, where, odd)
    tried(spelled(value))


TYPES = ["rotate", "countersign", "audit-answer", "poll", "enrol", "receipt", "revocations",
         "meter-inventory", "usage-batch", "quarantine-notice", "audit-challenge"]  # fmt: skip


@FUZZED
@given(st.sampled_from(TYPES), st.one_of(ODD, st.dictionaries(st.text(max_size=6), ODD)))
def test_any_payload_of_any_type_never_fails(machine: Machine, kind: str, value: Any) -> None:
    body = {"v": 1, "node": str(machine.row.uuid), "epoch": 1} if kind == "rotate" else {}
    payload = spelled(value | body if isinstance(value, dict) else value)
    tried(body_of(wrapped(machine, payload, dsse.payload_type(kind))))


@FUZZED
@given(
    st.binary(max_size=300),
    st.sampled_from(["identity", "gzip", "deflate", "br", "gzip, gzip", ""]),
    st.sampled_from(["application/json", "text/plain", "application/json; charset=utf-8", ""]),
    st.booleans(),
)
def test_any_bytes_with_any_headers_never_fail(
    machine: Machine, raw: bytes, encoding: str, kind: str, pack: bool
) -> None:
    sent = gzip.compress(raw) if pack else raw
    tried(sent, **{"content-encoding": encoding, "content-type": kind})


@FUZZED
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_any_digest_node_and_relay_never_fail(
    machine: Machine, digest: str, node: str, relay: str
) -> None:
    good = body_of(wrapped(machine, spelled(full_batch(machine))))
    headers = {"content-digest": digest, "coop-node": node, "coop-relay": relay}
    clean = {name: value.encode("ascii", "ignore").decode() for name, value in headers.items()}
    tried(good, **{n: "".join(c for c in v if c.isprintable()) for n, v in clean.items()})


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), ODD.map(spelled)))
def test_the_parsers_refuse_or_read_and_nothing_else(raw: bytes) -> None:
    for read in (read_batch, read_inventory, read_enrol):
        with suppress(Malformed, SchemaError, TooLarge):
            read(raw)


PIECES = [
    "1.0", "1e0", "-0", "01", "2", "9007199254740992", "18446744073709551617", "null", "true",
    "NaN", '""', '"\\u0000"', '"\\ud800"', '"é"', '"\0"', '"\x01"', '"\x7f"', " ", "\t", "\f",
    "\ufeff", "{}", "[]", "[[[[[[[]]]]]]]", ",", '"x":{},', '"x":{"a":1.5},', '"f":[],', '"n":1,',
    '"t0":null,', '"k":"counter",', '"k":"gauge",', '"seq":1,', '"v":1,', '"m":"if:a",', '"K":1,',
]  # fmt: skip
"""put between the tokens of a batch, or instead of one"""
TOKENS = [
    token.group()
    for token in re.finditer(
        '"[^"]*"|[0-9]+|.',
        '{"v":1,"node":"0192f3a4-0000-7000-8000-000000000001","epoch":1,"seq":1,"prev":"%s","boot":'
        '"b","mono":"9","clock":"ntp","inv":"%s","records":[{"k":"counter","n":1,"m":"if:a","inc":'
        '"%s","mt0":"1","mt1":"2","r0":"1","r1":"2","f":["fresh"]},{"k":"gauge","n":2,"m":"g",'
        '"v":"7"},{"k":"gap","n":3,"why":"refused","seq":1},{"k":"event","n":4,"e":"reboot"}]}'
        % (("ab" * 32,) * 3),
    )
]


def read_both_ways(raw: bytes) -> Batch | None:
    """The batch where it is plain; then the strict way reads the same out of it."""
    plain = read_plain(raw)
    assert plain is None or plain == read_strictly(raw)
    return plain


def test_a_batch_as_it_is_usually_written_is_plain() -> None:
    assert read_both_ways("".join(TOKENS).encode())
    assert read_both_ways(" ".join(TOKENS).encode())


@pytest.mark.parametrize("piece", PIECES)
def test_no_piece_anywhere_is_read_otherwise_than_strictly(piece: str) -> None:
    for place in range(len(TOKENS)):
        for after in (place, place + 1):
            changed = [*TOKENS[:place], piece, *TOKENS[after:]]
            read_both_ways("".join(changed).encode())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0), st.sampled_from(PIECES), st.booleans()), max_size=3))
def test_no_pieces_together_are_read_otherwise_than_strictly(
    changes: list[tuple[int, str, bool]],
) -> None:
    tokens = list(TOKENS)
    for where, piece, is_instead in changes:
        place = where % len(tokens)
        tokens[place : place + is_instead] = [piece]
    read_both_ways("".join(tokens).encode())


def test_nesting_without_end_is_refused_and_never_fails() -> None:
    raw = b'{"v":1,"x":{"a":' + b"[" * 100_000
    assert read_plain(raw) is None
    with pytest.raises(Malformed):
        read_batch(raw)


def test_what_is_not_changed_is_taken_so_that_the_changes_are_what_is_refused(
    machine: Machine,
) -> None:
    good = wrapped(machine, spelled(machine.body(machine.counted(5), machine.held(7))))
    assert said(post_raw(body_of(good))) == "taken"
    assert Envelope.objects.get().status == "accepted"


def test_the_same_bytes_a_thousand_times_in_any_form_are_one_batch(valley: Valley) -> None:
    """Other spellings of one envelope are the same envelope: its bytes are what was signed."""
    chance = random.Random(1)
    good = valley.machine.batch(valley.machine.counted(0)).as_dict()
    for _ in range(30):
        keys = list(good)
        chance.shuffle(keys)
        shuffled = {key: good[key] for key in keys}
        said(post_raw(json.dumps({"envelopes": [shuffled]}, indent=chance.randrange(3)).encode()))
    assert Envelope.objects.count() == 1
    loose = good | {"payload": base64.b64encode(base64.b64decode(good["payload"]) + b" ").decode()}
    answer = post_raw(body_of(loose))
    assert answer.json()["code"] == "bad_signature"
