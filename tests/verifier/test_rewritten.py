"""An attacker who has everything, the cooperative's key too, and rewrites the past."""

from collections.abc import Callable
from pathlib import Path

from nacl.signing import SigningKey

from coop_verify.checks import Check, Request
from coop_verify.note import Key
from tests.verifier.conftest import broken, verify
from tests.verifier.writer import KEY, ORIGIN, checkpoint, signature_line, valley

Keep = Callable[[bytes], Path]


def test_rewritten_books_agree_with_themselves_but_not_with_a_kept_checkpoint(
    tmp_path: Path, kept: Keep
) -> None:
    before, after = valley(), valley()
    kept_checkpoint = kept(checkpoint(before.leaves()))
    after.records[8].leaf["kind"] = "units bought, as they say now"
    after.post("more", {1: 5, 2: -5})
    bundle = after.write(tmp_path / "b")
    assert verify(bundle).holds
    report = verify(bundle, kept_checkpoint)
    assert broken(report) == {"history"}
    assert "rewritten" in report.promises["history"].sentences[0]


def test_a_kept_proof_file_is_a_witness_too(tmp_path: Path, kept: Keep) -> None:
    before, after = valley(), valley()
    file = b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + checkpoint(before.leaves()[:9])
    assert verify(before.write(tmp_path / "a"), kept(file)).holds
    after.records[2].leaf["digest"] = "00" * 32
    after.titles[0]["digest"] = "00" * 32
    assert broken(verify(after.write(tmp_path / "b"), kept(file))) == {"history"}


def test_a_log_that_became_shorter_is_found(tmp_path: Path, kept: Keep) -> None:
    books = valley()
    whole = kept(checkpoint(books.leaves()))
    report = verify(books.write(tmp_path / "b", sealed=8), whole)
    assert broken(report) == {"history"}


def test_a_checkpoint_of_another_key_or_log_is_no_witness(tmp_path: Path, kept: Keep) -> None:
    books = valley()
    bundle, stranger = books.write(tmp_path / "b"), SigningKey(b"s" * 32)
    assert broken(verify(bundle, kept(checkpoint(books.leaves(), key=stranger)))) == {"history"}
    assert broken(verify(bundle, kept(checkpoint(books.leaves(), origin="x/y")))) == {"history"}


def test_a_bundle_signed_by_another_key_is_found(tmp_path: Path) -> None:
    bundle = valley().write(tmp_path / "b", "members")
    other = Key(bytes(SigningKey(b"s" * 32).verify_key))
    report = Check(Request(bundle, other)).run()
    assert broken(report) == {"signature", "certificates"}
    named = Key(bytes(KEY.verify_key), "elsewhere.example/books")
    assert broken(Check(Request(bundle, named)).run()) == {"signature"}


def test_signatures_of_witnesses_are_left_alone(tmp_path: Path) -> None:
    books = valley()
    bundle = books.write(tmp_path / "b")
    path, witness = bundle / "checkpoint", SigningKey(b"w" * 32)
    note = path.read_bytes()
    text = note[: note.index(b"\n\n") + 1]
    path.write_bytes(note + signature_line(text, witness, "witness.example"))
    assert verify(bundle).holds
    path.write_bytes(note + signature_line(text + b"x", KEY, ORIGIN))
    assert broken(verify(bundle)) == {"signature"}


def test_pending_is_not_taken_for_sealed(tmp_path: Path) -> None:
    report = verify(valley().write(tmp_path / "b", sealed=9))
    assert report.holds
    assert any("nothing binds" in note for note in report.notes)
