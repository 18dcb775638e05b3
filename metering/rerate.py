"""What is stored of a node held against what its evidence gives, at any time.

The evidence is the envelopes, the inventories, since when a key is a node's, and who had which
meter when. Nothing is changed. One node after another, batch by batch: the memory does not grow
with the history. Where a payload has expired, its readings are taken as they stand, and counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from ledger.reading import rows
from metering.counters import INFERRED, OVER_CAPACITY, Last
from metering.models import Envelope, Meter, MeterAssignment, Node, Reading
from metering.payloads import read_batch
from metering.queries import descriptions_of, enrolments_of
from metering.replay import Described, Replay, Taken
from tokens.models import Period

INSTANT = timedelta(microseconds=1)
AT_ONCE = 50
MOST_INVENTORIES = 8
TAKEN = ["rule", "flags", "incarnation", "begins_at", "ends_at", "value_before", "value",
         "quantity"]  # fmt: skip
State = Reading.State
T = TypeVar("T")


@dataclass(frozen=True)
class Difference:
    """One place where what is stored is not what the evidence gives."""

    envelope: int
    position: int
    what: str

    def __str__(self) -> str:
        return f"envelope {self.envelope}, record {self.position}: {self.what}"


@dataclass
class Recheck:
    """One node run through again; `period` narrows what is compared, never what is run.

    Iterate over `differences()`; afterwards the numbers tell what was looked at.
    """

    node: Node
    period: Period | None = None
    batches: int = 0
    readings: int = 0
    expired: int = 0

    def __post_init__(self) -> None:
        kinds = dict(Meter.objects.filter(node=self.node).values_list("name", "kind"))
        self._replay = Replay(kinds=kinds, enrolled_at=enrolments_of(self.node))
        self._descriptions = Descriptions(self.node)
        self._whose = Assignments(self.node)
        self._periods = list(Period.objects.order_by("start"))

    def differences(self) -> Iterator[Difference]:
        """Where stored readings differ from what the evidence gives, in the order of the chain."""
        found = Envelope.objects.filter(node=self.node, rated_at__isnull=False)
        envelopes = found.order_by("epoch", "seq").iterator(chunk_size=AT_ONCE)
        for some in in_chunks(envelopes, AT_ONCE):
            stored = readings_by_envelope(some)
            for envelope in some:
                self.batches += 1
                yield from self._batch(envelope, stored[envelope.pk])

    def _batch(self, envelope: Envelope, stored: dict[int, Reading]) -> Iterator[Difference]:
        if not envelope.payload:
            self.expired += 1
            self._replay.last |= standing(stored.values(), self._replay.last)
            return
        batch = read_batch(bytes(envelope.payload))
        known = described_then(stored, self._descriptions[batch.inv])
        taken = {t.position: t for t in self._replay.take(batch, envelope.received_at, known)}
        for position in sorted(stored.keys() | taken.keys()):
            row, again = stored.get(position), taken.get(position)
            if self._is_asked_for(row, again):
                self.readings += 1
                for what in self._wrong(row, again):
                    yield Difference(envelope.pk, position, what)

    def _is_asked_for(self, row: Reading | None, again: Taken | None) -> bool:
        if self.period is None:
            return True
        ends = [found.ends_at - INSTANT for found in (row, again) if found is not None]
        return any(self.period.start <= moment < self.period.end for moment in ends)

    def _wrong(self, row: Reading | None, again: Taken | None) -> Iterator[str]:
        if row is None or again is None:
            yield f"the reading differs: {'none' if row is None else 'one'} is stored"
            return
        yield from told_apart(row, again)
        assignment = self._whose.of(again)
        if row.assignment_id != (assignment and assignment.pk):
            yield f"it is assigned as {row.assignment_id}, should be {assignment and assignment.pk}"
        yield from self._wrong_state(row, again)

    def _wrong_state(self, row: Reading, again: Taken) -> Iterator[str]:
        if row.state not in possible_states(row, again):
            yield f"its state is {row.state}"
        if row.state not in (State.RATED, State.LATE) or row.period_id is None:
            return
        moment = again.ends_at - INSTANT
        period = next((p for p in self._periods if p.start <= moment < p.end), None)
        if period is None or period.pk != row.period_id:
            yield f"it is booked in period {row.period_id}, should be {period and period.pk}"


def possible_states(row: Reading, again: Taken) -> set[str]:
    """The states that a reading can be in; which of the last ones, its period and rating decide."""
    if row.assignment_id is None:
        return {State.MEASURED}
    if OVER_CAPACITY in again.flags:
        return {State.HELD}
    return {*State.values} - {State.MEASURED, State.HELD}


def told_apart(row: Reading, again: Taken) -> Iterator[str]:
    """Each part of a reading that the evidence gives otherwise."""
    if row.meter.name != again.meter:
        yield f"the reading differs: meter is {row.meter.name}, should be {again.meter}"
    for name in TAKEN:
        stored, wanted = getattr(row, name), getattr(again, name)
        if stored != wanted:
            yield f"the reading differs: {name} is {stored}, should be {wanted}"


class Descriptions(dict[str, Described | None]):
    """A node's inventories, each read when it is asked for; a few are kept."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._node = node

    def __missing__(self, digest: str) -> Described | None:
        if len(self) >= MOST_INVENTORIES:
            self.clear()
        self[digest] = descriptions_of(self._node, [digest]).get(digest)
        return self[digest]


class Assignments:
    """Who had which meter of a node, from when until when."""

    def __init__(self, node: Node) -> None:
        self._by_meter: dict[str, list[MeterAssignment]] = defaultdict(list)
        for row in MeterAssignment.objects.filter(meter__node=node).select_related("meter"):
            self._by_meter[row.meter.name].append(row)

    def of(self, taken: Taken) -> MeterAssignment | None:
        """The assignment that covers all of a reading's span, if there is one."""
        found = (a for a in self._by_meter[taken.meter] if covers(a, taken))
        return next(found, None)


def covers(row: MeterAssignment, taken: Taken) -> bool:
    """Whether the whole span of a reading lies within an assignment."""
    return row.since <= taken.begins_at and (row.until is None or taken.ends_at <= row.until)


def described_then(stored: dict[int, Reading], known: Described | None) -> Described | None:
    """The inventory as it was when the batch was rated: it may have come later."""
    missing = any("no_inventory" in row.flags for row in stored.values())
    return None if missing else known


def standing(stored: Iterable[Reading], before: dict[str, Last]) -> dict[str, Last]:
    """Where the meters stand after a batch of which only the readings are left."""
    found: dict[str, Last] = {}
    for row in sorted(stored, key=lambda row: row.position):
        if "wrong_kind" in row.flags:
            continue
        last = found.get(row.meter.name) or before.get(row.meter.name)
        known: datetime | None = row.ends_at
        if INFERRED in row.flags:
            known = None if last is None else last.ends_at
        found[row.meter.name] = Last(row.incarnation, int(row.value), known)
    return found


def readings_by_envelope(envelopes: Iterable[Envelope]) -> dict[int, dict[int, Reading]]:
    """The stored readings of some envelopes, by envelope and position."""
    found: dict[int, dict[int, Reading]] = defaultdict(dict)
    stored = Reading.objects.filter(envelope__in=[envelope.pk for envelope in envelopes])
    for row in stored.select_related("meter"):
        found[row.envelope_id][row.position] = row
    return found


def in_chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items, so many at a time."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


BOOKED_DIFFERS = """
WITH booked AS (
    SELECT r.id, r.envelope_id, r.position, r.period_id, r.amount, r.raw_before, r.quantity,
           a.member_id, a.pool_id, a.resource_id, a.num, a.den,
           coalesce(sum(r.quantity) OVER earlier, 0) AS before
    FROM metering_reading r JOIN metering_meterassignment a ON a.id = r.assignment_id
    JOIN metering_meter m ON m.id = a.meter_id
    WHERE r.state = 'rated' AND m.node_id = coalesce(%(node)s, m.node_id)
      AND r.period_id = coalesce(%(period)s, r.period_id)
    WINDOW earlier AS (PARTITION BY r.assignment_id, r.period_id ORDER BY r.id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
due AS (SELECT *, div((before + quantity) * num, den) - div(before * num, den) AS wanted
        FROM booked)
SELECT d.envelope_id, d.position,
       CASE WHEN d.raw_before <> d.before OR d.amount <> d.wanted
            THEN format('%%s was booked, the evidence gives %%s', d.amount, d.wanted)
            WHEN u.id IS NULL THEN format('its usage of %%s is missing', d.wanted)
            ELSE format('its usage is %%s of member %%s in period %%s, should be %%s of %%s in %%s',
                        u.amount, b.member_id, y.period_id, d.wanted, d.member_id, d.period_id) END
FROM due d LEFT JOIN tokens_usage u ON u.key = 'reading:' || d.id
LEFT JOIN tokens_book b ON b.id = u.book_id LEFT JOIN tokens_yield y ON y.id = b.yields_id
WHERE d.raw_before <> d.before OR d.amount <> d.wanted OR (u.id IS NULL) <> (d.wanted = 0)
   OR (u.id IS NOT NULL AND (u.amount, b.member_id, y.pool_id, y.resource_id, y.period_id)
       IS DISTINCT FROM (d.wanted, d.member_id, d.pool_id, d.resource_id, d.period_id))
ORDER BY d.envelope_id, d.position"""
NO_READING = """
SELECT format('usage %%s has no reading', u.key) FROM tokens_usage u
WHERE u.key LIKE 'reading:%%' AND NOT EXISTS (
    SELECT FROM metering_reading r
    WHERE r.state = 'rated' AND r.amount <> 0 AND 'reading:' || r.id = u.key)
ORDER BY u.key"""


def booked_otherwise(node: Node | None = None, period: Period | None = None) -> list[Difference]:
    """Rated readings whose usage is not just what they add to the total before them."""
    asked = {"node": node and node.pk, "period": period and period.pk}
    return [Difference(*row) for row in rows(BOOKED_DIFFERS, asked)]


def usage_without_reading() -> list[str]:
    """Metered usage that no rated reading stands behind."""
    return [sentence for (sentence,) in rows(NO_READING)]
