"""All evidence as a folder: what nodes signed, what the cooperative answered, what came of it.

`coop-verify evidence DIR` checks it without this site. The files and lines are told in
docs/auditing.md. One snapshot, streamed; a member's folder holds only batches that name none but
the member's own meters, of the others the chain value and the receipt.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from ledger.bundle.files import LineFile, new_folder, write_manifest
from ledger.log.leaves import canonical, moment
from ledger.reading import one_snapshot
from members.models import Cooperative, Member
from metering.evidence import as_signed, receipt_of
from metering.models import (
    Envelope,
    EnvelopeConflict,
    MeterAssignment,
    MeterInventory,
    Node,
    NodeKey,
    Reading,
    RefusedBatch,
)
from metering.payloads import meters_named, read_batch, read_inventory
from metering.services.notices import signed_revocations
from signing import dsse, keys

FORMAT = "coop-evidence/1"
CHUNK = 50
MANY = 2_000
INVENTORY = dsse.payload_type("meter-inventory")
Line = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is wanted: of one node or all, received since a moment, of one member or of all."""

    node: Node | None = None
    since: datetime | None = None
    member: Member | None = None

    def nodes(self) -> QuerySet[Node]:
        """The nodes; a member's are those that ever measured their use."""
        found = Node.objects.order_by("pk")
        if self.node is not None:
            found = found.filter(pk=self.node.pk)
        if self.member is not None:
            found = found.filter(meters__assignments__member=self.member).distinct()
        return found


@dataclass
class Visible:
    """Which meters of a node a member may see: their own, and never one that is another's too."""

    own: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)

    def batch(self, names: set[str]) -> bool:
        """Whether a batch that names these meters may be shown whole."""
        return not names & self.others and (not names or bool(names & self.own))


def export_evidence(place: Path, asked: Asked) -> dict[str, int]:
    """Write the folder; returns the number of lines of each file. Raises NoRoom."""
    with new_folder(place, private=True) as folder, one_snapshot():
        facts = {name: write(folder, name, lines) for name, lines in files(asked).items()}
        write_manifest(folder, manifest(asked) | {"files": facts})
    return {name: int(str(fact["lines"])) for name, fact in facts.items()}


def write(folder: Path, name: str, lines: Iterable[Line]) -> dict[str, object]:
    """One file; what the manifest says of it."""
    with ExitStack() as stack:
        file = stack.enter_context(LineFile(folder, name.removesuffix(".ndjson")))
        for line in lines:
            file.write(canonical(line))
    return file.facts()


def manifest(asked: Asked) -> Line:
    """Whose evidence it is, from when, and with which key receipts verify."""
    cooperative = Cooperative.objects.first()
    return {
        "format": FORMAT,
        "kind": "all" if asked.member is None else "member",
        "cooperative": (cooperative.legal_name or cooperative.name) if cooperative else "",
        "public_key": keys.public_key().hex(),
        "exported_at": moment(timezone.now()),
        "since": asked.since and moment(asked.since),
    }


def files(asked: Asked) -> dict[str, Iterator[Line]]:
    """Every file with its lines, none of them made yet."""
    seen = visible_of(asked.member)
    return {
        "keys.ndjson": key_lines(asked),
        "inventories.ndjson": inventory_lines(asked, seen),
        "envelopes.ndjson": envelope_lines(asked, seen),
        "conflicts.ndjson": conflict_lines(asked, seen),
        "refused.ndjson": refused_lines(asked),
        "assignments.ndjson": assignment_lines(asked),
        "readings.ndjson": reading_lines(asked),
        "revocations.ndjson": iter([{"envelope": signed_revocations().as_dict()}]),
    }


def visible_of(member: Member | None) -> dict[int, Visible] | None:
    """By node, the meters that a member may see; None: all."""
    if member is None:
        return None
    found: dict[int, Visible] = defaultdict(Visible)
    rows = MeterAssignment.objects.values_list("meter__node_id", "meter__name", "member_id")
    for node_id, name, member_id in rows.distinct():
        is_own = member_id == member.pk
        (found[node_id].own if is_own else found[node_id].others).add(name)
    return found


def key_lines(asked: Asked) -> Iterator[Line]:
    """The keys of the nodes, and how far each one's chain is linked."""
    rows = NodeKey.objects.filter(node__in=asked.nodes()).select_related("node")
    for key in rows.order_by("node_id", "epoch"):
        yield {
            "node": str(key.node.uuid),
            "epoch": key.epoch,
            "public_key": bytes(key.public_key).hex(),
            "next_digest": key.next_digest,
            "since": moment(key.created_at),
            "head_seq": key.head_seq,
            "head_chain": key.head_chain,
        }


def inventory_lines(asked: Asked, seen: dict[int, Visible] | None) -> Iterator[Line]:
    """The signed lists of meters; for a member who may not see one, the own meters of it."""
    rows = MeterInventory.objects.filter(node__in=asked.nodes()).select_related("node")
    for row in rows.order_by("node_id", "pk").iterator(chunk_size=CHUNK):
        signature = dsse.Signature(row.keyid, bytes(row.signature))
        line = {"node": str(row.node.uuid), "digest": row.digest}
        named = read_inventory(bytes(row.payload)).meters
        others = set() if seen is None else {m.m for m in named} - seen[row.node_id].own
        if others:
            own = [m for m in named if m.m not in others]
            shown = [{"m": m.m, "k": m.k, "bits": m.bits, "cap": m.cap} for m in own]
            yield line | {"envelope": None, "meters": shown}
        else:
            signed = dsse.Envelope(INVENTORY, bytes(row.payload), (signature,))
            yield line | {"envelope": signed.as_dict(), "meters": None}


def envelope_lines(asked: Asked, seen: dict[int, Visible] | None) -> Iterator[Line]:
    """The linked and the waiting batches in the order of their chains, with their receipts."""
    rows = Envelope.objects.filter(node__in=asked.nodes()).select_related("node", "receipt")
    if asked.since is not None:
        rows = rows.filter(received_at__gte=asked.since)
    for row in rows.order_by("node_id", "epoch", "seq").iterator(chunk_size=CHUNK):
        receipt = receipt_of(row)
        yield batch_line(row, seen) | {
            "status": row.status,
            "rated": row.rated_at is not None,
            "receipt": None if receipt is None else receipt.as_dict(),
        }


def conflict_lines(asked: Asked, seen: dict[int, Visible] | None) -> Iterator[Line]:
    """Batches whose number was taken by another one."""
    rows = EnvelopeConflict.objects.filter(node__in=asked.nodes()).select_related("node")
    for row in rows.order_by("pk").iterator(chunk_size=CHUNK):
        yield batch_line(row, seen)


def batch_line(row: Envelope | EnvelopeConflict, seen: dict[int, Visible] | None) -> Line:
    """What was signed and its place in the chain; why it is not there where it is not."""
    absent = why_absent(row, seen)
    signed = None if absent else as_signed(row).as_dict()
    return {
        "node": str(row.node.uuid),
        "epoch": row.epoch,
        "seq": row.seq,
        "chain": row.chain,
        "prev": row.prev,
        "received_at": moment(row.received_at),
        "via": row.via,
        "envelope": signed,
        "absent": absent,
    }


def why_absent(row: Envelope | EnvelopeConflict, seen: dict[int, Visible] | None) -> str:
    """Why a batch itself is not in the folder: "expired", "others", or "" where it is."""
    if not row.payload:
        return "expired"
    if seen is None:
        return ""
    names = meters_named(read_batch(bytes(row.payload)))
    return "" if seen[row.node_id].batch(names) else "others"


def refused_lines(asked: Asked) -> Iterator[Line]:
    """Numbers that a node signed will never come, over which its chain is linked."""
    rows = RefusedBatch.objects.filter(node__in=asked.nodes()).select_related("node")
    for row in rows.order_by("node_id", "epoch", "seq").iterator(chunk_size=MANY):
        place = {"node": str(row.node.uuid), "epoch": row.epoch, "seq": row.seq}
        yield place | {"chain": row.chain}


def assignment_lines(asked: Asked) -> Iterator[Line]:
    """Whose use a meter measured, from when until when, at what a raw unit is worth."""
    rows = MeterAssignment.objects.filter(meter__node__in=asked.nodes()).order_by("pk")
    if asked.member is not None:
        rows = rows.filter(member=asked.member)
    for row in rows.select_related("meter__node", "member", "pool", "resource"):
        yield {
            "id": row.pk,
            "node": str(row.meter.node.uuid),
            "meter": row.meter.name,
            "member": row.member.number,
            "pool": row.pool.code,
            "resource": row.resource.code,
            "num": row.num,
            "den": row.den,
            "since": moment(row.since),
            "until": row.until and moment(row.until),
        }


def reading_lines(asked: Asked) -> Iterator[Line]:
    """What the site derived, in the order of the batches."""
    wanted = Q(envelope__node__in=asked.nodes())
    if asked.since is not None:
        wanted &= Q(envelope__received_at__gte=asked.since)
    if asked.member is not None:
        wanted &= Q(assignment__member=asked.member)
    rows = Reading.objects.filter(wanted).select_related("envelope__node", "meter", "period")
    chain = ("envelope__node_id", "envelope__epoch", "envelope__seq", "position")
    for row in rows.defer("envelope__payload").order_by(*chain).iterator(chunk_size=MANY):
        yield reading_line(row)


def reading_line(row: Reading) -> Line:
    """One reading; numbers that may be larger than 2^63 are texts."""
    envelope = row.envelope
    return {
        "node": str(envelope.node.uuid),
        "epoch": envelope.epoch,
        "seq": envelope.seq,
        "n": row.position,
        "meter": row.meter.name,
        "rule": row.rule,
        "flags": sorted(row.flags),
        "begins_at": moment(row.begins_at),
        "ends_at": moment(row.ends_at),
        "quantity": str(row.quantity),
        "state": row.state,
        "assignment": row.assignment_id,
        "period": row.period and row.period.code,
        "raw_before": None if row.raw_before is None else str(row.raw_before),
        "amount": row.amount,
    }
