"""The demo's fleet: nodes that sign what they measure, one with a gap, two that disagree.

Their keys are made here and thrown away: nobody can sign for them afterwards. None of their meters
measures a member's use, so the books do not know of them.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from nacl.signing import SigningKey

from assets.models import Asset, Pool
from metering import services
from metering.models import Meter, Node, NodeKey
from metering.payloads import spelled
from metering.services.enrol import ENROL, genesis
from signing import dsse, strict_json

BATCH, INVENTORY = dsse.payload_type("usage-batch"), dsse.payload_type("meter-inventory")
TX, RX, FS = "if:radio:tx", "if:radio:rx", "fs:/srv"
HOUR, MB = timedelta(hours=1), 10**6
DAYS, LATELY = 9, 30
DIFFER = (22, 23)
"""of the last hours: two, for a third would make both ends suspect"""
METERS = [
    {"m": TX, "k": "counter", "u": "By", "driver": "netdev", "bits": 64, "cap": "125000000"},
    {"m": RX, "k": "counter", "u": "By", "driver": "netdev", "bits": 64, "cap": "125000000"},
    {"m": FS, "k": "gauge", "u": "By", "driver": "statvfs"},
]
PLACES = (
    ("ridge", "backbone", "Ridge mast"),
    ("school", "backbone", "Core router"),
    ("store", "storage", "Disk shelf"),
    ("mill", "backbone", "Mill fibre"),
)
Said = dict[str, Any]


@dataclass
class Box:
    """A machine of the demo; `clock` is the end of its last record."""

    label: str
    pool: str
    asset: str
    clock: datetime
    seed: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    boot: str = field(default_factory=lambda: secrets.token_hex(16))
    values: dict[str, int] = field(default_factory=lambda: {TX: 10**9, RX: 10**9})
    seq: int = 0
    chain: str = ""
    uuid: str = ""

    def let_in(self) -> Node:
        """Enrol it, as if it had been here from the beginning of its records."""
        public = bytes(SigningKey(self.seed).verify_key)
        promised = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
        body = {"v": 1, "pub": public.hex(), "next": promised, "hostname": self.label}
        envelope = dsse.sign(self.seed, ENROL, strict_json.dumps(body))
        codes = services.start_enrolment(envelope=envelope)
        pool = Pool.objects.get(code=self.pool)
        node = services.approve_enrolment(
            actor=None, user_code=codes.user_code, label=self.label, pool=pool
        )
        services.set_node_asset(
            actor=None, node=node, asset=Asset.objects.filter(name=self.asset).first()
        )
        # The demo's past lies before its making, so the key has to as well.
        NodeKey.objects.filter(node=node).update(created_at=self.clock)
        Node.objects.filter(pk=node.pk).update(created_at=self.clock)
        self.uuid, self.chain = str(node.uuid), genesis(str(node.uuid), 1, public)
        return node

    def signed(self, kind: str, body: Said) -> dsse.Envelope:
        """What it says of itself, signed."""
        head = {"v": 1, "node": self.uuid, "epoch": 1, "boot": self.boot}
        return dsse.sign(self.seed, kind, strict_json.dumps(head | body))

    def inventory(self) -> dsse.Envelope:
        """What it says of its meters; always the same bytes."""
        return self.signed(INVENTORY, {"meters": METERS})

    def batch(self, records: Iterable[Said]) -> dsse.Envelope:
        """The next link of its chain."""
        envelope = self.beside(list(records))
        self.seq, self.chain = self.seq + 1, envelope.digest
        return envelope

    def beside(self, records: list[Said]) -> dsse.Envelope:
        """A batch with the next number; the chain does not go on from it."""
        meters = hashlib.sha256(self.inventory().payload).hexdigest()
        body = {
            "seq": self.seq + 1, "prev": self.chain, "sent": spelled(self.clock), "clock": "ntp",
            "mono": self.mono(self.clock), "inv": meters,
            "records": [{"n": n, **record} for n, record in enumerate(records, 1)],
        }  # fmt: skip
        return self.signed(BATCH, body)

    def mono(self, moment: datetime) -> str:
        """Nanoseconds since it was started, which was at the beginning of 2020."""
        return str((moment - datetime(2020, 1, 1, tzinfo=UTC)) // timedelta(seconds=1) * 10**9)

    def span(self, length: timedelta) -> Said:
        """The times of a record of this length that ends now."""
        begins = self.clock - length
        return {
            "t0": spelled(begins), "t1": spelled(self.clock),
            "mt0": self.mono(begins), "mt1": self.mono(self.clock),
        }  # fmt: skip

    def hours(self, sent: int, received: int, length: timedelta) -> list[Said]:
        """What it measured in a span: bytes out and in, and what it keeps."""
        self.clock += length
        times = self.span(length)
        counted = [self.counted(TX, sent, times), self.counted(RX, received, times)]
        held = {"k": "gauge", "m": FS, "v": str(310 * 10**9 + self.seq * 10**9), **times}
        return [*counted, held]

    def counted(self, meter: str, amount: int, times: Said) -> Said:
        """A record of a counter that grew by so much."""
        before = self.values[meter]
        self.values[meter] = before + amount
        inc = hashlib.sha256(f"{self.boot}\n2\n{meter}".encode()).hexdigest()
        grown = {"r0": str(before), "r1": str(before + amount)}
        return {"k": "counter", "m": meter, "inc": inc, **grown, **times}

    def stood_still(self, length: timedelta) -> list[Said]:
        """A gap of the whole machine."""
        self.clock += length
        return [{"k": "gap", "why": "agent_stopped", **self.span(length)}]


def run_a_fleet() -> None:
    """Four machines, a link whose ends differ, and what follows; a second call changes nothing."""
    if Node.objects.filter(asset__isnull=False).exists():
        return
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    start = now - timedelta(days=DAYS)
    boxes = [Box(*place, start) for place in PLACES]
    nodes = {box.label: box.let_in() for box in boxes}
    envelopes = [box.inventory() for box in boxes]
    envelopes += [batch for box in boxes for batch in history(box)]
    services.accept_envelopes(envelopes=envelopes)
    services.rate_waiting()
    two_with_one_key(boxes[-1])
    link(nodes["ridge"], nodes["school"], now - LATELY * HOUR)
    services.quarantine_node(
        actor=None, node=nodes["store"], reason="The disk shelf is being checked after a failure."
    )


def history(box: Box) -> list[dsse.Envelope]:
    """Nine days hour by hour, with a gap or two; the last thirty hours in batches of their own."""
    records = box.hours(0, 0, timedelta())[:2]
    for n in range(DAYS * 24 - LATELY):
        stopped = n in range(60, 66) if box.label == "ridge" else n in (24, 25, 120)
        records += box.stood_still(HOUR) if stopped else box.hours(150 * MB, 230 * MB, HOUR)
    batches = [box.batch(records)]
    for n in range(LATELY):
        batches.append(box.batch(box.hours(*traffic(box, n in DIFFER), HOUR)))
    return batches


def traffic(box: Box, differs: bool) -> tuple[int, int]:
    """Bytes out and in of an hour; where they differ the ridge says more than the school got."""
    if box.label == "ridge":
        return (230 if differs else 200) * MB, 150 * MB
    return 150 * MB, 200 * MB


def two_with_one_key(box: Box) -> None:
    """A second machine with the same key signs another batch under a number that is taken."""
    box.seq -= 1
    services.accept_envelopes(envelopes=[box.beside(box.hours(7 * MB, 7 * MB, HOUR))])


def link(a: Node, b: Node, since: datetime) -> None:
    """Both ends count the same radio; in two hours they differ, so a dispute is opened."""
    at = {
        (node.pk, name): Meter.objects.get(node=node, name=name)
        for node in (a, b)
        for name in (TX, RX)
    }
    services.declare_link(
        actor=None, label="Ridge – School", since=since,
        a_tx=at[a.pk, TX], a_rx=at[a.pk, RX], b_tx=at[b.pk, TX], b_rx=at[b.pk, RX],
    )  # fmt: skip
    services.compare_links()
