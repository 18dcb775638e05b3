"""Trees as RFC 6962 defines them, word by word and slowly; and what Go's own log says of them."""

import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signing import merkle

VECTORS = Path(__file__).parent / "vectors"
SUMDB = json.loads((VECTORS / "sumdb.json").read_text())
REFERENCE = json.loads((VECTORS / "reference.json").read_text())


@functools.cache
def leaves(count: int) -> tuple[bytes, ...]:
    """The hashes of leaves that hold the decimal digits of their index."""
    return tuple(hashlib.sha256(b"\x00%d" % index).digest() for index in range(count))


def split(count: int) -> int:
    """The largest power of two below `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root_by_definition(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    at = split(len(hashes))
    left, right = root_by_definition(hashes[:at]), root_by_definition(hashes[at:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def path_by_definition(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962, section 2.1.1."""
    if len(hashes) == 1:
        return []
    at = split(len(hashes))
    if index < at:
        return [*path_by_definition(index, hashes[:at]), root_by_definition(hashes[at:])]
    return [*path_by_definition(index - at, hashes[at:]), root_by_definition(hashes[:at])]


def subproof_by_definition(old: int, hashes: Sequence[bytes], known: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962, section 2.1.2."""
    if old == len(hashes):
        return [] if known else [root_by_definition(hashes)]
    at = split(len(hashes))
    left, right = hashes[:at], hashes[at:]
    if old <= at:
        return [*subproof_by_definition(old, left, known), root_by_definition(right)]
    return [*subproof_by_definition(old - at, right, False), root_by_definition(left)]


def way_down(start: int, end: int, size: int) -> list[str]:
    """On which sides one goes from the root of a tree to the subtree over these leaves."""
    if (start, end) == (0, size):
        return []
    at = split(size)
    if end <= at:
        return ["left", *way_down(start, end, at)]
    return ["right", *way_down(start - at, end - at, size - at)]


def node_of(hashes: Sequence[bytes]) -> merkle.NodeReader:
    """Reads the complete nodes over these leaves, and no others."""

    @functools.cache
    def node(level: int, index: int) -> bytes:
        assert index >= 0 and (index + 1) << level <= len(hashes)
        return root_by_definition(hashes[index << level : (index + 1) << level])

    return node


def from_hex(hashes: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(hashed) for hashed in hashes]


def sumdb_proofs() -> list[dict[str, Any]]:
    return list(SUMDB["proofs"])
