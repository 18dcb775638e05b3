"""The node's own HTTP: what it understands, what it refuses, and whom it believes over TLS."""

import io
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from coop_agent.errors import AgentError, Unreachable
from coop_agent.web import Broken, Response, address, read_response
from coop_agent.wire import Site

MOST = 1000


def read(raw: bytes) -> Response:
    return read_response(io.BytesIO(raw), MOST)


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", 200, b"hi"),
        (b"HTTP/1.0 404\r\n\r\nuntil the end", 404, b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n",
            200,
            b"abc0123456789",
        ),
    ],
)
def test_answers_are_read_to_their_end(raw: bytes, status: int, body: bytes) -> None:
    found = read(raw)
    assert (found.status, found.body) == (status, body)


def test_headers_are_found_in_any_case() -> None:
    found = read(b"HTTP/1.1 200 OK\r\nX-One:  a b \r\ncontent-LENGTH:0\r\n\r\n")
    assert found.headers == {"x-one": "a b", "content-length": "0"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 999 what\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_whole_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(Broken):
        read(raw)


@pytest.mark.parametrize(
    "head", [b"", b"Content-Length: 99999999\r\n", b"Transfer-Encoding: chunked\r\n"]
)
def test_never_more_is_read_than_asked_for(head: bytes) -> None:
    chunk = b"5000\r\n" if b"chunked" in head else b""
    stream = io.BytesIO(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + chunk + b"x" * 0x5000)
    assert len(read_response(stream, MOST).body) == MOST + 1


@pytest.mark.parametrize(
    ("url", "named", "path"),
    [
        ("https://coop.example", "coop.example", ""),
        ("https://coop.example:8443/site/", "coop.example:8443", "/site"),
        ("http://127.0.0.1:80/", "127.0.0.1", ""),
        ("http://[::1]:8000", "[::1]:8000", ""),
    ],
)
def test_addresses_are_taken_apart(url: str, named: str, path: str) -> None:
    assert (address(url).named, address(url).path) == (named, path)


@pytest.mark.parametrize(
    "url",
    ["ftp://a", "https://", "https://a b", "https://u@a", "https://a:99999", "a", "https://a?x"],
)
def test_what_names_no_site_is_refused(url: str) -> None:
    with pytest.raises(AgentError):
        Site(url)


class Quiet(BaseHTTPRequestHandler):
    """Answers everything with an empty object."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests quiet."""


class Shy(HTTPServer):
    """A client that does not believe the certificate hangs up: no news."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep the tests quiet."""


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A site with a certificate of its own, and that certificate."""
    own, key = tmp_path / "own.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(own)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, key)
    server = Shy(("127.0.0.1", 0), Quiet)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"https://localhost:{server.server_address[1]}", own
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_over_tls_only_a_known_authority_is_believed(certified: tuple[str, Path]) -> None:
    url, own = certified
    assert Site(url, own).get("/").status == 200
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        Site(url).get("/")
    with pytest.raises(Unreachable, match=r"certificate is not valid|mismatch"):
        Site(url.replace("localhost", "127.0.0.1"), own).get("/")
