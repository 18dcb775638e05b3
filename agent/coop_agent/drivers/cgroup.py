"""What one version 2 control group uses: processor, memory, disk.

`cpu.stat` is there without any controller. `memory.current` and `io.stat` need theirs in version 2:
on a machine where version 1 holds them, these drivers fail and say so.
"""

from pathlib import Path

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted, incarnation
from coop_agent.drivers.cpu import capacity
from coop_agent.errors import DriverFailed


class Cgroup(Wanted):
    """`cpu:<path>`, core-microseconds from cpu.stat."""

    def __init__(self, group: str) -> None:
        self._group = "/" + group.strip("/")
        self.name = f"cgroup:{self._group}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        folder = _folder(self._group)
        inode = folder.stat().st_ino
        inc = incarnation(boot, inode, self._group)
        value = _usage(folder / "cpu.stat")
        return [Reading(f"cpu:{self._group}", "counter", "us", value, inc, inode, cap=capacity())]


class CgroupMemory(Wanted):
    """`memory:<path>`, bytes that the group holds now, page cache included."""

    def __init__(self, group: str) -> None:
        self._group = "/" + group.strip("/")
        self.name = f"cgroup-memory:{self._group}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        value = int(_controlled(_folder(self._group) / "memory.current"))
        return [Reading(f"memory:{self._group}", "gauge", "By", value)]


class CgroupIo(Wanted):
    """`io:<path>:read` and `:written`, bytes of all block devices together.

    A device that is taken away takes its part of the sum along: the counter falls, and the site
    sees a reset.
    """

    def __init__(self, group: str) -> None:
        self._group = "/" + group.strip("/")
        self.name = f"cgroup-io:{self._group}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        folder = _folder(self._group)
        inode = folder.stat().st_ino
        inc = incarnation(boot, inode, self._group, "io")
        sums = _transferred(_controlled(folder / "io.stat"))
        return [
            Reading(f"io:{self._group}:{ending}", "counter", "By", value, inc, inode)
            for ending, value in zip(("read", "written"), sums, strict=True)
        ]


def _folder(group: str) -> Path:
    return _mount() / group.lstrip("/")


def _mount() -> Path:
    """Where the version 2 hierarchy is mounted; elsewhere than usual beside version 1."""
    for line in Path("/proc/mounts").read_text().splitlines():
        fields = line.split()
        if fields[2] == "cgroup2":
            return Path(fields[1])
    raise DriverFailed("no version 2 control groups are mounted")


def _controlled(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError as error:
        raise DriverFailed(f"{path} is not there: its controller is off, or version 1's") from error


def _usage(path: Path) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == "usage_usec":
            return int(value)
    raise DriverFailed(f"{path} has no usage_usec")


def _transferred(text: str) -> tuple[int, int]:
    """Bytes read and written, from lines such as "254:0 rbytes=4096 wbytes=0 rios=1 …"."""
    pairs = [field.partition("=") for line in text.splitlines() for field in line.split()[1:]]
    read = sum(int(value) for key, _, value in pairs if key == "rbytes")
    return read, sum(int(value) for key, _, value in pairs if key == "wbytes")
