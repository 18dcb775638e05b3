"""Keeps the site's programs running in one process tree, and ends them together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DIE_WITH_PARENT = 1
LONGEST_PAUSE = 30.0
STEADY = 60.0
PATIENCE = 20.0


@dataclass(frozen=True)
class Program:
    """One program to keep running: how it is called and which open files it inherits."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[int] = ()


@dataclass
class Child:
    """A program, its running process, and when it may be started again after it died."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.5
    due: float = 0.0


class Supervisor:
    """Starts programs, restarts those that die after a growing pause, and stops them all.

    Each program has a process group of its own, so that Ctrl-C reaches the supervisor alone and
    it decides the order; on Linux a program also ends when the supervisor is killed.
    """

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self.logs = logs
        self.say = say
        self.children: list[Child] = []

    def start(self, program: Program) -> None:
        """Start one program more."""
        child = Child(program)
        self.children.append(child)
        self._launch(child)

    def watch(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Restart what dies, until interrupted; between looks, do something else as well."""
        while True:
            self.look()
            meanwhile()
            time.sleep(0.25)

    def look(self) -> None:
        """Restart once what has died and has waited long enough."""
        for child in self.children:
            self._look_after(child)

    def stop(self) -> None:
        """End every program, the last started first; kill what does not end in time."""
        living = [c for c in reversed(self.children) if c.process and c.process.poll() is None]
        for child in living:
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for child in living:
            self._wait(child, deadline)
        for child in self.children:
            _signal_group(child, signal.SIGKILL)

    def _launch(self, child: Child) -> None:
        program = child.program
        with (self.logs / f"{program.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **program.environment},
                pass_fds=program.files,
                process_group=0,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        child.started = time.monotonic()

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.due:
                self._launch(child)
        elif child.process.poll() is not None:
            self._bury(child, child.process.returncode)

    def _bury(self, child: Child, code: int) -> None:
        _signal_group(child, signal.SIGKILL)
        lived = time.monotonic() - child.started
        child.pause = 0.5 if lived > STEADY else min(child.pause * 2, LONGEST_PAUSE)
        child.due = time.monotonic() + child.pause
        child.process = None
        name = child.program.name
        self.say(f"{name} ended ({code}); again in {child.pause:.0f} s; see {name}.log")

    def _wait(self, child: Child, deadline: float) -> None:
        assert child.process is not None
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.say(f"{child.program.name} does not end: killed")
            _signal_group(child, signal.SIGKILL)
            child.process.wait()


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is not None:
        child.process.send_signal(number)


def _signal_group(child: Child, number: signal.Signals) -> None:
    """Reach what a program has left behind, too."""
    if child.process is None:
        return
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)
