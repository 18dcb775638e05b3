"""The health of a disk, as the disk itself tells it through smartctl: for upkeep, not for charging.

smartctl asks as root only. So instead of a device a file may be named in which something that runs
as root keeps the newest `smartctl -j -x` of the device.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coop_agent.drivers import Reading
from coop_agent.drivers.command import MAX_OUTPUT, output
from coop_agent.drivers.common import Wanted, bounded, incarnation
from coop_agent.errors import AgentError, DriverFailed

# Bits 0 and 1 of its status: it did not understand, or could not open. The rest is about the disk.
_ASKED = frozenset(status for status in range(256) if not status & 0b11)
_HOUR = 3600
_OLDEST = 2 * 24 * _HOUR
_NVME_UNIT = 512_000
_WEAR = (
    "Wear_Leveling_Count",
    "Media_Wearout_Indicator",
    "SSD_Life_Left",
    "Percent_Lifetime_Remain",
)
_FAULTS = ("Reallocated_Sector_Ct", "Current_Pending_Sector", "Offline_Uncorrectable")
_WRITTEN = {
    "Total_LBAs_Written": 512,
    "Host_Writes_32MiB": 32 * 1024**2,
    "Host_Writes_GiB": 1024**3,
    "Lifetime_Writes_GiB": 1024**3,
}
_ENDURANCE = "Percentage Used Endurance Indicator"


class Smart(Wanted):
    """`smart:<device>:wear` in hundredths used up, `:written`, `:faults`, `:hours`, `:failing`.

    What a disk does not tell is left out. Asked once an hour; the answer stands in between.
    """

    def __init__(self, place: str) -> None:
        self._place = place
        self.name = f"smart:{place}"
        self._kept: tuple[float, list[Reading]] | None = None

    def read(self, boot: str, deadline: float) -> list[Reading]:
        if self._kept is None or time.monotonic() - self._kept[0] > _HOUR:
            answer = _parsed(self._told(deadline))
            self._kept = (time.monotonic(), list(_readings(self.name, answer)))
        if not self._kept[1]:
            raise DriverFailed(f"{self._place} tells nothing of its health")
        return self._kept[1]

    def _told(self, deadline: float) -> bytes:
        if not self._place.endswith(".json"):
            return output(["smartctl", "-j", "-x", self._place], deadline, fine=_ASKED)
        path = Path(self._place)
        if time.time() - path.stat().st_mtime > _OLDEST:
            raise DriverFailed(f"{path} is older than two days")
        return bounded(path, MAX_OUTPUT)


def made(rest: str) -> Smart:
    """The driver of `smart:/dev/sda` or `smart:/run/smart/sda.json`; raises AgentError."""
    if not rest.startswith("/"):
        raise AgentError("smart names a device or a file: smart:/dev/sda")
    return Smart(rest)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise DriverFailed("smartctl did not answer in JSON") from error
    if not isinstance(answer, dict):
        raise DriverFailed("smartctl did not answer with an object")
    return answer


def _readings(name: str, answer: dict[str, Any]) -> Iterator[Reading]:
    passed = _at(answer, "smart_status", "passed")
    values = {
        ("wear", "%"): _wear(answer),
        ("faults", "1"): _faults(answer),
        ("hours", "1"): _at(answer, "power_on_time", "hours"),
        ("failing", "1"): None if passed is None else int(not passed),
    }
    for (ending, unit), value in values.items():
        if value is not None:
            yield Reading(f"{name}:{ending}", "gauge", unit, value)
    written = _written(answer)
    if written is not None:
        inc = incarnation(answer.get("model_name"), answer.get("serial_number"), "written")
        yield Reading(f"{name}:written", "counter", "By", written, inc, lasting=True)


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _attributes(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The attributes of an ATA disk by name."""
    rows = _at(answer, "ata_smart_attributes", "table") or []
    return {row["name"]: row for row in rows if isinstance(row, dict) and "name" in row}


def _wear(answer: dict[str, Any]) -> int | None:
    """Hundredths of what the disk was made for; may go beyond 100."""
    for keys in (
        ("endurance_used", "current_percent"),
        ("nvme_smart_health_information_log", "percentage_used"),
    ):
        if (used := _at(answer, *keys)) is not None:
            return int(used)
    for page in _at(answer, "ata_device_statistics", "pages") or []:
        for row in page.get("table", []):
            if row.get("name") == _ENDURANCE:
                return int(row["value"])
    left = (row.get("value") for key, row in _attributes(answer).items() if key in _WEAR)
    return next((max(0, 100 - int(value)) for value in left if value is not None), None)


def _faults(answer: dict[str, Any]) -> int | None:
    """Places that could not be read, or were given up."""
    if (errors := _at(answer, "nvme_smart_health_information_log", "media_errors")) is not None:
        return int(errors)
    found = [_at(row, "raw", "value") for key, row in _attributes(answer).items() if key in _FAULTS]
    return sum(int(value) for value in found) if found else None


def _written(answer: dict[str, Any]) -> int | None:
    units = _at(answer, "nvme_smart_health_information_log", "data_units_written")
    if units is not None:
        return int(units) * _NVME_UNIT
    rows = _attributes(answer)
    found = ((_at(rows.get(key), "raw", "value"), size) for key, size in _WRITTEN.items())
    return next((int(value) * size for value, size in found if value is not None), None)
