"""A mirror of the log: complete, incremental, and an alarm where the log is another one."""

import fcntl
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from ledger import tasks
from ledger.log import mirror as mirrors
from ledger.log.mirror import NotContinued, after_sealing, mirror
from ledger.models import Checkpoint
from ledger.services import Leg, Posting, ensure_commodity, open_account, post_many
from signing import merkle, notes, tiles
from signing.tiles import Address
from tests.sealing import past_the_triggers, seal_all

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ("checkpoint", "tile", "leaf")


def book(start: int, count: int, *, sealed: bool = True) -> list[int]:
    """So many transactions, all sealed unless told otherwise."""
    ensure_commodity(code="EUR", kind="money", exponent=2)
    cash, income = (open_account(commodity="EUR", kind=k) for k in ("cash:operating", "expense"))
    legs = [Leg(cash, 5), Leg(income, -5)]
    keys = map(str, range(start, start + count))
    ids = post_many([Posting(source="t", key=key, kind="payment", legs=legs) for key in keys])
    if sealed:
        seal_all()
    return ids


def root_in(folder: Path) -> tuple[int, bytes]:
    """Size and root of the log in a folder, from its bundles alone; its head must say the same."""
    key = notes.VerifierKey.parse((folder / "key").read_text().strip())
    head = notes.open_checkpoint((folder / "checkpoint").read_bytes(), key)
    hashes: list[bytes] = []
    for number in range(-(-head.size // tiles.WIDTH)):
        width = tiles.width_at(0, number, head.size)
        bundle = (folder / Address(None, number, width).path()).read_bytes()
        hashes += map(merkle.leaf_hash, tiles.parse_bundle(bundle))
    for (level, number), data in tiles.grow(0, hashes, lambda _level, _number: b"").items():
        address = Address(level, number, tiles.width_at(level, number, head.size))
        assert (folder / address.path()).read_bytes() == data
    assert merkle.root(hashes) == head.root
    return head.size, head.root


def test_a_mirror_holds_all_that_is_needed_and_only_what_is_new_is_written(tmp_path: Path) -> None:
    assert mirror(tmp_path) == 0
    book(0, 200)
    assert mirror(tmp_path) == 4
    assert root_in(tmp_path)[0] == 200
    book(200, 400)
    # Two full tiles and a beginning, as many bundles, one tile above; key and head.
    assert mirror(tmp_path) == 9
    assert root_in(tmp_path)[0] == 600
    full = tmp_path / "tile/0/000"
    before = full.stat().st_mtime_ns
    assert not full.with_name("000.p").exists()
    assert mirror(tmp_path) == 0
    book(600, 1)
    assert mirror(tmp_path) == 4
    assert full.stat().st_mtime_ns == before


def test_what_is_mirrored_is_what_is_served(tmp_path: Path) -> None:
    book(0, 300)
    mirror(tmp_path)
    files = contents(tmp_path)
    assert len(files) == 7
    for path, content in files.items():
        assert Client().get(f"/log/{path.relative_to(tmp_path)}").content == content, path


def test_a_mirror_that_was_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book(0, 200)
    mirror(tmp_path)
    book(200, 400)
    write = mirrors._write
    written: list[Path] = []

    def until_killed(path: Path, content: bytes) -> None:
        if len(written) == 4:
            raise KeyboardInterrupt
        written.append(path)
        write(path, content)

    monkeypatch.setattr(mirrors, "_write", until_killed)
    with pytest.raises(KeyboardInterrupt):
        mirror(tmp_path)
    assert root_in(tmp_path)[0] == 200
    monkeypatch.undo()
    mirror(tmp_path)
    assert root_in(tmp_path)[0] == 600


def test_two_at_once_do_not_come_between_each_other(tmp_path: Path) -> None:
    book(0, 3)
    with (tmp_path / mirrors.LOCK).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert mirror(tmp_path) == 0
    assert not (tmp_path / "checkpoint").exists()
    assert mirror(tmp_path) == 4


def alarm(folder: Path) -> str:
    """What the command says of a log that is not continued; nothing in the folder changes."""
    before = contents(folder)
    with pytest.raises(CommandError) as found:
        call_command("mirror_log", folder, stdout=StringIO())
    assert found.value.returncode == 1
    assert contents(folder) == before
    return str(found.value)


def contents(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != mirrors.LOCK)
    return {path: path.read_bytes() for path in files}


def restore_without_the_log(*, last: int = 0) -> None:
    """A database that was put back to before the log, or to before some of its records."""
    for table in TABLES:
        past_the_triggers(f"DELETE FROM ledger_{table}")
    if last:
        past_the_triggers("DELETE FROM ledger_entry WHERE txn_id >= %s", [last])
        past_the_triggers("DELETE FROM ledger_transaction WHERE id >= %s", [last])


def test_a_restored_backup_is_found(tmp_path: Path) -> None:
    ids = book(0, 20)
    call_command("mirror_log", tmp_path, stdout=StringIO())
    restore_without_the_log(last=ids[10])
    assert seal_all() == 10
    said = alarm(tmp_path)
    assert "20 leaves" in said
    assert "has 10 only" in said


def test_a_history_that_was_written_anew_is_found(tmp_path: Path) -> None:
    ids = book(0, 20)
    mirror(tmp_path)
    past_the_triggers("UPDATE ledger_transaction SET kind = 'gift' WHERE id = %s", [ids[4]])
    restore_without_the_log()
    assert seal_all() == 20
    assert "its history was changed" in alarm(tmp_path)
    book(20, 20)
    assert "its history was changed" in alarm(tmp_path)


def test_a_record_that_was_changed_after_sealing_is_not_mirrored(tmp_path: Path) -> None:
    book(0, 20)
    mirror(tmp_path)
    ids = book(20, 3)
    past_the_triggers("UPDATE ledger_transaction SET memo = 'x' WHERE id = %s", [ids[1]])
    with pytest.raises(NotContinued, match="0 to 22"):
        mirror(tmp_path)
    assert (tmp_path / "checkpoint").read_text() == Checkpoint.objects.get(size=20).note


def test_an_entry_that_was_changed_after_sealing_is_not_mirrored(tmp_path: Path) -> None:
    ids = book(0, 3)
    past_the_triggers("UPDATE ledger_entry SET amount = amount * 2 WHERE txn_id = %s", [ids[1]])
    with pytest.raises(NotContinued, match="0 to 2 at least one was changed"):
        mirror(tmp_path)
    assert not (tmp_path / "checkpoint").exists()


def test_a_folder_of_another_log_is_left_alone(tmp_path: Path) -> None:
    book(0, 3)
    other = notes.Checkpoint("elsewhere.example/books", 3, bytes(32))
    (tmp_path / "checkpoint").write_text(notes.sign_checkpoint(other, bytes(32)))
    assert "is not one of this log" in alarm(tmp_path)


def refusal(folder: Path) -> str:
    """What the command says of a place that is no mirror; nothing there changes."""
    with pytest.raises(CommandError) as found:
        call_command("mirror_log", folder, stdout=StringIO())
    return str(found.value)


def test_a_bundle_of_the_books_is_no_mirror(tmp_path: Path) -> None:
    book(0, 3)
    bundle = tmp_path / "books"
    call_command("export_books", bundle, stdout=StringIO())
    # Whoever checks it by hand puts the key beside it.
    for beside in (bundle / "manifest.json", bundle / "key"):
        beside.touch()
        before = {path: path.read_bytes() for path in bundle.iterdir()}
        book(3, 1)
        said = refusal(bundle)
        assert "something else than a mirror" in said
        assert "name a folder that is empty" in said
        assert {path: path.read_bytes() for path in bundle.iterdir()} == before


def test_only_a_folder_becomes_a_mirror(tmp_path: Path) -> None:
    book(0, 3)
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    assert "notes.txt is not a folder" in refusal(file)
    assert "(notes.txt)" in refusal(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_mirror_may_have_more_in_it(tmp_path: Path) -> None:
    book(0, 3)
    mirror(tmp_path)
    (tmp_path / mirrors.LOCK).unlink()
    (tmp_path / "index.html").write_text("What this is")
    book(3, 1)
    assert mirror(tmp_path) == 4


def test_a_folder_of_something_else_in_the_settings_is_logged(
    tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "notes.txt").touch()
    settings.COOP_LOG_DIR = str(tmp_path)
    book(0, 3)
    after_sealing()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "notes.txt" in caplog.records[0].getMessage()


def test_the_folder_in_the_settings_follows_the_sealing(
    tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.COOP_LOG_DIR = ""
    after_sealing()
    settings.COOP_LOG_DIR = str(tmp_path / "made" / "on demand")
    book(0, 3)
    after_sealing()
    assert root_in(Path(settings.COOP_LOG_DIR))[0] == 3
    assert not caplog.records
    past_the_triggers("UPDATE ledger_transaction SET kind = 'gift'")
    restore_without_the_log()
    book(3, 1)
    after_sealing()
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert root_in(Path(settings.COOP_LOG_DIR))[0] == 3


def test_the_task_seals_and_brings_the_mirror_up_to_date(tmp_path: Path, settings: Any) -> None:
    settings.COOP_LOG_DIR = str(tmp_path)
    book(0, 3, sealed=False)
    while not (tmp_path / "checkpoint").exists():
        tasks.seal()  # what other tests run at the same time may hold it up
    assert root_in(tmp_path)[0] == 3
    tasks.seal()
    assert Checkpoint.objects.count() == 1


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    book(0, 3)
    said = StringIO()
    call_command("mirror_log", tmp_path, stdout=said)
    assert said.getvalue() == "4 files written; the log has 3 leaves.\n"
