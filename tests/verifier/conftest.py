from collections.abc import Callable
from pathlib import Path

import pytest

from coop_verify.checks import Check, Request
from coop_verify.note import Key
from coop_verify.report import Report
from tests.governance.sealed.conftest import ceremony
from tests.verifier.writer import KEY

__all__ = ["ceremony"]


def verify(bundle: Path, *checkpoints: Path, archives: tuple[Path, ...] = ()) -> Report:
    """What the program finds, with the cooperative's key known from elsewhere."""
    return Check(Request(bundle, Key(bytes(KEY.verify_key)), checkpoints, archives)).run()


def broken(report: Report) -> set[str]:
    """The names of the broken promises."""
    return {name for name, promise in report.promises.items() if promise.found}


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[bytes], Path]:
    """Keeps a checkpoint in a file, as an auditor does."""

    def keep(note: bytes) -> Path:
        path = tmp_path / "kept-checkpoint"
        path.write_bytes(note)
        return path

    return keep
