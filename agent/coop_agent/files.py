"""The state folder: its place, its privacy, files that are whole or absent, and its lock."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coop_agent.errors import AlreadyRunning


def private_folder(path: Path) -> Path:
    """The folder, made with mode 0700 if it was not there."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file so that a reader, or a power cut, sees the old or the new one."""
    draft = _draft(path, content, mode)
    os.replace(draft, path)
    _sync_folder(path.parent)


def create_once(path: Path, content: bytes) -> None:
    """Make a private file unless it exists; of several at once, one wins."""
    draft = _draft(path, content, 0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def move(path: Path, target: Path) -> None:
    """Give a whole file another name, in place of what had it; on the disk when it returns."""
    os.replace(path, target)
    _sync_folder(target.parent)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other agents off the folder; the lock ends with the process, however it ends."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise AlreadyRunning(f"another agent uses {folder}") from error
    try:
        yield
    finally:
        os.close(descriptor)


def _draft(path: Path, content: bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
