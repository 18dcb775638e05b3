"""Stand-ins for what drivers ask: an HTTP port, a control port of Tor, programs on the PATH.

They say what real ones said (recorded/), or what none should.
"""

import hmac
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from coop_agent.clock import boot_id
from coop_agent.drivers import Reading
from coop_agent.drivers.choose import Guarded, driver

RECORDED = Path(__file__).with_name("recorded")
Script = Callable[[socket.socket], None]


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def read(spec: str, timeout: int = 20) -> dict[str, Reading]:
    """What the meters of one `--meter` say, as the agent asks them."""
    return read_by(Guarded(driver(spec), timeout))


def read_by(source: Guarded) -> dict[str, Reading]:
    return {r.meter: r for r in source.read(boot_id()) if source.measures(r.meter)}


@contextmanager
def serving(server: socket.socket, script: Script) -> Iterator[None]:
    """Run the script for every connection to a listening socket."""
    thread = threading.Thread(target=_serve, args=(server, script), daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def _serve(server: socket.socket, script: Script) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            script(connection)


@contextmanager
def http(answers: dict[str, bytes] | Script) -> Iterator[str]:
    """An address that gives each path its answer, whole responses or bare bodies; or a script."""
    script = answers if callable(answers) else _by_path(answers)
    server = socket.create_server(("127.0.0.1", 0))
    with serving(server, script):
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def _by_path(answers: dict[str, bytes]) -> Script:
    def answer(connection: socket.socket) -> None:
        body = answers[asked(connection).split(b" ")[1].decode()]
        connection.sendall(body if body.startswith(b"HTTP/") else ok(body))

    return answer


def asked(connection: socket.socket) -> bytes:
    """The head of a request."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += connection.recv(4096)
    return raw


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@contextmanager
def tor(folder: Path, told: dict[str, str], cookie: bytes | None = None) -> Iterator[str]:
    """The part of a `tor:` specification after the colon, of a control port that says `told`.

    `cookie` is the one that it has itself, where that is not the one in the file.
    """
    shared = secrets.token_bytes(32)
    (folder / "cookie").write_bytes(shared)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "control"))
    server.listen()
    with serving(server, lambda c: _control(c, cookie or shared, told)):
        yield f"{folder}/control,{folder}/cookie"


def _control(connection: socket.socket, cookie: bytes, told: dict[str, str]) -> None:
    lines = connection.makefile("rwb")
    nonce, proof = secrets.token_bytes(32), b""
    for line in lines:
        word, _, rest = line.decode().strip().partition(" ")
        answer = ["510 Unrecognized command"]
        if word == "AUTHCHALLENGE":
            both = cookie + bytes.fromhex(rest.removeprefix("SAFECOOKIE ")) + nonce
            proof = _digest(b"controller-to-server", both)
            mine = _digest(b"server-to-controller", both).hex().upper()
            answer = [f"250 AUTHCHALLENGE SERVERHASH={mine} SERVERNONCE={nonce.hex().upper()}"]
        elif word == "AUTHENTICATE":
            answer = ["250 OK" if bytes.fromhex(rest) == proof else "515 Authentication failed"]
        elif word == "GETINFO":
            answer = [*(f"250-{key}={told[key]}" for key in rest.split(" ")), "250 OK"]
        lines.write("".join(f"{text}\r\n" for text in answer).encode())
        lines.flush()


def _digest(way: bytes, both: bytes) -> bytes:
    return hmac.digest(b"Tor safe cookie authentication " + way + b" hash", both, "sha256")


def program(folder: Path, name: str, script: str) -> Path:
    """A program that the shell runs."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def first_on_path(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def secret(folder: Path, text: str = "key") -> Path:
    path = folder / "secret"
    path.write_text(f"{text}\n")
    path.chmod(0o600)
    return path
