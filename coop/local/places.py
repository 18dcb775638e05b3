"""Where the embedded services keep their data, sockets and logs. Computes paths, makes nothing."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from coop.local.account import Account, can_reach, service_account

PROJECT = Path(__file__).resolve().parent.parent.parent
LONGEST_SOCKET = 107
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Places:
    """The folders of one set of services.

    home: logs, keys, the lock; ours. state: databases; the service account's alone.
    sockets: short enough for a unix socket; the service account's alone.
    """

    home: Path
    state: Path
    sockets: Path
    account: Account

    @property
    def logs(self) -> Path:
        """Where every server and process writes its log."""
        return self.home / "logs"

    @property
    def lock(self) -> Path:
        """The file held while services are started or stopped."""
        return self.home / "services.lock"

    @property
    def moved(self) -> bool:
        """Whether the databases lie outside the data folder, since the account cannot enter it."""
        return self.home not in self.state.parents


def find_places(home: Path | None = None) -> Places:
    """The places for a data folder: given, or COOP_DATA_DIR, or `.local` in the project."""
    chosen = home or Path(os.environ.get("COOP_DATA_DIR") or PROJECT / ".local")
    folder = chosen.absolute()
    account = service_account()
    state = _state_folder(folder, account)
    return Places(home=folder, state=state, sockets=_socket_folder(state, account), account=account)


def _state_folder(home: Path, account: Account) -> Path:
    if can_reach(account, home):
        return home / "services"
    return Path("/var/tmp") / f"coop-{_digest(home)}"


def _socket_folder(state: Path, account: Account) -> Path:
    beside = state / "run"
    if fits(beside):
        return beside
    temp = Path(tempfile.gettempdir()) / f"coop-run-{_digest(state)}"
    if fits(temp) and can_reach(account, temp):
        return temp
    return Path("/tmp") / temp.name


def fits(folder: Path) -> bool:
    """Whether a socket in the folder stays within what the system allows."""
    return len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET


def _digest(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
