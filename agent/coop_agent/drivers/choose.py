"""From what a person asks for to drivers, and reading them so that none can hurt the rest."""

import threading
import time
from collections.abc import Callable
from importlib import import_module

from coop_agent.drivers import Driver, Reading
from coop_agent.drivers.common import sound
from coop_agent.errors import AgentError, DriverFailed

DEFAULT = ("netdev", "cpu", "fs:/")
MAX_SPEC = 190
FORMS = (
    "netdev, netdev:eth0,wlan*, nft, nft:inet/coop/*, nft-set:family/table/set (each also with"
    " +packets, such as netdev+packets:eth0), cpu, cgroup:/path, cgroup-memory:/path,"
    " cgroup-io:/path, fs:/path, dir:/path, disk:sda, smart:/dev/sda, tor, tor:CONTROL,COOKIE,"
    " tor-accounting, tahoe:/node, gnunet, gnunet:/conf, syncthing:/key, syncthing:URL,/key,"
    " http-json:/file.toml, prometheus:/file.toml, exec:/program argument"
)
# What each name is made by. A module is loaded only where it is asked for: memory is small.
_PACKETS = {"netdev": ("netdev", "made"), "nft": ("nft", "made"), "nft-set": ("nft", "made_set")}
_KNOWN = {
    **_PACKETS,
    "disk": ("blockdev", "made"),
    "exec": ("program", "made"),
    "gnunet": ("gnunet", "made"),
    "http-json": ("http_json", "made"),
    "prometheus": ("prometheus", "made"),
    "smart": ("smart", "made"),
    "syncthing": ("syncthing", "made"),
    "tahoe": ("tahoe", "made"),
    "tor": ("tor", "made"),
    "tor-accounting": ("tor", "made_accounting"),
}
_PATHS = {
    "cgroup": ("cgroup", "Cgroup"),
    "cgroup-io": ("cgroup", "CgroupIo"),
    "cgroup-memory": ("cgroup", "CgroupMemory"),
    "dir": ("storage", "Dirsize"),
    "fs": ("storage", "Statvfs"),
}


def driver(spec: str) -> Driver:
    """The driver that a specification such as "fs:/srv" names."""
    name, colon, rest = spec.partition(":")
    if not spec.isprintable() or len(spec) > MAX_SPEC:
        raise AgentError(f"a meter's name is printable and at most {MAX_SPEC} long: {spec!r}")
    plain = name.removesuffix("+packets")
    if spec == "cpu":
        return _maker("cpu", "Cpu")()
    if name in _PATHS and rest.startswith("/"):
        return _maker(*_PATHS[name])(rest)
    if (name in _KNOWN or (name != plain and plain in _PACKETS)) and bool(colon) == bool(rest):
        options = {"packets": True} if name != plain else {}
        return _maker(*_KNOWN[plain])(rest, **options)
    raise AgentError(f"unknown meter {spec!r}; known forms: {FORMS}")


def _maker(module: str, name: str) -> Callable[..., Driver]:
    found: Callable[..., Driver] = getattr(import_module(f"coop_agent.drivers.{module}"), name)
    return found


class Guarded:
    """A driver that is given up on when it is late or fails, and asked again next time."""

    def __init__(self, source: Driver, timeout: int = 20) -> None:
        self.name = source.name
        self.measures = source.measures
        self._source = source
        self._timeout = timeout
        self._thread: threading.Thread | None = None

    def read(self, boot: str) -> list[Reading]:
        """The readings, or DriverFailed after at most `timeout` seconds."""
        if self._thread is not None and self._thread.is_alive():
            raise DriverFailed(f"{self.name}: still busy with an earlier reading")
        outcome: list[list[Reading] | Exception] = []
        self._thread = threading.Thread(target=self._fetch, args=(boot, outcome), daemon=True)
        self._thread.start()
        self._thread.join(self._timeout)
        if not outcome:
            raise DriverFailed(f"{self.name}: no answer within {self._timeout} s")
        if isinstance(outcome[0], Exception):
            raise DriverFailed(f"{self.name}: {outcome[0]}") from outcome[0]
        return outcome[0]

    def _fetch(self, boot: str, outcome: list[list[Reading] | Exception]) -> None:
        try:
            readings = self._source.read(boot, time.monotonic() + self._timeout)
            outcome.append(sound(readings))
        except Exception as error:  # a driver's fault, of any kind, stays the driver's
            outcome.append(error)
