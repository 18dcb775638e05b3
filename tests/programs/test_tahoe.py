"""A Tahoe-LAFS grid of one: what a client stores is what the driver says, to the byte."""

import os
import socket
import urllib.request
from pathlib import Path

import pytest

from tests.programs.places import HINT, TAHOE, Place, until

STORED = 3_000_000
# What Tahoe adds to one share of a file of this size: headers and the tree of its digests.
ADDED = 3_001_156


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def listening() -> list[str]:
    port = free_port()
    return [f"--port=tcp:{port}:interface=127.0.0.1", f"--location=tcp:127.0.0.1:{port}"]


@pytest.fixture
def node(here: Place, tmp_path: Path) -> Path:
    """The folder of a running storage node that is its own client."""
    if not TAHOE.exists():
        pytest.skip(f"Tahoe-LAFS {HINT}")
    introducer, storage = tmp_path / "introducer", tmp_path / "storage"
    here.run(TAHOE, "create-introducer", "--listen=tcp", *listening(), introducer)
    start(here, introducer)
    furl = introducer / "private" / "introducer.furl"
    until(furl.exists)
    here.run(
        TAHOE, "create-node", f"--introducer={furl.read_text().strip()}", *listening(),
        f"--webport=tcp:{free_port()}:interface=127.0.0.1",
        "--shares-needed=1", "--shares-happy=1", "--shares-total=1", storage,
    )  # fmt: skip
    start(here, storage)
    return storage


def start(here: Place, folder: Path) -> None:
    log = folder.with_suffix(".log")
    here.start(log, TAHOE, "run", "--allow-stdin-close", folder)


def store(node: Path, content: bytes) -> bool:
    """Whether the grid took the file; it needs a moment until it knows its storage node."""
    try:
        request = urllib.request.Request(f"{url(node)}uri", content, method="PUT")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bool(answer.read().startswith(b"URI:CHK:"))
    except (OSError, ValueError):
        return False


def url(node: Path) -> str:
    return (node / "node.url").read_text().strip()


def test_what_is_stored_is_counted_and_a_restart_begins_anew(here: Place, node: Path) -> None:
    until(lambda: store(node, os.urandom(STORED)))
    first = here.read(f"tahoe:{node}")
    assert first[f"tahoe:{node}:added"].value == ADDED
    # Tahoe counts an upload when it begins: also those that found no storage server yet.
    tried = first[f"tahoe:{node}:uploaded"].value
    assert tried >= STORED and tried % STORED == 0
    assert ADDED <= first[f"tahoe:{node}:stored"].value <= ADDED + 100_000
    by_address = here.read(f"tahoe:{url(node)}")
    assert [r.value for m, r in by_address.items() if m.endswith(":added")] == [ADDED]
    here.started[-1].terminate()
    here.started[-1].wait()
    start(here, node)
    until(lambda: store(node, os.urandom(STORED)))
    second = here.read(f"tahoe:{node}")
    assert second[f"tahoe:{node}:added"].value == ADDED
    assert second[f"tahoe:{node}:added"].inc != first[f"tahoe:{node}:added"].inc
    assert second[f"tahoe:{node}:added"].order > first[f"tahoe:{node}:added"].order
    assert second[f"tahoe:{node}:stored"].value >= 2 * ADDED
