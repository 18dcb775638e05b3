"""From records to quantities, written from docs/metering-protocol.md, section 9, alone.

Times are whole microseconds since 1970, quantities whole numbers; nothing is rounded but where the
rules say so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from coop_verify.errors import Malformed

SECOND = 1_000_000
FINE, SOON, DAY = 120 * SECOND, 300 * SECOND, 86_400 * SECOND
NANO = 10**9
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")
_NUMBER = re.compile(r"[0-9]{1,20}")


class Limits(NamedTuple):
    """Width of a meter, and its units per second (of a gauge: its largest value)."""

    bits: int = 64
    cap: int | None = None


class Last(NamedTuple):
    """Where a meter stood; `known` is the last end that the node's own clock named."""

    incarnation: str
    value: int
    known: int | None


class Span(NamedTuple):
    """From when to when a record counts."""

    begins: int
    ends: int
    flags: tuple[str, ...] = ()

    @property
    def is_inferred(self) -> bool:
        """Whether the site's times stand in for the node's."""
        return "time_inferred" in self.flags


class Counted(NamedTuple):
    """What one record comes to."""

    rule: str
    quantity: int
    span: Span
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrival:
    """When a batch came, when it says it was sealed, and since when its key is the node's."""

    received: int
    sent: int | None
    since: int

    @property
    def ahead(self) -> int:
        """How far the node's clock was certainly ahead."""
        late = self.sent is not None and self.sent > self.received + FINE
        return self.sent - self.received if late and self.sent is not None else 0

    @property
    def is_lost(self) -> bool:
        """Whether the clock cannot be put right."""
        return self.ahead > DAY or (self.sent is not None and self.sent < self.since - DAY)


def instant(text: str | None) -> int | None:
    """Microseconds of a time as nodes write it; raises Malformed."""
    if text is None:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise Malformed(f"{text} is no time")
    whole, fraction = found.groups()
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return int(moment.timestamp()) * SECOND + int((fraction or "")[:6].ljust(6, "0"))


def number(record: Mapping[str, Any], name: str) -> int:
    """A counter's text as a number; raises Malformed."""
    text = record.get(name)
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise Malformed(f"{name} is no number")
    return int(text)


def length(record: Mapping[str, Any]) -> int:
    """A record's nanoseconds, by the steady clock where it names it."""
    if record.get("mt0") is not None and record.get("mt1") is not None:
        return max(0, number(record, "mt1") - number(record, "mt0"))
    begins, ends = instant(record.get("t0")), instant(record.get("t1"))
    return 0 if begins is None or ends is None else max(0, ends - begins) * 1000


def span_of(record: Mapping[str, Any], arrival: Arrival, last: Last | None) -> Span:
    """When a record counts."""
    lasted = length(record) // NANO * SECOND
    begins, ends = instant(record.get("t0")), instant(record.get("t1"))
    inferred = Span(arrival.received - lasted, arrival.received, ("time_inferred",))
    if begins is None or ends is None or arrival.is_lost:
        return inferred
    begins, ends = begins - arrival.ahead, ends - arrival.ahead
    known = None if last is None else last.known
    if ends > arrival.received + SOON or (known is not None and ends < known - FINE):
        return inferred
    flags = ("skewed",) if arrival.ahead else ()
    if begins > ends:
        return Span(ends - lasted, ends, (*flags, "clock_set_back"))
    return Span(begins, ends, flags)


def counter(record: Mapping[str, Any], last: Last | None, limits: Limits, span: Span) -> Counted:
    """What a counter's record comes to."""
    found = _grown(record, last, limits, span)
    lasted = length(record)
    if found.rule == "restart":
        lasted = (found.span.ends - found.span.begins + SECOND) * 1000
    if not is_over(found.quantity, limits, lasted):
        return found
    return found._replace(flags=(*found.flags, "over_capacity"))


def _grown(record: Mapping[str, Any], last: Last | None, limits: Limits, span: Span) -> Counted:
    first, final = number(record, "r0"), number(record, "r1")
    if last is None:
        return Counted("baseline", 0, span)
    if record.get("inc") != last.incarnation:
        if "fresh" not in record.get("f", ()):
            return Counted("baseline", 0, span, ("new_incarnation",))
        begins = span.begins if last.known is None else min(last.known, span.ends)
        return Counted("restart", final, span._replace(begins=begins))
    if final < first:
        wrapped = final + 2**32 - first
        is_narrow = limits.bits == 32 and limits.cap is not None and wrapped >= 0
        if is_narrow and not is_over(wrapped, limits, length(record)):
            return Counted("wrap", wrapped, span)
        return Counted("reset", final, span, ("reset",))
    if first != last.value:
        return Counted("discontinuity", final - first, span, ("discontinuity",))
    return Counted("steady", final - first, span)


def is_over(quantity: int, limits: Limits, lasted: int) -> bool:
    """Whether it is more than 1.05 times what the meter can count in so many nanoseconds."""
    return limits.cap is not None and quantity * 100 * NANO > limits.cap * 105 * lasted


def gauge(record: Mapping[str, Any], last: Last | None, limits: Limits, span: Span) -> Counted:
    """What a gauge's record comes to: value times seconds, no second twice."""
    value, lasted = number(record, "v"), length(record)
    above = ("over_capacity",) if limits.cap is not None and value > limits.cap else ()
    if span.is_inferred:
        return Counted("gauge", value * (lasted // NANO), span, above)
    known = None if last is None else last.known
    begins = span.begins if known is None else max(span.begins, known)
    gap = ("after_gap",) if known is not None and span.begins > known else ()
    seconds, ran = max(0, (span.ends - begins) // SECOND), -(-lasted // NANO) + 1
    jumped = ("clock_jumped",) if seconds > ran else ()
    held = span._replace(begins=min(begins, span.ends))
    return Counted("gauge", value * min(seconds, ran), held, (*gap, *jumped, *above))
