"""Who runs the embedded servers: ourselves, or, started by root, a user without rights.

PostgreSQL refuses to run as root, so root hands its folder and its process to another account.
No permission of any folder that was there before is changed.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from coop.local.errors import LocalError


class Switch(TypedDict, total=False):
    """The arguments of subprocess that make a child run as another account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """A system user, by number."""

    name: str
    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """Whether this process already runs as this account."""
        return self.uid == os.geteuid()

    @property
    def switch(self) -> Switch:
        """What subprocess needs to run a child as this account."""
        if self.is_us:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def service_account() -> Account:
    """Ourselves; for root, COOP_SERVICE_USER or `nobody`."""
    if os.geteuid() != 0:
        return Account(name=str(os.geteuid()), uid=os.geteuid(), gid=os.getegid())
    name = os.environ.get("COOP_SERVICE_USER", "nobody")
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        message = f"No user {name!r} to run PostgreSQL as: name one in COOP_SERVICE_USER."
        raise LocalError(message) from None
    if entry.pw_uid == 0:
        raise LocalError("COOP_SERVICE_USER must not be root: PostgreSQL refuses that.")
    return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)


def can_reach(account: Account, folder: Path) -> bool:
    """Whether the account may walk down to the folder; parts that do not exist count as fine."""
    if account.is_us:
        return True
    path = Path(os.path.realpath(folder))
    return all(_may_enter(account, step) for step in [path, *path.parents] if step.exists())


def _may_enter(account: Account, folder: Path) -> bool:
    info = folder.stat()
    if info.st_uid == account.uid:
        return bool(info.st_mode & stat.S_IXUSR)
    if info.st_gid == account.gid:
        return bool(info.st_mode & stat.S_IXGRP)
    return bool(info.st_mode & stat.S_IXOTH)


def private_folder(folder: Path, account: Account) -> Path:
    """Make the folder, open to the account alone. Refuses one that somebody else made."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        _check_owner(folder, account)
    return folder


def _check_owner(folder: Path, account: Account) -> None:
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != account.uid:
        raise LocalError(
            f"{folder} belongs to user {info.st_uid}, not to {account.name}: "
            "start as that user, or name another data folder in COOP_DATA_DIR."
        )
    if info.st_mode & 0o077:
        raise LocalError(f"{folder} is open to others; it holds the books: chmod 700 it.")
