"""The lite agent as a router runs it: a shell, a tree of counters that a test decides, a folder."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LITE = ROOT / "agent" / "lite"
SIGNERS = ("usign", "signify-openbsd", "signify")
# What of busybox stands in for the ordinary programs on a router; base64 is left out on purpose.
APPLETS = (
    *("awk", "cat", "chmod", "cp", "cut", "date", "df", "du", "find", "grep", "head", "kill"),
    *("ls", "mkdir", "mv", "rm", "sed", "seq", "sha256sum", "sh", "sleep", "sort", "sync", "tail"),
    *("tr", "wc", "wget", "adjtimex", "test", "timeout", "printf"),
)

signer = next((found for name in SIGNERS if (found := shutil.which(name))), "")
needs_signer = pytest.mark.skipif(not signer, reason="neither usign nor signify is installed")
SHELLS = [
    pytest.param("dash", marks=pytest.mark.skipif(not shutil.which("dash"), reason="no dash")),
    pytest.param(
        "busybox", marks=pytest.mark.skipif(not shutil.which("busybox"), reason="no busybox")
    ),
]


@dataclass
class Tree:
    """A recorded /proc and /sys: what both agents read where $COOP_ROOT names it."""

    root: Path
    faces: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    boot: str = "11111111-2222-3333-4444-555555555555"

    def __post_init__(self) -> None:
        (self.root / "proc/sys/kernel/random").mkdir(parents=True, exist_ok=True)
        (self.root / "proc/net").mkdir(exist_ok=True)
        uptime = self.root / "proc/uptime"
        if not uptime.is_symlink():
            uptime.symlink_to("/proc/uptime")
        self.write()

    def put(self, face: str, index: int, rx: int, tx: int) -> None:
        """What an interface now says."""
        self.faces[face] = (index, rx, tx)
        self.write()

    def write(self) -> None:
        whole(self.root / "proc/sys/kernel/random/boot_id", self.boot + "\n")
        shutil.rmtree(self.root / "sys", ignore_errors=True)
        (self.root / "sys/class/net").mkdir(parents=True)
        lines = ["Inter-|   Receive  |  Transmit", " face |bytes packets errs drop|bytes packets"]
        for face, (index, rx, tx) in self.faces.items():
            folder = self.root / "sys/class/net" / face
            folder.mkdir()
            whole(folder / "ifindex", f"{index}\n")
            lines.append(f"{face:>6}: {rx} 1 0 0 0 0 0 0 {tx} 1 0 0 0 0 0 0")
        whole(self.root / "proc/net/dev", "\n".join(lines) + "\n")


def whole(path: Path, text: str) -> None:
    """Replace a file at once, for an agent may be reading it."""
    draft = path.with_name(f".{path.name}")
    draft.write_text(text)
    draft.replace(path)


@dataclass
class Lite:
    """One node: its folders, its shell, and the processes that were started."""

    folder: Path
    server: str
    shell: str = "dash"
    root: str = ""
    settings: str = "WISH_SAMPLE=1 WISH_RECORD=1 WISH_SEAL=1 FIRST_PAUSE=1"
    first: str = ""
    more: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.folder / "flash"

    @property
    def run(self) -> Path:
        return self.folder / "memory"

    def environment(self) -> dict[str, str]:
        path = os.environ["PATH"] if self.shell != "busybox" else str(self._applets())
        return {
            "PATH": f"{self.first}:{path}" if self.first else path,
            "COOP_LIB": str(LITE / "lib"),
            "COOP_ROOT": self.root,
            **self.more,
        }

    def _applets(self) -> Path:
        """A folder with busybox's programs and the signer alone, as on a router."""
        folder = self.folder / "bin"
        if not folder.exists():
            folder.mkdir(parents=True)
            for name in APPLETS:
                (folder / name).symlink_to(str(shutil.which("busybox")))
            (folder / Path(signer).name).symlink_to(signer)
        return folder

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        conf, fresh = self.folder / "conf", self.folder / "conf.new"
        fresh.write_text(
            f"SERVER={self.server}\nSTATE={self.state}\nRUN={self.run}\n{self.settings}\n"
            f"CODE_FILE={self.folder}/code\n"
        )
        fresh.replace(conf)  # at once: one that was just started may be reading it
        shell = [shutil.which("busybox") or "", "ash"] if self.shell == "busybox" else ["dash"]
        process = subprocess.Popen(
            [*shell, str(LITE / "coop-lite"), "-c", str(conf), *arguments],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def ask(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        out, _ = process.communicate()
        return process.returncode, out

    def sealed(self) -> int:
        """The highest number on the flash."""
        return max((int(p.name) for p in (self.state / "queue").glob("[0-9]*[0-9]")), default=0)

    def cut_power(self) -> None:
        """What a power cut leaves: nothing in memory."""
        shutil.rmtree(self.run, ignore_errors=True)

    def stop(self) -> None:
        for process in self.started:
            end(process)


def until(fact: Callable[[], Any]) -> None:
    """Wait for a fact; the limit on the test ends what never comes true."""
    while not fact():
        Event().wait(0.05)


def end(process: subprocess.Popen[str]) -> None:
    """Kill a node with all that it started, and wait."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None and not process.stdout.closed:
        process.communicate()
