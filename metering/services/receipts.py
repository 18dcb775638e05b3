"""Signed receipts: proof for a node that its batch is stored, linked and committed."""

from typing import Any

from ledger.log import tree
from metering.models import Envelope, Node, NodeKey, Receipt
from metering.payloads import spelled
from signing import dsse, keys, strict_json

RECEIPT = dsse.payload_type("receipt")
NO_HEAD = {"size": 0, "root": ""}


def receipt_of(*, envelope: Envelope) -> dsse.Envelope:
    """The receipt of an accepted envelope: signed on the first call, the same one ever after.

    Call after the envelope is committed; of calls at the same time the first one's is kept.
    """
    row = Receipt.objects.filter(envelope=envelope).first()
    if row is None:
        made = keys.sign_document(RECEIPT, receipt_payload(envelope))
        Receipt.objects.bulk_create(
            [
                Receipt(
                    envelope=envelope,
                    payload=made.payload,
                    signature=made.signatures[0].sig,
                    keyid=made.signatures[0].keyid,
                )
            ],
            ignore_conflicts=True,
        )
        row = Receipt.objects.get(envelope=envelope)
    return as_document(row)


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


def receipt_payload(envelope: Envelope) -> bytes:
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
            "server": dsse.keyid(keys.public_key()),
            "checkpoint": newest_head(),
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
