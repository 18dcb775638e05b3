"""Named reads of nodes, evidence and readings."""

from uuid import UUID

from metering.counters import Limits
from metering.models import MeterInventory, Node, NodeKey
from metering.payloads import read_inventory
from metering.replay import Described


def live_node(uuid: UUID) -> Node | None:
    """The node with this id, unless it was revoked."""
    return Node.objects.filter(uuid=uuid).exclude(state=Node.State.REVOKED).first()


def next_number(uuid: str) -> dict[str, int] | None:
    """The first number missing in a node's chain, of its newest epoch; None where unknown."""
    key = NodeKey.objects.filter(node__uuid=uuid).order_by("-epoch").first() if uuid else None
    return None if key is None else {"epoch": key.epoch, "seq": key.head_seq + 1}


def descriptions_of(node: Node) -> dict[str, Described]:
    """What each inventory of a node says of its meters, by the inventory's digest."""
    rows = MeterInventory.objects.filter(node=node)
    return {row.digest: described(bytes(row.payload)) for row in rows}


def described(payload: bytes) -> Described:
    """Width and capacity of the meters that an inventory lists."""
    return {
        line.m: Limits(line.bits, None if line.cap is None else int(line.cap))
        for line in read_inventory(payload).meters
    }
