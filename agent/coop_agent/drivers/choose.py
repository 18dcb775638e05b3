"""From what a person asks for to drivers, and reading them so that none can hurt the rest."""

import threading
import time

from coop_agent.drivers import Driver, Reading
from coop_agent.drivers.cpu import Cgroup, Cpu
from coop_agent.drivers.netdev import Netdev
from coop_agent.drivers.storage import Dirsize, Statvfs
from coop_agent.errors import AgentError, DriverFailed

DEFAULT = ("netdev", "cpu", "fs:/")
MAX_SPEC = 190
FORMS = "netdev, netdev:eth0,wlan*, cpu, cgroup:/path, fs:/path, dir:/path"


def driver(spec: str) -> Driver:
    """The driver that a specification such as "fs:/srv" names."""
    name, _, rest = spec.partition(":")
    if not spec.isprintable() or len(spec) > MAX_SPEC:
        raise AgentError(f"a meter's name is printable and at most {MAX_SPEC} long: {spec!r}")
    if spec == "cpu":
        return Cpu()
    if name == "netdev":
        return Netdev(tuple(rest.split(",")) if rest else ("*",))
    if rest.startswith("/"):
        for known, make in (("cgroup", Cgroup), ("fs", Statvfs), ("dir", Dirsize)):
            if name == known:
                return make(rest)
    raise AgentError(f"unknown meter {spec!r}; known forms: {FORMS}")


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
            outcome.append(self._source.read(boot, time.monotonic() + self._timeout))
        except Exception as error:  # a driver's fault, of any kind, stays the driver's
            outcome.append(error)
