"""A receipt of a ballot: is it signed, is it on the board, is that the board that was counted?"""

import base64
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from coop_verify.bundle import MAX_LINE, read_bytes
from coop_verify.canonical import dumps, from_base64, from_hex, loads, parse, require
from coop_verify.dsse import Signed, kind
from coop_verify.errors import Malformed, Unreadable
from coop_verify.note import Key
from coop_verify.proofs import Proof
from coop_verify.report import Report
from coop_verify.tree import HASH_BYTES, leaf_hash, root_from_inclusion

FORMAT = "coop-receipt/1"
PROMISES = {
    "ballot": "the ballot is signed by the key, for this vote and this entry",
    "own": "it names the statement that the voter signed",
    "sealed": "it names the sealed envelope",
    "receipt": "the receipt was signed when the ballot came onto the board, and names it",
    "head": "the head of the board is signed by the key",
    "inclusion": "the ballot is on that board, at its place",
    "certificate": "the vote was counted from that very board",
    "log": "the log of the books has the certificate of the count",
}
BOARD = ("size", "head", "root")
Said = dict[str, Any]


class Receipt:
    """A receipt and the key that must have signed it; `run` looks at everything."""

    def __init__(self, path: Path, key: Key) -> None:
        """Read the file; raises Unreadable where it is no receipt."""
        self.key = key
        self.report = Report(PROMISES)
        try:
            value = parse(read_bytes(path, MAX_LINE))
            if not isinstance(value, dict) or value.get("format") != FORMAT:
                raise Malformed(f"it does not say that it is {FORMAT}")
            self.file: Said = value
            self.proposal: int = require(value, "proposal", int)
            self.index: int = require(value, "index", int)
        except Malformed as error:
            raise Unreadable(f"{path} is no receipt that can be read: {error}") from error

    def run(self) -> Report:
        """Ask every question; a document that cannot be read answers with no."""
        questions: dict[str, Callable[[], None]] = {
            "ballot": self._ballot, "own": self._own, "sealed": self._sealed,
            "receipt": self._receipt, "head": self._head, "inclusion": self._inclusion,
            "certificate": self._certificate, "log": self._log,
        }  # fmt: skip
        for name, ask in questions.items():
            try:
                ask()
            except Malformed as error:
                self.report.broken(name, str(error))
        return self.report

    def _said(self, part: str, name: str) -> Said:
        """What a part of the file says, if the key signed it; raises Malformed."""
        signed = Signed.read(self.file.get(part))
        if not signed.is_by(self.key, kind(name)):
            raise Malformed(f"{part} is not signed by {self.key.fingerprint} as a {name}")
        said = loads(signed.payload)
        if not isinstance(said, dict) or said.get("proposal") != self.proposal:
            raise Malformed(f"{part} is of another vote than {self.proposal}")
        if said.get("notice_sha256") != self._notice():
            raise Malformed(f"{part} is of another notice than the ballot")
        return said

    def _notice(self) -> Any:
        said = loads(Signed.read(self.file.get("ballot")).payload)
        return said.get("notice_sha256") if isinstance(said, dict) else None

    def _leaf(self) -> bytes:
        Signed.read(self.file.get("ballot"))
        return leaf_hash(dumps(self.file["ballot"]))

    def _unless(self, name: str, holds: bool, sentence: str) -> None:
        if not holds:
            self.report.broken(name, sentence)

    def _ballot(self) -> None:
        said = self._said("ballot", "ballot")
        self._unless("ballot", said.get("index") == self.index, "it says another entry")

    def _own(self) -> None:
        self._named("own", "own_sha256", dumps, "the site signed for the voter")

    def _sealed(self) -> None:
        self._named("sealed", "sealed_sha256", from_base64, "it was an open ballot")

    def _named(self, part: str, name: str, to_bytes: Callable[[Any], bytes], why: str) -> None:
        said = self._said("ballot", "ballot").get(name)
        if said is None and part not in self.file:
            self.report.skip(part, why)
            return
        if part not in self.file:
            raise Malformed("the ballot names one, and the file has none")
        value = self.file[part]
        if part == "sealed" and not isinstance(value, str):
            raise Malformed("it is not base64")
        holds = sha256(to_bytes(value)).hexdigest() == said
        self._unless(part, holds, "the ballot names another one")

    def _receipt(self) -> None:
        said = self._said("receipt", "ballot-receipt")
        same = (said.get("index"), said.get("leaf")) == (self.index, self._leaf().hex())
        self._unless("receipt", same, "it names another entry, or another ballot at this entry")

    def _head(self) -> None:
        size = require(self._said("head", "board-head"), "size", int)
        self._unless("head", 1 <= self.index <= size, f"a board of {size} has no such entry")

    def _inclusion(self) -> None:
        said, steps = self._said("head", "board-head"), require(self.file, "inclusion", list)
        if not all(isinstance(step, str) for step in steps):
            raise Malformed("its hashes are not hex")
        path = [from_hex(step, HASH_BYTES) for step in steps]
        size, root = require(said, "size", int), from_hex(require(said, "root", str), HASH_BYTES)
        found = root_from_inclusion(self._leaf(), self.index - 1, size, path)
        self._unless("inclusion", found == root, "the hashes lead to another root")

    def _certificate(self) -> None:
        if "certificate" not in self.file:
            self.report.skip("certificate", "not counted when the receipt was made")
            return
        said, head = self._said("certificate", "certificate"), self._said("head", "board-head")
        same = said.get("board") == {name: head.get(name) for name in BOARD}
        self._unless("certificate", same, "it is over another board")

    def _log(self) -> None:
        if "log" not in self.file:
            self.report.skip("log", "not sealed when the receipt was made")
            return
        proof = Proof.read(require(self.file, "log", str).encode())
        self._unless("log", proof.checkpoint.is_signed_by(self.key), "its checkpoint is not signed")
        found = root_from_inclusion(
            leaf_hash(proof.leaf), proof.index, proof.checkpoint.size, proof.path
        )
        self._unless("log", found == proof.checkpoint.root, "its hashes lead to another root")
        leaf, digest = loads(proof.leaf), sha256(dumps(self.file.get("certificate"))).hexdigest()
        same = isinstance(leaf, dict) and leaf.get("digest") == digest
        self._unless("log", same, "its leaf is of another document")


def kept_as(file: Said) -> str:
    """What the voter reads in their own file; for an open ballot the answers."""
    payload = base64.b64decode(file["ballot"]["payload"])
    said = loads(payload)
    choices = said.get("choices") or "sealed"
    return f"{choices}, cast {said.get('cast_at')}"
