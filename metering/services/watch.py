"""What a node's own batches say against it, seen in the order of the chain as they are rated."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from metering.counters import OVER_CAPACITY
from metering.models import Envelope, Node, NodeBoot, NodeStateChange, Reading
from metering.payloads import Batch, at
from metering.services.states import newest_change, suspect
from policies.queries import policy

if TYPE_CHECKING:
    from metering.services.take import Row

Trigger = NodeStateChange.Trigger
DAY: Final = timedelta(days=1)
MICROSECOND: Final = timedelta(microseconds=1)
START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def look_at(node: Node, envelopes: Sequence[Envelope], batches: dict[int, Batch]) -> bool:
    """Note on which boots these batches were signed; True where the node became suspect for it.

    A boot id that comes back after another one is a second machine. A clock that is said to be set
    and leaps `clock_jumps` times by more than `clock_jump_seconds` is no witness. Each batch is
    held against the node once. Call with the node locked, in the order of the chain.
    """
    boots = Boots(node)
    for envelope in envelopes:
        boots.take(envelope, batches[envelope.pk])
    held = boots.returned or boots.leaps_too_often
    if boots.returned:
        reason = f"batch {boots.returned[0].seq}: a boot came back, so two machines have one key"
        suspect(node=node, reason=reason, trigger=Trigger.CLONED, facts=facts_of(boots.returned))
    elif boots.leaps_too_often:
        reason = f"its clock leapt {boots.most_leaps} times since it started"
        suspect(node=node, reason=reason, trigger=Trigger.CLOCK, facts=facts_of(boots.leapt))
        boots.forget_leaps()
    boots.save()
    return bool(held)


def facts_of(envelopes: Sequence[Envelope]) -> dict[str, list[str]]:
    """The chain values of the batches that speak for it."""
    return {"envelopes": [envelope.chain for envelope in envelopes]}


class Boots:
    """The starts of one node's machine, by epoch and boot id, as its batches tell them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._rows = {(row.epoch, row.boot): row for row in NodeBoot.objects.filter(node=node)}
        self._changed: set[tuple[int, str]] = set()
        self._limit = timedelta(seconds=policy("clock_jump_seconds", timezone.now()))
        self.returned: list[Envelope] = []
        self.leapt: list[Envelope] = []

    def take(self, envelope: Envelope, batch: Batch) -> None:
        """Note one batch; what was noted before changes nothing."""
        place = (envelope.epoch, batch.boot)
        row = self._rows.setdefault(place, self._new(envelope, batch))
        if envelope.seq <= row.last_seq:
            return
        if row.pk is not None or place in self._changed:
            self._see_return(row, envelope)
        self._changed.add(place)
        row.last_seq = envelope.seq
        self._see_clock(row, envelope, batch)

    def _new(self, envelope: Envelope, batch: Batch) -> NodeBoot:
        return NodeBoot(
            node=self._node, epoch=envelope.epoch, boot=batch.boot,
            first_seq=envelope.seq, last_seq=envelope.seq - 1,
        )  # fmt: skip

    def _see_return(self, row: NodeBoot, envelope: Envelope) -> None:
        """Another boot signed since this one did."""
        others = (o for (epoch, _), o in self._rows.items() if epoch == row.epoch and o is not row)
        if any(row.last_seq < other.last_seq < envelope.seq for other in others):
            self.returned.append(envelope)

    def _see_clock(self, row: NodeBoot, envelope: Envelope, batch: Batch) -> None:
        """How far the wall clock is from the steady one; a leap is a change of that."""
        sent = at(batch.sent)
        if sent is None or batch.clock != "ntp":
            return
        offset = (sent - START) // MICROSECOND - int(batch.mono) // 1000
        if row.offset is not None and abs(offset - row.offset) > self._limit // MICROSECOND:
            row.jumps += 1
            self.leapt.append(envelope)
        row.offset = offset

    @property
    def most_leaps(self) -> int:
        """How often the clock leapt within one start."""
        return max((row.jumps for row in self._rows.values()), default=0)

    @property
    def leaps_too_often(self) -> bool:
        """Whether it leapt again, and often enough to say so."""
        return bool(self.leapt) and self.most_leaps >= policy("clock_jumps", timezone.now())

    def forget_leaps(self) -> None:
        """Count anew: these were held against the node."""
        for place, row in self._rows.items():
            if row.jumps:
                row.jumps = 0
                self._changed.add(place)

    def save(self) -> None:
        """Keep what changed."""
        NodeBoot.objects.bulk_create(
            [self._rows[place] for place in sorted(self._changed)],
            update_conflicts=True,
            unique_fields=["node", "epoch", "boot"],
            update_fields=["last_seq", "offset", "jumps"],
        )


def look_at_quantities(node: Node, readings: "Sequence[Row]") -> None:
    """A node that names more than its meters can count, again and again, is suspect.

    `over_capacity_times` such readings within a day, none of them from before the last decision.
    Call with the node locked, once the readings are stored.
    """
    if not any(OVER_CAPACITY in row.flags for row in readings):
        return
    since = max(timezone.now() - DAY, newest_change(node).at)
    over = Reading.objects.filter(
        meter__node=node, flags__contains=[OVER_CAPACITY], envelope__received_at__gte=since
    )
    found = list(over.order_by("-pk").values_list("pk", "envelope__chain")[:50])
    if len(found) < policy("over_capacity_times", timezone.now()):
        return
    facts = {"readings": [pk for pk, _ in found], "envelopes": sorted({c for _, c in found})}
    reason = f"{len(found)} readings in a day are more than its meters can count"
    suspect(node=node, reason=reason, trigger=Trigger.CAPACITY, facts=facts)
