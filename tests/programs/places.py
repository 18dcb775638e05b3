"""Where real programs run in tests: namespaces without a way out, and processes that end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from coop_agent.drivers import Reading

ROOT = Path(__file__).parents[2]
TAHOE = ROOT / ".local" / "programs" / "tahoe" / "bin" / "tahoe"
HINT = "is not installed (make programs)"


def installed(name: str) -> str:
    """The program's path; skips the test where it is not there."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} {HINT}")
    return found


@dataclass
class Place:
    """The machine's own network, or one of its network namespaces; what is started here ends."""

    name: str = ""
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def inside(self) -> list[str]:
        return ["ip", "netns", "exec", self.name] if self.name else []

    def start(self, log: Path, *command: str | Path) -> "subprocess.Popen[bytes]":
        """A program in a process group of its own, its output in a file."""
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*self.inside, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def run(self, *command: str | Path, send: str | None = None, seconds: int = 30) -> str:
        """The output of a program that ends by itself."""
        ended = subprocess.run(
            [*self.inside, *map(str, command)],
            input=send or "",
            capture_output=True,
            text=True,
            timeout=seconds,
            env=os.environ | {"PYTHONPATH": f"{ROOT}/agent:{ROOT}"},
            check=False,
        )
        assert ended.returncode == 0, f"{command}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}"
        return ended.stdout

    def read(self, *specs: str) -> dict[str, Reading]:
        """What the agent's drivers read here."""
        lines = self.run(sys.executable, "-m", "tests.programs.ask", *specs).splitlines()
        readings = [Reading(*json.loads(line)) for line in lines]
        return {reading.meter: reading for reading in readings}

    def end(self) -> None:
        """End what was started, and whatever is left in the namespace."""
        for process in self.started:
            _end(process)
        if self.name:
            for pid in self._pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", self.name], check=False)

    def _pids(self) -> list[int]:
        listed = subprocess.run(
            ["ip", "netns", "pids", self.name], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in listed.stdout.split()]


def _end(process: "subprocess.Popen[bytes]") -> None:
    for sent, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


@contextmanager
def namespace(suffix: str = "") -> Iterator[Place]:
    """A network namespace with a loopback and nothing else; skips where none can be made."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and the ip program")
    name = f"coopm{os.getpid()}{suffix}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this machine cannot make a network namespace")
    place = Place(name)
    try:
        place.run("ip", "link", "set", "lo", "up")
        yield place
    finally:
        place.end()


def until(fact: Callable[[], Any], seconds: int = 40) -> Any:
    """What a fact becomes once it is true; fails where it does not in time."""
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        if found := fact():
            return found
        time.sleep(0.2)
    pytest.fail("it did not come true in time")
