"""Whatever the files hold, the program answers in words: no traceback, no endless run."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coop_verify.bundle import MAX_LINE
from coop_verify.cli import main
from tests.verifier.conftest import broken, verify
from tests.verifier.writer import list_files, valley

Say = Callable[[Path], tuple[int, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs the program; gives its exit code and all it wrote."""

    def run(bundle: Path) -> tuple[int, str]:
        code = main([str(bundle)])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return valley().write(tmp_path / "b", "members", 10)


def test_no_folder_and_no_bundle(tmp_path: Path, said: Say) -> None:
    assert said(tmp_path / "nothing")[0] == 2
    code, text = said(tmp_path)
    assert code == 2 and "manifest.json is missing" in text


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "checkpoint", "leaves.ndjson", "entries.ndjson", "accounts.ndjson",
     "titles.ndjson", "pending.ndjson", "details.ndjson"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["missing", "empty", "folder", "noise", "pipe"])
def test_a_spoiled_file(bundle: Path, said: Say, name: str, form: str) -> None:
    path = bundle / name
    path.unlink()
    if form == "empty":
        path.touch()
    elif form == "folder":
        path.mkdir()
    elif form == "noise":
        path.write_bytes(random.Random(1).randbytes(5000))
    elif form == "pipe":
        os.mkfifo(path)
    code, text = said(bundle)
    assert code == (1 if form in ("empty", "noise") and name.endswith("ndjson") else 2)
    assert name in text


@pytest.mark.parametrize(
    "raw",
    [b"[]", b"null", b'"coop-books/1"', b"[" * 100_000, b"9" * 100_000, b"{\xff}", b'{"a":1e999}',
     b'{"format":"coop-books/1","kind":"public"}', b"\xef\xbb\xbf{}", b'{"format":NaN}'],
)  # fmt: skip
def test_a_manifest_that_is_none(bundle: Path, said: Say, raw: bytes) -> None:
    (bundle / "manifest.json").write_bytes(raw)
    code, text = said(bundle)
    assert code == 2 and "cannot be read" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [("size", True), ("size", -1), ("size", "12"), ("size", 10**30), ("public_key", "00"),
     ("public_key", "00" * 32), ("carried", {}), ("carried", {"through": "\ud800", "leaf": 0}),
     ("carried", {"through": "2026-99-01T00:00:00.000000Z", "leaf": 0}), ("exported_at", "now"),
     ("files", {"../../etc/passwd": {"lines": 1, "sha256": "00" * 32}}), ("files", []),
     ("files", {"leaves.ndjson": None}), ("origin", 5), ("cooperative", None)],
)  # fmt: skip
def test_a_manifest_with_a_strange_field(
    bundle: Path, said: Say, field: str, value: object
) -> None:
    path = bundle / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    assert said(bundle)[0] in (1, 2)


LINES = [
    b"", b"{}", b"[]", b"null", b"0", b"\xff\xfe", b"[" * 50_000, b"{" * 50_000, b'"\\ud800"',
    b'{"account":true}', b"9" * 50_000, b'{"leaf":{},"entries":[]}', b'{"entries":[],"leaf":[]}',
    b'{"entries":[1,"x",null],"leaf":{"type":"transaction"}}', b'{"account":1}' * 2, b"\0" * 99,
    b'{"digest":"' + b"0" * 64 + b'","number":1,"pool":"backbone","state":"live","units":'
    + b"9" * 4300 + b"}",
    b'{"account":7,"amount":' + b"9" * 4300 + b',"floor":null,"holder":"","owner":"","salt":"",'
    b'"version":' + b"9" * 4300 + b"}",
    b'{"account":1,"amount":1,"balance":1,"opens":{"a":[' + b"[" * 9000 + b'},"version":1}',
]  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
@pytest.mark.parametrize("name", ["leaves", "entries", "accounts", "titles", "pending", "details"])
def test_a_strange_line_is_named(bundle: Path, name: str, line: bytes) -> None:
    path = bundle / f"{name}.ndjson"
    first, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(first + b"\n" + line + b"\n" + rest)
    list_files(bundle)
    assert broken(verify(bundle)) - {"files"}


def test_a_line_without_an_end_is_not_read_to_its_end(bundle: Path, said: Say) -> None:
    with (bundle / "leaves.ndjson").open("r+b") as file:
        file.truncate(200 * MAX_LINE)
    code, text = said(bundle)
    assert code == 2 and "leaves.ndjson has a line of more than" in text


def test_a_leaf_that_claims_all_entries_of_the_world(bundle: Path) -> None:
    path = bundle / "leaves.ndjson"
    path.write_bytes(path.read_bytes().replace(b'"count":4', b'"count":999999999999'))
    assert {"root", "entries"} <= broken(verify(bundle))


def test_nothing_in_a_bundle_steers_the_terminal(bundle: Path, said: Say) -> None:
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["cooperative"] = "\x1b[2Jok\r\u202e" + "x" * 5000
    path.write_text(json.dumps(manifest))
    text = said(bundle)[1]
    assert "\x1b" not in text and "\r" not in text and "\u202e" not in text
    assert max(len(line) for line in text.splitlines()) < 500


def test_random_damage_never_ends_in_a_traceback(tmp_path: Path, bundle: Path, said: Say) -> None:
    chance = random.Random(20261122)
    names = sorted(path.name for path in bundle.iterdir())
    for turn in range(400):
        spoiled = tmp_path / "spoiled"
        shutil.copytree(bundle, spoiled)
        path = spoiled / chance.choice(names)
        path.write_bytes(damaged(chance, path.read_bytes()))
        if turn % 2 and path.name != "manifest.json":
            list_files(spoiled)
        assert said(spoiled)[0] in (0, 1, 2)
        shutil.rmtree(spoiled)


def damaged(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1)
    end = min(len(raw), at + chance.choice([0, 1, 1, 8, 300]))
    new = chance.choice([b"", b"\n", b'"', b"{", b"-", b"0", b"\xff", b"null", raw[:at][-50:]])
    return raw[:at] + new + raw[end:]
