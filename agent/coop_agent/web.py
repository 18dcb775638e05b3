"""One HTTP/1.1 exchange over a fresh connection: as much of it as a node needs.

The library's own client brings in the whole of its mail parser, a twentieth of all the memory that
this program may use. Nothing here follows redirections, keeps connections or cookies.
"""

import re
import socket
import ssl
from pathlib import Path
from typing import BinaryIO, NamedTuple

from coop_agent.errors import AgentError

MAX_LINE = 8192
MAX_HEADERS = 100
_ADDRESS = re.compile(
    r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(?::([0-9]{1,5}))?(/[^\s?#]*)?"
)
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: .*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")


class Broken(Exception):
    """What came is no answer of HTTP, or not all of one."""


class Address(NamedTuple):
    """Where a site is; `path` is what stands before the paths of the protocol."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def named(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


class Response(NamedTuple):
    """Header names are in lower case; of a repeated one the last counts."""

    status: int
    headers: dict[str, str]
    body: bytes


def address(url: str) -> Address:
    """The parts of a URL; raises AgentError where it names no site."""
    found = _ADDRESS.fullmatch(url)
    port = int((found[3] if found else None) or 0)
    if found is None or port > 65535:
        raise AgentError(f"not the address of a site: {url!r}")
    scheme = found[1]
    usual = 443 if scheme == "https" else 80
    return Address(scheme, found[2].strip("[]"), port or usual, (found[4] or "").rstrip("/"))


def trusting(ca: Path | None) -> ssl.SSLContext:
    """Who is believed to be the site: by the system's authorities, or by one certificate.

    Of a folder of authorities only the one that is needed is read; the usual bundle is read whole.
    """
    if ca is not None:
        return ssl.create_default_context(cafile=str(ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath) if paths.capath else None
    if paths.cafile is None or (folder is not None and any(folder.glob("*.0"))):
        context.load_verify_locations(capath=paths.capath)
    else:
        context.load_default_certs()
    return context


def exchange(
    place: Address, context: ssl.SSLContext | None, request: bytes, timeout: float, most: int
) -> Response:
    """Send a request and read the answer's `most` bytes and one more; raises OSError or Broken."""
    with socket.create_connection((place.host, place.port), timeout) as plain:
        connection = plain
        if context is not None:
            connection = context.wrap_socket(plain, server_hostname=place.host)
        with connection, connection.makefile("rb") as stream:
            connection.sendall(request)
            return read_response(stream, most)


def request(
    method: str, place: Address, path: str, headers: dict[str, str], body: bytes | None
) -> bytes:
    """A request that asks the other side to close afterwards."""
    own = {"Host": place.named, "Connection": "close"}
    length = {} if body is None else {"Content-Length": str(len(body))}
    lines = [f"{method} {place.path}{path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (own | headers | length).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def read_response(stream: BinaryIO, most: int) -> Response:
    """The final answer in a stream; a body longer than `most` is cut off one byte later."""
    while True:
        found = _STATUS.fullmatch(_line(stream))
        if found is None:
            raise Broken("no answer of HTTP")
        headers = _headers(stream)
        if found[1] >= b"200":
            status = int(found[1])
            body = b"" if status in (204, 304) else _body(stream, headers, most)
            return Response(status, headers, body)


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(MAX_LINE + 1)
    if len(line) > MAX_LINE or not line.endswith(b"\n"):
        raise Broken("the answer broke off" if len(line) <= MAX_LINE else "an endless line")
    return line.rstrip(b"\r\n")


def _headers(stream: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = _line(stream)
        if not line:
            return headers
        found = _HEADER.fullmatch(line)
        if found is None:
            raise Broken("a header is not understood")
        headers[found[1].decode("ascii").lower()] = found[2].decode("latin-1")
    raise Broken("too many headers")


def _body(stream: BinaryIO, headers: dict[str, str], most: int) -> bytes:
    if "transfer-encoding" in headers:
        if headers["transfer-encoding"].lower() != "chunked":
            raise Broken("an encoding that is not understood")
        return _chunks(stream, most)
    length = headers.get("content-length")
    if length is None:
        return stream.read(most + 1)
    if not (length.isascii() and length.isdigit()):
        raise Broken("a length that is none")
    return _exactly(stream, min(int(length), most + 1))


def _chunks(stream: BinaryIO, most: int) -> bytes:
    body = b""
    while len(body) <= most:
        found = _SIZE.fullmatch(_line(stream))
        if found is None:
            raise Broken("a chunk without a size")
        size = int(found[1], 16)
        if size == 0:
            _headers(stream)
            return body
        body += _exactly(stream, min(size, most + 1))
        if size <= most and _line(stream):
            raise Broken("a chunk longer than it says")
    return body[: most + 1]


def _exactly(stream: BinaryIO, length: int) -> bytes:
    body = stream.read(length)
    if len(body) < length:
        raise Broken("the answer broke off")
    return body
