"""Signed receipts: proof for a node that its batch is stored, linked and committed."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor

from ledger.log import tree
from metering.models import Envelope, Node, NodeKey, Receipt
from metering.payloads import spelled
from signing import dsse, keys, strict_json

RECEIPT = dsse.payload_type("receipt")
NO_HEAD = {"size": 0, "root": ""}
KEEP = """
INSERT INTO metering_receipt (envelope_id, payload, signature, keyid)
SELECT envelope_id, payload, signature, %s
FROM unnest(%s::bigint[], %b::bytea[], %b::bytea[]) AS r(envelope_id, payload, signature)
ON CONFLICT (envelope_id) DO NOTHING RETURNING envelope_id"""


def receipt_of(*, envelope: Envelope) -> dsse.Envelope:
    """The receipt of an accepted envelope: signed on the first call, the same one ever after.

    Call after the envelope is committed; of calls at the same time the first one's is kept.
    """
    return receipts_of(envelopes=[envelope])[envelope.pk]


def receipts_of(*, envelopes: Sequence[Envelope]) -> dict[int, dsse.Envelope]:
    """The receipts of accepted envelopes by their id; those that are missing are signed now.

    Payloads are not looked at. Call after the envelopes are committed.
    """
    found = stored_receipts(envelopes)
    missing = [envelope for envelope in envelopes if envelope.pk not in found]
    if missing:
        found |= sign_receipts(missing)
    raced = [envelope for envelope in missing if envelope.pk not in found]
    return found | stored_receipts(raced)


def stored_receipts(envelopes: Sequence[Envelope]) -> dict[int, dsse.Envelope]:
    """The receipts that these envelopes have already."""
    if not envelopes:
        return {}
    rows = Receipt.objects.filter(envelope__in=[envelope.pk for envelope in envelopes])
    return {row.envelope_id: as_document(row) for row in rows}


def sign_receipts(envelopes: Sequence[Envelope]) -> dict[int, dsse.Envelope]:
    """Sign and keep receipts; those are missing that somebody else signed at the same time."""
    key, head = keys.cooperative_key(), newest_head()
    seed, server = bytes(key), dsse.keyid(bytes(key.verify_key))
    made = {
        envelope.pk: dsse.sign(seed, RECEIPT, receipt_payload(envelope, server, head))
        for envelope in envelopes
    }
    cursor: Cursor[Any] = Cursor(connection.connection)
    cursor.execute(KEEP, [
        server,
        list(made),
        [document.payload for document in made.values()],
        [document.signatures[0].sig for document in made.values()],
    ])  # fmt: skip
    return {pk: made[pk] for (pk,) in cursor.fetchall()}


def head_receipt(*, uuid: str) -> dict[str, Any] | None:
    """The receipt of the last linked batch of a node: the proof of what `next` says.

    None where nothing is linked, or where the last number was refused.
    """
    key = NodeKey.objects.filter(node__uuid=uuid).order_by("-epoch").first() if uuid else None
    if key is None:
        return None
    rows = Envelope.objects.filter(node=key.node_id, epoch=key.epoch, seq=key.head_seq)
    head = rows.filter(status=Envelope.Status.ACCEPTED).first()
    return None if head is None else receipt_of(envelope=head).as_dict()


def as_document(row: Receipt) -> dsse.Envelope:
    """A stored receipt in the form in which it travels."""
    signature = dsse.Signature(row.keyid, bytes(row.signature))
    return dsse.Envelope(RECEIPT, bytes(row.payload), (signature,))


def receipt_payload(envelope: Envelope, server: str, head: dict[str, Any]) -> bytes:
    """What a receipt says (docs/metering-protocol.md, section 6)."""
    return strict_json.dumps(
        {
            "v": 1,
            "node": str(envelope.node.uuid),
            "epoch": envelope.epoch,
            "seq": envelope.seq,
            "chain": envelope.chain,
            "received_at": spelled(envelope.received_at),
            "status": status_of(envelope),
            "via": envelope.via,
            "server": server,
            "checkpoint": head,
        }
    )


def status_of(envelope: Envelope) -> str:
    """Whether it counts, as far as is known when the receipt is signed: accepted or held."""
    is_kept = envelope.node.state == Node.State.QUARANTINED
    return (Envelope.Status.HELD if is_kept else Envelope.Status(envelope.status)).value


def newest_head() -> dict[str, Any]:
    """The newest head of the log of the books: whoever keeps receipts is a witness of it."""
    head = tree.newest()
    return {"size": head.size, "root": bytes(head.root).hex()} if head else NO_HEAD
