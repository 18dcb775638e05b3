"""Work of the processor in core-microseconds: the whole machine's, or one control group's."""

import hashlib
import os
from pathlib import Path

from coop_agent.drivers import Reading
from coop_agent.errors import DriverFailed

# user, nice, system, irq, softirq; guest is in user, steal is somebody else's work.
_BUSY = (1, 2, 3, 6, 7)
_MICROSECONDS = 1_000_000


class Cpu:
    """`cpu:total` from /proc/stat."""

    name = "cpu"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        with Path("/proc/stat").open() as file:
            fields = file.readline().split()
        ticks = sum(int(fields[at]) for at in _BUSY)
        value = ticks * _MICROSECONDS // os.sysconf("SC_CLK_TCK")
        inc = hashlib.sha256(f"{boot}\ncpu".encode()).hexdigest()
        return [Reading("cpu:total", "counter", "us", value, inc, cap=_capacity())]

    def measures(self, meter: str) -> bool:
        return True


class Cgroup:
    """`cpu:<path>` from the cpu.stat of a version 2 control group."""

    def __init__(self, group: str) -> None:
        self._group = "/" + group.strip("/")
        self.name = f"cgroup:{self._group}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        folder = _mount() / self._group.lstrip("/")
        inode = folder.stat().st_ino
        inc = hashlib.sha256(f"{boot}\n{inode}\n{self._group}".encode()).hexdigest()
        value = _usage(folder / "cpu.stat")
        meter = f"cpu:{self._group}"
        return [Reading(meter, "counter", "us", value, inc, inode, cap=_capacity())]

    def measures(self, meter: str) -> bool:
        return True


def _capacity() -> int:
    return (os.cpu_count() or 1) * _MICROSECONDS


def _mount() -> Path:
    """Where the version 2 hierarchy is mounted; elsewhere than usual beside version 1."""
    for line in Path("/proc/mounts").read_text().splitlines():
        fields = line.split()
        if fields[2] == "cgroup2":
            return Path(fields[1])
    raise DriverFailed("no version 2 control groups are mounted")


def _usage(path: Path) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == "usage_usec":
            return int(value)
    raise DriverFailed(f"{path} has no usage_usec")
