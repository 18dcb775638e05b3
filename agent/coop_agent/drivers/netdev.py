"""Bytes through network interfaces: /proc/net/dev, with the ifindex as incarnation.

Layer 2, this network namespace. An interface that is deleted and made again has a new index.
"""

from fnmatch import fnmatchcase

from coop_agent.drivers import Reading
from coop_agent.drivers.common import incarnation
from coop_agent.machine import interfaces, rooted

# column of /proc/net/dev, ending of the meter's name, unit
_BYTES = ((0, "rx", "By"), (8, "tx", "By"))
_PACKETS = ((1, "rx_packets", "{packet}"), (9, "tx_packets", "{packet}"))


class Netdev:
    """`if:<interface>:rx` and `:tx` of the interfaces that match one of the patterns.

    With `packets` their packets too: what a lower layer adds to each is the difference between
    the two ends of a link that count on different layers.
    """

    name = "netdev"

    def __init__(self, patterns: tuple[str, ...] = ("*",), *, packets: bool = False) -> None:
        self._patterns = patterns
        self._columns = (*_BYTES, *_PACKETS) if packets else _BYTES

    def read(self, boot: str, deadline: float) -> list[Reading]:
        before = interfaces()
        lines = rooted("/proc/net/dev").read_text(errors="replace").splitlines()[2:]
        after = interfaces()
        readings: list[Reading] = []
        for line in lines:
            interface, _, fields = line.strip().rpartition(":")
            # An interface replaced while we read has the counters of one and the index of another.
            if interface in before and before[interface] == after.get(interface):
                readings += self._counted(interface, before[interface], boot, fields.split())
        return readings

    def measures(self, meter: str) -> bool:
        interface = meter.removeprefix("if:").rpartition(":")[0]
        return any(fnmatchcase(interface, pattern) for pattern in self._patterns)

    def _counted(self, interface: str, index: int, boot: str, fields: list[str]) -> list[Reading]:
        inc, speed = incarnation(boot, index, interface), _speed(interface)
        return [
            Reading(
                f"if:{interface}:{ending}", "counter", unit, int(fields[at]), inc, index,
                cap=speed if unit == "By" else None,
            )
            for at, ending, unit in self._columns
        ]  # fmt: skip


def made(rest: str, *, packets: bool = False) -> Netdev:
    """The driver of `netdev` or `netdev:eth0,wlan*`."""
    return Netdev(tuple(rest.split(",")) if rest else ("*",), packets=packets)


def _speed(interface: str) -> int | None:
    """Bytes a second, where the link says so; sysfs has Mbit/s, and -1 or an error if unknown."""
    try:
        megabits = int(rooted(f"/sys/class/net/{interface}/speed").read_text())
    except (OSError, ValueError):
        return None
    return megabits * 125_000 if megabits > 0 else None
