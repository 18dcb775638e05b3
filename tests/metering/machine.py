"""A node as a test wants it: a key, a chain, and batches that say what the test decides."""

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from members.models import Member, User
from metering import services
from metering.models import Node
from signing import dsse, strict_json

BATCH = dsse.payload_type("usage-batch")
INVENTORY = dsse.payload_type("meter-inventory")
ENROL = dsse.payload_type("enrol")
URL = "/api/v1/agent/envelopes"
BOOT = "11111111-2222-3333-4444-555555555555"
INC = "aa" * 32
TX = "if:va:tx"
FS = "fs:/"
CPU = "cpu:total"
STEP = 300
METERS = [
    {"m": TX, "k": "counter", "u": "By", "driver": "netdev", "bits": 64, "cap": "125000000"},
    {"m": FS, "k": "gauge", "u": "By", "driver": "statvfs"},
    {"m": CPU, "k": "counter", "u": "us", "driver": "cpu"},
]
MADE = [0]


def seed() -> bytes:
    """A fresh seed, the same in every run."""
    MADE[0] += 1
    return hashlib.sha256(b"machine %d" % MADE[0]).digest()


def wall(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Machine:
    """`clock` is the end of the last record; `booted` the moment that mt values count from."""

    seed: bytes = field(default_factory=seed)
    clock: datetime = field(
        default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
    )
    meters: list[dict[str, Any]] = field(default_factory=lambda: [dict(m) for m in METERS])
    node: Node | None = None
    boot: str = BOOT
    seq: int = 0
    chain: str = ""
    values: dict[str, int] = field(default_factory=dict)
    booted: datetime = datetime(2020, 1, 1, tzinfo=UTC)

    @property
    def public(self) -> bytes:
        return bytes(dsse.SigningKey(self.seed).verify_key)

    @property
    def row(self) -> Node:
        assert self.node is not None
        return self.node

    def request(self, **changes: Any) -> dsse.Envelope:
        """The envelope with which it asks to be let in."""
        body = {"v": 1, "pub": self.public.hex(), "next": "ab" * 32, "hostname": "gate"}
        return dsse.sign(self.seed, ENROL, strict_json.dumps(body | changes))

    def enrolled(self, actor: User | None = None, owner: Member | None = None) -> "Machine":
        """The same machine, let in."""
        codes = services.start_enrolment(envelope=self.request())
        self.node = services.approve_enrolment(
            actor=actor, user_code=codes.user_code, label="gate", owner=owner
        )
        self.chain = genesis(str(self.node.uuid), 1, self.public)
        return self

    def inventory(self, **changes: Any) -> dsse.Envelope:
        body = {
            "v": 1,
            "node": str(self.row.uuid),
            "epoch": 1,
            "since": "2026-01-01T00:00:00Z",
            "boot": BOOT,
            "meters": self.meters,
        }
        return dsse.sign(self.seed, INVENTORY, strict_json.dumps(body | changes))

    def described(self) -> "Machine":
        """The same machine, its meters told to the site."""
        services.accept_envelopes(envelopes=[self.inventory()])
        return self

    def times(self, seconds: int) -> dict[str, str]:
        """The next span of so many seconds."""
        begins, self.clock = self.clock, self.clock + timedelta(seconds=seconds)
        return {
            "t0": wall(begins),
            "t1": wall(self.clock),
            "mt0": self.mono(begins),
            "mt1": self.mono(self.clock),
        }

    def mono(self, moment: datetime) -> str:
        return str((moment - self.booted) // timedelta(seconds=1) * 10**9)

    def counted(self, amount: int, meter: str = TX, seconds: int = STEP) -> dict[str, Any]:
        """A record of a counter that grew by so much."""
        before = self.values.get(meter, 1_000)
        self.values[meter] = before + amount
        values = {"r0": str(before), "r1": str(before + amount), "inc": INC}
        return {"k": "counter", "m": meter, **values, **self.times(seconds)}

    def held(self, value: int, meter: str = FS, seconds: int = STEP) -> dict[str, Any]:
        """A record of a gauge that stood at a value."""
        return {"k": "gauge", "m": meter, "v": str(value), **self.times(seconds)}

    def body(self, *records: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """What the next batch says."""
        return {
            "v": 1,
            "node": str(self.row.uuid),
            "epoch": 1,
            "seq": self.seq + 1,
            "prev": self.chain,
            "boot": self.boot,
            "sent": wall(self.clock),
            "mono": self.mono(self.clock),
            "clock": "ntp",
            "inv": hashlib.sha256(self.inventory().payload).hexdigest(),
            "records": [{"n": n, **record} for n, record in enumerate(records, 1)],
        } | changes

    def signed(self, payload: bytes, kind: str = BATCH) -> dsse.Envelope:
        return dsse.sign(self.seed, kind, payload)

    def batch(self, *records: dict[str, Any], **changes: Any) -> dsse.Envelope:
        """The next batch of the chain, signed; the chain goes on from it."""
        body = self.body(*(records or (self.counted(0),)), **changes)
        envelope = self.signed(strict_json.dumps(body))
        self.seq, self.chain = self.seq + 1, envelope.digest
        return envelope

    def batches(self, *amounts: int, meter: str = TX) -> list[dsse.Envelope]:
        """A batch for each amount that the counter grew by."""
        return [self.batch(self.counted(amount, meter)) for amount in amounts]


def genesis(node: str, epoch: int, public: bytes) -> str:
    """The chain's beginning, from the protocol's own words."""
    return hashlib.sha256(
        b"coop-usage-chain-v1\n" + node.encode() + b"\n" + str(epoch).encode() + b"\n" + public
    ).hexdigest()


def post(envelopes: list[dsse.Envelope], client: Client | None = None, **headers: str) -> Any:
    """Deliver envelopes over HTTP as the agent does: gzip and digest."""
    body = json.dumps({"envelopes": [e.as_dict() for e in envelopes]}).encode()
    return post_raw(gzip.compress(body), client, **{"content-encoding": "gzip"} | headers)


def post_raw(raw: bytes, client: Client | None = None, **headers: str) -> Any:
    """Deliver any bytes, with their true digest unless one is given."""
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
    return (client or Client()).post(
        URL,
        raw,
        content_type=headers.pop("content-type", "application/json"),
        headers={"content-digest": f"sha-256=:{digest}:"} | headers,
    )


def statuses(response: Any) -> list[str]:
    return [result["status"] for result in response.json()["results"]]
