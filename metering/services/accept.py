"""Taking in what nodes signed: verify, store, link, commit, and only then sign a receipt."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from metering.errors import (
    BadSignature,
    Malformed,
    NotEnrolled,
    RevokedKey,
    SchemaError,
    TooLarge,
    TooManyWaiting,
    UnknownKey,
    WireError,
)
from metering.models import (
    Envelope,
    EnvelopeConflict,
    Meter,
    MeterInventory,
    Node,
    NodeKey,
    RefusedBatch,
)
from metering.payloads import (
    MAX_METERS,
    MAX_PAYLOAD,
    Batch,
    GapRecord,
    Inventory,
    MeterLine,
    meters_named,
    node_id,
    read_batch,
    read_inventory,
)
from metering.services.enrol import is_enrolling
from metering.services.link import link
from metering.services.receipts import receipt_of
from metering.services.states import suspect
from signing import dsse
from signing.errors import SigningError

BATCH = dsse.payload_type("usage-batch")
INVENTORY = dsse.payload_type("meter-inventory")
NODE_LOCKS: Final = 0x6E6F6465  # "node": keeps these advisory locks apart from all others
MOST_WAITING = 10_000
MOST_INVENTORIES = 1_000


@dataclass(frozen=True)
class Result:
    """What became of one envelope, in the words of docs/metering-protocol.md, section 6."""

    node: str | None = None
    epoch: int | None = None
    seq: int | None = None
    chain: str | None = None
    status: str = "rejected"
    code: str = ""
    http_status: int = 200
    receipt: dict[str, Any] | None = None


@dataclass(frozen=True)
class Verified:
    """An envelope whose signature holds, and the key that made it."""

    key: NodeKey
    envelope: dsse.Envelope
    signature: dsse.Signature


def accept_envelopes(*, envelopes: Sequence[dsse.Envelope], via: str = "") -> list[Result]:
    """Take in each envelope in its own transaction; one result for each, in order.

    `via` is the node that delivers, where that is known. Repeating a call stores nothing more
    and gives the same receipts.
    """
    return [accept_envelope(envelope=envelope, via=via) for envelope in envelopes]


def accept_envelope(*, envelope: dsse.Envelope, via: str = "") -> Result:
    """Take in one envelope; whatever is wrong with it becomes a result."""
    try:
        verified = verify(envelope)
        if envelope.payload_type == INVENTORY:
            return store_inventory(verified)
        return with_receipt(store_batch(verified, read_batch(envelope.payload), via))
    except WireError as error:
        return Result(code=error.code, http_status=error.status)


def verify(envelope: dsse.Envelope) -> Verified:
    """The key behind an envelope; raises a WireError."""
    if len(envelope.payload) > MAX_PAYLOAD:
        raise TooLarge
    if envelope.payload_type not in (BATCH, INVENTORY):
        raise SchemaError("batches and inventories are taken here, nothing else")
    key, signature = key_behind(envelope)
    if key.node.state == Node.State.REVOKED:
        raise RevokedKey
    return Verified(key, envelope, signature)


def key_behind(envelope: dsse.Envelope) -> tuple[NodeKey, dsse.Signature]:
    """The node's key that signed, with the one signature of it that holds: this one is kept.

    Raises Malformed for two signatures with one keyid, UnknownKey, NotEnrolled, BadSignature.
    """
    by_keyid = {signature.keyid: signature for signature in envelope.signatures}
    if len(by_keyid) != len(envelope.signatures):
        raise Malformed("two signatures with one keyid")
    known = NodeKey.objects.select_related("node").filter(keyid__in=by_keyid).order_by("pk")
    for key in known:
        if is_signed(envelope, by_keyid[key.keyid], key):
            return key, by_keyid[key.keyid]
    if known:
        raise BadSignature
    raise NotEnrolled if is_enrolling(list(by_keyid)) else UnknownKey


def is_signed(envelope: dsse.Envelope, signature: dsse.Signature, key: NodeKey) -> bool:
    """Whether just this signature is by the key."""
    alone = dsse.Envelope(envelope.payload_type, envelope.payload, (signature,))
    try:
        dsse.verify(alone, bytes(key.public_key), envelope.payload_type)
    except SigningError:
        return False
    return True


def require_own(key: NodeKey, body: Batch | Inventory) -> None:
    """Refuse a payload that speaks for another node or epoch than its key's."""
    if node_id(body.node) != key.node.uuid or body.epoch != key.epoch:
        raise SchemaError("node and epoch are not those of the key")


def lock_chain(node_id: int) -> None:
    """Let one transaction at a time change a node's chain. Call inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NODE_LOCKS, node_id])


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
        refuse_what_was_refused(key, batch)
        row = insert(verified, batch, via)
        link(key=key)
        row.refresh_from_db(fields=["status"])
        return result(row, row.status), row
    if row.chain != verified.envelope.digest:
        return keep_conflict(verified, batch, via), row
    status = "duplicate" if row.status == Envelope.Status.ACCEPTED else row.status
    return result(row, status), row


def refuse_what_was_refused(key: NodeKey, batch: Batch) -> None:
    """A number that the chain was linked over never comes back."""
    if batch.seq <= key.head_seq:
        raise SchemaError("the chain was linked over this number")


def insert(verified: Verified, batch: Batch, via: str) -> Envelope:
    """The batch as a new row, and the numbers that it says will never come."""
    require_room(verified.key, batch)
    require_few_meters(verified.key.node, meters_named(batch))
    row = Envelope.objects.create(**columns(verified, batch, via))
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


def require_few_meters(node: Node, names: set[str]) -> None:
    """Refuse what would give a node more meters than it may have."""
    rows = Meter.objects.filter(node=node)
    new = names - set(rows.filter(name__in=names).values_list("name", flat=True))
    if new and rows.count() + len(new) > MAX_METERS:
        raise TooLarge


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
        "via": "direct" if via in ("", str(node.uuid)) else via,
        "received_at": timezone.now(),
    }


def keep_conflict(verified: Verified, batch: Batch, via: str) -> Result:
    """Keep a second batch of one number beside the first; the node is suspect from now on."""
    values = columns(verified, batch, via)
    EnvelopeConflict.objects.bulk_create([EnvelopeConflict(**values)], ignore_conflicts=True)
    suspect(node=verified.key.node, reason=f"two batches with number {batch.seq}")
    node, chain = str(verified.key.node.uuid), verified.envelope.digest
    return Result(node, batch.epoch, batch.seq, chain, "conflict")


def result(row: Envelope, status: str) -> Result:
    """The result for a stored batch, its receipt still to come."""
    return Result(str(row.node.uuid), row.epoch, row.seq, row.chain, status)


def with_receipt(stored: tuple[Result, Envelope | None]) -> Result:
    """The result with its receipt, where the batch is linked. Call after the commit.

    A conflict comes with the receipt of the other batch: it proves the conflict to the node.
    """
    outcome, row = stored
    if row is None or row.status != Envelope.Status.ACCEPTED:
        return outcome
    return Result(
        outcome.node,
        outcome.epoch,
        outcome.seq,
        outcome.chain,
        outcome.status,
        receipt=receipt_of(envelope=row).as_dict(),
    )


def store_inventory(verified: Verified) -> Result:
    """Store an inventory and what it says of its meters; the same one again adds nothing."""
    inventory = read_inventory(verified.envelope.payload)
    require_own(verified.key, inventory)
    with transaction.atomic(durable=True):
        lock_chain(verified.key.node_id)
        require_few_inventories(verified)
        row, is_new = inventory_row(verified)
        if is_new:
            describe_meters(verified.key.node, inventory.meters)
    status = "accepted" if is_new else "duplicate"
    return Result(str(verified.key.node.uuid), inventory.epoch, None, row.digest, status)


def require_few_inventories(verified: Verified) -> None:
    """Refuse one more list than any node's meters change in years."""
    kept = MeterInventory.objects.filter(node=verified.key.node)
    is_known = kept.filter(digest=payload_digest(verified.envelope.payload)).exists()
    if not is_known and kept.count() >= MOST_INVENTORIES:
        raise TooLarge


def inventory_row(verified: Verified) -> tuple[MeterInventory, bool]:
    """The inventory's row, and whether it is new."""
    return MeterInventory.objects.get_or_create(
        node=verified.key.node,
        digest=payload_digest(verified.envelope.payload),
        defaults={
            "payload": verified.envelope.payload,
            "signature": verified.signature.sig,
            "keyid": verified.signature.keyid,
            "received_at": timezone.now(),
        },
    )


def payload_digest(payload: bytes) -> str:
    """What batches call an inventory by."""
    return hashlib.sha256(payload).hexdigest()


def describe_meters(node: Node, lines: Sequence[MeterLine]) -> None:
    """Write down what an inventory says; raises SchemaError where a meter became another."""
    known = {meter.name: meter for meter in Meter.objects.filter(node=node)}
    require_few_meters(node, {line.m for line in lines})
    for line in lines:
        meter = known.get(line.m)
        if meter and (meter.kind != line.k or meter.unit not in ("", line.u)):
            raise SchemaError("a meter never changes its kind or unit")
    Meter.objects.bulk_create(
        [described(node, line) for line in lines],
        update_conflicts=True,
        unique_fields=["node", "name"],
        update_fields=["unit", "driver", "ceiling"],
    )


def described(node: Node, line: MeterLine) -> Meter:
    """The meter's row as its line says."""
    ceiling = None if line.cap is None else int(line.cap)
    return Meter(
        node=node, name=line.m, kind=line.k, unit=line.u, driver=line.driver, ceiling=ceiling
    )
