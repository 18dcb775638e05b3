"""A folder of evidence: what nodes signed, the receipts, and what the site made of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from coop_verify.bundle import MANIFEST, MAX_LINE, files_of, lines_of, read_as, wrong_with
from coop_verify.canonical import from_hex, loads, parse, require
from coop_verify.counting import Limits
from coop_verify.errors import Malformed, Unreadable
from coop_verify.note import KEY_BYTES, Key

FORMAT = "coop-evidence/1"
FILES = (
    "keys", "inventories", "envelopes", "conflicts", "refused", "assignments", "readings",
    "revocations",
)  # fmt: skip
PROMISES = {
    "files": "the files are those of the manifest, byte for byte",
    "signatures": "every batch and every inventory is signed by its node",
    "keys": "each next key of a node is the one that the key before it promised",
    "chains": "each node's batches form one chain, up to the head that the site names",
    "receipts": "every receipt is signed by the key and is for its batch; so are revocations",
    "readings": "what was derived is what the counter rules make of the batches",
    "assigned": "each reading counts for whom the list of assignments says",
    "booked": "the tokens booked are what the quantities come to, no fraction lost",
}


@dataclass(frozen=True)
class Manifest:
    """What a folder says of itself."""

    kind: str
    cooperative: str
    key: Key
    exported_at: str
    since: str | None
    files: dict[str, tuple[int, bytes]]

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """A manifest from its bytes; raises Malformed."""
        value = parse(raw)
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise Malformed(f"its format is not {FORMAT}")
        if value.get("kind") not in ("all", "member"):
            raise Malformed("its kind must be all or member")
        return cls(
            kind=value["kind"],
            cooperative=require(value, "cooperative", str),
            key=Key(from_hex(require(value, "public_key", str), KEY_BYTES)),
            exported_at=require(value, "exported_at", str),
            since=require(value, "since", (str, type(None))),
            files=files_of(require(value, "files", dict)),
        )


@dataclass(frozen=True)
class Folder:
    """A folder that export_evidence wrote, or the site gave to a member."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path) -> Self:
        """The folder; raises Unreadable."""
        if not path.is_dir():
            raise Unreadable(f"{path} is no folder: give the one that export_evidence wrote")
        folder = cls(path, read_as(Manifest.read, path / MANIFEST, MAX_LINE))
        for name in FILES:
            if not folder.file(name).is_file():
                raise Unreadable(f"{folder.file(name)} is missing: copy the whole folder again")
        return folder

    def file(self, name: str) -> Path:
        """Where a file stands."""
        return self.path / f"{name}.ndjson"

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """The lines of a file as objects; raises Unreadable."""
        for number, raw in enumerate(lines_of(self.file(name)), 1):
            try:
                value = loads(raw)
            except Malformed as error:
                raise Unreadable(f"{self.file(name)}, line {number}: {error}") from error
            if not isinstance(value, dict):
                raise Unreadable(f"{self.file(name)}, line {number} is no object")
            yield value

    def wrong_files(self) -> Iterator[str]:
        """What differs between the files and the manifest."""
        for name in FILES:
            listed = self.manifest.files.get(f"{name}.ndjson")
            if listed is None:
                yield f"{name}.ndjson is not in the manifest"
            else:
                yield from wrong_with(self.file(name), *listed)


@dataclass(frozen=True)
class NodeKey:
    """A node's key of one epoch; `since` is when the site let it in."""

    node: str
    epoch: int
    key: Key
    since: str
    promised: str
    head: tuple[int, str]

    @classmethod
    def read(cls, line: dict[str, Any]) -> Self:
        """A key from its line; raises Malformed."""
        return cls(
            node=require(line, "node", str),
            epoch=require(line, "epoch", int),
            key=Key(from_hex(require(line, "public_key", str), KEY_BYTES)),
            since=require(line, "since", str),
            promised=require(line, "next_digest", str),
            head=(require(line, "head_seq", int), require(line, "head_chain", str)),
        )


def limits_in(meters: Any) -> dict[str, tuple[str, Limits]]:
    """Kind, width and capacity of the meters that an inventory lists; raises Malformed."""
    if not isinstance(meters, list) or not all(isinstance(line, dict) for line in meters):
        raise Malformed("an inventory lists meters")
    return {
        require(line, "m", str): (
            require(line, "k", str),
            Limits(line.get("bits", 64), None if line.get("cap") is None else int(line["cap"])),
        )
        for line in meters
    }
