"""Sources of readings. A driver reads everything it has at once, or raises."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one meter.

    `inc` names the incarnation of a counter; within one boot a later incarnation of the same
    driver has a higher `order`. `cap` is units a second for a counter, units for a gauge.
    """

    meter: str
    kind: str
    unit: str
    value: int
    inc: str = ""
    order: int = 0
    bits: int = 64
    cap: int | None = None


class Driver(Protocol):
    """`read` may be slow, but must look at `deadline` (time.monotonic) where it can."""

    name: str

    def read(self, boot: str, deadline: float) -> list[Reading]: ...

    def measures(self, meter: str) -> bool:
        """Whether a meter that `read` returns is wanted, or was read for its `order` only."""
        ...
