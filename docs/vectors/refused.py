"""The negative vectors: requests that the site refuses, and what it says. Used by make.py."""

import base64
from typing import Any

from golden import (
    EMPTY,
    OTHER,
    compact,
    counter,
    envelope,
    keyid,
)

BAD_DAY = "2026-02-30T00:00:00Z"


def broken(title: str, status: int, code: str, said: bytes, **changes: Any) -> dict[str, Any]:
    """A request of one envelope, refused; the signature holds unless the change breaks it."""
    wire = envelope("usage-batch", said, "node") | changes
    return refused(title, status, code, compact({"envelopes": [wire]}))


def refused(title: str, status: int, code: str, body: bytes) -> dict[str, Any]:
    raw = base64.b64encode(body).decode()
    return {"name": title, "status": status, "code": code, "body": raw}


def respelled(old: str, new: str) -> bytes:
    payload = compact(EMPTY).decode()
    assert old in payload
    return payload.replace(old, new, 1).encode()


def with_records(*records: dict[str, Any]) -> bytes:
    return compact(EMPTY | {"records": list(records)})


def negative() -> list[dict[str, Any]]:
    """What the site says to each of these, when the node of these vectors is let in."""
    return [*bad_json(), *bad_shapes(), *bad_envelopes(), *bad_signatures(), *bad_bodies()]


def bad_json() -> list[dict[str, Any]]:
    deep = '"x":{"a":' + "[" * 5 + "]" * 5 + "}"
    return [
        broken("a key twice", 400, "malformed", respelled('"v":1', '"v":1,"v":1')),
        broken("a float", 400, "malformed", respelled('"v":1', '"v":1.0')),
        broken("NaN", 400, "malformed", respelled('"v":1', '"v":NaN')),
        broken("an integer of 2^53", 400, "malformed", respelled('"v":1', f'"v":{2**53}')),
        broken("NUL in a text", 400, "malformed", respelled('"ntp"', '"n\\u0000p"')),
        broken("a lone surrogate", 400, "malformed", respelled('"ntp"', '"\\ud800"')),
        broken("a byte order mark", 400, "malformed", b"\xef\xbb\xbf" + compact(EMPTY)),
        broken("no UTF-8", 400, "malformed", respelled('"ntp"', '"?"').replace(b"?", b"\xff")),
        broken("seven levels", 400, "malformed", respelled('"v":1', f'"v":1,{deep}')),
        broken("not JSON", 400, "malformed", b"{"),
    ]


def bad_shapes() -> list[dict[str, Any]]:
    odd = counter(600, 900, 0, 1)
    many = [{"n": n, "k": "event", "e": "x"} for n in range(1, 1002)]
    return [
        broken("a key that is not known", 422, "schema", respelled('"v":1', '"v":1,"w":1')),
        broken("another version", 422, "schema", respelled('"v":1', '"v":2')),
        broken("21 digits", 422, "schema", with_records({"n": 1, **odd, "r1": "9" * 21})),
        broken("a value below zero", 422, "schema", with_records({"n": 1, **odd, "r1": "-1"})),
        broken("a value as a number", 422, "schema", with_records({"n": 1, **odd, "r1": 7})),
        broken("records that do not count from 1", 422, "schema", with_records({"n": 2, **odd})),
        broken("a record of no known kind", 422, "schema", with_records({"n": 1, "k": "sum"})),
        broken("30 February", 422, "schema", with_records({"n": 1, **odd, "t0": BAD_DAY})),
        broken("a refused gap without a chain", 422, "schema", with_records(
            {"n": 1, "k": "gap", "why": "refused", "seq": 4})),
        broken("the node of another key", 422, "schema", compact(EMPTY | {"node": OTHER})),
        broken("another epoch", 422, "schema", compact(EMPTY | {"epoch": 2})),
        broken("1,001 records", 413, "too_large", with_records(*many)),
    ]  # fmt: skip


def bad_envelopes() -> list[dict[str, Any]]:
    payload = compact(EMPTY)
    sound = envelope("usage-batch", payload, "node")["signatures"][0]
    bare = base64.b64encode(payload).decode().rstrip("=")
    assert len(bare) % 4
    return [
        broken("a key too many", 400, "malformed", payload, extra=1),
        broken("no signature", 400, "malformed", payload, signatures=[]),
        broken("one keyid twice", 400, "malformed", payload, signatures=[sound, sound]),
        broken("five signatures", 400, "malformed", payload, signatures=[
            sound | {"keyid": f"ed25519:{n}"} for n in range(5)]),
        broken("base64 without its padding", 400, "malformed", payload, payload=bare),
        broken("base64 with a line break", 400, "malformed", payload, payload=bare + "\n"),
    ]  # fmt: skip


def bad_signatures() -> list[dict[str, Any]]:
    payload = compact(EMPTY)
    stranger = envelope("usage-batch", payload, "stranger")["signatures"]
    claimed = [stranger[0] | {"keyid": keyid("node")}]
    other_kind = envelope("meter-inventory", payload, "node")["signatures"]
    changed = base64.b64encode(compact(EMPTY | {"clock": "rtc"})).decode()
    return [
        broken("an unknown key", 401, "unknown_key", payload, signatures=stranger),
        broken("a stranger under another keyid", 401, "bad_signature", payload, signatures=claimed),
        broken("a changed payload", 401, "bad_signature", payload, payload=changed),
        broken("signed as an inventory", 401, "bad_signature", payload, signatures=other_kind),
        refused("a batch as an inventory", 422, "schema", compact(
            {"envelopes": [envelope("meter-inventory", payload, "node")]})),
        refused("a type that nodes do not send", 422, "schema", compact(
            {"envelopes": [envelope("receipt", payload, "node")]})),
    ]  # fmt: skip


def bad_bodies() -> list[dict[str, Any]]:
    one = envelope("usage-batch", compact(EMPTY), "node")
    return [
        refused("no envelopes", 422, "schema", compact({"envelopes": []})),
        refused("a key too many in the body", 422, "schema", compact({"envelopes": [one], "x": 1})),
        refused("33 envelopes", 413, "too_large", compact({"envelopes": [one] * 33})),
        refused("a list as the body", 422, "schema", compact([one])),
        refused("a body that is no JSON", 400, "malformed", b"envelopes"),
    ]
