"""Who signed: what every kind of signed envelope is held to before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from metering.errors import (
    BadSignature,
    Malformed,
    NotEnrolled,
    RevokedKey,
    SchemaError,
    TooLarge,
    UnknownKey,
)
from metering.models import KeyRevocation, Meter, Node, NodeKey
from metering.payloads import MAX_METERS, MAX_PAYLOAD, Batch, Inventory, node_id
from metering.services.enrol import is_enrolling
from signing import dsse
from signing.errors import SigningError

NODE_LOCKS: Final = 0x6E6F6465  # "node": keeps these advisory locks apart from all others


@dataclass(frozen=True)
class Result:
    """What became of one envelope, in the words of docs/metering-protocol.md, section 6.

    `keyid` is the key that verified, where something came of it; it does not travel.
    """

    node: str | None = None
    epoch: int | None = None
    seq: int | None = None
    chain: str | None = None
    status: str = "rejected"
    code: str = ""
    http_status: int = 200
    receipt: dict[str, Any] | None = None
    keyid: str = ""


@dataclass(frozen=True)
class Verified:
    """An envelope whose signature holds, and the key that made it."""

    key: NodeKey
    envelope: dsse.Envelope
    signature: dsse.Signature


def verify(envelope: dsse.Envelope) -> Verified:
    """The key behind an envelope of a node that is still trusted; raises a WireError."""
    require_size(envelope)
    key, signature = key_behind(envelope)
    require_trusted(key)
    require_unrevoked(key)
    return Verified(key, envelope, signature)


def require_trusted(key: NodeKey) -> None:
    """Refuse who is trusted no more; their batches are kept all the same (require_taken)."""
    if key.node.state in (Node.State.REVOKED, Node.State.RETIRED):
        raise RevokedKey


def require_unrevoked(key: NodeKey) -> None:
    """Refuse what a key on the list of revocations signs beside batches: it may be a thief's."""
    if KeyRevocation.objects.filter(keyid=key.keyid).exists():
        raise RevokedKey


def require_taken(key: NodeKey) -> None:
    """Refuse batches of a node that was taken out of use; those of a revoked key are held."""
    if key.node.state == Node.State.RETIRED:
        raise RevokedKey


def require_size(envelope: dsse.Envelope) -> None:
    """Refuse a payload over the limit of section 6."""
    if len(envelope.payload) > MAX_PAYLOAD:
        raise TooLarge


def key_behind(envelope: dsse.Envelope) -> tuple[NodeKey, dsse.Signature]:
    """The node's key that signed, with the one signature of it that holds: this one is kept.

    Raises Malformed for two signatures with one keyid, UnknownKey, NotEnrolled, BadSignature.
    """
    return key_among(envelope, keys_named([envelope]))


def keys_named(envelopes: Sequence[dsse.Envelope]) -> dict[str, NodeKey]:
    """The keys that any signature of these envelopes names, by keyid."""
    keyids = {signature.keyid for envelope in envelopes for signature in envelope.signatures}
    rows = NodeKey.objects.select_related("node").filter(keyid__in=keyids).order_by("pk")
    return {key.keyid: key for key in rows}


def key_among(
    envelope: dsse.Envelope, known: Mapping[str, NodeKey]
) -> tuple[NodeKey, dsse.Signature]:
    """As `key_behind`, among keys that were looked up for several envelopes at once."""
    by_keyid = {signature.keyid: signature for signature in envelope.signatures}
    if len(by_keyid) != len(envelope.signatures):
        raise Malformed("two signatures with one keyid")
    named = sorted((known[keyid] for keyid in by_keyid if keyid in known), key=lambda k: k.pk)
    for key in named:
        if is_signed(envelope, by_keyid[key.keyid], key):
            return key, by_keyid[key.keyid]
    if named:
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


def via_of(node: Node, via: str) -> str:
    """How an envelope came, as it is kept: "direct", or who brought it."""
    return "direct" if via in ("", str(node.uuid)) else via


def lock_chain(node_id: int) -> None:
    """Let one transaction at a time change a node's chain. Call inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NODE_LOCKS, node_id])


def require_few_meters(node: Node, names: set[str]) -> None:
    """Refuse what would give a node more meters than it may have."""
    rows = Meter.objects.filter(node=node)
    new = names - set(rows.filter(name__in=names).values_list("name", flat=True))
    if new and rows.count() + len(new) > MAX_METERS:
        raise TooLarge
