"""Sources of readings. A driver reads everything it has at once, or raises."""

from typing import NamedTuple, Protocol

# bytes, core-microseconds, packets, things or times, hundredths
UNITS = ("By", "us", "{packet}", "1", "%")
MOST = 2**64 - 1


class Reading(NamedTuple):
    """One value of one meter.

    `unit` is one of UNITS. `inc` names the incarnation of a counter, 64 hex digits; within one boot
    a later incarnation of the same driver has a higher `order`, 0 where that cannot be known.
    `cap` is units a second for a counter, units for a gauge. A counter that is `lasting` outlives
    this machine's boots: a boot alone does not say that it began anew. All readings of one driver
    are lasting, or none.
    """

    meter: str
    kind: str
    unit: str
    value: int
    inc: str = ""
    order: int = 0
    bits: int = 64
    cap: int | None = None
    lasting: bool = False


class Driver(Protocol):
    """`read` may be slow, but must look at `deadline` (time.monotonic) where it can."""

    name: str

    def read(self, boot: str, deadline: float) -> list[Reading]: ...

    def measures(self, meter: str) -> bool:
        """Whether a meter that `read` returns is wanted, or was read for its `order` only."""
        ...
