"""The counter rules, one line each, with the quantities worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from metering.counters import (
    Arrival,
    Last,
    Limits,
    Span,
    counter_delta,
    gauge_delta,
    placed,
)
from metering.payloads import Counter, Gauge

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OLD, NEW = "a" * 64, "b" * 64
GIGABIT = 125_000_000


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def wall(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def counter(r0: int, r1: int, inc: str = OLD, seconds: int = 300, **changes: Any) -> Counter:
    values: dict[str, Any] = {
        "n": 1,
        "m": "if:va:tx",
        "inc": inc,
        "r0": str(r0),
        "r1": str(r1),
        "mt0": "0",
        "mt1": str(seconds * 10**9),
        "t0": wall(NOON),
        "t1": wall(after(seconds)),
    }
    return Counter(**values | changes)


def gauge(v: int, begins: int, ends: int, ran: int | None = None) -> Gauge:
    length = ends - begins if ran is None else ran
    return Gauge(
        n=1,
        m="fs:/",
        mt0="0",
        mt1=str(length * 10**9),
        v=str(v),
        t0=wall(after(begins)),
        t1=wall(after(ends)),
    )


def came(record: Counter | Gauge, second: int, last: Last | None = None) -> Span:
    return placed(record, Arrival(after(second)), last)


LAST = Last(OLD, 5_000, NOON)
COUNTED = {
    "(a) the first value of a meter at 5 TB": (
        None,
        counter(5 * 10**12, 5 * 10**12),
        "baseline",
        0,
    ),
    "(a) even if it grew within the record": (None, counter(10, 500), "baseline", 0),
    "(b) goes on where the last one ended": (LAST, counter(5_000, 7_500), "steady", 2_500),
    "(b) stands still": (LAST, counter(5_000, 5_000), "steady", 0),
    "(b) does not meet the last one": (LAST, counter(6_000, 7_500), "discontinuity", 1_500),
    "(b) begins before the last one's end": (LAST, counter(4_000, 4_500), "discontinuity", 500),
    "(c) set to zero by hand": (LAST, counter(5_000, 120), "reset", 120),
    "(c) 64 bits never wrap": (Last(OLD, 2**32 - 1, NOON), counter(2**32 - 1, 9), "reset", 9),
    "(d) a new counter begun since": (LAST, counter(266, 266, NEW, f=["fresh"]), "restart", 266),
    "(d) a counter that ran before": (LAST, counter(10**12, 10**12, NEW), "baseline", 0),
    "u64 at its end": (Last(OLD, 2**64 - 2, NOON), counter(2**64 - 2, 2**64 - 1), "steady", 1),
}


@pytest.mark.parametrize("name", COUNTED)
def test_counter_rules(name: str) -> None:
    last, record, rule, quantity = COUNTED[name]
    delta = counter_delta(last, record, Limits(), came(record, 400, last))
    assert (delta.rule, delta.quantity) == (rule, quantity)


WRAPS = {
    # 300 s at 1 Gbit/s are 37.5 GB, so any distance over 2^32 is within capacity
    "within capacity": (32, GIGABIT, 300, "wrap", 2**32 - 1_000 + 500),
    # in 30 s 1 Gbit/s gives 3.75 GB · 1.05 = 3.9375 GB, less than the 4.29 GB it would be
    "faster than the link": (32, GIGABIT, 30, "reset", 500),
    "capacity unknown": (32, None, 300, "reset", 500),
    "64 bits": (64, GIGABIT, 300, "reset", 500),
}


@pytest.mark.parametrize("name", WRAPS)
def test_a_32_bit_counter_wraps_only_as_fast_as_its_link_allows(name: str) -> None:
    bits, ceiling, seconds, rule, quantity = WRAPS[name]
    record = counter(1_000, 500, seconds=seconds)
    span = came(record, 400)
    delta = counter_delta(Last(OLD, 1_000, NOON), record, Limits(bits, ceiling), span)
    assert (delta.rule, delta.quantity) == (rule, quantity)


HELD = {
    "the first value holds over its own span": (None, gauge(3_000, 0, 300), 900_000, ()),
    "the next begins where it ended": (Last("", 9, after(300)), gauge(10, 300, 600), 3_000, ()),
    "between two spans nothing is known": (
        Last("", 9, after(300)),
        gauge(10, 900, 1_200),
        3_000,
        ("after_gap",),
    ),
    "no second is counted twice": (Last("", 9, after(200)), gauge(10, 0, 300), 1_000, ()),
    "a clock that jumps a year adds what ran": (
        None,
        gauge(10, 0, 31_536_000, ran=300),
        3_010,
        ("clock_jumped",),
    ),
}


@pytest.mark.parametrize("name", HELD)
def test_gauge_rules(name: str) -> None:
    last, record, quantity, flags = HELD[name]
    span = came(record, 31_536_000)
    delta = gauge_delta(last, record, Limits(), span)
    assert (delta.quantity, delta.flags) == (quantity, flags)


def test_a_record_without_wall_times_is_placed_at_its_arrival() -> None:
    span = came(counter(1, 2, t0=None, t1=None), 1_000)
    assert span == Span(after(700), after(1_000), ("time_inferred",))


def test_a_record_from_the_future_is_placed_at_its_arrival() -> None:
    record = counter(1, 2)
    assert came(record, 0) == Span(NOON, after(300))
    assert came(record, -1) == Span(after(-301), after(-1), ("time_inferred",))


def test_a_clock_set_back_within_a_record_makes_no_negative_time() -> None:
    record = counter(1, 2, t0=wall(after(9_000)))
    assert came(record, 400) == Span(NOON, after(300), ("clock_set_back",))


SKEWS = {
    # name: sent, received, where a record from 0 to 300 s then counts
    "two minutes are nothing": (300, 180, Span(NOON, after(300))),
    "ahead by an hour": (3_900, 300, Span(after(-3_600), after(-3_300), ("skewed",))),
    "ahead by a day": (86_700, 300, Span(after(-86_400), after(-86_100), ("skewed",))),
    "ahead by more": (86_701, 300, Span(after(0), after(300), ("time_inferred",))),
    "a month on the way": (300, 2_592_000, Span(NOON, after(300))),
}


@pytest.mark.parametrize("name", SKEWS)
def test_a_clock_that_was_ahead_is_put_right(name: str) -> None:
    sent, received, span = SKEWS[name]
    assert placed(counter(1, 2), Arrival(after(received), after(sent)), None) == span


def test_a_clock_from_before_the_node_was_let_in_is_not_believed() -> None:
    enrolled, record = after(90_000), counter(1, 2)
    lost = Arrival(after(95_000), after(3_599), enrolled)
    assert placed(record, lost, None) == Span(after(94_700), after(95_000), ("time_inferred",))
    kept = Arrival(after(95_000), after(3_600), enrolled)
    assert placed(record, kept, None) == Span(NOON, after(300))


def test_a_clock_set_back_before_the_last_record_is_not_believed() -> None:
    arrival = Arrival(after(9_000), after(300))
    inferred = Span(after(8_700), after(9_000), ("time_inferred",))
    assert placed(counter(1, 2), arrival, Last(OLD, 1, after(421))) == inferred
    assert placed(counter(1, 2), arrival, Last(OLD, 1, after(420))) == Span(NOON, after(300))
    assert placed(counter(1, 2), arrival, Last(OLD, 1, None)) == Span(NOON, after(300))


def test_a_gauge_without_good_times_counts_as_long_as_the_node_ran() -> None:
    record = gauge(10, 0, 300)
    span = placed(record, Arrival(after(9_000)), Last("", 1, after(5_000)))
    assert span.is_inferred
    delta = gauge_delta(Last("", 1, after(5_000)), record, Limits(), span)
    assert delta.quantity == 3_000


# 100 units a second for 300 s and a twentieth more are 31 500
@pytest.mark.parametrize(("grown", "flags"), [(31_500, ()), (31_501, ("over_capacity",))])
def test_more_than_a_meter_can_count_is_told(grown: int, flags: tuple[str, ...]) -> None:
    record = counter(5_000, 5_000 + grown)
    span = came(record, 400)
    delta = counter_delta(LAST, record, Limits(64, 100), span)
    assert (delta.quantity, delta.flags) == (grown, flags)
    assert counter_delta(LAST, record, Limits(), span).flags == ()


# the new counter may have counted since the last one's end: 301 s · 100 · 1.05 = 31 605
@pytest.mark.parametrize(("value", "flags"), [(31_605, ()), (31_606, ("over_capacity",))])
def test_a_restart_is_measured_by_the_time_since_the_last_record(
    value: int, flags: tuple[str, ...]
) -> None:
    ends: dict[str, Any] = {"t0": wall(after(300)), "mt0": str(300 * 10**9)}
    record = counter(value, value, NEW, f=["fresh"], **ends)
    delta = counter_delta(LAST, record, Limits(64, 100), came(record, 400, LAST))
    assert (delta.rule, delta.flags) == ("restart", flags)


def test_a_gauge_above_its_ceiling_is_told() -> None:
    for value, flags in ((100, ()), (101, ("over_capacity",))):
        record = gauge(value, 0, 300)
        delta = gauge_delta(None, record, Limits(64, 100), came(record, 400))
        assert delta.flags == flags
