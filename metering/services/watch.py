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
START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def look_at(node: Node, envelopes: Sequence[Envelope], batches: dict[int, Batch]) -> bool:
    """Note on which boots these batches were signed; True where the node became suspect for it.

    Two boots of one key that interleave are two machines: a boot id never comes back. A clock that
    is said to be set and leaps `clock_jumps` times by more than `clock_jump_seconds` is no witness.
    What was held against the node before is not held against it again. Call with the node locked.
    """
    boots = {
        (row.epoch, row.boot): row
        for row in NodeBoot.objects.filter(node=node, boot__in={b.boot for b in batches.values()})
    }
    limits = timedelta(seconds=policy("clock_jump_seconds", timezone.now()))
    leapt: list[Envelope] = []
    for envelope in envelopes:
        row = boots.setdefault(_place(envelope, batches), _new(node, envelope, batches))
        if _note(row, envelope, batches[envelope.pk], limits):
            leapt.append(envelope)
    _save(list(boots.values()))
    return _is_cloned(node, list(boots.values()), envelopes, batches) or _leaps(
        node, list(boots.values()), leapt
    )


def _place(envelope: Envelope, batches: dict[int, Batch]) -> tuple[int, str]:
    return envelope.epoch, batches[envelope.pk].boot


def _new(node: Node, envelope: Envelope, batches: dict[int, Batch]) -> NodeBoot:
    return NodeBoot(
        node=node,
        epoch=envelope.epoch,
        boot=batches[envelope.pk].boot,
        first_seq=envelope.seq,
        last_seq=envelope.seq - 1,
    )


def _note(row: NodeBoot, envelope: Envelope, batch: Batch, limit: timedelta) -> bool:
    """Take a batch into its boot's row; True where the clock leapt. A repeat changes nothing."""
    if envelope.seq <= row.last_seq:
        return False
    row.last_seq = envelope.seq
    sent = at(batch.sent)
    if sent is None or batch.clock != "ntp":
        return False
    offset = (sent - START) // timedelta(microseconds=1) - int(batch.mono) // 1000
    leapt = row.offset is not None and abs(offset - row.offset) > limit // timedelta(microseconds=1)
    row.offset = offset
    row.jumps += leapt
    return leapt


def _save(rows: list[NodeBoot]) -> None:
    NodeBoot.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["node", "epoch", "boot"],
        update_fields=["last_seq", "offset", "jumps"],
    )


def _is_cloned(
    node: Node, rows: list[NodeBoot], envelopes: Sequence[Envelope], batches: dict[int, Batch]
) -> bool:
    """Whether one of these boots lies across another one of its key."""
    for row in rows:
        others = NodeBoot.objects.filter(node=node, epoch=row.epoch).exclude(boot=row.boot)
        across = others.filter(first_seq__lt=row.last_seq, last_seq__gt=row.first_seq).first()
        if across is None:
            continue
        first = max(row.first_seq, across.first_seq)
        shown = [e for e in envelopes if e.seq > first and e.epoch == row.epoch]
        return _hold(
            node,
            Trigger.CLONED,
            f"two machines sign with one key: batches {row.first_seq} to {row.last_seq} "
            f"and {across.first_seq} to {across.last_seq}",
            [envelope.chain for envelope in shown[:1]],
        )
    return False


def _leaps(node: Node, rows: list[NodeBoot], leapt: list[Envelope]) -> bool:
    """Whether a clock leapt often enough to say so."""
    most = max((row.jumps for row in rows), default=0)
    if not leapt or most < policy("clock_jumps", timezone.now()):
        return False
    chains = [envelope.chain for envelope in leapt]
    return _hold(node, Trigger.CLOCK, f"its clock leapt {most} times since it started", chains)


def _hold(node: Node, trigger: str, reason: str, chains: list[str]) -> bool:
    """Make the node suspect, unless these very batches made it suspect before."""
    known = NodeStateChange.objects.filter(node=node, facts__envelopes__contains=chains)
    if known.exists():
        return False
    suspect(node=node, reason=reason, trigger=trigger, facts={"envelopes": chains})
    return True


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
