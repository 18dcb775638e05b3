"""A Syncthing instance, by its REST interface: bytes on the wire, and bytes of its folders."""

import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted, incarnation, whole
from coop_agent.drivers.document import parsed, text_at
from coop_agent.drivers.fetch import Source
from coop_agent.errors import AgentError, DriverFailed

ADDRESS = "http://127.0.0.1:8384"
_TOTALS = {"received": "/total/inBytesTotal", "sent": "/total/outBytesTotal"}
_MICROSECOND = timedelta(microseconds=1)
_SELDOM = 600


class Syncthing(Wanted):
    """`syncthing:<address>:received` and `:sent` of all devices together, since it began;
    `:folder:<id>`, the bytes of a folder that are here.

    Folders are asked for every ten minutes only, because that makes Syncthing count.
    """

    def __init__(self, key: str, url: str = ADDRESS) -> None:
        self._source = Source(url, "X-API-Key", key)
        self.name = f"syncthing:{url.partition('//')[2]}"
        self._folders: tuple[float, list[Reading]] | None = None

    def read(self, boot: str, deadline: float) -> list[Reading]:
        begun = self._begun(deadline)
        totals = self._ask("/rest/system/connections", deadline)
        if begun != self._begun(deadline):
            raise DriverFailed("Syncthing was started again while it was read")
        inc, order = incarnation(self.name, begun), _order(begun)
        return [
            Reading(
                f"{self.name}:{ending}", "counter", "By", whole(text_at(totals, place)), inc, order,
                lasting=True,
            )
            for ending, place in _TOTALS.items()
        ] + self._sizes(deadline)  # fmt: skip

    def _ask(self, path: str, deadline: float) -> Any:
        return parsed(self._source.get(path, deadline))

    def _begun(self, deadline: float) -> str:
        return text_at(self._ask("/rest/system/status", deadline), "/startTime")

    def _sizes(self, deadline: float) -> list[Reading]:
        if self._folders is None or time.monotonic() - self._folders[0] > _SELDOM:
            folders = self._ask("/rest/config/folders", deadline)
            if not isinstance(folders, list):
                raise DriverFailed("Syncthing does not list its folders")
            sizes = [self._size(text_at(folder, "/id"), deadline) for folder in folders]
            self._folders = (time.monotonic(), sizes)
        return self._folders[1]

    def _size(self, folder: str, deadline: float) -> Reading:
        status = self._ask(f"/rest/db/status?folder={quote(folder, safe='')}", deadline)
        size = whole(text_at(status, "/localBytes"))
        return Reading(f"{self.name}:folder:{folder}", "gauge", "By", size)


def made(rest: str) -> Syncthing:
    """The driver of `syncthing:/path/key` or `syncthing:http://127.0.0.1:8385,/path/key`."""
    url, comma, key = rest.rpartition(",")
    if not key.startswith("/") or (comma and not url.startswith(("http://", "https://"))):
        raise AgentError("syncthing names the file with its API key: syncthing:/path/key")
    return Syncthing(key, url or ADDRESS)


def _order(begun: str) -> int:
    """The start in microseconds; Go writes up to nine digits of a second, which is cut to six."""
    try:
        moment = datetime.fromisoformat(begun)
    except ValueError as error:
        raise DriverFailed(f"not a moment: {begun[:40]!r}") from error
    if moment.tzinfo is None:
        raise DriverFailed(f"a moment without its zone: {begun[:40]!r}")
    return max(0, (moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // _MICROSECOND)
