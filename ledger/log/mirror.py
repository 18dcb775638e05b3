"""A folder that holds the log as files: for a web server, a proxy, or somebody else's disk.

A mirror remembers what it was given. What it is given next must continue that: so a database
that was put back to an older state, or changed, is found by the first mirror that looks.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from ledger.log import files, rebuild, tree
from ledger.models import Checkpoint
from signing import notes
from signing.errors import SigningError
from signing.tiles import Address

logger = logging.getLogger(__name__)

DRAFT = ".draft"
LOCK = ".lock"
HEADED = {files.CHECKPOINT, files.KEY, "tile"}
OURS = HEADED | {LOCK, files.CHECKPOINT + DRAFT, files.KEY + DRAFT}


class NotContinued(Exception):
    """The database's log is not a continuation of the one in the folder, or its rows changed."""


class NotAMirror(Exception):
    """The place is a file, or a folder that holds something else."""


def after_sealing() -> None:
    """Bring the folder that the settings name up to date; what is wrong with it is logged."""
    if not settings.COOP_LOG_DIR:
        return
    try:
        mirror(Path(settings.COOP_LOG_DIR))
    except NotContinued as found:
        logger.critical("The log is NOT the one that %s holds: %s", settings.COOP_LOG_DIR, found)
    except (NotAMirror, OSError) as error:
        logger.error("The log could not be written to %s: %s", settings.COOP_LOG_DIR, error)


def mirror(folder: Path) -> int:
    """Bring a folder up to the newest head; returns how many files were written.

    Each file appears whole or not at all, the head last: killed at any moment, the folder holds
    a log that is consistent, and the next call goes on. A second call at the same time does
    nothing. Raises NotContinued, and the folder's head stays what it was; NotAMirror before
    anything is written.
    """
    require_mirror(folder)
    head = tree.newest()
    with only_one(folder) as is_alone:
        if head is None or not is_alone:
            return 0
        old = size_held(folder, head)
        return 0 if old == head.size else _bring_up(folder, old, head)


def require_mirror(folder: Path) -> None:
    """Refuse what is neither a mirror, nor the beginning of one, nor empty; or NotAMirror."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NotAMirror(f"{folder} is not a folder: name one that is empty, or a mirror")
    found = {path.name for path in folder.iterdir()}
    if not (found <= OURS or found >= HEADED):
        raise NotAMirror(
            f"{folder} holds something else than a mirror of the log ({min(found - OURS)}), which "
            "must not be overwritten: name a folder that is empty or not there yet, or a mirror"
        )


def size_held(folder: Path, head: Checkpoint) -> int:
    """The size of the log in the folder, 0 where there is none; raises NotContinued."""
    path = folder / files.CHECKPOINT
    if not path.exists():
        return 0
    try:
        held = notes.open_checkpoint(path.read_bytes(), tree.verifier_key())
    except SigningError as error:
        raise NotContinued(f"the checkpoint in {folder} is not one of this log: {error}") from error
    if held.size > head.size:
        raise NotContinued(
            f"{folder} holds a checkpoint over {held.size} leaves, and the log of this database "
            f"has {head.size} only: it was put back to an older state, or is another one"
        )
    if tree.root_at(held.size) != held.root:
        raise NotContinued(
            f"the first {held.size} leaves of this database's log are not those that the "
            f"checkpoint in {folder} is over: its history was changed"
        )
    return held.size


def _bring_up(folder: Path, old: int, head: Checkpoint) -> int:
    written = [_place(folder, address, head.size) for address in files.grown_since(old, head.size)]
    _write(folder / files.KEY, f"{tree.verifier_key().text()}\n".encode())
    for parent in {path.parent for path in written}:
        _sync_folder(parent)
    _write(folder / files.CHECKPOINT, head.note.encode())
    _sync_folder(folder)
    for path in written:
        # A full tile has in it all that its beginnings had.
        shutil.rmtree(path.with_name(f"{path.name}.p"), ignore_errors=True)
    return len(written) + 2


def _place(folder: Path, address: Address, size: int) -> Path:
    path = folder / address.path()
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, _content(address, size))
    return path


def _content(address: Address, size: int) -> bytes:
    try:
        content = files.content_of(address, size, reads_entries=True)
    except (rebuild.Missing, files.Changed) as found:
        raise NotContinued(str(found)) from found
    if content is None:
        raise NotContinued(f"{address.path()} is not there")
    return content


@contextmanager
def only_one(folder: Path) -> Iterator[bool]:
    """Whether nobody else writes into the folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + DRAFT)
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
