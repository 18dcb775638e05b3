"""Good bundles pass, and the program says what it did not look at."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coop_verify.cli import main
from tests.verifier.conftest import broken, verify
from tests.verifier.writer import KEY, Writer, checkpoint, note_key, spelled, valley

ROOT = Path(__file__).resolve().parents[2]
KIND = pytest.mark.parametrize("kind", ["public", "members"])


@KIND
@pytest.mark.parametrize("sealed", [None, 9, 1, 0])
def test_a_bundle_holds_however_much_of_it_is_sealed(
    tmp_path: Path, kind: str, sealed: int | None
) -> None:
    report = verify(valley().write(tmp_path / "b", kind, sealed))
    assert report.holds
    looked_at = {name for name, promise in report.promises.items() if not promise.skipped}
    left = {"history", "carried"} | ({"details", "certificates"} if kind == "public" else set())
    assert looked_at == set(report.promises) - left


def test_books_without_anything_hold(tmp_path: Path) -> None:
    assert verify(Writer().write(tmp_path / "b", "members")).holds


def test_a_batch_may_dip_below_a_floor_and_rise_again(tmp_path: Path) -> None:
    books = Writer()
    cash, other = books.open("EUR", "cash:growth", floor=0), books.open("EUR", "capital")
    books.post("out", {cash: -5, other: 5})
    books.tick(seconds=-1)
    books.post("in", {cash: 5, other: -5})
    assert verify(books.write(tmp_path / "b")).holds


@KIND
def test_earlier_checkpoints_are_beginnings(tmp_path: Path, kind: str) -> None:
    books = valley()
    leaves = books.leaves()
    kept = []
    for size in range(len(leaves) + 1):
        kept.append(tmp_path / f"checkpoint-{size}")
        kept[-1].write_bytes(checkpoint(leaves[:size]))
    report = verify(books.write(tmp_path / "b", kind), *kept)
    assert report.holds and not report.promises["history"].skipped


def test_the_program_runs_from_a_checkout(tmp_path: Path) -> None:
    bundle = valley().write(tmp_path / "b", "members")
    command = [str(ROOT / "bin/coop-verify"), str(bundle), "--key", note_key()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Everything that was checked holds." in done.stdout


def test_without_a_key_it_says_what_that_is_worth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = valley().write(tmp_path / "b")
    assert main([str(bundle)]) == 0
    assert "only that the bundle agrees with itself" in capsys.readouterr().out
    assert main([str(bundle), "--key", bytes(KEY.verify_key).hex()]) == 0
    assert "agrees with itself" not in capsys.readouterr().out


def test_the_report_is_there_for_programs_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = valley().write(tmp_path / "b")
    (bundle / "titles.ndjson").write_bytes(b"")
    assert main([str(bundle), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["holds"], report["size"], report["key_given"]) == (False, 12, False)
    assert report["promises"]["titles"]["state"] == "BROKEN"
    assert report["promises"]["zero"]["state"] == "ok"


def test_what_the_export_saw_is_passed_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = valley().write(tmp_path / "b") / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "found": ["leaf 3 is not whole"]}))
    assert main([str(path.parent)]) == 0
    assert "Note: The export itself says: leaf 3 is not whole" in capsys.readouterr().out
    path.write_text(json.dumps({**json.loads(path.read_text()), "found": [3]}))
    assert main([str(path.parent)]) == 2


def test_public_titles_may_stand_without_their_digests(tmp_path: Path) -> None:
    bundle = valley().write(tmp_path / "b")
    change_titles(bundle, lambda title: title.pop("digest"))
    assert broken(verify(bundle)) == {"files"}
    change_titles(bundle, lambda title: title["number"] > 1 or title.update(digest="00" * 32))
    assert broken(verify(bundle)) == {"files", "titles"}


def change_titles(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = bundle / "titles.ndjson"
    titles = [json.loads(line) for line in path.read_text().splitlines()]
    for title in titles:
        change(title)
    path.write_bytes(b"".join(spelled(title) + b"\n" for title in titles))
