"""Small questions about processes, asked so that a recycled number is never taken for ours."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROC = Path("/proc")


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold the lock file; another process that wants it waits. A crash lets go of it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_alive(pid: int) -> bool:
    """Whether a process of this number exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process lives and its working folder is this one (a server's data folder)."""
    if not PROC.is_dir():
        return is_alive(pid)
    try:
        return os.path.samefile(PROC / str(pid) / "cwd", folder)
    except OSError:
        return False


def workers_in(folder: Path) -> list[int]:
    """Every process whose working folder this is, as far as we may see."""
    numbers = [int(entry.name) for entry in PROC.glob("[0-9]*")] if PROC.is_dir() else []
    return [pid for pid in numbers if works_in(pid, folder)]


def wait_until(is_true: Callable[[], bool], *, seconds: float) -> bool:
    """Ask again and again, at most so long."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def read_pid(file: Path) -> int | None:
    """The number in the first line of a pid file; None where there is none."""
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
