"""The chain of one node: each batch names the one before it, and none is skipped unseen."""

from metering.models import Envelope, NodeKey, NodeStateChange, RefusedBatch
from metering.services.states import suspect


def link(*, key: NodeKey) -> None:
    """Accept every waiting batch that now follows on the chain's head.

    A batch that does not name its predecessor is a fork: it is kept in conflict, the node
    becomes suspect, and nothing behind it is linked. Call under the lock of the chain.
    """
    refused = refused_after(key)
    if key.head_seq + 1 not in refused and not is_waiting(key, key.head_seq + 1):
        return
    waiting = {row.seq: row for row in waiting_after(key)}
    linked: list[int] = []
    while (seq := key.head_seq + 1) in waiting or seq in refused:
        row = waiting.get(seq)
        if row is None:
            key.head_seq, key.head_chain = seq, refused[seq]
        elif row.prev == key.head_chain:
            key.head_seq, key.head_chain = seq, row.chain
            linked.append(row.pk)
        else:
            fork(key, row)
            break
    Envelope.objects.filter(pk__in=linked).update(status=Envelope.Status.ACCEPTED)
    key.save(update_fields=["head_seq", "head_chain"])


def is_waiting(key: NodeKey, seq: int) -> bool:
    """Whether the batch with this number is there and not linked."""
    rows = Envelope.objects.filter(node=key.node, epoch=key.epoch, seq=seq)
    return rows.filter(status=Envelope.Status.PENDING_GAP).exists()


def waiting_after(key: NodeKey) -> list[Envelope]:
    """The batches that wait behind the head, without their payloads."""
    rows = Envelope.objects.filter(
        node=key.node, epoch=key.epoch, seq__gt=key.head_seq, status=Envelope.Status.PENDING_GAP
    )
    return list(rows.only("pk", "seq", "prev", "chain"))


def refused_after(key: NodeKey) -> dict[int, str]:
    """The chain values of numbers behind the head that will never come."""
    rows = RefusedBatch.objects.filter(node=key.node, epoch=key.epoch, seq__gt=key.head_seq)
    return dict(rows.values_list("seq", "chain"))


def fork(key: NodeKey, row: Envelope) -> None:
    """Put a batch aside that follows on another history than the one that is stored."""
    Envelope.objects.filter(pk=row.pk).update(status=Envelope.Status.CONFLICT)
    suspect(
        node=key.node,
        reason=f"batch {row.seq} of epoch {key.epoch} does not follow on the one before it",
        trigger=NodeStateChange.Trigger.FORK,
        facts={"epoch": key.epoch, "seq": row.seq, "envelopes": [key.head_chain, row.chain]},
    )
