"""A GNUnet peer, by gnunet-statistics: bytes of its transports, and of its datastore.

The statistics service counts since it began, and does not say when that was: a restart shows as
counters that fall. It names no other peer.
"""

import re
from collections.abc import Iterator

from coop_agent.drivers import Reading
from coop_agent.drivers.command import output
from coop_agent.drivers.common import Wanted, incarnation, whole
from coop_agent.errors import AgentError, DriverFailed

_LINE = re.compile(r'[ !]+;\s*([\w-]+); "\s*(\S.*)";\s*(\d+);')
_TRANSPORT = re.compile(r"# bytes (transmitted|received) via ([A-Z0-9_-]+)")
_WAYS = {"transmitted": "sent", "received": "received"}
_ADDED, _STORED = "# bytes stored", "# utilization by current datastore"


class Gnunet(Wanted):
    """`gnunet:<transport>:sent` and `:received`, `gnunet:added` (counters); `gnunet:stored`."""

    def __init__(self, configuration: str = "") -> None:
        self._configuration = configuration
        self.name = f"gnunet:{configuration}" if configuration else "gnunet"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        where = ["-c", self._configuration] if self._configuration else []
        text = output(["gnunet-statistics", *where, "-S", ";"], deadline).decode("utf-8", "replace")
        readings = list(self._readings(text))
        if not readings:
            raise DriverFailed("gnunet-statistics told nothing that is known")
        return readings

    def _readings(self, text: str) -> Iterator[Reading]:
        for found in filter(None, map(_LINE.fullmatch, text.splitlines())):
            subsystem, title, value = found.groups()
            way = _TRANSPORT.fullmatch(title) if subsystem == "transport" else None
            if way is not None:
                yield self._counter(f"{way[2].lower()}:{_WAYS[way[1]]}", value)
            elif (subsystem, title) == ("datastore", _ADDED):
                yield self._counter("added", value)
            elif (subsystem, title) == ("datastore", _STORED):
                yield Reading(f"{self.name}:stored", "gauge", "By", whole(value))

    def _counter(self, ending: str, value: str) -> Reading:
        meter = f"{self.name}:{ending}"
        return Reading(meter, "counter", "By", whole(value), incarnation(meter), lasting=True)


def made(rest: str) -> Gnunet:
    """The driver of `gnunet` or `gnunet:/etc/gnunet.conf`; raises AgentError."""
    if rest and not rest.startswith("/"):
        raise AgentError(
            "gnunet names its configuration by the whole path: gnunet:/etc/gnunet.conf"
        )
    return Gnunet(rest)
