"""Named reads of how nodes stand: their states, what lies in suspense, which keys are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from metering.models import (
    EnrolmentRequest,
    KeyRevocation,
    KeyRotation,
    Node,
    NodeKey,
    NodeStateChange,
    Reading,
)
from policies.queries import policy

IN_SUSPENSE = """
SELECT pool.code, resource.code, coalesce(p.code, ''), count(*), coalesce(sum(r.amount), 0)::bigint
FROM metering_reading r
JOIN metering_meter m ON m.id = r.meter_id
JOIN metering_meterassignment a ON a.id = r.assignment_id
JOIN assets_pool pool ON pool.id = a.pool_id
JOIN assets_resource resource ON resource.id = a.resource_id
LEFT JOIN tokens_period p ON p.id = r.period_id
WHERE m.node_id = %s AND r.state = 'suspense'
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""


@dataclass(frozen=True)
class Suspended:
    """Readings in suspense of one pool, resource and period, and what they come to.

    `period` is "" for those of a time without tokens: they have no amount yet. `amount` is in
    millitokens.
    """

    pool: str
    resource: str
    period: str
    readings: int
    amount: int


def node_with(uuid: str) -> Node | None:
    """The node with this id, whatever its state; None for any other text."""
    rows = Node.objects.filter(uuid=uuid) if is_uuid(uuid) else Node.objects.none()
    return rows.first()


def public_name(node: Node) -> str:
    """What everybody may call a node: by its asset, for a label may name a person."""
    return node.asset.name if node.asset is not None else short_name(node)


def short_name(node: Node) -> str:
    """What a node may be called in texts for everybody where its asset does not tell it apart."""
    return f"node {str(node.uuid)[:8]}"


def is_uuid(text: str) -> bool:
    """Whether a text is an id of the form that nodes have."""
    parts = text.split("-")
    digits = all(set(part) <= set("0123456789abcdef") for part in parts)
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and digits


def suspense_of(node: Node) -> list[Suspended]:
    """What lies in suspense of a node, by pool, resource and period."""
    with connection.cursor() as cursor:
        cursor.execute(IN_SUSPENSE, [node.pk])
        return [Suspended(*row) for row in cursor.fetchall()]


def suspense_of_member(member_id: int) -> list[tuple[int, int]]:
    """(node id, millitokens) of a member's use that lies in suspense, for their own pages."""
    rows = Reading.objects.filter(state=Reading.State.SUSPENSE, assignment__member=member_id)
    found: dict[int, int] = {}
    for node_id, amount in rows.order_by().values_list("meter__node_id", "amount"):
        found[node_id] = found.get(node_id, 0) + (amount or 0)
    return sorted(found.items())


def history_of(node: Node) -> QuerySet[NodeStateChange]:
    """Every change of a node's state, newest first, with who decided."""
    return NodeStateChange.objects.filter(node=node).select_related("actor").order_by("-pk")


def standing_of(node: Node) -> NodeStateChange:
    """The change that the node's present state rests on: its reason, facts and end."""
    return NodeStateChange.entered().filter(node=node).latest("pk")


def held_back() -> QuerySet[Node]:
    """Suspect and quarantined nodes, those that wait longest first, with `since` and `until`."""
    newest = NodeStateChange.entered().filter(node=OuterRef("pk")).order_by("-pk")
    rows = Node.objects.filter(state__in=[Node.State.SUSPECT, Node.State.QUARANTINED])
    return rows.annotate(
        since=Subquery(newest.values("at")[:1]), until=Subquery(newest.values("until")[:1])
    ).order_by("since", "pk")


def waiting_rotations() -> QuerySet[KeyRotation]:
    """New keys, signed by themselves alone, that wait for a steward; oldest first."""
    rows = KeyRotation.objects.filter(state=KeyRotation.State.PENDING)
    return rows.select_related("node").order_by("pk")


def claimed_requests() -> QuerySet[EnrolmentRequest]:
    """Nodes that one person let in and a second one has to, oldest first."""
    rows = EnrolmentRequest.objects.filter(state=EnrolmentRequest.State.CLAIMED)
    waiting = rows.filter(expires_at__gt=timezone.now())
    return waiting.select_related("asset", "pool", "owner", "claimed_by").order_by("claimed_at")


def newest_key(node: Node) -> NodeKey:
    """The key in force."""
    return NodeKey.objects.filter(node=node).latest("epoch")


def keys_due(now: datetime) -> QuerySet[NodeKey]:
    """Keys in force that are older than `key_days`, or of a node that was suspect under them."""
    since = now - timedelta(days=policy("key_days", now))
    newer = NodeKey.objects.filter(node=OuterRef("node"), epoch__gt=OuterRef("epoch"))
    ended = KeyRevocation.objects.filter(keyid=OuterRef("keyid"))
    doubted = NodeStateChange.entered().filter(
        node=OuterRef("node"), state=Node.State.SUSPECT, at__gt=OuterRef("created_at")
    )
    rows = NodeKey.objects.exclude(Exists(newer)).exclude(Exists(ended))
    due = rows.filter(Q(created_at__lt=since) | Q(Exists(doubted)))
    used = due.exclude(node__state__in=[Node.State.REVOKED, Node.State.RETIRED])
    return used.select_related("node").order_by("created_at")


def key_due(node: Node, now: datetime) -> bool:
    """Whether the node's key should be changed."""
    return keys_due(now).filter(node=node).exists()


def epochs_of(node: Node) -> QuerySet[NodeKey]:
    """A node's keys, oldest first, with `revoked_seq` and `conflicts` (kept beside its chain)."""
    ended = KeyRevocation.objects.filter(keyid=OuterRef("keyid")).values("last_seq")[:1]
    beside = Count("node__conflicts", filter=Q(node__conflicts__epoch=F("epoch")))
    rows = NodeKey.objects.filter(node=node).annotate(revoked_seq=Subquery(ended), beside=beside)
    return rows.order_by("epoch")


def total(rows: Sequence[Suspended]) -> int:
    """Millitokens of all these together; only a measure of size, for they differ in kind."""
    return sum(row.amount for row in rows)
