"""The list of nodes, a page at a time, in a bounded number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from metering.fleet.clocks import Clock, clock_of
from metering.fleet.sight import Sight, name_of
from metering.models import Envelope, Gap, Node, NodeKey, Refusal, RefusedBatch
from metering.trust.standing import keys_due

PER_PAGE = 25
LOOKED_BACK = timedelta(days=30)
NEEDS_EYES = (Node.State.SUSPECT, Node.State.QUARANTINED, Node.State.SILENT)


@dataclass
class NodeRow:
    """One node as the list shows it; `gaps` of the last thirty days, `waiting` behind a hole."""

    node: Node
    name: str
    last_accepted: datetime | None
    waiting: int
    conflicts: int
    gaps: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    clock: Clock | None = None
    key: NodeKey | None = None
    key_days: int = 0
    is_due: bool = False


def page_of(sight: Sight, *, state: str, pool: Any, number: Any) -> Page[Any]:
    """A page of NodeRow; `state` is one of Node.State, "eyes" for those to look at, or ""."""
    rows = matching(state, pool)
    page: Page[Any] = Paginator(rows, PER_PAGE).get_page(number)
    page.object_list = described(list(page.object_list), sight)
    return page


def matching(state: str, pool: Any) -> QuerySet[Node]:
    """The nodes that the filters leave, by label."""
    rows = counted()
    if state == "eyes":
        rows = rows.filter(state__in=NEEDS_EYES)
    elif state:
        rows = rows.filter(state=state)
    return rows if pool is None else rows.filter(pool=pool)


def counted() -> QuerySet[Node]:
    """Every node with `newest` (its last linked batch), `waiting` and `conflicting`."""
    mine = Envelope.objects.filter(node=OuterRef("pk")).order_by()
    newest = mine.filter(status="accepted").order_by("-received_at", "-seq")
    waiting = mine.filter(status="pending_gap").values("node").annotate(n=Count("pk"))
    rows = Node.objects.select_related("pool", "owner", "asset").order_by("label", "pk")
    return rows.annotate(
        newest=Subquery(newest.values("pk")[:1]),
        waiting=Coalesce(Subquery(waiting.values("n")), 0),
        conflicting=Count("conflicts", distinct=True),
    )


def described(nodes: Sequence[Any], sight: Sight) -> list[NodeRow]:
    """The rows of one page: six queries, however many nodes are on it."""
    keys, newest = newest_keys(nodes), newest_batches(nodes)
    gaps, refused, refusals = gaps_by_node(nodes), refused_by_node(nodes), refusals_by_node(nodes)
    now = timezone.now()
    due = set(keys_due(now).filter(node__in=nodes).values_list("node_id", flat=True))
    rows = []
    for node in nodes:
        last = newest.get(node.pk)
        row = NodeRow(node, name_of(node, sight), None, node.waiting, node.conflicting)
        if last is not None:
            row.last_accepted, row.clock = last.received_at, clock_of(last)
        row.gaps, row.refused = gaps.get(node.pk, 0), refused.get(node.pk, 0)
        row.refusals = refusals[node.pk]
        row.is_due, row.key = node.pk in due, keys.get(node.pk)
        row.key_days = 0 if row.key is None else (now - row.key.created_at).days
        rows.append(row)
    return rows


def newest_keys(nodes: Sequence[Node]) -> dict[int, NodeKey]:
    """The key of the newest epoch of each node."""
    keys = NodeKey.objects.filter(node__in=nodes).order_by("epoch")
    return {key.node_id: key for key in keys}


def newest_batches(nodes: Sequence[Any]) -> dict[int, Envelope]:
    """The last linked batch of each node."""
    rows = Envelope.objects.filter(pk__in=[node.newest for node in nodes if node.newest])
    return {row.node_id: row for row in rows.defer("signature")}


def gaps_by_node(nodes: Sequence[Node]) -> dict[int, int]:
    """How many spans each node said it knows nothing of, in what came in the last thirty days."""
    since = timezone.now() - LOOKED_BACK
    rows = Gap.objects.filter(envelope__node__in=nodes, envelope__received_at__gt=since)
    counts = rows.order_by().values_list("envelope__node").annotate(Count("pk"))
    return {node: int(number) for node, number in counts}


def refused_by_node(nodes: Sequence[Node]) -> dict[int, int]:
    """How many batches each node names that were refused and will never come."""
    rows = RefusedBatch.objects.filter(node__in=nodes).order_by()
    return {node: int(n) for node, n in rows.values_list("node").annotate(Count("pk"))}


def refusals_by_node(nodes: Sequence[Node]) -> dict[int, list[Refusal]]:
    """What was refused under each node's keys, the latest first."""
    found: dict[int, list[Refusal]] = defaultdict(list)
    for row in Refusal.objects.filter(node__in=nodes).order_by("-last_at"):
        found[row.node_id].append(row)
    return found
