"""A folder of closed decisions, read vote by vote: `manage.py export_decisions` wrote it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from coop_verify.bundle import MANIFEST, MAX_LINE, files_of, lines_of, read_as, wrong_with
from coop_verify.canonical import from_base64, from_hex, loads, parse, require
from coop_verify.dsse import Signed, kind
from coop_verify.errors import Malformed, Unreadable
from coop_verify.note import KEY_BYTES, Key

FORMAT = "coop-decisions/1"
FILES = ("decisions", "rolls", "ballots", "delegated")
PROMISES = {
    "files": "the files are those of the manifest, byte for byte",
    "signatures": "certificates and ballots are signed by the key",
    "notices": "what was decided is what notice was given of",
    "rolls": "each roll gives its root, and each voter stands on it once",
    "boards": "each board is whole and the one that its certificate names",
    "delegated": "votes given into other hands count once, within the caps",
    "sealed": "the published lists of sealed votes fit their boards",
    "counted": "a recount gives the certified numbers and the certified outcome",
    "executed": "only what was carried was carried out",
    "postings": "the books show the certified action, and nothing else for it",
    "logged": "every certificate is in the log of the books, once",
}
LINK = b"coop board v1"
CERTIFICATE, BALLOT = kind("certificate"), kind("ballot")
Line = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """What a folder says of itself."""

    kind: str
    cooperative: str
    key: Key
    exported_at: str
    files: dict[str, tuple[int, bytes]]

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """A manifest from its bytes; raises Malformed."""
        value = parse(raw)
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise Malformed(f"its format is not {FORMAT}")
        return cls(
            kind=require(value, "kind", str),
            cooperative=require(value, "cooperative", str),
            key=Key(from_hex(require(value, "public_key", str), KEY_BYTES)),
            exported_at=require(value, "exported_at", str),
            files=files_of(require(value, "files", dict)),
        )


@dataclass(frozen=True)
class Entry:
    """One entry of a board: its bytes, what is signed in it, and what was sealed."""

    index: int
    raw: bytes
    says: Line
    is_signed: bool
    sealed: bytes | None

    @classmethod
    def read(cls, line: Line, key: Key) -> Self:
        """An entry from its line; raises Malformed."""
        raw = from_base64(require(line, "envelope", str))
        signed = Signed.read(parse(raw))
        says = parse(signed.payload)
        if not isinstance(says, dict):
            raise Malformed("a ballot says nothing")
        sealed = from_base64(line["sealed"]) if "sealed" in line else None
        return cls(require(line, "index", int), raw, says, signed.is_by(key, BALLOT), sealed)


@dataclass
class Vote:
    """All that a folder has of one decision."""

    facts: Line
    certificate: Line
    is_signed: bool
    digest: bytes
    rolls: dict[str, list[Line]] = field(default_factory=dict)
    board: list[Entry] = field(default_factory=list)
    delegated: list[Line] = field(default_factory=list)

    @classmethod
    def read(cls, facts: Line, key: Key) -> Self:
        """A decision from its line; raises Malformed."""
        raw = from_base64(require(facts, "certificate", str))
        signed = Signed.read(parse(raw))
        says = parse(signed.payload)
        if not isinstance(says, dict):
            raise Malformed("a certificate says nothing")
        return cls(facts, says, signed.is_by(key, CERTIFICATE), sha256(raw).digest())

    @property
    def number(self) -> int:
        """Of the decision."""
        return int(self.facts["proposal"])

    @property
    def notice(self) -> Line:
        """What was announced, as far as the folder tells it."""
        notice: Line = self.facts["notice"]
        return notice

    @property
    def passed(self) -> bool:
        """Whether it was carried, by its certificate."""
        return bool(self.certificate.get("outcome") == "passed")

    def voting(self) -> list[Line]:
        """The chambers that voted, as frozen."""
        return [chamber for chamber in self.facts["chambers"] if chamber["votes"]]

    def newest(self) -> dict[str, Entry]:
        """The entry of each voter that counts: their last."""
        return {entry.says["voter"]: entry for entry in self.board}


@dataclass(frozen=True)
class Folder:
    """A folder that export_decisions wrote, or the site gave as a zip."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path) -> Self:
        """The folder; raises Unreadable."""
        if not path.is_dir():
            raise Unreadable(f"{path} is no folder: give the one that export_decisions wrote")
        folder = cls(path, read_as(Manifest.read, path / MANIFEST, MAX_LINE))
        for name in FILES:
            if not folder.file(name).is_file():
                raise Unreadable(f"{folder.file(name)} is missing: copy the whole folder again")
        return folder

    def file(self, name: str) -> Path:
        """Where a file stands."""
        return self.path / f"{name}.ndjson"

    def lines(self, name: str) -> Iterator[Line]:
        """The lines of a file as objects; raises Unreadable."""
        for number, raw in enumerate(lines_of(self.file(name)), 1):
            try:
                value = loads(raw)
            except Malformed as error:
                raise Unreadable(f"{self.file(name)}, line {number}: {error}") from error
            if not isinstance(value, dict) or type(value.get("proposal")) is not int:
                raise Unreadable(f"{self.file(name)}, line {number} is about no decision")
            yield value

    def votes(self, key: Key) -> Iterator[Vote]:
        """Vote by vote; what of the other files is about none of them raises Unreadable."""
        parts = {name: _Reader(self.lines(name)) for name in FILES[1:]}
        for facts in self.lines("decisions"):
            vote = Vote.read(facts, key)
            for row in parts["rolls"].of(vote.number):
                vote.rolls.setdefault(row["chamber"], []).append(row)
            vote.board = [Entry.read(line, key) for line in parts["ballots"].of(vote.number)]
            vote.delegated = list(parts["delegated"].of(vote.number))
            yield vote
        for name, part in parts.items():
            if part.rest is not None:
                raise Unreadable(f"{self.file(name)} has lines of decisions that are not listed")

    def wrong_files(self) -> Iterator[str]:
        """What differs between the files and the manifest."""
        for name in FILES:
            listed = self.manifest.files.get(f"{name}.ndjson")
            if listed is None:
                yield f"{name}.ndjson is not in the manifest"
            else:
                yield from wrong_with(self.file(name), *listed)


class _Reader:
    """Lines in the order of decisions, taken by one decision after the other."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.rest = next(lines, None)

    def of(self, number: int) -> Iterator[Line]:
        while self.rest is not None and self.rest["proposal"] == number:
            yield self.rest
            self.rest = next(self._lines, None)
