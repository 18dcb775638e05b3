"""What a person wrote about a source that the agent does not know: its address and its meters.

A TOML file; docs/drivers.md has examples. It is read when the source is first asked, so that a file
which is not there yet is a gap and no end.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coop_agent.drivers import UNITS, Reading
from coop_agent.drivers.common import bounded, incarnation, whole
from coop_agent.drivers.fetch import Source
from coop_agent.errors import DriverFailed

_LONGEST = 64 * 1024
_SOURCE = {"url": str, "header": str, "secret": str, "elsewhere": bool, "ca": str}
_METER = {
    "name": str, "path": str, "kind": str, "unit": str, "scale": int, "cap": int,
    "incarnation": str,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One meter of a source: where its value stands in the answer, and what it counts.

    A value is multiplied by `scale`. `incarnation` is where a text stands that changes when the
    counter begins anew; without one, a counter that falls says so itself.
    """

    name: str
    path: str
    kind: str
    unit: str = "By"
    scale: int = 1
    cap: int | None = None
    incarnation: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """A source and its meters; `name` stands in the names of all."""

    name: str
    source: Source
    lines: list[Line] = field(default_factory=list)

    def reading(self, prefix: str, line: Line, text: str, life: str) -> Reading:
        """The reading of one meter whose value and incarnation were found."""
        meter = f"{prefix}:{self.name}:{line.name}"
        inc = "" if line.kind == "gauge" else incarnation(meter, self.source.url, life)
        value = whole(text, line.scale)
        return Reading(meter, line.kind, line.unit, value, inc, cap=line.cap, lasting=True)


def described(path: Path) -> Described:
    """What the file says; raises DriverFailed."""
    import tomllib  # 1 MiB that only who uses such a file pays

    try:
        content = tomllib.loads(bounded(path, _LONGEST).decode())
    except (ValueError, RecursionError) as error:
        raise DriverFailed(f"{path}: {error}") from error
    meters = content.pop("meter", None)
    name = content.pop("name", path.stem)
    if not isinstance(meters, list) or not meters or not isinstance(name, str):
        raise DriverFailed(f"{path} describes no meter")
    source = Source(**_fitting(path, content, _SOURCE, ("url",)))
    return Described(name, source, [_line(path, meter) for meter in meters])


def _line(path: Path, meter: Any) -> Line:
    line = Line(**_fitting(path, meter, _METER, ("name", "path", "kind")))
    if line.kind not in ("counter", "gauge") or line.unit not in UNITS or line.scale < 1:
        raise DriverFailed(f"{path}: {line.name}: kind is counter or gauge, unit one of {UNITS}")
    return line


def _fitting(
    path: Path, given: Any, known: dict[str, type], needed: tuple[str, ...]
) -> dict[str, Any]:
    """The table, if it has what it needs and nothing that is not known."""
    if not isinstance(given, dict):
        raise DriverFailed(f"{path}: {given!r} is not a table")
    for key, value in given.items():
        if type(value) is not known.get(key):
            raise DriverFailed(f"{path}: {key!r} is not known, or not written as it should be")
    missing = [key for key in needed if key not in given]
    if missing:
        raise DriverFailed(f"{path}: {', '.join(missing)} is missing")
    return given
