"""Taking: from a node's batches, in the order of the chain, to readings stored as one set."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg import Cursor

from ledger.services import array_of
from metering.counters import OVER_CAPACITY, Last
from metering.models import Envelope, Gap, Meter, MeterAssignment, Node, Reading
from metering.payloads import Batch, GapRecord, at, read_batch
from metering.queries import descriptions_of, enrolments_of
from metering.replay import Replay, Taken
from metering.services.redeem import take_presentations
from metering.services.watch import look_at, look_at_quantities

COPY = """
COPY metering_reading (id, envelope_id, received_at, position, meter_id, rule, flags, incarnation,
    begins_at, ends_at, value_before, value, quantity, assignment_id, state) FROM STDIN"""
NUMBERS = "SELECT nextval('metering_reading_id_seq') FROM generate_series(1, %s)"
MOVE_HEADS = """
UPDATE metering_meter m
SET head_incarnation = h.incarnation, head_value = h.value, head_ends_at = h.ends_at
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::timestamptz[])
     AS h(id, incarnation, value, ends_at)
WHERE m.id = h.id"""


class Row(NamedTuple):
    """A reading as COPY takes it; the names are those of `models.Reading`."""

    pk: int
    envelope_id: int
    received_at: datetime
    position: int
    meter_id: int
    rule: str
    flags: list[str]
    incarnation: str
    begins_at: datetime
    ends_at: datetime
    value_before: int | None
    value: int
    quantity: int
    assignment_id: int | None
    state: str


def take_readings(node: Node, envelopes: Sequence[Envelope]) -> bool:
    """Derive the readings of these envelopes and store them with whose use they measure.

    False where the batches make the node suspect: then nothing is taken from them. Call inside a
    transaction, with the node locked.
    """
    if not envelopes:
        return True
    batches = {envelope.pk: read_batch(bytes(envelope.payload)) for envelope in envelopes}
    if look_at(node, envelopes, batches):
        return False
    meters = {meter.name: meter for meter in Meter.objects.filter(node=node)}
    replay = replay_of(node, meters)
    take_presentations(node, envelopes, batches, replay.enrolled_at)
    taken = replayed(node, replay, envelopes, batches)
    make_meters(node, [one for _, one in taken], meters)
    rows = rows_of(taken, meters, assignments_of(node))
    store(rows)
    move_heads(replay, meters, {one.meter for _, one in taken})
    store_gaps(envelopes, batches, meters)
    look_at_quantities(node, rows)
    return True


def replay_of(node: Node, meters: dict[str, Meter]) -> Replay:
    """The replay, standing where the node's meters stand."""
    last = {
        meter.name: Last(meter.head_incarnation, meter.head_value, meter.head_ends_at)
        for meter in meters.values()
        if meter.head_value is not None
    }
    kinds = {name: meter.kind for name, meter in meters.items()}
    return Replay(last, kinds, enrolments_of(node))


def replayed(
    node: Node, replay: Replay, envelopes: Sequence[Envelope], batches: dict[int, Batch]
) -> list[tuple[Envelope, Taken]]:
    """What the batches give, in the order of the chain."""
    described = descriptions_of(node, {batch.inv for batch in batches.values()})
    return [
        (envelope, taken)
        for envelope in envelopes
        for taken in replay.take(
            batches[envelope.pk],
            envelope.received_at,
            described.get(batches[envelope.pk].inv),
        )
    ]


def make_meters(node: Node, taken: Iterable[Taken], meters: dict[str, Meter]) -> None:
    """Add the meters that no inventory describes yet."""
    new = {one.meter: one.kind for one in taken if one.meter not in meters}
    made = Meter.objects.bulk_create(
        [Meter(node=node, name=name, kind=kind) for name, kind in new.items()]
    )
    meters |= {meter.name: meter for meter in made}


def assignments_of(node: Node) -> dict[int, list[MeterAssignment]]:
    """All assignments of a node's meters, by meter."""
    by_meter: dict[int, list[MeterAssignment]] = defaultdict(list)
    for row in MeterAssignment.objects.filter(meter__node=node):
        by_meter[row.meter_id].append(row)
    return by_meter


def rows_of(
    taken: Sequence[tuple[Envelope, Taken]],
    meters: dict[str, Meter],
    whose: dict[int, list[MeterAssignment]],
) -> list[Row]:
    """The rows, with their numbers; nobody's where no one assignment covers all of a span."""
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS, [len(taken)])
        numbers = [number for (number,) in cursor.fetchall()]
    return [
        row(number, envelope, one, meters[one.meter], whose)
        for number, (envelope, one) in zip(numbers, taken, strict=True)
    ]


def row(
    number: int,
    envelope: Envelope,
    taken: Taken,
    meter: Meter,
    whose: dict[int, list[MeterAssignment]],
) -> Row:
    """One reading with whose use it measures."""
    assignment = next((a for a in whose.get(meter.pk, ()) if covers(a, taken)), None)
    state = Reading.State.MEASURED
    if assignment is not None:
        held = OVER_CAPACITY in taken.flags
        state = Reading.State.HELD if held else Reading.State.WAITING
    return Row(
        number, envelope.pk, envelope.received_at, taken.position, meter.pk, taken.rule,
        taken.flags, taken.incarnation, taken.begins_at, taken.ends_at, taken.value_before,
        taken.value, taken.quantity, None if assignment is None else assignment.pk, state.value,
    )  # fmt: skip


def covers(assignment: MeterAssignment, taken: Taken) -> bool:
    """Whether the whole span lies within the assignment."""
    ends_in_time = assignment.until is None or taken.ends_at <= assignment.until
    return assignment.since <= taken.begins_at and ends_in_time


def store(rows: Sequence[Row]) -> None:
    """Add the rows as one COPY."""
    cursor: Cursor[Any] = Cursor(connection.connection)
    with cursor.copy(COPY) as copy:
        for one in rows:
            copy.write_row(one)


def move_heads(replay: Replay, meters: dict[str, Meter], names: set[str]) -> None:
    """Write down where the meters stand now that were read."""
    stand = [(meters[name].pk, replay.last[name]) for name in sorted(names & set(replay.last))]
    arrays: tuple[list[object], ...] = (
        [pk for pk, _ in stand],
        [last.incarnation for _, last in stand],
        [last.value for _, last in stand],
        [last.ends_at for _, last in stand],
    )
    with connection.cursor() as cursor:
        cursor.execute(MOVE_HEADS, [array_of(column) for column in arrays])


def store_gaps(
    envelopes: Sequence[Envelope], batches: dict[int, Batch], meters: dict[str, Meter]
) -> None:
    """Keep the spans that the batches say nothing is known about."""
    Gap.objects.bulk_create(
        [
            Gap(
                envelope=envelope,
                position=record.n,
                meter=meters.get(record.m or ""),
                begins_at=at(record.t0),
                ends_at=at(record.t1),
                why=record.why,
            )
            for envelope in envelopes
            for record in batches[envelope.pk].records
            if isinstance(record, GapRecord)
        ],
        batch_size=1000,
    )
