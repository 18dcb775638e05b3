"""What stands behind one batch: what it says, whether it verifies now, what it became."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from metering.evidence import as_signed, receipt_of
from metering.fleet.sight import Sight, may_read_batch
from metering.models import Envelope, EnvelopeConflict, Gap, NodeKey, Reading, RefusedBatch
from metering.queries import key_of
from metering.services.receipts import RECEIPT
from payments.models import Charge
from signing import dsse, keys, strict_json
from signing.errors import SigningError
from signing.words import fingerprint_words
from tokens.models import Usage


@dataclass(frozen=True)
class Neighbour:
    """The batch before or after: `fits` where the chain values meet, `refused` where none comes."""

    seq: int
    is_there: bool
    fits: bool
    refused: bool = False


@dataclass(frozen=True)
class Record:
    """One record of a batch with the reading, the usage and the gap that it became, if any.

    `open` is false where the reader may not see whose use it measures, and how much it was.
    """

    number: int
    said: dict[str, Any]
    reading: Reading | None
    usage: Usage | None
    gap: Gap | None
    open: bool


@dataclass(frozen=True)
class BatchProof:
    """What the page of a batch shows; `said` is None where the payload has expired or is hidden."""

    batch: Envelope
    key: NodeKey
    words: str
    holds: bool | None
    said: dict[str, Any] | None
    expired: bool
    whole: bool
    before: Neighbour | None
    after: Neighbour | None
    receipt: dict[str, Any] | None
    receipt_holds: bool
    conflicts: Sequence[EnvelopeConflict]


def proof_of(batch: Envelope, sight: Sight) -> BatchProof:
    """Check a batch now, and gather what stands around it."""
    key, whole = key_of(batch), may_read_batch(sight, batch)
    document = receipt_of(batch)
    return BatchProof(
        batch=batch,
        key=key,
        words=fingerprint_words(bytes(key.public_key)),
        holds=holds(batch, key),
        said=strict_json.loads(bytes(batch.payload)) if whole and batch.payload else None,
        expired=not batch.payload,
        whole=whole,
        before=before(batch, key),
        after=after(batch),
        receipt=None if document is None else strict_json.loads(document.payload),
        receipt_holds=document is not None and is_ours(document),
        conflicts=conflicts_of(batch),
    )


def holds(batch: Envelope, key: NodeKey) -> bool | None:
    """Whether the node's key signed these bytes; None where they have expired."""
    if not batch.payload:
        return None
    signed = as_signed(batch)
    try:
        dsse.verify(signed, bytes(key.public_key), batch.payload_type)
    except SigningError:
        return False
    return signed.digest == batch.chain


def is_ours(document: dsse.Envelope) -> bool:
    """Whether the site's key signed a receipt."""
    try:
        keys.verify_document(document, RECEIPT)
    except SigningError:
        return False
    return True


def before(batch: Envelope, key: NodeKey) -> Neighbour | None:
    """The batch before it; None for the first one of an epoch."""
    if batch.seq == 1:
        return None
    seq = batch.seq - 1
    chain = chain_at(batch, seq)
    if chain is not None:
        return Neighbour(seq, True, chain == batch.prev)
    refused = refused_at(batch, seq)
    return Neighbour(seq, False, refused == batch.prev, refused is not None)


def after(batch: Envelope) -> Neighbour | None:
    """The batch after it; None where none is there yet."""
    seq = batch.seq + 1
    rows = Envelope.objects.filter(node=batch.node_id, epoch=batch.epoch, seq=seq)
    prev = rows.values_list("prev", flat=True).first()
    if prev is not None:
        return Neighbour(seq, True, prev == batch.chain)
    return Neighbour(seq, False, True, True) if refused_at(batch, seq) else None


def chain_at(batch: Envelope, seq: int) -> str | None:
    """The chain value of another batch of the same epoch."""
    rows = Envelope.objects.filter(node=batch.node_id, epoch=batch.epoch, seq=seq)
    return rows.values_list("chain", flat=True).first()


def refused_at(batch: Envelope, seq: int) -> str | None:
    """The chain value of a batch that was refused and will never come."""
    rows = RefusedBatch.objects.filter(node=batch.node_id, epoch=batch.epoch, seq=seq)
    return rows.values_list("chain", flat=True).first()


def conflicts_of(batch: Envelope) -> list[EnvelopeConflict]:
    """Other batches under the same number."""
    rows = EnvelopeConflict.objects.filter(node=batch.node_id, epoch=batch.epoch, seq=batch.seq)
    return list(rows.order_by("pk"))


def conflict_as_signed(row: EnvelopeConflict) -> dsse.Envelope:
    """A second batch of one number in the form in which it travelled."""
    signature = dsse.Signature(row.keyid, bytes(row.signature))
    return dsse.Envelope(row.payload_type, bytes(row.payload), (signature,))


def records_of(proof: BatchProof, sight: Sight, numbers: Sequence[int]) -> list[Record]:
    """The records with these numbers and what each became; a handful of queries for all of them.

    Where the payload has expired or is hidden, those that became a reading the reader may see.
    """
    readings = readings_in(proof.batch, numbers)
    usages = usages_of(readings.values())
    gaps = {g.position: g for g in gaps_in(proof.batch, numbers)}
    said = {r["n"]: r for r in proof.said["records"]} if proof.said else {}
    found = []
    for n in numbers:
        reading, record = readings.get(n), said.get(n)
        is_open = is_open_to(sight, proof, reading)
        if record is None and not (reading is not None and is_open):
            continue
        usage = usages.get(f"reading:{reading.pk}") if reading and is_open else None
        found.append(Record(n, record or {}, reading, usage, gaps.get(n), is_open))
    return found


def is_open_to(sight: Sight, proof: BatchProof, reading: Reading | None) -> bool:
    """Whether the reader may see how much a reading says was used."""
    if sight.steward or proof.whole or reading is None:
        return sight.steward or proof.whole
    row = reading.assignment
    if row is None or sight.member is None:
        return sight.member is not None and row is None and proof.batch.node.asset_id is not None
    return row.member_id == sight.member.pk


def readings_in(batch: Envelope, numbers: Sequence[int]) -> dict[int, Reading]:
    """The readings of some of a batch's records, by number."""
    rows = Reading.objects.filter(
        envelope=batch, received_at=batch.received_at, position__in=numbers
    )
    rows = rows.select_related(
        "meter__node", "assignment__member", "assignment__pool", "assignment__resource", "period"
    )
    return {row.position: row for row in rows}


def gaps_in(batch: Envelope, numbers: Sequence[int]) -> list[Gap]:
    """The gaps that some of a batch's records tell of."""
    return list(Gap.objects.filter(envelope=batch, position__in=numbers).select_related("meter"))


def usages_of(readings: Any) -> dict[str, Usage]:
    """The usage that each reading was booked as, by its key."""
    found = [f"reading:{row.pk}" for row in readings]
    rows = Usage.objects.filter(key__in=found).select_related("book__yields__period")
    return {row.key: row for row in rows}


def charge_of(reading: Reading) -> Charge | None:
    """The charge of the member's use in the reading's period, where it was made already."""
    if reading.assignment is None or reading.period is None:
        return None
    about = Q(kind=Charge.Kind.PERIOD, about=f"period:{reading.period.code}")
    return Charge.objects.filter(about, member=reading.assignment.member_id).first()
