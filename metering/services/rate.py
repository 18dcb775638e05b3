"""Rating: from committed evidence to readings, from readings to usage, each exactly once.

One transaction per node takes the readings of its waiting batches, books them as usage and
marks the batches. Killed at any point, nothing of it stands; run again, nothing is added.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable

from django.db import OperationalError, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from ledger.errors import DomainError
from metering.counters import INFERRED, OVER_CAPACITY, Last
from metering.models import Envelope, Gap, Meter, MeterAssignment, Node, Reading
from metering.payloads import Batch, GapRecord, at, read_batch
from metering.queries import descriptions_of, enrolments_of
from metering.replay import Replay, Taken
from metering.services.book import book_readings, late_readings
from metering.services.ends import last_rateable_epoch
from metering.services.redeem import take_presentations
from metering.services.states import RATED, suspect
from metering.services.suspense import suspend
from metering.services.watch import look_at, look_at_quantities
from tokens.models import Period

AT_ONCE = 50
READ = (*RATED, Node.State.QUARANTINED)
log = logging.getLogger(__name__)


def rate_waiting(*, limit: int = 500) -> int:
    """Rate what waits, at most about `limit` envelopes; returns how many were rated.

    Nodes that another worker has in hand are left to it. What one node's evidence cannot
    have booked stays waiting and holds up nobody else; where it is something that nobody
    expected, the node is suspect from then on.
    """
    done = 0
    for node_id in nodes_with_work():
        if done >= limit:
            break
        try:
            done += rate_node(node_id=node_id, limit=min(AT_ONCE, limit - done))
        except DomainError as error:
            log.warning("node %s was not rated: %s", node_id, error.code)
        except OperationalError:
            log.exception("node %s was not rated: the database could not now", node_id)
        except Exception as error:  # nothing that one node signed may stop the others
            log.exception("node %s was not rated", node_id)
            suspect_for(node_id, error)
    return done


def suspect_for(node_id: int, error: Exception) -> None:
    """Hold a node back whose evidence cannot be computed with, until a steward has looked."""
    with transaction.atomic(durable=True):
        node = Node.objects.get(pk=node_id)
        suspect(node=node, reason=f"its evidence could not be rated: {type(error).__name__}")


def nodes_with_work() -> list[int]:
    """Nodes with unrated envelopes, or with readings whose period has come.

    Of quarantined nodes only the readings are taken: their usage lies in suspense.
    """
    nodes = Node.objects.filter(state__in=RATED).order_by()
    read = Node.objects.filter(state__in=READ).order_by()
    arrived = read.filter(envelopes__status="accepted", envelopes__rated_at=None)
    found = set(arrived.values_list("pk", flat=True))
    period = Period.objects.filter(state=Period.State.OPEN).first()
    if period is not None:
        waiting = Q(meters__readings__state="waiting", meters__readings__ends_at__lte=period.end)
        found.update(nodes.filter(waiting).values_list("pk", flat=True))
        late = late_readings(timezone.now()).filter(meter__node__in=nodes)
        found.update(late.values_list("meter__node_id", flat=True).distinct())
        given = nodes.filter(envelopes__presentations__state="waiting")
        found.update(given.values_list("pk", flat=True))
    return sorted(found)


def rate_node(*, node_id: int, limit: int = AT_ONCE) -> int:
    """Rate the next envelopes of one node in one transaction; returns how many.

    0 also where another worker has the node. Raises what `record_usage` raises.
    """
    with transaction.atomic(durable=True):
        node = lock_if_free(node_id)
        if node is None:
            return 0
        envelopes = unrated(node, limit)
        if not take_readings(node, envelopes):
            return 0
        book_or_suspend(node)
        pks = [envelope.pk for envelope in envelopes]
        Envelope.objects.filter(pk__in=pks).update(rated_at=timezone.now())
    return len(envelopes)


def book_or_suspend(node: Node) -> None:
    """Book what waits, or put it into suspense; what a suspect node used goes on waiting."""
    node.refresh_from_db(fields=["state"])
    if node.state == Node.State.QUARANTINED:
        suspend(node=node)
    elif node.state in RATED:
        book_readings(node)


def lock_if_free(node_id: int) -> Node | None:
    """The node, locked, unless somebody else has it or it is not to be rated."""
    rows = Node.objects.select_for_update(skip_locked=True, no_key=True)
    return rows.filter(pk=node_id, state__in=READ).first()


def unrated(node: Node, limit: int) -> list[Envelope]:
    """The next envelopes in the order of the chain."""
    rows = Envelope.objects.filter(
        node=node,
        epoch__lte=last_rateable_epoch(node),
        status=Envelope.Status.ACCEPTED,
        rated_at=None,
    ).order_by("epoch", "seq")
    return list(rows[:limit])


def take_readings(node: Node, envelopes: list[Envelope]) -> bool:
    """Derive the readings of these envelopes and store them with whose use they measure.

    False where the batches make the node suspect: then nothing is taken from them.
    """
    if not envelopes:
        return True
    batches = {envelope.pk: read_batch(bytes(envelope.payload)) for envelope in envelopes}
    if look_at(node, envelopes, batches):
        return False
    descriptions = descriptions_of(node, {batch.inv for batch in batches.values()})
    meters = {meter.name: meter for meter in Meter.objects.filter(node=node)}
    kinds = {name: meter.kind for name, meter in meters.items()}
    replay = Replay(last_values(node), kinds, enrolments_of(node))
    whose = assignments_of(node)
    take_presentations(node, envelopes, batches, replay.enrolled_at)
    readings: list[Reading] = []
    gaps: list[Gap] = []
    for envelope in envelopes:
        batch = batches[envelope.pk]
        for taken in replay.take(batch, envelope.received_at, descriptions.get(batch.inv)):
            meter = meters.get(taken.meter) or make_meter(node, taken, meters)
            readings.append(reading(envelope, meter, taken, whose[meter.pk]))
        gaps += gaps_in(envelope, batch, meters)
    Reading.objects.bulk_create(readings, batch_size=1000)
    Gap.objects.bulk_create(gaps, batch_size=1000)
    look_at_quantities(node, readings)
    return True


def last_values(node: Node) -> dict[str, Last]:
    """Each meter's latest reading, and the latest end that the node's own clock named."""
    newest = Reading.objects.filter(meter=OuterRef("pk")).exclude(flags__contains=["wrong_kind"])
    newest = newest.order_by("-pk")
    timed = newest.exclude(flags__contains=[INFERRED])
    meters = Meter.objects.filter(node=node).annotate(
        newest=Subquery(newest.values("pk")[:1]), known=Subquery(timed.values("ends_at")[:1])
    )
    found = {meter.newest: meter for meter in meters if meter.newest is not None}
    rows = Reading.objects.in_bulk(found.keys())
    return {
        meter.name: Last(rows[pk].incarnation, rows[pk].value, meter.known)
        for pk, meter in found.items()
    }


def make_meter(node: Node, taken: Taken, meters: dict[str, Meter]) -> Meter:
    """A meter that no inventory describes yet."""
    meters[taken.meter] = Meter.objects.create(node=node, name=taken.meter, kind=taken.kind)
    return meters[taken.meter]


def assignments_of(node: Node) -> dict[int, list[MeterAssignment]]:
    """All assignments of a node's meters, by meter."""
    by_meter: dict[int, list[MeterAssignment]] = defaultdict(list)
    for row in MeterAssignment.objects.filter(meter__node=node):
        by_meter[row.meter_id].append(row)
    return by_meter


def reading(
    envelope: Envelope, meter: Meter, taken: Taken, assignments: Iterable[MeterAssignment]
) -> Reading:
    """The row for a reading; nobody's where no one assignment covers all of its span."""
    assignment = next((a for a in assignments if covers(a, taken)), None)
    state = Reading.State.MEASURED
    if assignment is not None:
        held = OVER_CAPACITY in taken.flags
        state = Reading.State.HELD if held else Reading.State.WAITING
    return Reading(
        envelope=envelope,
        received_at=envelope.received_at,
        position=taken.position,
        meter=meter,
        rule=taken.rule,
        flags=taken.flags,
        incarnation=taken.incarnation,
        begins_at=taken.begins_at,
        ends_at=taken.ends_at,
        value_before=taken.value_before,
        value=taken.value,
        quantity=taken.quantity,
        assignment=assignment,
        state=state,
    )


def covers(assignment: MeterAssignment, taken: Taken) -> bool:
    """Whether the whole span lies within the assignment."""
    ends_in_time = assignment.until is None or taken.ends_at <= assignment.until
    return assignment.since <= taken.begins_at and ends_in_time


def gaps_in(envelope: Envelope, batch: Batch, meters: dict[str, Meter]) -> list[Gap]:
    """The spans that a batch says nothing is known about."""
    return [
        Gap(
            envelope=envelope,
            position=record.n,
            meter=meters.get(record.m or ""),
            begins_at=at(record.t0),
            ends_at=at(record.t1),
            why=record.why,
        )
        for record in batch.records
        if isinstance(record, GapRecord)
    ]
