"""Who sees what of a node: the one place for it.

The public sees machines of ours: state, asset, pool, coarse place, and how well they are measured.
Members also see names, chains and what measures the asset itself, and whatever measures their own
use. Whose use any other meter measures is for stewards alone.
"""

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from members.access import may_read
from members.models import Member
from members.queries import is_steward, member_of
from metering.models import Envelope, MeterAssignment, Node
from metering.payloads import Batch, meters_named, read_batch
from metering.queries import nodes


@dataclass(frozen=True)
class Sight:
    """How much a reader sees: `member` where they are one, `steward` while they hold the office."""

    member: Member | None
    steward: bool

    @property
    def inside(self) -> bool:
        """Whether this is a member or a steward."""
        return self.steward or self.member is not None


def sight_of(user: Any) -> Sight:
    """What this user may see."""
    member = member_of(user)
    return Sight(member if may_read(member) else None, is_steward(user))


def name_of(node: Node, sight: Sight) -> str:
    """Its label for those inside; for others that of its asset, since a label may name a person."""
    if sight.inside and node.label:
        return node.label
    if node.asset is not None:
        return node.asset.name
    return _("Node %(number)s") % {"number": str(node.uuid)[:8]}


def node_or_404(uuid: Any) -> Node:
    """Any node: that it is there is open to everybody."""
    found = nodes().select_related("pool", "owner", "asset").filter(uuid=uuid).first()
    if found is None:
        raise Http404
    return found


def batch_or_404(node: Node, epoch: int, seq: int) -> Envelope:
    """A stored batch of the node, with its receipt."""
    rows = Envelope.objects.select_related("node__asset", "receipt")
    found = rows.filter(node=node, epoch=epoch, seq=seq).first()
    if found is None:
        raise Http404
    return found


def may_read_batch(sight: Sight, envelope: Envelope) -> bool:
    """Whether this reader may see all that a batch says.

    Stewards may. Members may where no meter in it was ever another member's, and it either
    measures their own use or an asset of all of us. An expired payload tells nothing to anybody.
    """
    if sight.steward or sight.member is None or not envelope.payload:
        return sight.steward
    return is_theirs(sight.member, envelope, read_batch(bytes(envelope.payload)))


def is_theirs(member: Member, envelope: Envelope, batch: Batch) -> bool:
    """Whether all in a batch is the member's own, or an asset's."""
    ever = MeterAssignment.objects.filter(
        meter__node=envelope.node_id, meter__name__in=meters_named(batch)
    )
    whose = set(ever.values_list("member_id", flat=True))
    return whose == {member.pk} or (not whose and envelope.node.asset_id is not None)
