"""Batches: each finds its place in its node's chain, is committed, and only then receipted."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from metering.errors import SchemaError, TooManyWaiting
from metering.models import (
    Envelope,
    EnvelopeConflict,
    Node,
    NodeKey,
    NodeStateChange,
    RefusedBatch,
)
from metering.payloads import Batch, GapRecord, meters_named, read_batch
from metering.services.ends import beyond
from metering.services.link import link
from metering.services.receipts import receipt_of
from metering.services.rotate import finish_if_complete
from metering.services.signed import (
    Result,
    Verified,
    key_behind,
    lock_chain,
    require_few_meters,
    require_own,
    require_taken,
    via_of,
)
from metering.services.states import heard, suspect
from signing import dsse

MOST_WAITING = 10_000
RECEIPTED = (Envelope.Status.ACCEPTED, Envelope.Status.HELD)
Trigger = NodeStateChange.Trigger
WRONG = {
    str(Trigger.CONFLICT): "two batches with number",
    str(Trigger.AFTER_END): "its key had ended before batch",
}
"""why a batch that is kept in conflict makes its node suspect, before its number"""


def accept_batch(envelope: dsse.Envelope, via: str) -> Result:
    """Store one batch and answer with its receipt where it is linked; raises a WireError."""
    key, signature = key_behind(envelope)
    require_taken(key)
    verified = Verified(key, envelope, signature)
    return with_receipt(store_batch(verified, read_batch(envelope.payload), via))


def store_batch(verified: Verified, batch: Batch, via: str) -> tuple[Result, Envelope | None]:
    """Store a batch and link the chain as far as it now goes, in one transaction."""
    require_own(verified.key, batch)
    with transaction.atomic(durable=True):
        lock_chain(verified.key.node_id)
        key = NodeKey.objects.select_related("node").get(pk=verified.key.pk)
        return place(Verified(key, verified.envelope, verified.signature), batch, via)


def place(verified: Verified, batch: Batch, via: str) -> tuple[Result, Envelope | None]:
    """Find the batch's place in the chain. Call under the lock of the chain."""
    key = verified.key
    row = Envelope.objects.filter(node=key.node, epoch=key.epoch, seq=batch.seq).first()
    if row is None:
        return place_new(verified, batch, via)
    if row.chain != verified.envelope.digest:
        return keep_conflict(verified, batch, via), row
    return result(row, "duplicate" if row.status in RECEIPTED else row.status), row


def place_new(verified: Verified, batch: Batch, via: str) -> tuple[Result, Envelope | None]:
    """Store a batch with a new number; link the chain as far as its key still counts."""
    key = verified.key
    refuse_what_was_refused(key, batch)
    ended = beyond(key, batch.seq)
    if ended == Envelope.Status.CONFLICT:
        return keep_conflict(verified, batch, via, Trigger.AFTER_END), None
    row = insert(verified, batch, via, ended or Envelope.Status.PENDING_GAP)
    if ended:
        return result(row, row.status), row
    link(key=key)
    finish_if_complete(key)
    row.refresh_from_db(fields=["status"])
    if row.status == Envelope.Status.ACCEPTED:
        heard(node=key.node)
    return result(row, status_told(key.node, row)), row


def status_told(node: Node, row: Envelope) -> str:
    """What the answer says: accepted evidence of a quarantined node is held."""
    is_kept = row.status == Envelope.Status.ACCEPTED and node.state == Node.State.QUARANTINED
    return Envelope.Status.HELD.value if is_kept else row.status


def refuse_what_was_refused(key: NodeKey, batch: Batch) -> None:
    """A number that the chain was linked over never comes back."""
    if batch.seq <= key.head_seq:
        raise SchemaError("the chain was linked over this number")


def insert(verified: Verified, batch: Batch, via: str, status: str) -> Envelope:
    """The batch as a new row, and the numbers that it says will never come."""
    require_room(verified.key, batch)
    require_few_meters(verified.key.node, meters_named(batch))
    row = Envelope.objects.create(**columns(verified, batch, via), status=status)
    named = [r for r in batch.records if isinstance(r, GapRecord) and r.why == "refused"]
    RefusedBatch.objects.bulk_create(
        [
            RefusedBatch(node=row.node, epoch=row.epoch, seq=r.seq, chain=r.chain, named_by=row)
            for r in named
            if r.seq and r.chain and r.seq < row.seq
        ],
        ignore_conflicts=True,
    )
    return row


def require_room(key: NodeKey, batch: Batch) -> None:
    """Refuse for now where too many batches wait for earlier ones and this is one more."""
    if batch.seq == key.head_seq + 1:
        return
    waiting = Envelope.objects.filter(node=key.node, status=Envelope.Status.PENDING_GAP)
    if waiting.count() >= MOST_WAITING:
        raise TooManyWaiting


def columns(verified: Verified, batch: Batch, via: str) -> dict[str, Any]:
    """The evidence as columns, in an envelope's row or a conflict's."""
    node = verified.key.node
    return {
        "node": node,
        "epoch": batch.epoch,
        "seq": batch.seq,
        "chain": verified.envelope.digest,
        "prev": batch.prev,
        "payload_type": verified.envelope.payload_type,
        "payload": verified.envelope.payload,
        "signature": verified.signature.sig,
        "keyid": verified.signature.keyid,
        "via": via_of(node, via),
        "received_at": timezone.now(),
    }


def keep_conflict(
    verified: Verified, batch: Batch, via: str, trigger: str = Trigger.CONFLICT
) -> Result:
    """Keep a batch that nobody honest signs beside the others; the node is suspect from now on."""
    values = columns(verified, batch, via)
    EnvelopeConflict.objects.bulk_create([EnvelopeConflict(**values)], ignore_conflicts=True)
    node, chain = str(verified.key.node.uuid), verified.envelope.digest
    suspect(
        node=verified.key.node,
        reason=f"{WRONG[trigger]} {batch.seq}",
        trigger=trigger,
        facts={"epoch": batch.epoch, "seq": batch.seq, "envelopes": both(verified, batch)},
    )
    return Result(node, batch.epoch, batch.seq, chain, "conflict")


def both(verified: Verified, batch: Batch) -> list[str]:
    """The chain values of the batch that is stored under this number and of the one that came."""
    key = verified.key
    stored = Envelope.objects.filter(node=key.node, epoch=key.epoch, seq=batch.seq)
    return [*stored.values_list("chain", flat=True), verified.envelope.digest]


def result(row: Envelope, status: str) -> Result:
    """The result for a stored batch, its receipt still to come."""
    return Result(
        str(row.node.uuid), row.epoch, row.seq, row.chain, status, keyid=row.keyid
    )  # fmt: skip


def with_receipt(stored: tuple[Result, Envelope | None]) -> Result:
    """The result with its receipt, where the batch is linked. Call after the commit.

    A conflict comes with the receipt of the other batch: it proves the conflict to the node.
    """
    outcome, row = stored
    if row is None or row.status not in RECEIPTED:
        return outcome
    return Result(
        outcome.node,
        outcome.epoch,
        outcome.seq,
        outcome.chain,
        outcome.status,
        receipt=receipt_of(envelope=row).as_dict(),
        keyid=outcome.keyid,
    )
