"""What the site signs about nodes that are held back: the list of revocations, and notices.

Whoever keeps them can act alone, also while cut off: refuse a revoked key's vouchers, close a link
to a quarantined neighbour (docs/metering-protocol.md, section 12).
"""

import hashlib
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from metering.models import KeyRevocation, LinkPair, Node, NodeKey, NodeStateChange
from metering.payloads import spelled
from metering.trust.standing import public_name
from signing import dsse, keys, strict_json

REVOCATIONS: Final = dsse.payload_type("revocations")
NOTICES: Final = dsse.payload_type("quarantine-notice")
STATES = (Node.State.QUARANTINED, Node.State.REVOKED)
RELEASED_FOR: Final = timedelta(days=30)
"""How long neighbours are told that a node was released."""


def signed_revocations() -> dsse.Envelope:
    """Every key that counts no further than a number, signed now."""
    said = {"v": 1, "issued_at": spelled(timezone.now()), "revoked": revoked()}
    return keys.sign_document(REVOCATIONS, strict_json.dumps(said))


def revoked() -> list[dict[str, Any]]:
    """The list, in the order in which keys came onto it."""
    return [
        {
            "node": str(row.node.uuid),
            "epoch": row.epoch,
            "keyid": row.keyid,
            "last_seq": row.last_seq,
            "reason": row.reason,
            "at": spelled(row.at),
        }
        for row in KeyRevocation.objects.select_related("node").order_by("pk")
    ]


def signed_notices(*, node: Node) -> dsse.Envelope:
    """How the neighbours of a node stand that are not simply in use, signed for it now."""
    now = timezone.now()
    said = {"v": 1, "node": str(node.uuid), "issued_at": spelled(now)}
    return keys.sign_document(NOTICES, strict_json.dumps({**said, "notices": notices(node, now)}))


def notices(node: Node, now: datetime) -> list[dict[str, Any]]:
    """A notice for each neighbour, linked or of the same pool, that is or was held back.

    One that was released is told for thirty days.
    """
    links = links_of(node, now)
    near = Q(pk__in=links)
    if node.pool_id is not None:
        near |= Q(pool=node.pool_id)
    rows = Node.objects.filter(near).exclude(pk=node.pk).select_related("asset").order_by("pk")
    standing = standing_of_all([row.pk for row in rows], now)
    keyids = keyids_of(list(standing))
    return [
        as_notice(row, standing[row.pk], keyids[row.pk], links.get(row.pk, []))
        for row in rows
        if row.pk in standing
    ]


def links_of(node: Node, now: datetime) -> dict[int, list[dict[str, str]]]:
    """By neighbour: which of the node's meters stands across which one of the neighbour's."""
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    rows = LinkPair.objects.filter(since__lte=now).exclude(until__lte=now).order_by("pk")
    mine = rows.filter(Q(a_tx__node=node) | Q(b_tx__node=node))
    for row in mine.select_related("a_tx__node", "a_rx", "b_tx__node", "b_rx"):
        own, other = (row.a_tx, row.a_rx), (row.b_tx, row.b_rx)
        if row.a_tx.node_id != node.pk:
            own, other = other, own
        found[other[0].node_id] += [
            {"own": own[0].name, "other": other[1].name},
            {"own": own[1].name, "other": other[0].name},
        ]
    return dict(found)


def standing_of_all(nodes: list[int], now: datetime) -> dict[int, NodeStateChange]:
    """By node: the change to tell of; those that were never held back are missing."""
    ever = NodeStateChange.objects.filter(node__in=nodes, state__in=STATES).values("node")
    changes = NodeStateChange.entered().filter(node__in=ever).order_by("pk")
    newest: dict[int, NodeStateChange] = {}
    for change in changes.select_related("node"):
        before = newest.get(change.node_id)
        if change.state in STATES or is_release(change, before):
            newest[change.node_id] = change
    return {pk: row for pk, row in newest.items() if is_told(row, now)}


def is_release(change: NodeStateChange, before: NodeStateChange | None) -> bool:
    """Whether a node that was held back is so no more."""
    return before is not None and before.state in STATES and change.state == Node.State.ACTIVE


def is_told(change: NodeStateChange, now: datetime) -> bool:
    """Whether neighbours are still told."""
    return change.state in STATES or change.at > now - RELEASED_FOR


def keyids_of(nodes: list[int]) -> dict[int, list[str]]:
    """All keys of these nodes, by node."""
    found: dict[int, list[str]] = defaultdict(list)
    for row in NodeKey.objects.filter(node__in=nodes).order_by("node_id", "epoch"):
        found[row.node_id].append(row.keyid)
    return found


def as_notice(
    node: Node, change: NodeStateChange, keyids: list[str], links: list[dict[str, str]]
) -> dict[str, Any]:
    """A notice as it travels; `until` is null where it does not end by itself."""
    return {
        "node": str(node.uuid),
        "label": public_name(node),
        "keyids": keyids,
        "state": change.state,
        "reason": change.reason,
        "since": spelled(change.at),
        "until": None if change.until is None else spelled(change.until),
        "links": links,
    }


def tag_of(said: object) -> str:
    """An ETag for what a signed answer says, whenever it was signed; weak, for bytes differ."""
    return f'W/"{hashlib.sha256(strict_json.dumps(said)).hexdigest()[:32]}"'
