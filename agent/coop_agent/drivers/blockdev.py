"""Bytes that a block device has read and written since it appeared: /sys/block/<name>/stat."""

from pathlib import Path

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted, incarnation
from coop_agent.errors import AgentError, DriverFailed

# sysfs counts in these, whatever the device's own sectors are.
_SECTOR = 512
_READ, _WRITTEN = 2, 6
BLOCK = Path("/sys/block")


class Blockdev(Wanted):
    """`disk:<name>:read` and `:written`.

    The kernel numbers disks as they appear (`diskseq`, since 5.15), so a disk that was changed for
    another under the same name is known. Older kernels: told by its device number, not its order.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self.name = f"blockdev:{device}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        folder = BLOCK / self._device
        before = _sequence(folder)
        fields = (folder / "stat").read_text().split()
        if before != _sequence(folder):
            raise DriverFailed("another disk took the name while it was read")
        inc = incarnation(boot, self._device, before, (folder / "dev").read_text().strip())
        return [
            Reading(
                f"disk:{self._device}:{ending}", "counter", "By", int(fields[at]) * _SECTOR, inc,
                before,
            )
            for at, ending in ((_READ, "read"), (_WRITTEN, "written"))
        ]  # fmt: skip


def made(rest: str) -> Blockdev:
    """The driver of `disk:sda`; raises AgentError."""
    if not rest or "/" in rest or rest.startswith("."):
        raise AgentError("a disk is named as in /sys/block, such as disk:sda")
    return Blockdev(rest)


def _sequence(folder: Path) -> int:
    try:
        return int((folder / "diskseq").read_text())
    except FileNotFoundError:
        return 0
