"""Instants: nanoseconds since boot are always true, wall time only sometimes."""

import ctypes
import time
from datetime import UTC, datetime
from typing import NamedTuple

from coop_agent.machine import rooted

# No batch can be older than the program: a wall clock before this was never set.
RELEASED = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
SECOND = 1_000_000_000
_TIME_ERROR = 5
_TIMEX_BYTES = 512


class Moment(NamedTuple):
    """One instant: of this boot, so many nanoseconds in; Unix seconds unless the clock is unset."""

    boot: str
    mono: int
    wall: int | None


def now() -> Moment:
    wall = int(time.time())
    return Moment(boot_id(), monotonic(), wall if wall >= RELEASED else None)


def monotonic() -> int:
    """Nanoseconds since boot, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    return rooted("/proc/sys/kernel/random/boot_id").read_text().strip()


def quality(moment: Moment) -> str:
    """ "ntp" if the kernel says it is synchronised, "rtc" if only plausible, else "unset"."""
    if moment.wall is None:
        return "unset"
    return "ntp" if is_synchronised() else "rtc"


def is_synchronised() -> bool:
    """What adjtimex(2) answers to a question that changes nothing (modes = 0)."""
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return False
    return 0 <= state < _TIME_ERROR


def wall_of(mono: int, reference: Moment) -> int | None:
    """The wall time of an instant of the reference's boot, if the reference knows its own."""
    if reference.wall is None:
        return None
    return reference.wall - (reference.mono - mono) // SECOND


def spelled(wall: int) -> str:
    """Unix seconds as the wire writes them."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall))
