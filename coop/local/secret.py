"""The site's secret key on a machine where nobody has set one."""

import os
import secrets
from pathlib import Path

from coop.local.errors import LocalError


def secret_of_this_machine(home: Path, may_make: bool) -> str:
    """The key in the data folder, drawn at random the first time.

    Several processes that start at once read the same one. A site in production is told its key
    instead: there, LocalError.
    """
    if not may_make:
        raise LocalError("Set COOP_SECRET_KEY to a long random text.")
    file = home / "secret-key"
    if not file.exists():
        _draw(file)
    return file.read_text()


def _draw(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    own = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as drawn:
        drawn.write(secrets.token_urlsafe(50))
    try:
        os.link(own, file)
    except FileExistsError:
        pass
    finally:
        own.unlink()
