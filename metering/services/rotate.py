"""A node's next key takes over: docs/metering-protocol.md, the section on rotation; docs/trust.md.

The key of the next epoch was promised, as a digest, with the key before it. Signed by both keys the
change is accepted at once; signed by the promised key alone, because the other was lost or stolen,
it waits for a steward.
"""

import hashlib
from typing import Annotated, Literal

import msgspec
from django.db import transaction
from django.utils import timezone
from msgspec import Meta

from members.models import User
from metering.errors import (
    BadSignature,
    ReasonNeeded,
    RotationDecided,
    RotationRefused,
    SchemaError,
    UnknownKey,
)
from metering.models import Envelope, KeyRotation, Node, NodeKey, NodeStateChange
from metering.payloads import Hex64, Positive, Text, Time, loads, node_id, shaped
from metering.services.enrol import genesis
from metering.services.signed import Result, is_signed, lock_chain, require_trusted
from metering.services.states import end_key, locked, suspect
from signing import dsse

ROTATE = dsse.payload_type("rotate")
PENDING = "pending_approval"
State = KeyRotation.State
LOST = "its key was replaced by the promised one alone"


class Rotate(msgspec.Struct, forbid_unknown_fields=True):
    """A `rotate`: epoch `epoch` ends with number `last`; `pub` signs from then on."""

    v: Literal[1]
    node: Text
    epoch: Positive
    last: Annotated[int, Meta(ge=0)]
    chain: Hex64
    pub: Hex64
    next: Hex64
    sent: Time | None = None


def accept_rotation(envelope: dsse.Envelope) -> Result:
    """Take in a rotation; the same one again tells what became of it. Raises a WireError.

    "accepted" where both keys signed, "pending_approval" where only the promised one did. A second
    rotation of an epoch that has ended is a conflict, and the node suspect.
    """
    body = shaped(loads(envelope.payload), Rotate)
    old = key_that_ends(body)
    is_full = require_signatures(envelope, old, body)
    with transaction.atomic(durable=True):
        lock_chain(old.node_id)
        old.refresh_from_db()
        row = row_for(envelope, old, body)
        if is_conflicting(row, old):
            return told(body, envelope, "conflict")
        if is_full and row.state == State.PENDING:
            row.envelope = envelope.as_json()
            install(row, old, actor=None)
    if row.state == State.REFUSED:
        raise RotationRefused
    waits = row.state == State.PENDING
    return told(body, envelope, PENDING if waits else Envelope.Status.ACCEPTED.value)


def told(body: Rotate, envelope: dsse.Envelope, status: str) -> Result:
    """The result of a rotation: it has neither a number nor a receipt."""
    return Result(body.node, body.epoch, None, envelope.digest, status)


def key_that_ends(body: Rotate) -> NodeKey:
    """The key of the epoch that a rotation ends; raises UnknownKey, RevokedKey, SchemaError.

    The new key must be the one that was promised, and promise another one in its turn.
    """
    rows = NodeKey.objects.select_related("node").filter(node__uuid=node_id(body.node))
    key = rows.filter(epoch=body.epoch).first()
    if key is None:
        raise UnknownKey
    require_trusted(key)
    digest = hashlib.sha256(bytes.fromhex(body.pub)).hexdigest()
    if digest != key.next_digest:
        raise SchemaError("the new key is not the one that was promised")
    if body.next == digest:
        raise SchemaError("the key after the new one is the new one itself")
    return key


def require_signatures(envelope: dsse.Envelope, old: NodeKey, body: Rotate) -> bool:
    """The new key has signed; True where the old one has too. Raises BadSignature."""
    public = bytes.fromhex(body.pub)
    new = NodeKey(public_key=public, keyid=dsse.keyid(public))
    by_keyid = {signature.keyid: signature for signature in envelope.signatures}
    if set(by_keyid) - {old.keyid, new.keyid} or new.keyid not in by_keyid:
        raise BadSignature
    both = [key for key in (old, new) if key.keyid in by_keyid]
    if not all(is_signed(envelope, by_keyid[key.keyid], key) for key in both):
        raise BadSignature
    return len(both) > 1


def row_for(envelope: dsse.Envelope, old: NodeKey, body: Rotate) -> KeyRotation:
    """The stored rotation with this content; a new one must fit the chain that is stored."""
    known = KeyRotation.objects.filter(digest=envelope.digest).first()
    if known is not None:
        return known
    require_fits(old, body)
    return KeyRotation.objects.create(
        node=old.node,
        epoch=old.epoch,
        last_seq=body.last,
        last_chain=body.chain,
        public_key=bytes.fromhex(body.pub),
        next_digest=body.next,
        digest=envelope.digest,
        envelope=envelope.as_json(),
    )


def require_fits(old: NodeKey, body: Rotate) -> None:
    """Where the last batch is linked already, its chain value must be the one that was signed."""
    if body.last > old.head_seq:
        return
    stored = old.head_chain if body.last == old.head_seq else chain_at(old, body.last)
    if stored != body.chain:
        raise SchemaError("the chain value is not that of the last batch")


def chain_at(key: NodeKey, seq: int) -> str | None:
    """The chain value of a linked number; the genesis value of 0; None of a refused one."""
    if seq == 0:
        return genesis(str(key.node.uuid), key.epoch, bytes(key.public_key))
    rows = Envelope.objects.filter(node=key.node, epoch=key.epoch, seq=seq)
    return rows.values_list("chain", flat=True).first()


def is_conflicting(row: KeyRotation, old: NodeKey) -> bool:
    """Whether the epoch was ended by another rotation; then the node is suspect."""
    others = KeyRotation.objects.filter(node=old.node, epoch=old.epoch, state=State.ACCEPTED)
    other = others.exclude(pk=row.pk).first()
    if other is None or row.state != State.PENDING:
        return False
    suspect(
        node=old.node,
        reason=f"two rotations of epoch {old.epoch}",
        trigger=NodeStateChange.Trigger.CONFLICT,
        facts={"epoch": old.epoch, "rotations": [other.digest, row.digest]},
    )
    return True


def install(row: KeyRotation, old: NodeKey, *, actor: User | None, reason: str = "") -> None:
    """The new key signs from now on, from a genesis of its own. Call under the lock of the chain.

    What was sealed beyond the end that both keys signed makes the node suspect.
    """
    public, epoch = bytes(row.public_key), old.epoch + 1
    NodeKey.objects.filter(pk=old.pk).update(last_seq=row.last_seq)
    NodeKey.objects.create(
        node=old.node,
        epoch=epoch,
        public_key=public,
        keyid=dsse.keyid(public),
        next_digest=row.next_digest,
        head_chain=genesis(str(old.node.uuid), epoch, public),
    )
    decide(row, State.ACCEPTED, actor=actor, reason=reason)
    if old.head_seq > row.last_seq and not reason:
        suspect(
            node=old.node,
            reason=f"epoch {old.epoch} ended with batch {row.last_seq}, and there are later ones",
            trigger=NodeStateChange.Trigger.AFTER_END,
            facts={"epoch": old.epoch, "last": row.last_seq, "head": old.head_seq},
        )


def decide(row: KeyRotation, state: str, *, actor: User | None, reason: str) -> None:
    """Write down what became of a rotation."""
    row.state, row.reason = state, reason.strip()
    row.decided_at, row.decided_by = timezone.now(), actor
    row.save(update_fields=["state", "envelope", "reason", "decided_at", "decided_by"])


@transaction.atomic
def approve_rotation(
    *, actor: User | None, rotation: KeyRotation, reason: str = LOST
) -> KeyRotation:
    """A steward believes that the promised key alone is the node's; a second time changes nothing.

    The old key is revoked as soon as its batches up to the stated end are there: what else arrives
    under it is held. Raises ReasonNeeded, RotationDecided.
    """
    row, old = undecided(rotation, reason)
    if row.state == State.ACCEPTED:
        return row
    if row.state != State.PENDING or old.last_seq is not None:
        raise RotationDecided
    install(row, old, actor=actor, reason=reason)
    old.last_seq = row.last_seq
    finish_if_complete(old)
    return row


@transaction.atomic
def refuse_rotation(*, actor: User | None, rotation: KeyRotation, reason: str) -> KeyRotation:
    """The new key is not believed; a second time changes nothing.

    Raises ReasonNeeded, RotationDecided.
    """
    row, _old = undecided(rotation, reason)
    if row.state == State.ACCEPTED:
        raise RotationDecided
    if row.state == State.PENDING:
        decide(row, State.REFUSED, actor=actor, reason=reason)
    return row


def undecided(rotation: KeyRotation, reason: str) -> tuple[KeyRotation, NodeKey]:
    """The rotation and the key that it ends, as they stand under the locks."""
    if not reason.strip():
        raise ReasonNeeded
    lock_chain(rotation.node_id)
    locked(Node(pk=rotation.node_id))
    row = KeyRotation.objects.get(pk=rotation.pk)
    keys = NodeKey.objects.select_related("node")
    return row, keys.get(node_id=row.node_id, epoch=row.epoch)


def finish_if_complete(key: NodeKey) -> None:
    """Look at a key whose chain has come to the end that a rotation states, or beyond.

    The end must be the one that was signed, or the node is suspect; a key that was lost is revoked
    there. Call under the lock of the chain, after linking.
    """
    if key.last_seq is None or key.head_seq < key.last_seq:
        return
    row = KeyRotation.objects.get(node=key.node, epoch=key.epoch, state=State.ACCEPTED)
    if key.head_seq == key.last_seq and key.head_chain != row.last_chain:
        suspect(
            node=key.node,
            reason=f"epoch {key.epoch} ends otherwise than its rotation says",
            trigger=NodeStateChange.Trigger.FORK,
            facts={"epoch": key.epoch, "envelopes": [row.last_chain, key.head_chain]},
        )
    if row.reason:
        end_key(key, last=key.last_seq, reason=row.reason, actor=row.decided_by)
