"""A node's state, and who or what put it there."""

from django.db import transaction

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
