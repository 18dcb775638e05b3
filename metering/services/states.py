"""A node's state, and who or what put it there."""

from django.db import transaction

from assets.models import Asset
from members.models import User
from metering.errors import ReasonNeeded
from metering.models import Node, NodeStateChange


def suspect(*, node: Node, reason: str) -> None:
    """Hold a node's evidence back from rating until a steward has looked at it.

    Evidence goes on being taken. Call inside a transaction.
    """
    held = Node.objects.filter(pk=node.pk, state=Node.State.ACTIVE)
    if held.update(state=Node.State.SUSPECT):
        NodeStateChange.objects.create(node=node, state=Node.State.SUSPECT, reason=reason)


def set_node_asset(*, actor: User | None, node: Node, asset: Asset | None) -> None:
    """Say which asset a node stands for; it honours the vouchers bound to that asset.

    The node learns it with its next configuration. The same asset again changes nothing.
    """
    with transaction.atomic(durable=True):
        row = Node.objects.select_for_update(no_key=True).get(pk=node.pk)
        if row.asset_id == (None if asset is None else asset.pk):
            return
        Node.objects.filter(pk=row.pk).update(asset=asset)
        reason = "stands for no asset" if asset is None else f"stands for {asset.code}"
        NodeStateChange.objects.create(node=row, state=row.state, reason=reason, actor=actor)


def set_node_state(*, actor: User | None, node: Node, state: str, reason: str) -> None:
    """A steward's decision about a node; the same state again changes nothing.

    Raises ReasonNeeded.
    """
    if not reason.strip():
        raise ReasonNeeded
    with transaction.atomic(durable=True):
        row = Node.objects.select_for_update(no_key=True).get(pk=node.pk)
        if row.state == state:
            return
        Node.objects.filter(pk=row.pk).update(state=state)
        NodeStateChange.objects.create(node=row, state=state, reason=reason.strip(), actor=actor)
