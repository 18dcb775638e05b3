"""A node's meters as a reader may see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from metering.fleet.sight import Sight
from metering.models import Meter, MeterAssignment, Node
from metering.queries import meters_of


@dataclass(frozen=True)
class MeterRow:
    """One meter; `running` its assignment where the reader may know it, `open` whether its value.

    `somebodys` says that it measures a member's use, whoever that is.
    """

    meter: Meter
    running: MeterAssignment | None
    somebodys: bool
    own: bool
    open: bool


def rows_of(node: Node, sight: Sight) -> Sequence[MeterRow]:
    """All meters of a node for stewards and members; nothing for the public."""
    return [row_of(meter, node, sight) for meter in meters_of(node)] if sight.inside else []


def row_of(meter: Meter, node: Node, sight: Sight) -> MeterRow:
    """One meter: its value is open where it measures the reader's use, or an asset of all of us."""
    running: list[MeterAssignment] = getattr(meter, "running", [])
    row = running[0] if running else None
    own = row is not None and sight.member is not None and row.member_id == sight.member.pk
    assets = row is None and node.asset_id is not None
    is_open = sight.steward or own or assets
    return MeterRow(meter, row if sight.steward or own else None, row is not None, own, is_open)
