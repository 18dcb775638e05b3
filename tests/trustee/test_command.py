"""The command as people start it, away from the site: no Django, no database, no settings."""

import json
import os
import subprocess
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "bin" / "coop-trustee"
PASSPHRASE = "a long enough one"


def run(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """The program in a folder, with nothing of the site in its environment."""
    return subprocess.run(
        [str(PROGRAM), *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_key_is_made_once_and_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    typed = f"{PASSPHRASE}\n{PASSPHRASE}\n"
    made = run(tmp_path, "keygen", "my.key", "--label", "laptop", typed=typed)
    assert made.returncode == 0
    key = json.loads((tmp_path / "my.key").read_bytes())
    assert key["public_key"] in made.stdout
    assert (tmp_path / "my.key").stat().st_mode & 0o077 == 0
    again = run(tmp_path, "keygen", "my.key", "--label", "laptop", typed=typed)
    assert again.returncode == 2
    assert "is left as it is" in again.stderr
    trustee = {"member": 1, "label": "laptop", "public_key": key["public_key"]}
    ceremony = {
        "format": "coop-ceremony/1", "proposal": 7, "title": "Stewards", "threshold": 1,
        "trustees": [trustee],
    }  # fmt: skip
    (tmp_path / "ceremony.json").write_text(json.dumps(ceremony))
    assert run(tmp_path, "deal", "ceremony.json", "--out", "deal.json").returncode == 0
    opening = ("open", "deal.json", "--key", "my.key", "--out", "my.share")
    wrong = run(tmp_path, *opening, typed="something else\n")
    assert wrong.returncode == 2
    assert "not the passphrase" in wrong.stderr
    assert run(tmp_path, *opening, typed=f"{PASSPHRASE}\n").returncode == 0
    assert (tmp_path / "my.share").stat().st_mode & 0o077 == 0


def test_files_that_are_something_else_are_refused(tmp_path: Path) -> None:
    for name, content in (("no.json", "no"), ("half.json", '{"format":1.5}'), ("list.json", "[]")):
        (tmp_path / name).write_text(content)
        answer = run(tmp_path, "seal", name, "--choice", "for")
        assert (answer.returncode, answer.stdout) == (2, "")
        assert answer.stderr.startswith("coop-trustee: ")
    assert run(tmp_path, "seal", "missing.json").returncode == 2
