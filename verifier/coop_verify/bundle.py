"""Reading a bundle: its manifest, its checkpoint, and its files line by line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self, TypeVar

from coop_verify.canonical import from_hex, parse, require
from coop_verify.errors import Malformed, Unreadable
from coop_verify.forms import check_time
from coop_verify.note import KEY_BYTES, MAX_NOTE, Checkpoint, Key
from coop_verify.report import MOST_SENTENCES

FORMAT = "coop-books/1"
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint"
ALWAYS = ("leaves", "entries", "accounts", "pending", "titles")
MAX_LINE = 1 << 20
BLOCK = 1 << 18
Read = TypeVar("Read")


@dataclass(frozen=True)
class Cut:
    """Entries recorded before `through` are detached; leaf `leaf` has the balances' root."""

    through: str
    leaf: int


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself. `found`: what its export saw to be wrong."""

    kind: str
    cooperative: str
    origin: str
    key: Key
    exported_at: str
    size: int
    cut: Cut | None
    files: dict[str, tuple[int, bytes]]
    found: tuple[str, ...] = ()

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """A manifest from its bytes; raises Malformed."""
        value = parse(raw)
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise Malformed(f"its format is not {FORMAT}")
        if value.get("kind") not in ("public", "members"):
            raise Malformed("its kind must be public or members")
        if require(value, "size", int) < 0:
            raise Malformed("its size is below zero")
        return cls(
            kind=value["kind"],
            cooperative=require(value, "cooperative", str),
            origin=require(value, "origin", str),
            key=Key(from_hex(require(value, "public_key", str), KEY_BYTES)),
            exported_at=check_time(require(value, "exported_at", str)),
            size=value["size"],
            cut=_cut(require(value, "carried", (dict, type(None)))),
            files=files_of(require(value, "files", dict)),
            found=_sentences(value.get("found", [])),
        )

    @property
    def names_people(self) -> bool:
        """Whether it is a bundle for members."""
        return self.kind == "members"

    def expected(self) -> set[str]:
        """The files that such a bundle has beside manifest and checkpoint."""
        names = set(ALWAYS)
        names |= {"details"} if self.names_people else set()
        names |= {"carried"} if self.cut else set()
        return {f"{name}.ndjson" for name in names}


@dataclass(frozen=True)
class Bundle:
    """A folder with an export."""

    folder: Path
    manifest: Manifest
    checkpoint: Checkpoint

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The bundle in a folder; raises Unreadable."""
        if not folder.is_dir():
            raise Unreadable(f"{folder} is no folder: give the folder that export_books wrote")
        manifest = read_as(Manifest.read, folder / MANIFEST, MAX_LINE)
        checkpoint = read_as(Checkpoint.read, folder / CHECKPOINT, MAX_NOTE)
        bundle = cls(folder, manifest, checkpoint)
        for name in sorted(manifest.expected()):
            bundle.path(name)
        return bundle

    @property
    def name(self) -> str:
        """How sentences call it."""
        return str(self.folder)

    def path(self, name: str) -> Path:
        """A file of the bundle, if it is there; raises Unreadable."""
        path = self.folder / name
        if not path.is_file():
            raise Unreadable(f"{path} is missing: copy the whole bundle again")
        return path

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file without their ends; raises Unreadable where one is too long."""
        yield from lines_of(self.path(f"{name}.ndjson"))

    def wrong_files(self) -> Iterator[str]:
        """What differs between the files and the manifest."""
        expected, listed = self.manifest.expected(), self.manifest.files
        for name in sorted(expected - set(listed)):
            yield f"{name} is not in the manifest"
        for name in sorted(set(listed) - expected - {CHECKPOINT}):
            yield f"the manifest lists {name}, which such a bundle does not have"
        for name in sorted(set(listed) & (expected | {CHECKPOINT})):
            yield from wrong_with(self.path(name), *listed[name])


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a file without their ends; raises Unreadable where one is too long."""
    rest = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            *whole, rest = (rest + block).split(b"\n")
            if len(rest) > MAX_LINE:
                raise Unreadable(f"{path} has a line of more than {MAX_LINE} bytes")
            yield from whole
    if rest:
        yield rest


def wrong_with(path: Path, lines: int, digest: bytes) -> Iterator[str]:
    """What differs between a file and what the manifest says of it."""
    found, hashed, last = 0, sha256(), b"\n"
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hashed.update(block)
            found += block.count(b"\n")
            last = block[-1:]
    if hashed.digest() != digest:
        yield f"{path.name} has another SHA-256 than the manifest says"
    if found != lines:
        yield f"{path.name} has {found} lines, the manifest says {lines}"
    if last != b"\n":
        yield f"{path.name} does not end with the end of a line"


def read_bytes(path: Path, most: int) -> bytes:
    """A small file whole; raises Unreadable."""
    if not path.is_file():
        raise Unreadable(f"{path} is missing")
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise Unreadable(f"{path} is larger than {most} bytes: it is something else")
    return raw


def read_as(reader: Callable[[bytes], Read], path: Path, most: int) -> Read:
    """A small file in its form; raises Unreadable."""
    try:
        return reader(read_bytes(path, most))
    except Malformed as error:
        raise Unreadable(f"{path} cannot be read: {error}") from error


def _cut(value: dict[str, Any] | None) -> Cut | None:
    if value is None:
        return None
    return Cut(check_time(require(value, "through", str)), require(value, "leaf", int))


def files_of(value: dict[str, Any]) -> dict[str, tuple[int, bytes]]:
    """Lines and SHA-256 of each file that a manifest lists; raises Malformed."""
    return {name: _file(facts) for name, facts in value.items()}


def _sentences(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Malformed("what its export found must be sentences")
    return tuple(value[:MOST_SENTENCES])


def _file(value: Any) -> tuple[int, bytes]:
    if not isinstance(value, dict):
        raise Malformed("each file of it has lines and sha256")
    return require(value, "lines", int), from_hex(require(value, "sha256", str), 32)
