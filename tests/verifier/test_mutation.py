"""Every field of every line is changed in turn, with the manifest made to agree."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coop_verify.cli import main
from coop_verify.errors import Unreadable
from tests.verifier.conftest import broken, verify
from tests.verifier.writer import list_files, spelled, valley

Place = tuple[str | int, ...]
IDLE = {("accounts.ndjson", f"opens.{name}", "idle") for name in ("commodity", "kind", "opened_at")}
UNPROVEN = {
    "public": {
        *IDLE,
        ("accounts.ndjson", "holder", "moved"),
        ("accounts.ndjson", "holder", "idle"),
        ("titles.ndjson", "units", "cancelled"),
        ("titles.ndjson", "pool", "cancelled"),
    },
    "members": {
        *IDLE,
        ("accounts.ndjson", "holder", "moved"),
        ("accounts.ndjson", "holder", "idle"),
        ("titles.ndjson", "holder_account", "cancelled"),
    },
}
"""What the log does not commit to: labels, accounts that never moved, and whose or (in public)
over what a cancelled title was."""


def about(line: bytes) -> str:
    """What sort of line it is, where that matters."""
    facts = json.loads(line)
    return facts.get("state") or ("idle" if facts.get("version") == 0 else "moved")


def places(value: Any, before: Place = ()) -> Iterator[Place]:
    """The way to every value that is not a container."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        if isinstance(item, dict | list):
            yield from places(item, (*before, key))
        else:
            yield (*before, key)


def other(value: Any) -> Any:
    """Another value of the same type, well formed where a little change can keep it so."""
    if value is None:
        return 1
    if isinstance(value, int):
        return value + 1
    if not value:
        return "x"
    if value in ("live", "cancelled"):
        return "live" if value == "cancelled" else "cancelled"
    at = len(value) // 2 if len(value) > 40 else max(len(value) - 2, 0)
    return value[:at] + ("1" if value[at] != "1" else "2") + value[at + 1 :]


def changed(line: bytes, place: Place) -> bytes:
    whole = json.loads(line)
    inner = whole
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = other(inner[place[-1]])
    return spelled(whole)


def spoil(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    list_files(path.parent)


@pytest.mark.parametrize("kind", ["public", "members"])
def test_every_changed_field_is_found(tmp_path: Path, kind: str) -> None:
    bundle = valley().write(tmp_path / "b", kind)
    unproven, count = set(), 0
    for path in sorted(bundle.glob("*.ndjson")):
        lines = path.read_bytes().splitlines()
        for number, line in enumerate(lines):
            for place in places(json.loads(line)):
                spoil(path, [*lines[:number], changed(line, place), *lines[number + 1 :]])
                count += 1
                if verify(bundle).holds:
                    unproven.add((path.name, ".".join(map(str, place)), about(line)))
        spoil(path, lines)
    assert verify(bundle).holds
    assert count > 350
    assert unproven == UNPROVEN[kind]


@pytest.mark.parametrize("kind", ["public", "members"])
def test_every_line_that_is_dropped_doubled_or_moved_is_found(tmp_path: Path, kind: str) -> None:
    bundle = valley().write(tmp_path / "b", kind)
    for path in sorted(bundle.glob("*.ndjson")):
        lines = path.read_bytes().splitlines()
        for number, line in enumerate(lines):
            before, after = lines[:number], lines[number + 1 :]
            spoiled = [[*before, line, line, *after]]
            spoiled += [[*before, *after]] if about(line) != "idle" else []
            spoiled += [[*before, after[0], line, *after[1:]]] if after else []
            spoiled += [[*before, line[:20], line[20:], *after], [*before, line, b"", *after]]
            for these in spoiled:
                spoil(path, these)
                assert broken(verify(bundle)) - {"files"}, (path.name, number)
        spoil(path, lines)
    assert verify(bundle).holds


@pytest.mark.parametrize(
    "field", ["format", "kind", "origin", "public_key", "size", "carried", "files"]
)
def test_every_field_of_the_manifest_counts(tmp_path: Path, field: str) -> None:

    bundle = valley().write(tmp_path / "b", "members")
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text())
    values = {"kind": "public", "carried": {"through": manifest["exported_at"], "leaf": 1}}
    spoiled = values.get(field) or other(manifest[field]) if field != "files" else {}
    path.write_text(json.dumps({**manifest, field: spoiled}))
    assert main([str(bundle)]) in (1, 2)


def test_a_byte_changed_in_the_checkpoint_is_found(tmp_path: Path) -> None:

    bundle = valley().write(tmp_path / "b")
    path = bundle / "checkpoint"
    note = path.read_bytes()
    for place in range(len(note)):
        path.write_bytes(note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :])
        try:
            assert broken(verify(bundle)), place
        except Unreadable:
            continue
