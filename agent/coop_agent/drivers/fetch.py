"""One HTTP answer of a program nearby: bounded in size and in time, and from nowhere else.

A redirect is a failure. All of an answer is read before any of it is parsed, so that a source which
sends a byte a minute is late as a whole.
"""

import http.client
import io
import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from coop_agent.drivers.common import left, secret_in
from coop_agent.errors import DriverFailed

MAX_ANSWER = 1024 * 1024
PATIENCE = 10
_MAX_HEAD = 64 * 1024
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Source:
    """An address that is asked now and then; no socket stays open in between.

    `secret` is a file whose one line is sent as `header`. Only this machine is asked, unless
    `elsewhere`; then a secret goes by https only. `ca` is a certificate of the source's own.
    """

    url: str
    header: str = ""
    secret: str = ""
    elsewhere: bool = False
    ca: str | None = None

    def get(self, path: str, deadline: float) -> bytes:
        """The body at `path` below the address; raises DriverFailed or OSError."""
        parts = self._parts()
        lines = [
            f"GET {parts.path.rstrip('/') if path else parts.path}{path or _query(parts)} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Connection: close",
            *self._secret_line(),
        ]
        request = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
        return _body(_exchanged(parts, self.ca, request, min(deadline, _soon())))

    def _parts(self) -> SplitResult:
        parts = urlsplit(self.url)
        plain = self.url.isascii() and self.url.isprintable() and " " not in self.url
        if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or not plain:
            raise DriverFailed(f"not an address that can be asked: {self.url!r}")
        if not self.elsewhere and not _is_here(parts.hostname):
            raise DriverFailed(f"{self.url} is another machine; only this one is asked")
        if self.elsewhere and self.secret and parts.scheme != "https":
            raise DriverFailed(f"{self.url}: a secret leaves this machine by https only")
        return parts

    def _secret_line(self) -> list[str]:
        if not self.secret:
            return []
        if not self.header.replace("-", "").isalnum():
            raise DriverFailed("header names what the secret is sent as")
        return [f"{self.header}: {secret_in(Path(self.secret))}"]


def _query(parts: SplitResult) -> str:
    return ("" if parts.path else "/") + (f"?{parts.query}" if parts.query else "")


def _soon() -> float:
    return time.monotonic() + PATIENCE


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _exchanged(parts: SplitResult, ca: str | None, request: bytes, deadline: float) -> bytes:
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    place = (host, parts.port or _PORTS[parts.scheme])
    with closing(socket.create_connection(place, timeout=left(deadline))) as plain:
        if parts.scheme == "http":
            return _told(plain, request, deadline)
        context = ssl.create_default_context(cafile=ca)
        with closing(context.wrap_socket(plain, server_hostname=parts.hostname)) as sealed:
            return _told(sealed, request, deadline)


def _told(connection: socket.socket, request: bytes, deadline: float) -> bytes:
    connection.sendall(request)
    raw = bytearray()
    while True:
        connection.settimeout(left(deadline))
        more = connection.recv(1 << 16)
        if not more:
            return bytes(raw)
        raw += more
        if len(raw) > MAX_ANSWER + _MAX_HEAD:
            raise DriverFailed(f"an answer longer than {MAX_ANSWER} bytes")


class _Heard:
    """Bytes that came, in the form in which http.client takes a connection."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _body(raw: bytes) -> bytes:
    response = http.client.HTTPResponse(_Heard(raw))  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except (http.client.HTTPException, ValueError) as error:
        raise DriverFailed(f"no HTTP answer: {error or type(error).__name__}") from error
    if response.status != 200:
        raise DriverFailed(f"answered with status {response.status}")
    return body
