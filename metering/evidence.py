"""The file that proves one reading, and how anybody checks it without this site."""

import base64
from dataclasses import dataclass
from typing import Any

from metering.models import Envelope, EnvelopeConflict, Reading
from metering.payloads import spelled
from metering.queries import key_of
from metering.services.receipts import RECEIPT, as_document
from signing import dsse, keys, strict_json
from signing.errors import MalformedEnvelope, SigningError

BATCH = dsse.payload_type("usage-batch")


def bundle(reading: Reading) -> dict[str, Any]:
    """Envelope, receipt, and the two public keys with which they verify; ready for JSON."""
    envelope = reading.envelope
    receipt = receipt_of(envelope)
    return {
        "record": reading.position,
        "envelope": as_signed(envelope).as_dict() if envelope.payload else None,
        **expired_of(envelope),
        "node_key": bytes(key_of(envelope).public_key).hex(),
        "receipt": None if receipt is None else receipt.as_dict(),
        "cooperative_key": keys.public_key().hex(),
    }


def expired_of(envelope: Envelope) -> dict[str, Any]:
    """What is still known of a payload that has expired; nothing of one that is there."""
    if envelope.expired_at is None:
        return {}
    return {
        "expired": {
            "at": spelled(envelope.expired_at),
            "chain": envelope.chain,
            "size": envelope.payload_size,
            "sha256": envelope.payload_digest,
        }
    }


def as_signed(envelope: Envelope | EnvelopeConflict) -> dsse.Envelope:
    """A stored batch in the form in which it travelled."""
    signature = dsse.Signature(envelope.keyid, bytes(envelope.signature))
    return dsse.Envelope(envelope.payload_type, bytes(envelope.payload), (signature,))


def receipt_of(envelope: Envelope) -> dsse.Envelope | None:
    """The stored receipt, if it was signed already."""
    row = getattr(envelope, "receipt", None)
    return None if row is None else as_document(row)


def signature_text(envelope: Envelope) -> str:
    """The signature as it travels."""
    return base64.b64encode(bytes(envelope.signature)).decode()


def payload_of(envelope: Envelope) -> dict[str, Any]:
    """What a stored batch says; nothing where its payload has expired."""
    if not envelope.payload:
        return {}
    value: dict[str, Any] = strict_json.loads(bytes(envelope.payload))
    return value


def record_of(reading: Reading) -> dict[str, Any]:
    """The one record of its batch that a reading comes from; empty where the payload expired."""
    if not reading.envelope.payload:
        return {}
    record: dict[str, Any] = payload_of(reading.envelope)["records"][reading.position - 1]
    return record


@dataclass(frozen=True)
class Proof:
    """What a bundle proves, told from its bytes alone.

    With `expired_at` the payload is gone: the receipt alone speaks, and `record` is empty.
    """

    chain: str
    node: str
    seq: int
    record: dict[str, Any]
    received_at: str
    expired_at: str = ""


def check(value: Any, cooperative_key: str = "") -> Proof:
    """What a bundle proves; raises SigningError where anything does not hold.

    `cooperative_key` (64 hex digits) is the key one trusts; without it the one in the file is
    taken, which proves only that the file agrees with itself.
    """
    try:
        return _check(value, cooperative_key)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise MalformedEnvelope("this is not a file of evidence") from error


def _check(value: Any, cooperative_key: str) -> Proof:
    if cooperative_key and cooperative_key != value["cooperative_key"]:
        raise MalformedEnvelope("the file names another cooperative's key")
    if value["envelope"] is None:
        return _check_receipt(value)
    batch = dsse.Envelope.from_dict(value["envelope"])
    said = strict_json.loads(dsse.verify(batch, bytes.fromhex(value["node_key"]), BATCH))
    receipt = receipt_in(value)
    if receipt and (receipt["chain"], receipt["node"]) != (batch.digest, said["node"]):
        raise MalformedEnvelope("the receipt is for another batch")
    record = said["records"][value["record"] - 1]
    received_at = receipt["received_at"] if receipt else ""
    return Proof(batch.digest, said["node"], said["seq"], record, received_at)


def _check_receipt(value: Any) -> Proof:
    """What is left once the payload has expired: the receipt for this very chain value."""
    receipt = receipt_in(value)
    if receipt is None or receipt["chain"] != value["expired"]["chain"]:
        raise MalformedEnvelope("the receipt is for another batch, or missing")
    chain, node, seq = receipt["chain"], receipt["node"], receipt["seq"]
    return Proof(chain, node, seq, {}, receipt["received_at"], value["expired"]["at"])


def receipt_in(value: Any) -> dict[str, Any] | None:
    """What the receipt in a bundle says, if there is one and its signature holds."""
    if value["receipt"] is None:
        return None
    document = dsse.Envelope.from_dict(value["receipt"])
    payload = dsse.verify(document, bytes.fromhex(value["cooperative_key"]), RECEIPT)
    said: dict[str, Any] = strict_json.loads(payload)
    return said


def holds(reading: Reading) -> bool:
    """Whether the evidence of a reading verifies, checked now."""
    try:
        check(bundle(reading), keys.public_key().hex())
    except SigningError:
        return False
    return True
