"""Keys that have ended: by a rotation, by a revocation. What still counts of theirs."""

from django.db.models import F, Q

from metering.models import Envelope, KeyRevocation, Node, NodeKey


def beyond(key: NodeKey, seq: int) -> str:
    """What becomes of a new batch of a key that has ended before it: "held" or "conflict".

    "" where the key still counts for this number. After a revocation it is evidence that nothing
    is counted of; after a rotation nobody honest can have sealed it.
    """
    revoked = KeyRevocation.objects.filter(keyid=key.keyid).values_list("last_seq", flat=True)
    for last in revoked:
        return Envelope.Status.HELD.value if seq > last else ""
    ended = key.last_seq is not None and seq > key.last_seq
    return Envelope.Status.CONFLICT.value if ended else ""


def last_rateable_epoch(node: Node) -> int:
    """The newest epoch whose batches may be rated: those before it are all there, or given up.

    Readings follow on one another, so what was sealed under the old key has to come first.
    """
    revoked = KeyRevocation.objects.filter(node=node).values("epoch")
    open_ended = NodeKey.objects.filter(node=node).exclude(epoch__in=revoked)
    missing = open_ended.filter(Q(last_seq=None) | Q(head_seq__lt=F("last_seq")))
    first = missing.order_by("epoch").values_list("epoch", flat=True).first()
    newest = NodeKey.objects.filter(node=node).order_by("-epoch").values_list("epoch", flat=True)
    return first or newest.first() or 1


def unfinished_epochs(node: Node) -> list[tuple[int, int]]:
    """(epoch, batches missing) of ended epochs that others wait behind; for pages."""
    rows = NodeKey.objects.filter(node=node, last_seq__gt=F("head_seq"))
    rows = rows.exclude(epoch__in=KeyRevocation.objects.filter(node=node).values("epoch"))
    return [(row.epoch, (row.last_seq or 0) - row.head_seq) for row in rows.order_by("epoch")]
