"""The cooperative's key: made once, kept private, the same for everyone who asks."""

import multiprocessing
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from signing import dsse, keys
from signing.errors import BadSignature, KeyUnusable

RECEIPT = dsse.payload_type("receipt")


@pytest.fixture
def folder(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.COOP_DATA_DIR = tmp_path
    monkeypatch.delenv(keys.VARIABLE, raising=False)
    return tmp_path / "keys"


def test_the_key_is_made_once_and_only_its_owner_can_read_it(folder: Path) -> None:
    first = keys.public_key()
    assert keys.public_key() == first
    assert stat.S_IMODE((folder / "cooperative.seed").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["cooperative.seed"]


def _make(barrier: Barrier, path: Path, answers: Any) -> None:
    barrier.wait()
    answers.put(keys._seed_from_file(path))


def test_of_eight_processes_that_make_the_key_at_once_one_wins(folder: Path) -> None:
    fork = multiprocessing.get_context("fork")
    barrier, answers = fork.Barrier(8), fork.Queue()
    path = folder / "cooperative.seed"
    processes = [fork.Process(target=_make, args=(barrier, path, answers)) for _ in range(8)]
    for process in processes:
        process.start()
    seeds = {answers.get() for _ in processes}
    for process in processes:
        process.join()
    assert seeds == {path.read_bytes()}


def test_the_variable_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, bytes(range(32)).hex())
    assert keys.public_key().hex().startswith("03a107bf")
    assert not folder.exists()


@pytest.mark.parametrize("value", ["00", "zz" * 32, "00" * 33])
def test_a_broken_variable_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(keys.VARIABLE, value)
    with pytest.raises(KeyUnusable):
        keys.cooperative_key()


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    keys.public_key()
    (folder / "cooperative.seed").chmod(0o640)
    with pytest.raises(KeyUnusable, match="0600"):
        keys.public_key()


def test_a_damaged_key_is_refused_and_never_replaced(folder: Path) -> None:
    keys.public_key()
    (folder / "cooperative.seed").write_bytes(b"short")
    with pytest.raises(KeyUnusable):
        keys.sign_document(RECEIPT, b"{}")
    assert (folder / "cooperative.seed").read_bytes() == b"short"


def test_a_document_verifies_with_the_public_key_alone(folder: Path) -> None:
    envelope = keys.sign_document(RECEIPT, b'{"a": 1}')
    assert dsse.verify(envelope, keys.public_key(), RECEIPT) == b'{"a": 1}'
    assert keys.verify_document(envelope, RECEIPT) == b'{"a": 1}'


def test_a_document_of_another_cooperative_does_not_verify(folder: Path) -> None:
    with pytest.raises(BadSignature):
        keys.verify_document(dsse.sign(bytes(range(32)), RECEIPT, b"{}"), RECEIPT)
