"""Proofs that stand alone: c2sp.org/tlog-proof files, and consistency of two checkpoints."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from coop_verify.bundle import MAX_LINE, read_bytes
from coop_verify.canonical import from_base64, from_hex, parse
from coop_verify.errors import Malformed, Unreadable
from coop_verify.forms import read_leaf
from coop_verify.note import Checkpoint, Key
from coop_verify.tree import HASH_BYTES, is_consistent, leaf_hash, root_from_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MOST_HASHES = 128
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,17})")


@dataclass(frozen=True)
class Proof:
    """A proof file: a leaf's bytes, its place, the path to a root, the checkpoint with it."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """A proof from its file; raises Malformed."""
        head, blank, note = raw.partition(b"\n\n")
        try:
            first, *lines = head.decode().split("\n")
        except UnicodeDecodeError as error:
            raise Malformed("it is not UTF-8") from error
        if first != HEADER or not blank or len(lines) < 2 or not lines[0].startswith("extra "):
            raise Malformed(f"it does not begin with {HEADER} and the leaf as extra")
        place = _INDEX.fullmatch(lines[1])
        if place is None:
            raise Malformed("its index is missing")
        leaf = from_base64(lines[0].removeprefix("extra "))
        return cls(leaf, int(place[1]), _hashes(lines[2:], from_base64), Checkpoint.read(note))


def read_kept(path: Path) -> Checkpoint:
    """The checkpoint that an auditor kept: as itself or in a proof file; raises Unreadable."""
    raw = read_bytes(path, MAX_LINE)
    note = raw.partition(b"\n\n")[2] if raw.startswith(HEADER.encode()) else raw
    try:
        return Checkpoint.read(note)
    except Malformed as error:
        raise Unreadable(f"{path} is no checkpoint that can be read: {error}") from error


def check_proof(path: Path, key: Key) -> tuple[list[str], Proof]:
    """What is wrong with a proof file; raises Unreadable where it is none."""
    try:
        proof = Proof.read(read_bytes(path, MAX_LINE))
    except Malformed as error:
        raise Unreadable(f"{path} is no proof that can be read: {error}") from error
    head, wrong = proof.checkpoint, []
    if not head.is_signed_by(key):
        wrong.append(f"the checkpoint in it is not signed by {key.fingerprint}")
    found = root_from_inclusion(leaf_hash(proof.leaf), proof.index, head.size, proof.path)
    if found != head.root:
        wrong.append(f"the leaf is not number {proof.index} of the log of {head.size} leaves")
    try:
        read_leaf(proof.leaf)
    except Malformed as error:
        wrong.append(f"the leaf does not have the documented form: {error}")
    return wrong, proof


def check_consistency(old: Path, new: Path, proof: Path, key: Key | None) -> list[str]:
    """What speaks against one checkpoint being the beginning of another; raises Unreadable."""
    before, after = read_kept(old), read_kept(new)
    value, path = _read_consistency(proof)
    wrong = [
        f"{name} is not signed by {key.fingerprint}"
        for name, head in ((old, before), (new, after))
        if key is not None and not head.is_signed_by(key)
    ]
    if before.origin != after.origin:
        wrong.append(f"they are of different logs: {before.origin} and {after.origin}")
    sizes = {"from": before.size, "to": after.size}
    if any(isinstance(value.get(k), int) and value[k] != size for k, size in sizes.items()):
        wrong.append("the proof is for checkpoints of other sizes")
    if not is_consistent((before.size, before.root), (after.size, after.root), path):
        wrong.append(
            f"the proof does not lead from the first {before.size} to all {after.size} leaves:"
            " it is the wrong proof, or history was rewritten"
        )
    return wrong


def _read_consistency(path: Path) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    try:
        value = parse(read_bytes(path, MAX_LINE))
        hashes = value.get("hashes") if isinstance(value, dict) else None
        if not isinstance(hashes, list) or not all(isinstance(item, str) for item in hashes):
            raise Malformed('it must be an object with a list of "hashes"')
        return value, _hashes(hashes, from_hex)
    except Malformed as error:
        raise Unreadable(f"{path} is no consistency proof that can be read: {error}") from error


def _hashes(texts: list[str], decode: Any) -> tuple[bytes, ...]:
    hashes = tuple(decode(text) for text in texts)
    if len(hashes) > MOST_HASHES or any(len(item) != HASH_BYTES for item in hashes):
        raise Malformed("its hashes are not at most 128 of 32 bytes")
    return hashes
