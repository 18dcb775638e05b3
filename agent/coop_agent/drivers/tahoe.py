"""A Tahoe-LAFS node: bytes that it took in, and bytes that its shares take up.

By the node's folder, where `node.url` says where to ask and `running.process` when it began; or by
its address alone, where a restart shows only as a counter that falls. Reads of shares are counted
by Tahoe as operations, not as bytes: what goes out is for nft or netdev. Uploads are counted when
they begin, so also those that fail.
"""

from pathlib import Path
from typing import Any

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted, bounded, incarnation, whole
from coop_agent.drivers.document import parsed, text_at
from coop_agent.drivers.fetch import Source
from coop_agent.drivers.storage import occupied
from coop_agent.errors import AgentError, DriverFailed

_STATISTICS = "/statistics?t=json"
_LONGEST = 4096
# Tahoe's name of a counter, ours. Those of the storage server are absent until they first count.
_COUNTERS = {
    "storage_server.bytes_added": "added",
    "uploader.bytes_uploaded": "uploaded",
    "downloader.bytes_downloaded": "downloaded",
}


class Tahoe(Wanted):
    """`tahoe:<node>:added`, `:uploaded`, `:downloaded` (counters), `:stored` (gauge)."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._folder = Path(place) if place.startswith("/") else None
        self.name = f"tahoe:{place}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        before = self._life()
        answer = parsed(Source(self._url()).get(_STATISTICS, deadline))
        if before != self._life():
            raise DriverFailed(f"{self._place} was started again while it was read")
        inc, order = incarnation(self.name, *before), _order(before)
        counted = [
            Reading(f"{self.name}:{name}", "counter", "By", value, inc, order, lasting=True)
            for name, value in _counted(answer)
        ]
        return counted + self._stored(deadline)

    def _url(self) -> str:
        if self._folder is None:
            return self._place
        return bounded(self._folder / "node.url", _LONGEST).decode("ascii", "replace").strip()

    def _life(self) -> list[str]:
        """The process's number and start, as Tahoe wrote them down when it began."""
        if self._folder is None:
            return []
        return bounded(self._folder / "running.process", _LONGEST).decode("ascii").split()

    def _stored(self, deadline: float) -> list[Reading]:
        shares = self._folder / "storage" / "shares" if self._folder else None
        if shares is None or not shares.is_dir():
            return []
        used = occupied(str(shares), deadline)
        return [Reading(f"{self.name}:stored", "gauge", "By", used)]


def made(rest: str) -> Tahoe:
    """The driver of `tahoe:/var/lib/tahoe/node` or `tahoe:http://127.0.0.1:3456`."""
    if not rest.startswith(("/", "http://")):
        raise AgentError("tahoe names a node's folder or address: tahoe:/var/lib/tahoe/node")
    return Tahoe(rest.rstrip("/"))


def _counted(answer: Any) -> list[tuple[str, int]]:
    """What the node counts; a storage server that has taken nothing yet has counted 0."""
    counters, stats = _object(answer, "counters"), _object(answer, "stats")
    zero = {"storage_server.bytes_added": "0"} if "storage_server.allocated" in stats else {}
    return [
        (name, whole(text_at(zero | counters, f"/{key}")))
        for key, name in _COUNTERS.items()
        if key in zero or key in counters
    ]


def _object(answer: Any, key: str) -> dict[str, Any]:
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, dict):
        raise DriverFailed("these are no statistics of a Tahoe-LAFS node")
    return found


def _order(life: list[str]) -> int:
    """When the process began, in microseconds; 0 where that is not known."""
    return whole(life[1], 10**6) if len(life) > 1 else 0
