"""Bytes that nftables counted: its named counters, or the elements of a set that counts.

Layer 3, this network namespace; the program `nft` needs CAP_NET_ADMIN. A table, a counter or a set
that is made anew gets a higher handle.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from coop_agent.drivers import Reading
from coop_agent.drivers.command import output
from coop_agent.drivers.common import Wanted, incarnation
from coop_agent.errors import AgentError, DriverFailed

Tables = dict[tuple[str, str], int]
_WIDTH = 1 << 32


class Counters:
    """`nft:<family>/<table>/<counter>` of the counters that match one of the patterns."""

    name = "nft"

    def __init__(self, patterns: tuple[str, ...] = ("*",), *, packets: bool = False) -> None:
        self._patterns = patterns
        self._packets = packets

    def read(self, boot: str, deadline: float) -> list[Reading]:
        before = _tables(deadline)
        rows = _listed("counter", deadline, "list", "counters")
        if before != _tables(deadline):
            raise DriverFailed("tables were made or removed while they were read")
        readings: list[Reading] = []
        for row in rows:
            name, order = _placed(row, before)
            inc = incarnation(boot, name, order)
            readings += _counted(f"nft:{name}", row, inc, order, packets=self._packets)
        return readings

    def measures(self, meter: str) -> bool:
        name = meter.removeprefix("nft:").removesuffix(":packets")
        return any(fnmatchcase(name, pattern) for pattern in self._patterns)


class Elements(Wanted):
    """`nft:<family>/<table>/<set>/<element>`: one meter for each element of one set.

    Its name says the element, so all who may see the node's meters see the addresses in it.
    """

    def __init__(self, place: str, *, packets: bool = False) -> None:
        self._place = place
        self._packets = packets
        self.name = f"nft-set:{place}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        before = _tables(deadline)
        rows = _listed("set", deadline, "list", "set", *self._place.split("/"))
        if len(rows) != 1 or before != _tables(deadline):
            raise DriverFailed(f"{self._place} changed while it was read")
        name, order = _placed(rows[0], before)
        readings: list[Reading] = []
        for element in _elements(rows[0]):
            meter = f"nft:{name}/{_label(element.get('val'))}"
            inc = incarnation(boot, meter, order)
            readings += _counted(meter, element["counter"], inc, order, packets=self._packets)
        return readings


def made(rest: str, *, packets: bool = False) -> Counters:
    """The driver of `nft` or `nft:inet/coop/*`."""
    return Counters(tuple(rest.split(",")) if rest else ("*",), packets=packets)


def made_set(rest: str, *, packets: bool = False) -> Elements:
    """The driver of `nft-set:inet/coop/subscribers`; raises AgentError."""
    parts = rest.split("/")
    if len(parts) != 3 or not all(_is_identifier(part) for part in parts):
        raise AgentError("a set is named with its family and table: nft-set:inet/coop/subscribers")
    return Elements(rest, packets=packets)


def _is_identifier(text: str) -> bool:
    return (
        text[:1].isalpha() and text.isascii() and text.replace("_", "").replace("-", "").isalnum()
    )


def _tables(deadline: float) -> Tables:
    rows = _listed("table", deadline, "list", "tables")
    return {(row["family"], row["name"]): int(row["handle"]) for row in rows}


def _listed(kind: str, deadline: float, *command: str) -> list[dict[str, Any]]:
    """The objects of one kind in the answer; raises DriverFailed."""
    raw = output(["nft", "-j", *command], deadline)
    try:
        return [item[kind] for item in json.loads(raw)["nftables"] if kind in item]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DriverFailed("nft did not answer as expected") from error


def _placed(row: dict[str, Any], tables: Tables) -> tuple[str, int]:
    """Its full name, and a number that is higher for whatever is made later in the same table."""
    table = tables[row["family"], row["table"]]
    return f"{row['family']}/{row['table']}/{row['name']}", table * _WIDTH + int(row["handle"])


def _counted(
    meter: str, counter: dict[str, Any], inc: str, order: int, *, packets: bool
) -> list[Reading]:
    found = [Reading(meter, "counter", "By", counter["bytes"], inc, order)]
    if packets:
        name = f"{meter}:packets"
        found.append(Reading(name, "counter", "{packet}", counter["packets"], inc, order))
    return found


def _elements(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The elements that count; those of a set without counters do not."""
    wrapped = [item["elem"] for item in row.get("elem", []) if isinstance(item, dict)]
    return [element for element in wrapped if isinstance(element.get("counter"), dict)]


def _label(value: Any) -> str:
    """An element as nft itself shows it: an address, a prefix, a range, or several joined."""
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, dict) and len(value) == 1:
        [(kind, inner)] = value.items()
        if kind == "prefix":
            return f"{_label(inner['addr'])}/{inner['len']}"
        if kind == "range":
            return "-".join(_label(end) for end in inner)
        if kind == "concat":
            return " . ".join(_label(part) for part in inner)
    raise DriverFailed("a set with elements of a kind that is not known")
