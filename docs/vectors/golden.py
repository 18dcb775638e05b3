"""What the golden vectors are made of: keys, envelopes, records. Used by make.py."""

import base64
import hashlib
import json
from typing import Any

from nacl.signing import SigningKey

NODE = "0192f3a4-0000-7000-8000-000000000001"
OTHER = "0192f3a4-0000-7000-8000-000000000002"
BOOT = "0f3c6f57-6d3a-4f0e-9a57-2b1f6c1f7d10"
SEEDS = {
    "node": bytes(range(0x20)),
    "next": bytes(range(0x20, 0x40)),
    "after next": bytes(range(0x40, 0x60)),
    "site": bytes(range(0x60, 0x80)),
    "stranger": bytes(range(0x80, 0xA0)),
}
KEYS = {name: SigningKey(seed) for name, seed in SEEDS.items()}
START = 600  # seconds since boot at which the first record begins


def public(name: str) -> str:
    return bytes(KEYS[name].verify_key).hex()


def digest(name: str) -> str:
    return hashlib.sha256(bytes(KEYS[name].verify_key)).hexdigest()


def keyid(name: str) -> str:
    return f"ed25519:{digest(name)[:32]}"


def kind(name: str) -> str:
    return f"application/vnd.coop.{name}+json;v=1"


def pae(name: str, payload: bytes) -> bytes:
    label = kind(name).encode()
    return b"DSSEv1 %d %s %d %s" % (len(label), label, len(payload), payload)


def chain(name: str, payload: bytes) -> str:
    return hashlib.sha256(pae(name, payload)).hexdigest()


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def signature(name: str, payload: bytes, signer: str) -> dict[str, str]:
    sig = KEYS[signer].sign(pae(name, payload)).signature
    return {"keyid": keyid(signer), "sig": base64.b64encode(sig).decode()}


def envelope(name: str, payload: bytes, *signers: str) -> dict[str, Any]:
    return {
        "payloadType": kind(name),
        "payload": base64.b64encode(payload).decode(),
        "signatures": [signature(name, payload, signer) for signer in signers],
    }


def vector(title: str, name: str, value: Any, *signers: str) -> dict[str, Any]:
    """What is said, by whom, and how it travels."""
    payload = compact(value)
    return {
        "name": title,
        "signers": list(signers),
        "payload": payload.decode(),
        "chain": chain(name, payload),
        "envelope": envelope(name, payload, *signers),
    }


def genesis(epoch: int, key: str) -> str:
    start = f"coop-usage-chain-v1\n{NODE}\n{epoch}\n".encode()
    return hashlib.sha256(start + bytes(KEYS[key].verify_key)).hexdigest()


def wall(mono: int) -> str:
    """The node booted at 12:00:00 on 22 November 2026."""
    return f"2026-11-22T{12 + mono // 3600:02}:{mono // 60 % 60:02}:{mono % 60:02}Z"


def nano(seconds: int) -> str:
    return str(seconds * 10**9)


def ends(mono: int) -> dict[str, str]:
    return {"t1": wall(mono), "mt1": nano(mono)}


def span(begins: int, until: int) -> dict[str, str]:
    return {"t0": wall(begins), "t1": wall(until), "mt0": nano(begins), "mt1": nano(until)}


def incarnation(index: int, name: str) -> str:
    return hashlib.sha256(f"{BOOT}\n{index}\n{name}".encode()).hexdigest()


def counter(begins: int, until: int, first: int, last: int, **more: Any) -> dict[str, Any]:
    said = {"inc": incarnation(3, "va"), "r0": str(first), "r1": str(last)}
    return {"k": "counter", "m": "if:va:tx", **said, **span(begins, until), **more}


METERS = [
    {
        "m": "if:va:tx",
        "k": "counter",
        "u": "By",
        "driver": "netdev",
        "bits": 64,
        "cap": "125000000",
    },
    {
        "m": "fs:/srv",
        "k": "gauge",
        "u": "By",
        "driver": "statvfs",
        "bits": 64,
        "cap": "64000000000",
    },
    {"m": "cpu:total", "k": "counter", "u": "us", "driver": "cpu", "bits": 64, "cap": "4000000"},
]
INVENTORY = {
    "v": 1,
    "node": NODE,
    "epoch": 1,
    "since": wall(START),
    "boot": BOOT,
    "meters": METERS,
}
INV = hashlib.sha256(compact(INVENTORY)).hexdigest()
FIRST = [
    counter(600, 600, 10_012_326, 10_012_326),
    counter(600, 900, 10_012_326, 11_012_326),
    {"k": "gauge", "m": "fs:/srv", "v": "3017540", **span(600, 900)},
    {"k": "event", "e": "reboot", **ends(600)},
]
SECOND = [
    counter(900, 1200, 11_012_326, 18_446_744_073_709_551_615),
    {"k": "gap", "why": "driver_failed", "m": "fs:/srv", **span(900, 1200)},
    {"k": "event", "e": "iface_new", "m": "if:vb:tx", **ends(1100)},
    {"k": "redeem", "ticket": "ab" * 32, "q": "1073741824", "u": "By", **span(1100, 1100)},
]
THIRD = [
    counter(1260, 1260, 400, 400, inc=incarnation(9, "va"), f=["fresh"]),
    {"k": "gap", "why": "agent_stopped", **span(1200, 1260)},
    {"k": "gauge", "m": "fs:/srv", "v": "3017541", "t0": wall(1260), "t1": wall(1500)},
]
FOURTH = [counter(1260, 1500, 400, 900, inc=incarnation(9, "va"))]


def batch(seq: int, prev: str, mono: int, records: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "v": 1,
        "node": NODE,
        "epoch": 1,
        "seq": seq,
        "prev": prev,
        "boot": BOOT,
        "sent": wall(mono),
        "mono": nano(mono),
        "clock": "ntp",
        "inv": INV,
        "records": [{"n": n, **record} for n, record in enumerate(records, 1)],
    }


EMPTY = batch(1, genesis(1, "node"), 905, [])
