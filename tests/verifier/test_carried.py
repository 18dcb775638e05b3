"""Bundles whose old entries were detached, alone and with the bundle from before."""

from datetime import timedelta
from pathlib import Path

import pytest

from coop_verify.errors import Unreadable
from tests.verifier.conftest import broken, verify
from tests.verifier.writer import START, Writer, list_files, merkle, spelled, valley

THROUGH = "2026-02-01T00:00:00.000000Z"
LATER = "2026-03-01T00:00:00.000000Z"
KIND = pytest.mark.parametrize("kind", ["public", "members"])


def february(books: Writer) -> None:
    books.now = START + timedelta(hours=2)


def life(books: Writer) -> None:
    """What happens after a cut: accounts from before and a new one move."""
    late = books.open("EUR", "capital", "backbone/member/2")
    wrong = books.post("units bought", {1: 900, late: -900, 4: -9, 6: 9})
    books.title("backbone", 9, 6)
    books.reverse(wrong)
    books.title("backbone", 9, 6, state="cancelled")
    books.titles[-2]["state"] = "cancelled"


def cut_books() -> Writer:
    books = valley()
    february(books)
    books.detach(THROUGH)
    life(books)
    return books


@KIND
@pytest.mark.parametrize("sealed", [None, 14])
def test_carried_books_hold_and_say_what_they_rest_on(
    tmp_path: Path, kind: str, sealed: int | None
) -> None:
    report = verify(cut_books().write(tmp_path / "b", kind, sealed))
    assert report.holds and not report.promises["carried"].skipped
    assert any("--archive" in note for note in report.notes)


@KIND
def test_the_archive_proves_what_was_carried(tmp_path: Path, kind: str) -> None:
    archive = valley().write(tmp_path / "a", kind)
    report = verify(cut_books().write(tmp_path / "b", kind), archives=(archive,))
    assert report.holds
    assert not any("--archive" in note for note in report.notes)


def test_two_cuts_and_a_chain_of_archives(tmp_path: Path) -> None:
    first = valley().write(tmp_path / "first")
    books = cut_books()
    second = books.write(tmp_path / "second")
    books.now = START + timedelta(days=40)
    books.detach(LATER)
    life(books)
    third = books.write(tmp_path / "third")
    assert verify(third, archives=(second, first)).holds
    assert verify(third, archives=(second,)).holds
    with pytest.raises(Unreadable, match="younger --archive"):
        verify(third, archives=(first,))


@KIND
def test_a_changed_carried_balance_is_found_alone(tmp_path: Path, kind: str) -> None:
    bundle = cut_books().write(tmp_path / "b", kind)
    path = bundle / "carried.ndjson"
    lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines):
        spoiled = line.replace(b'"amount":', b'"amount":1', 1).replace(b":1-", b":-1")
        path.write_bytes(b"\n".join([*lines[:number], spoiled, *lines[number + 1 :]]) + b"\n")
        list_files(bundle)
        assert "carried" in broken(verify(bundle))


def test_false_balances_that_were_sealed_are_found_with_the_archive(tmp_path: Path) -> None:
    archive = valley().write(tmp_path / "a")
    books = valley()
    february(books)
    for account, gift in ((1, 50), (2, -50)):
        books.accounts[account]["amount"] += gift
    books.detach(THROUGH)
    life(books)
    bundle = books.write(tmp_path / "b")
    assert verify(bundle).holds
    assert "carried" in broken(verify(bundle, archives=(archive,)))


def test_false_facts_of_an_old_account_are_found_with_the_archive(tmp_path: Path) -> None:
    archive = valley().write(tmp_path / "a")
    books = cut_books()
    books.accounts[1]["opens"] = {**books.accounts[1]["opens"], "floor": -5}
    bundle = books.write(tmp_path / "b")
    assert verify(bundle).holds
    assert broken(verify(bundle, archives=(archive,))) == {"accounts", "floors"}


def test_an_archive_of_other_books_is_found(tmp_path: Path) -> None:
    other = valley()
    other.records[0].leaf["kind"] = "something else"
    archive = other.write(tmp_path / "a")
    report = verify(cut_books().write(tmp_path / "b"), archives=(archive,))
    assert broken(report) == {"history"}


@pytest.mark.parametrize("leaf", [0, 3, 999])
def test_the_cut_must_be_in_the_log(tmp_path: Path, leaf: int) -> None:
    books = cut_books()
    assert books.cut
    books.cut["leaf"] = leaf
    assert broken(verify(books.write(tmp_path / "b"))) == {"carried"}


def test_a_cut_cannot_be_described_before_it_is_past(tmp_path: Path) -> None:
    books = valley()
    books.detach(THROUGH)
    assert broken(verify(books.write(tmp_path / "b"))) == {"carried"}


def hidden() -> Writer:
    """Books with a transaction that came after the cut and says that it is of before."""
    books = valley()
    february(books)
    books.detach(THROUGH)
    kept = {n: (a["amount"], a["version"]) for n, a in books.accounts.items()}
    books.now = START + timedelta(minutes=30)
    books.post("units bought", {1: 900, 2: -900})
    for number, (amount, version) in kept.items():
        books.accounts[number] |= {"amount": amount, "version": version}
    february(books)
    books.tick(minutes=1)
    return books


@KIND
def test_nothing_hides_behind_a_cut(tmp_path: Path, kind: str) -> None:
    books = hidden()
    life(books)
    report = verify(books.write(tmp_path / "b", kind))
    assert broken(report) == {"carried"}
    assert len(report.promises["carried"].sentences) == 1
    assert "leaf 13 of 2026-01-31T23:30:00.000000Z hides" in report.promises["carried"].sentences[0]


def test_nothing_hides_behind_a_cut_by_waiting(tmp_path: Path) -> None:
    books = hidden()
    assert "carried" in broken(verify(books.write(tmp_path / "b", sealed=len(books.records) - 1)))


def test_nothing_hides_behind_the_cut_of_an_archive(tmp_path: Path) -> None:
    books = hidden()
    archive = books.write(tmp_path / "a")
    books.now = START + timedelta(days=40)
    books.detach(LATER)
    report = verify(books.write(tmp_path / "b"), archives=(archive,))
    assert broken(report) == {"carried"}


def test_carried_balances_are_the_root_of_the_lines(tmp_path: Path) -> None:
    books = cut_books()
    assert books.cut
    books.carried.append(spelled({"account": 7, "amount": 0, "version": 1}))
    books.records[books.cut["leaf"]].leaf["digest"] = merkle(books.carried).hex()
    assert broken(verify(books.write(tmp_path / "b"))) == {"carried", "kept"}
