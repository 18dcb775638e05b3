"""From a node's batches, in order, to readings: a pure function of the evidence.

Rating stores what comes out of here; `manage.py verify` runs the same evidence through again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from metering.counters import (
    Arrival,
    Delta,
    Last,
    Limits,
    Span,
    counter_delta,
    gauge_delta,
    placed,
)
from metering.payloads import Batch, Counter, Gauge, at

Described = dict[str, Limits]
NO_LIMITS = Limits()


@dataclass(frozen=True)
class Taken:
    """One reading as the evidence gives it; the names are those of `models.Reading`."""

    position: int
    meter: str
    kind: str
    rule: str
    flags: list[str]
    incarnation: str
    begins_at: datetime
    ends_at: datetime
    value_before: int | None
    value: int
    quantity: int


@dataclass
class Replay:
    """Where each meter of one node stands; feed it the batches in the order of the chain."""

    last: dict[str, Last] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    enrolled_at: dict[int, datetime] = field(default_factory=dict)

    def take(
        self, batch: Batch, received_at: datetime, described: Described | None
    ) -> Iterator[Taken]:
        """The readings of one batch; `described` is its inventory, None where it is missing."""
        arrival = Arrival(received_at, at(batch.sent), self.enrolled_at.get(batch.epoch))
        for record in batch.records:
            if isinstance(record, Counter | Gauge):
                yield self._reading(record, arrival, described)

    def _reading(
        self, record: Counter | Gauge, arrival: Arrival, described: Described | None
    ) -> Taken:
        before = self.last.get(record.m)
        span = placed(record, arrival, before)
        kind = "counter" if isinstance(record, Counter) else "gauge"
        if self.kinds.setdefault(record.m, kind) != kind:
            wrong = Delta("baseline", 0, span, ("wrong_kind",))
            return taken_from(record, wrong, span, described is None)
        delta = self._delta(record, span, described)
        taken = taken_from(record, delta, span, described is None)
        known: datetime | None = taken.ends_at
        if span.is_inferred:
            known = None if before is None else before.ends_at
        self.last[record.m] = Last(taken.incarnation, taken.value, known)
        return taken

    def _delta(self, record: Counter | Gauge, span: Span, described: Described | None) -> Delta:
        last = self.last.get(record.m)
        limits = (described or {}).get(record.m, NO_LIMITS)
        if isinstance(record, Gauge):
            return gauge_delta(last, record, limits, span)
        return counter_delta(last, record, limits, span)


def taken_from(record: Counter | Gauge, delta: Delta, span: Span, undescribed: bool) -> Taken:
    """The reading of a record whose quantity is known."""
    is_counter = isinstance(record, Counter)
    flags = [*span.flags, *delta.flags, *(("no_inventory",) if undescribed else ())]
    return Taken(
        position=record.n,
        meter=record.m,
        kind="counter" if is_counter else "gauge",
        rule=delta.rule,
        flags=flags,
        incarnation=record.inc if isinstance(record, Counter) else "",
        begins_at=delta.span.begins_at,
        ends_at=delta.span.ends_at,
        value_before=int(record.r0) if isinstance(record, Counter) else None,
        value=int(record.r1) if isinstance(record, Counter) else int(record.v),
        quantity=delta.quantity,
    )
