"""The files of a bundle: written beside their place, and moved there when they are whole."""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Self

from ledger.log.leaves import canonical

PRIVATE, OPEN = 0o700, 0o755


class NoRoom(Exception):
    """A bundle cannot be written to this place."""


@contextmanager
def new_folder(place: Path, *, private: bool) -> Iterator[Path]:
    """A folder to write to, which becomes `place` at the end, or is removed after an error.

    Raises NoRoom where something is there already. Others cannot read a private one.
    """
    place = place.absolute()
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise NoRoom(f"{place} must be an empty folder, or not be there yet.")
    draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=PRIVATE if private else OPEN)
    except OSError as error:
        raise NoRoom(f"{place} cannot be made: {error.strerror}.") from error
    try:
        yield draft
        os.replace(draft, place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


class LineFile:
    """A file of lines that counts and hashes what it takes."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = f"{name}.ndjson"
        self.lines = 0
        self.size = 0
        self._file = (folder / self.name).open("xb", buffering=1 << 18)
        self._hash = sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, line: bytes) -> None:
        """Take one line, given without its end."""
        whole = line + b"\n"
        self._file.write(whole)
        self._hash.update(whole)
        self.lines += 1
        self.size += len(whole)

    def write_all(self, lines: Iterable[bytes]) -> None:
        """Take many lines."""
        for line in lines:
            self.write(line)

    def facts(self) -> dict[str, object]:
        """What the manifest says of it."""
        return {"lines": self.lines, "sha256": self._hash.hexdigest()}


def write_whole(path: Path, content: bytes) -> int:
    """A small file; returns its size."""
    return path.write_bytes(content)


def write_manifest(folder: Path, facts: dict[str, object]) -> int:
    """The manifest, in the one spelling."""
    return write_whole(folder / "manifest.json", canonical(facts) + b"\n")
