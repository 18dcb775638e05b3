"""Bytes in use: of a whole file system, or of what lies in one folder."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from coop_agent.drivers import Reading
from coop_agent.drivers.common import Wanted
from coop_agent.errors import DriverFailed

_BLOCK = 512


class Statvfs(Wanted):
    """`fs:<path>`: everything on the file system that holds the path."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.name = f"statvfs:{path}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        s = os.statvfs(self._path)
        used, size = (s.f_blocks - s.f_bfree) * s.f_frsize, s.f_blocks * s.f_frsize
        return [Reading(f"fs:{self._path}", "gauge", "By", used, cap=size)]


class Dirsize(Wanted):
    """`dir:<path>`: blocks of all files below, each once, on the folder's own file system."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.name = f"dirsize:{path}"

    def read(self, boot: str, deadline: float) -> list[Reading]:
        return [Reading(f"dir:{self._path}", "gauge", "By", occupied(self._path, deadline))]


def occupied(path: str, deadline: float) -> int:
    """Bytes of the blocks of all files below a folder; raises DriverFailed if that takes long."""
    seen: set[int] = set()
    used = 0
    for stat in _walk(path, Path(path).stat().st_dev, deadline):
        # Only what has several names can be met twice: remembering all would fill the memory.
        if stat.st_nlink == 1 or stat.st_ino not in seen:
            used += stat.st_blocks * _BLOCK
        if stat.st_nlink > 1:
            seen.add(stat.st_ino)
    return used


def _walk(path: str, device: int, deadline: float) -> Iterator[os.stat_result]:
    folders = [path]
    while folders:
        if time.monotonic() > deadline:
            raise DriverFailed(f"walking {path} took too long")
        for entry in _entries(folders.pop()):
            stat = _stat(entry)
            if stat is None or stat.st_dev != device:
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                yield stat


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Files vanish while one walks; that is no failure."""
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
