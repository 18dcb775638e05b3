"""Batches of one key that come together: what plainly follows on the chain is stored as one set.

Nearly every request is such a run, or a repeat of one. Whatever is out of the ordinary (a gap, a
fork, another chain value, a key that has ended, a node that is held back) is left to
`metering.services.batches`, one by one; so is everything where the set does not go through, so
that one envelope's failure stays its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg import Cursor

from metering.errors import WireError
from metering.models import Envelope, Node, NodeKey
from metering.payloads import Batch, GapRecord, meters_named, read_batch
from metering.services.batches import RECEIPTED
from metering.services.receipts import receipts_of
from metering.services.signed import (
    Result,
    Verified,
    key_among,
    keys_named,
    lock_chain,
    require_few_meters,
    require_own,
    require_size,
    via_of,
)
from metering.services.states import RATED, heard
from signing import dsse

STANDS = """
SELECT k.head_seq, k.head_chain, n.state,
       k.last_seq IS NOT NULL
       OR EXISTS (SELECT FROM metering_keyrevocation r WHERE r.keyid = k.keyid)
       OR EXISTS (SELECT FROM metering_refusedbatch f WHERE f.node_id = k.node_id
                  AND f.epoch = k.epoch AND f.seq > k.head_seq)
       OR EXISTS (SELECT FROM metering_envelope e WHERE e.node_id = k.node_id
                  AND e.epoch = k.epoch AND e.status = 'pending_gap')
FROM metering_nodekey k JOIN metering_node n ON n.id = k.node_id WHERE k.id = %s"""
INSERT = """
INSERT INTO metering_envelope (node_id, epoch, seq, chain, prev, payload_type, payload, signature,
                               keyid, via, received_at, status)
SELECT %s, %s, seq, chain, prev, %s, payload, signature, %s, %s, %s, 'accepted'
FROM unnest(%s::bigint[], %s::text[], %s::text[], %b::bytea[], %b::bytea[])
     AS b(seq, chain, prev, payload, signature)
RETURNING id, seq"""
MOVE = "UPDATE metering_nodekey SET head_seq = %s, head_chain = %s WHERE id = %s"


class Read(NamedTuple):
    """A batch whose signature holds, read and found to be its key's own."""

    place: int
    verified: Verified
    batch: Batch
    chain: str


@dataclass(frozen=True)
class Head:
    """Where a key's chain stands, and whether what follows may be linked without a further look."""

    seq: int
    chain: str
    state: str
    is_plain: bool


def accept_runs(envelopes: Sequence[tuple[int, dsse.Envelope]], via: str) -> dict[int, Result]:
    """The results of those numbered envelopes that are plain; the others are missing in it.

    Each key's are stored in one transaction; receipts are signed after it was committed.
    """
    found: dict[int, Result] = {}
    by_key: dict[int, list[Read]] = {}
    for read in read_all(envelopes):
        by_key.setdefault(read.verified.key.pk, []).append(read)
    for reads in by_key.values():
        found |= accept_run(reads, via)
    return found


def read_all(envelopes: Sequence[tuple[int, dsse.Envelope]]) -> Iterable[Read]:
    """Those whose signature holds and whose payload is a batch of its key."""
    known = keys_named([envelope for _, envelope in envelopes])
    for place, envelope in envelopes:
        try:
            require_size(envelope)
            key, signature = key_among(envelope, known)
            batch = read_batch(envelope.payload)
            require_own(key, batch)
        except WireError:
            continue
        yield Read(place, Verified(key, envelope, signature), batch, envelope.digest)


def accept_run(reads: Sequence[Read], via: str) -> dict[int, Result]:
    """Store what plainly follows and find what is stored already; nothing where that fails."""
    key = reads[0].verified.key
    try:
        with transaction.atomic(durable=True):
            lock_chain(key.node_id)
            stored, new = place_run(key, reads, via_of(key.node, via))
    except (WireError, DatabaseError):
        return {}
    receipts = receipts_of(envelopes=list(stored.values()))
    return {
        read.place: Result(
            str(key.node.uuid), key.epoch, read.batch.seq, read.chain,
            "accepted" if read.batch.seq in new else "duplicate",
            receipt=receipts[stored[read.batch.seq].pk].as_dict(),
            keyid=key.keyid,
        )
        for read in reads
        if read.batch.seq in stored and stored[read.batch.seq].chain == read.chain
    }  # fmt: skip


def place_run(
    key: NodeKey, reads: Sequence[Read], via: str
) -> tuple[dict[int, Envelope], set[int]]:
    """What is stored of these by number, and which numbers are new. Call under the chain's lock."""
    head = head_of(key)
    if not head.is_plain:
        return {}, set()
    stored = stored_of(key, [read.batch.seq for read in reads])
    new = following(head, reads)
    if new:
        require_few_meters(key.node, set().union(*(meters_named(read.batch) for read in new)))
        stored |= insert_run(key, new, via)
        move_head(key, new[-1])
        if head.state == Node.State.SILENT:
            heard(node=key.node)
    return stored, {read.batch.seq for read in new}


def head_of(key: NodeKey) -> Head:
    """Where the chain stands now."""
    with connection.cursor() as cursor:
        cursor.execute(STANDS, [key.pk])
        seq, chain, state, is_special = cursor.fetchone()
    return Head(seq, chain, state, not is_special and state in RATED)


def stored_of(key: NodeKey, numbers: list[int]) -> dict[int, Envelope]:
    """The accepted batches with these numbers, without their payloads."""
    rows = Envelope.objects.filter(
        node=key.node_id, epoch=key.epoch, seq__in=numbers, status__in=RECEIPTED
    ).defer("payload", "signature")
    return {row.seq: with_node(row, key) for row in rows}


def with_node(row: Envelope, key: NodeKey) -> Envelope:
    """The row, knowing the node that was read already."""
    row.node = key.node
    return row


def following(head: Head, reads: Sequence[Read]) -> list[Read]:
    """The batches that follow on the head one after the other, in that order.

    One that names refused numbers ends the run: the chain may go on over them.
    """
    found: list[Read] = []
    seq, chain = head.seq, head.chain
    for read in sorted(reads, key=lambda read: read.batch.seq):
        if read.batch.seq <= seq:
            continue
        if read.batch.seq != seq + 1 or read.batch.prev != chain or names_refused(read.batch):
            break
        found.append(read)
        seq, chain = read.batch.seq, read.chain
    return found


def names_refused(batch: Batch) -> bool:
    """Whether a batch says of others that they will never come."""
    return any(isinstance(r, GapRecord) and r.why == "refused" for r in batch.records)


def insert_run(key: NodeKey, reads: Sequence[Read], via: str) -> dict[int, Envelope]:
    """The batches as new rows, linked; the bytes travel to the database as bytes."""
    now = timezone.now()
    cursor: Cursor[Any] = Cursor(connection.connection)
    cursor.execute(INSERT, insert_values(key, reads, via, now))
    numbers = {seq: pk for pk, seq in cursor.fetchall()}
    return {
        read.batch.seq: Envelope(
            pk=numbers[read.batch.seq], node=key.node, epoch=key.epoch, seq=read.batch.seq,
            chain=read.chain, via=via, received_at=now, status=Envelope.Status.ACCEPTED,
        )
        for read in reads
    }  # fmt: skip


def insert_values(key: NodeKey, reads: Sequence[Read], via: str, now: datetime) -> list[Any]:
    """The parameters of INSERT."""
    first = reads[0].verified.envelope
    return [
        *(key.node_id, key.epoch, first.payload_type, key.keyid, via, now),
        [read.batch.seq for read in reads],
        [read.chain for read in reads],
        [read.batch.prev for read in reads],
        [read.verified.envelope.payload for read in reads],
        [read.verified.signature.sig for read in reads],
    ]


def move_head(key: NodeKey, last: Read) -> None:
    """The chain now ends with this batch."""
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [last.batch.seq, last.chain, key.pk])
