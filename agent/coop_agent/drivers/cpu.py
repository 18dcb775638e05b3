"""Work of the whole machine's processor in core-microseconds."""

import os
from pathlib import Path

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted, incarnation

# user, nice, system, irq, softirq; guest is in user, steal is somebody else's work.
_BUSY = (1, 2, 3, 6, 7)
MICROSECONDS = 1_000_000


class Cpu(Wanted):
    """`cpu:total` from /proc/stat."""

    name = "cpu"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        with Path("/proc/stat").open() as file:
            fields = file.readline().split()
        ticks = sum(int(fields[at]) for at in _BUSY)
        value = ticks * MICROSECONDS // os.sysconf("SC_CLK_TCK")
        inc = incarnation(boot, "cpu")
        return [Reading("cpu:total", "counter", "us", value, inc, cap=capacity())]


def capacity() -> int:
    """What all cores together can do in a second."""
    return (os.cpu_count() or 1) * MICROSECONDS
