"""Bytes through a Tor process, by its control port, with the cookie that proves both ends.

The cookie itself never travels: each end shows that it has it (SAFECOOKIE of Tor's control-spec),
so that a program which only took Tor's place learns nothing.
"""

import hmac
import re
import secrets
import socket
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted, incarnation, left, whole
from coop_agent.errors import AgentError, DriverFailed

CONTROL = "/run/tor/control"
COOKIE = "/run/tor/control.authcookie"
PATIENCE = 10
_LONGEST = 64 * 1024
_SERVER = b"Tor safe cookie authentication server-to-controller hash"
_CLIENT = b"Tor safe cookie authentication controller-to-server hash"
_CHALLENGE = re.compile(r"AUTHCHALLENGE SERVERHASH=([0-9A-F]{64}) SERVERNONCE=([0-9A-F]{64})")
_WAYS = ("read", "written")


class Tor(Wanted):
    """`tor:<control>:read` and `:written`, since the process began."""

    form = "tor"

    def __init__(self, control: str = CONTROL, cookie: str = COOKIE) -> None:
        self._control, self._cookie = control, cookie
        self.name = f"{self.form}:{control}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        with closing(Control(self._control, min(deadline, time.monotonic() + PATIENCE))) as tor:
            tor.prove(Path(self._cookie))
            return self._readings(tor, boot)

    def _readings(self, tor: "Control", boot: str) -> list[Reading]:
        told = tor.ask("traffic/read", "traffic/written", "process/pid")
        pid, begun = told["process/pid"], _begun(told["process/pid"])
        inc = incarnation(boot, self.name, pid, begun)
        return [
            Reading(
                f"{self.name}:{way}", "counter", "By", whole(told[f"traffic/{way}"]), inc, begun
            )
            for way in _WAYS
        ]


class TorAccounting(Tor):
    """The same since Tor's accounting period began, over restarts; needs AccountingMax in torrc."""

    form = "tor-accounting"

    def _readings(self, tor: "Control", boot: str) -> list[Reading]:
        if tor.ask("accounting/enabled")["accounting/enabled"] != "1":
            raise DriverFailed("Tor keeps no accounts: set AccountingMax in torrc")
        told = tor.ask("accounting/bytes", "accounting/interval-start")
        start = datetime.fromisoformat(told["accounting/interval-start"]).replace(tzinfo=UTC)
        inc = incarnation(self.name, start.isoformat())
        values = zip(_WAYS, told["accounting/bytes"].split(" "), strict=True)
        return [
            Reading(
                f"{self.name}:{way}", "counter", "By", whole(value), inc, int(start.timestamp()),
                lasting=True,
            )
            for way, value in values
        ]  # fmt: skip


class Control:
    """One conversation with Tor, ended by the deadline."""

    def __init__(self, place: str, deadline: float) -> None:
        self._deadline = deadline
        self._rest = b""
        self._socket = _connected(place, left(deadline))

    def close(self) -> None:
        self._socket.close()

    def prove(self, cookie: Path) -> None:
        """Show that we have the cookie, to somebody who has shown that they have it too."""
        shared = cookie.read_bytes()
        if len(shared) != 32:
            raise DriverFailed(f"{cookie} is no cookie of Tor")
        ours = secrets.token_bytes(32)
        [line] = self.say(f"AUTHCHALLENGE SAFECOOKIE {ours.hex()}")
        found = _CHALLENGE.fullmatch(line)
        if found is None:
            raise DriverFailed("no proof of the control port")
        both = shared + ours + bytes.fromhex(found[2])
        if not hmac.compare_digest(hmac.digest(_SERVER, both, "sha256"), bytes.fromhex(found[1])):
            raise DriverFailed("whoever answers on the control port does not have the cookie")
        self.say(f"AUTHENTICATE {hmac.digest(_CLIENT, both, 'sha256').hex()}")

    def ask(self, *keys: str) -> dict[str, str]:
        """What Tor says to each of the keys; raises DriverFailed if one is not known to it."""
        told = dict(
            line.split("=", 1) for line in self.say(f"GETINFO {' '.join(keys)}") if "=" in line
        )
        if not set(keys) <= told.keys():
            raise DriverFailed(f"Tor does not tell {', '.join(sorted(set(keys) - told.keys()))}")
        return told

    def say(self, command: str) -> list[str]:
        """The lines of a positive answer, without their codes; raises DriverFailed."""
        self._socket.settimeout(left(self._deadline))
        self._socket.sendall(f"{command}\r\n".encode())
        lines: list[str] = []
        while True:
            line = self._line()
            if not line.startswith("250") or line[3:4] not in ("-", " "):
                raise DriverFailed(f"Tor refuses: {line[:100]!r}")
            lines.append(line[4:])
            if line[3] == " ":
                return lines

    def _line(self) -> str:
        while b"\r\n" not in self._rest:
            self._socket.settimeout(left(self._deadline))
            more = self._socket.recv(4096)
            if not more or len(self._rest) > _LONGEST:
                raise DriverFailed("the control port ended in the middle of an answer")
            self._rest += more
        line, self._rest = self._rest.split(b"\r\n", 1)
        return line.decode("ascii", "replace")


def made(rest: str) -> Tor:
    """The driver of `tor` or `tor:/run/tor/control,/run/tor/control.authcookie`."""
    return Tor(*_places(rest))


def made_accounting(rest: str) -> TorAccounting:
    """The driver of `tor-accounting`, with the same places."""
    return TorAccounting(*_places(rest))


def _places(rest: str) -> tuple[str, str]:
    control, _, cookie = rest.partition(",")
    if rest and (not cookie.startswith("/") or not control.startswith(("/", "127.0.0.1:"))):
        raise AgentError("tor names its control port and cookie: tor:127.0.0.1:9051,/path/cookie")
    return (control, cookie) if rest else (CONTROL, COOKIE)


def _connected(place: str, timeout: float) -> socket.socket:
    if not place.startswith("/"):
        host, _, port = place.partition(":")
        return socket.create_connection((host, int(port)), timeout=timeout)
    found = socket.socket(socket.AF_UNIX)
    found.settimeout(timeout)
    try:
        found.connect(place)
    except OSError:
        found.close()
        raise
    return found


def _begun(pid: str) -> int:
    """When the process began, in ticks since boot; 0 where we may not see it."""
    try:
        text = (Path("/proc") / str(int(pid)) / "stat").read_text()
    except (OSError, ValueError):
        return 0
    return int(text.rpartition(")")[2].split()[19])
