"""From two values of a meter to a quantity: the counter rules, as pure integer arithmetic.

A counter's quantity is in the meter's unit (bytes, core-microseconds), a gauge's in unit-seconds.
The letters are those of the rules in docs/metering-protocol.md, section 9.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from metering.payloads import Counter, Gauge, at

WORD = 2**32
NANO = 10**9
SECOND = timedelta(seconds=1)
AHEAD = timedelta(seconds=300)
FINE = timedelta(seconds=120)
DAY = timedelta(hours=24)
OVER_CAPACITY = "over_capacity"
INFERRED = "time_inferred"


@dataclass(frozen=True)
class Last:
    """A meter's previous record: its values, and the latest end that it names by a good clock."""

    incarnation: str
    value: int
    ends_at: datetime | None


@dataclass(frozen=True)
class Limits:
    """What the inventory says of a meter: its width, and its units per second where known."""

    bits: int = 64
    ceiling: int | None = None


@dataclass(frozen=True)
class Arrival:
    """What tells a batch's clock: when it came, when it says it was sealed, since when it may."""

    received_at: datetime
    sent: datetime | None = None
    enrolled_at: datetime | None = None

    @property
    def ahead(self) -> timedelta:
        """How far the clock was certainly ahead: nothing is received before it is sealed."""
        late = self.sent is not None and self.sent > self.received_at + FINE
        return self.sent - self.received_at if late and self.sent else timedelta()

    @property
    def is_lost(self) -> bool:
        """Whether the clock was certainly wrong by more than can be told.

        It was more than a day ahead, or sealed more than a day before the node was let in.
        """
        early = self.sent and self.enrolled_at and self.sent < self.enrolled_at - DAY
        return self.ahead > DAY or bool(early)


@dataclass(frozen=True)
class Span:
    """When a record counts: its own wall times, or what stands in for them."""

    begins_at: datetime
    ends_at: datetime
    flags: tuple[str, ...] = ()

    @property
    def is_inferred(self) -> bool:
        """Whether these are not the node's own times."""
        return INFERRED in self.flags


@dataclass(frozen=True)
class Delta:
    """What one record adds."""

    rule: str
    quantity: int
    span: Span
    flags: tuple[str, ...] = ()


def nanoseconds(record: Counter | Gauge) -> int:
    """The record's length by the clock that never steps; without one, by its wall times."""
    if record.mt0 is not None and record.mt1 is not None:
        return max(0, int(record.mt1) - int(record.mt0))
    begins, ends = at(record.t0), at(record.t1)
    if begins is None or ends is None:
        return 0
    return max(0, (ends - begins) // timedelta(microseconds=1) * 1000)


def placed(record: Counter | Gauge, arrival: Arrival, last: Last | None) -> Span:
    """When the record counts.

    At its own times where nothing speaks against the node's clock; moved by what the clock was
    ahead, up to a day; else at its arrival: without times, with an end more than five minutes
    after its arrival, or more than two minutes before an end that the meter named already.
    """
    length = timedelta(seconds=nanoseconds(record) // NANO)
    begins, ends = at(record.t0), at(record.t1)
    unplaced = Span(arrival.received_at - length, arrival.received_at, (INFERRED,))
    if begins is None or ends is None or arrival.is_lost:
        return unplaced
    begins, ends = begins - arrival.ahead, ends - arrival.ahead
    flags = ("skewed",) if arrival.ahead else ()
    if ends > arrival.received_at + AHEAD or is_set_back(ends, last):
        return unplaced
    if begins > ends:
        return Span(ends - length, ends, (*flags, "clock_set_back"))
    return Span(begins, ends, flags)


def is_set_back(ends: datetime, last: Last | None) -> bool:
    """Whether a record ends before the one before it: time in a chain only goes on."""
    return last is not None and last.ends_at is not None and ends < last.ends_at - FINE


def counter_delta(last: Last | None, record: Counter, limits: Limits, span: Span) -> Delta:
    """The growth that one counter record proves."""
    return within_capacity(grown(last, record, limits, span), record, limits)


def grown(last: Last | None, record: Counter, limits: Limits, span: Span) -> Delta:
    """The growth that one counter record states, whether it is possible or not."""
    if last is None:
        return Delta("baseline", 0, span)  # (a): it may have run for years
    if record.inc != last.incarnation:
        return new_incarnation(last, record, span)  # (d)
    if int(record.r1) < int(record.r0):
        return turned_back(record, limits, span)  # (c)
    more = int(record.r1) - int(record.r0)
    if int(record.r0) != last.value:
        return Delta("discontinuity", more, span, ("discontinuity",))  # (b)
    return Delta("steady", more, span)


def new_incarnation(last: Last, record: Counter, span: Span) -> Delta:
    """All of the new counter where it began after the last value, else nothing."""
    if "fresh" not in record.f:
        return Delta("baseline", 0, span, ("new_incarnation",))
    begins = span.begins_at if last.ends_at is None else min(last.ends_at, span.ends_at)
    return Delta("restart", int(record.r1), Span(begins, span.ends_at, span.flags))


def turned_back(record: Counter, limits: Limits, span: Span) -> Delta:
    """A 32-bit counter that passed its end within its capacity, or one that was set to zero."""
    wrapped = int(record.r1) + WORD - int(record.r0)
    possible = limits.ceiling is not None and wrapped >= 0
    if limits.bits == 32 and possible and not is_over(wrapped, limits, nanoseconds(record)):
        return Delta("wrap", wrapped, span)
    return Delta("reset", int(record.r1), span, ("reset",))


def is_over(quantity: int, limits: Limits, length: int) -> bool:
    """Whether so much in so many nanoseconds is over 1.05 times the capacity, where it is known."""
    if limits.ceiling is None:
        return False
    return quantity * 100 * NANO > limits.ceiling * 105 * length


def within_capacity(delta: Delta, record: Counter, limits: Limits) -> Delta:
    """The same, flagged where the meter cannot have counted so much (e); a restart by its span."""
    span = delta.span
    length = nanoseconds(record)
    if delta.rule == "restart":
        length = (span.ends_at - span.begins_at + SECOND) // timedelta(microseconds=1) * 1000
    if not is_over(delta.quantity, limits, length):
        return delta
    return Delta(delta.rule, delta.quantity, span, (*delta.flags, OVER_CAPACITY))


def gauge_delta(last: Last | None, record: Gauge, limits: Limits, span: Span) -> Delta:
    """The value times the seconds it is known to have held; never longer than the node ran.

    Time between two records is not charged (f), time that an earlier record covers not twice.
    Where the times are not the node's own, its steady clock alone says how long.
    """
    over = limits.ceiling is not None and int(record.v) > limits.ceiling
    above = (OVER_CAPACITY,) if over else ()
    if span.is_inferred:
        return Delta("gauge", int(record.v) * (nanoseconds(record) // NANO), span, above)
    until = None if last is None else last.ends_at
    begins = span.begins_at if until is None else max(span.begins_at, until)
    after_gap = ("after_gap",) if until is not None and span.begins_at > until else ()
    seconds = max(0, (span.ends_at - begins) // SECOND)
    ran = -(-nanoseconds(record) // NANO) + 1  # both ends may have been rounded to the second
    held = Span(min(begins, span.ends_at), span.ends_at, span.flags)
    jumped = ("clock_jumped",) if seconds > ran else ()
    return Delta("gauge", int(record.v) * min(seconds, ran), held, (*after_gap, *jumped, *above))
