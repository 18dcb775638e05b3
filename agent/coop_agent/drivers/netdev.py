"""Bytes through network interfaces: /proc/net/dev, with the ifindex as incarnation.

Layer 2, this network namespace. An interface that is deleted and made again has a new index.
"""

import hashlib
import socket
from fnmatch import fnmatchcase
from pathlib import Path

from coop_agent.drivers import Reading

_RECEIVED, _SENT = 0, 8


class Netdev:
    """`if:<interface>:rx` and `:tx` of the interfaces that match one of the patterns."""

    name = "netdev"

    def __init__(self, patterns: tuple[str, ...] = ("*",)) -> None:
        self._patterns = patterns

    def read(self, boot: str, deadline: float) -> list[Reading]:
        before = _indexes()
        lines = Path("/proc/net/dev").read_text(errors="replace").splitlines()[2:]
        after = _indexes()
        readings: list[Reading] = []
        for line in lines:
            interface, _, fields = line.strip().rpartition(":")
            # An interface replaced while we read has the counters of one and the index of another.
            if interface in before and before[interface] == after.get(interface):
                readings += _pair(interface, before[interface], boot, fields.split())
        return readings

    def measures(self, meter: str) -> bool:
        interface = meter.removeprefix("if:").rpartition(":")[0]
        return any(fnmatchcase(interface, pattern) for pattern in self._patterns)


def _indexes() -> dict[str, int]:
    return {name: index for index, name in socket.if_nameindex()}


def _pair(interface: str, index: int, boot: str, fields: list[str]) -> list[Reading]:
    inc = hashlib.sha256(f"{boot}\n{index}\n{interface}".encode()).hexdigest()
    cap = _speed(interface)
    return [
        Reading(f"if:{interface}:{way}", "counter", "By", int(fields[at]), inc, index, 64, cap)
        for way, at in (("rx", _RECEIVED), ("tx", _SENT))
    ]


def _speed(interface: str) -> int | None:
    """Bytes a second, where the link says so; sysfs has Mbit/s, and -1 or an error if unknown."""
    try:
        megabits = int(Path(f"/sys/class/net/{interface}/speed").read_text())
    except (OSError, ValueError):
        return None
    return megabits * 125_000 if megabits > 0 else None
