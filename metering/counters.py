"""From two values of a meter to a quantity: the counter rules, as pure integer arithmetic.

A counter's quantity is in the meter's unit (bytes, core-microseconds), a gauge's in unit-seconds.
The letters are those of the rules in docs/metering.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from metering.payloads import Counter, Gauge, at

WORD = 2**32
NANO = 10**9
AHEAD = timedelta(seconds=300)


@dataclass(frozen=True)
class Last:
    """Where a meter's previous record ended."""

    incarnation: str
    value: int
    ends_at: datetime


@dataclass(frozen=True)
class Limits:
    """What the inventory says of a meter: its width, and its units per second where known."""

    bits: int = 64
    ceiling: int | None = None


@dataclass(frozen=True)
class Span:
    """When a record counts: its own wall times, or what stands in for them."""

    begins_at: datetime
    ends_at: datetime
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delta:
    """What one record adds."""

    rule: str
    quantity: int
    span: Span
    flags: tuple[str, ...] = ()


def nanoseconds(record: Counter | Gauge) -> int:
    """The record's length by the clock that never steps."""
    return max(0, int(record.mt1) - int(record.mt0))


def placed(record: Counter | Gauge, received_at: datetime) -> Span:
    """When the record counts.

    Without wall times, or with an end more than five minutes after its arrival, it is placed
    at its arrival; with a clock that was set back within it, before its end.
    """
    length = timedelta(seconds=nanoseconds(record) // NANO)
    begins, ends = at(record.t0), at(record.t1)
    if begins is None or ends is None or ends > received_at + AHEAD:
        return Span(received_at - length, received_at, ("time_inferred",))
    if begins > ends:
        return Span(ends - length, ends, ("clock_set_back",))
    return Span(begins, ends)


def counter_delta(last: Last | None, record: Counter, limits: Limits, span: Span) -> Delta:
    """The growth that one counter record proves."""
    if last is None:
        return Delta("baseline", 0, span)  # (a): it may have run for years
    if record.inc != last.incarnation:
        return new_incarnation(last, record, span)  # (d)
    if int(record.r1) < int(record.r0):
        return turned_back(record, limits, span)  # (c)
    grown = int(record.r1) - int(record.r0)
    if int(record.r0) != last.value:
        return Delta("discontinuity", grown, span, ("discontinuity",))  # (b)
    return Delta("steady", grown, span)


def new_incarnation(last: Last, record: Counter, span: Span) -> Delta:
    """All of the new counter where it began after the last value, else nothing."""
    if "fresh" not in record.f:
        return Delta("baseline", 0, span, ("new_incarnation",))
    return Delta("restart", int(record.r1), Span(min(last.ends_at, span.ends_at), span.ends_at))


def turned_back(record: Counter, limits: Limits, span: Span) -> Delta:
    """A 32-bit counter that passed its end within its capacity, or one that was set to zero."""
    wrapped = int(record.r1) + WORD - int(record.r0)
    # 1.05 times the capacity over the record's length, in whole numbers
    most = (limits.ceiling or 0) * 105 * nanoseconds(record)
    if limits.bits == 32 and 0 <= wrapped * 100 * NANO <= most:
        return Delta("wrap", wrapped, span)
    return Delta("reset", int(record.r1), span, ("reset",))


def gauge_delta(last: Last | None, record: Gauge, span: Span) -> Delta:
    """The value times the seconds it is known to have held; never longer than the node ran.

    Time between two records is not charged (f), time that an earlier record covers not twice.
    """
    begins = span.begins_at if last is None else max(span.begins_at, last.ends_at)
    flags = ("after_gap",) if last is not None and span.begins_at > last.ends_at else ()
    seconds = max(0, (span.ends_at - begins) // timedelta(seconds=1))
    ran = -(-nanoseconds(record) // NANO) + 1  # both ends may have been rounded to the second
    held = Span(min(begins, span.ends_at), span.ends_at)
    if seconds > ran:
        return Delta("gauge", int(record.v) * ran, held, (*flags, "clock_jumped"))
    return Delta("gauge", int(record.v) * seconds, held, flags)
