"""What a power cut takes besides a kill: writes that no fsync has brought to the disk.

Nothing here takes the power away. Instead the system's own record of a node's calls shows that
nothing leaves the node, and no key gets its name, while what it rests on is only in the cache: the
queue's log is synchronised before each byte to the site, a key's file before its name. What a disk
loses though it was synchronised looks to the node like a backup: acceptance 5.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coop_agent.store import Store
from tests.agent.site import RunningSite

ROOT = Path(__file__).parents[2]
STRACE = shutil.which("strace")
CALLS = "pwrite64,write,fsync,fdatasync,sendto,link,linkat,rename,renameat,renameat2"
NAMED = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(\w+)\((?:\d+<([^>]*)>)?(.*)")


def may_trace() -> bool:
    if STRACE is None:
        return False
    done = subprocess.run([STRACE, "-o", "/dev/null", "true"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.timeout(300)
@pytest.mark.skipif(not may_trace(), reason="strace is not installed, or may not trace here")
def test_nothing_leaves_the_node_before_it_is_on_the_disk(
    running: RunningSite, enrolled: Store, folder: Path, tmp_path: Path
) -> None:
    enrolled.close()
    calls = traced(folder, running.url, tmp_path / "calls")
    unsynced: set[str] = set()
    sent = named = 0
    for name, path, rest in calls:
        if name in ("pwrite64", "write") and is_ours(path, folder):
            unsynced.add(path)
        elif name in ("fsync", "fdatasync"):
            unsynced.discard(path)
        elif name == "sendto" and "TCP" in path:
            sent += 1
            assert not [p for p in unsynced if p.endswith("-wal")]
        elif name.startswith(("link", "rename")) and ".key" in rest:
            named += 1
            assert not [p for p in unsynced if p in rest]
    assert sent > 5 and named >= 3
    assert running.site.later[2]


def traced(folder: Path, url: str, record: Path) -> list[tuple[str, str, str]]:
    """The calls of one life: name, the file of the first argument, and the rest."""
    paths = os.pathsep.join([str(ROOT / "agent"), str(ROOT)])
    subprocess.run(
        [str(STRACE), "-f", "-y", "-yy", "-s", "200", "-o", str(record), "-e", f"trace={CALLS}",
         sys.executable, "-m", "tests.agent.stepped", str(folder), url],
        env=os.environ | {"PYTHONPATH": paths}, check=True, capture_output=True,
    )  # fmt: skip
    found = [NAMED.match(line) for line in record.read_text(errors="replace").splitlines()]
    return [(m[1], m[2] or "", m[3]) for m in found if m is not None]


def is_ours(path: str, folder: Path) -> bool:
    return path.startswith(str(folder)) and (path.endswith("-wal") or ".key" in path)


def test_every_connection_synchronises_each_commit(store: Store) -> None:
    assert store.number("PRAGMA synchronous") == 2
    mode = store.row("PRAGMA journal_mode")
    assert mode is not None and mode[0] == "wal"
