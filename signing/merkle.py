"""The Merkle tree of RFC 6962 and RFC 9162, over SHA-256: hashes, roots, proofs and their checks.

Pure functions over bytes; every hash has 32 bytes. Leaves are counted from 0. Node (level, index)
is the root over the leaves from index × 2^level to (index + 1) × 2^level, so level 0 holds the
hashes of leaves. Proofs are built from complete nodes only, which are never written again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from signing.errors import BadProof

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
# Reads a complete node by its level and its index in the level.
NodeReader = Callable[[int, int], bytes]


def leaf_hash(content: bytes) -> bytes:
    """The hash of the leaf that holds `content`."""
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node over two nodes."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over hashes of leaves, in order, at O(log n) memory."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def root_at(size: int, node: NodeReader) -> bytes:
    """The root of the first `size` leaves of a tree whose complete nodes can be read."""
    return _range_hash(0, size, node) if size else EMPTY_ROOT


class Frontier:
    """A growing tree of which only the roots of its complete subtrees are kept, left to right."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """An empty tree, or one taken up again from its `size` and its `peaks`."""
        self.size = size
        self._peaks = list(peaks)
        if size < 0 or len(self._peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees")

    @classmethod
    def at(cls, size: int, node: NodeReader) -> "Frontier":
        """The frontier of the first `size` leaves of a tree whose complete nodes can be read."""
        return cls(size, [node(*place) for place in _complete_nodes(0, size)])

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """All that is kept: one hash for each bit set in the size, the largest subtree first."""
        return tuple(self._peaks)

    def append(self, leaf: bytes) -> None:
        """Adds the hash of one leaf."""
        rest, hashed = self.size, leaf
        while rest & 1:
            hashed = node_hash(self._peaks.pop(), hashed)
            rest >>= 1
        self._peaks.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """The root of all leaves so far."""
        return _join(self._peaks) if self._peaks else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size`, lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    return [_range_hash(it.start, it.end, node) for it in _siblings(0, index, size)]


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """The hashes that show that the tree of size `old` is the beginning of that of size `new`.

    Empty for equal sizes and for `old` 0.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves does not begin one of {new}")
    if old in (0, new):
        return []
    level, index = _last_complete_node(old)
    seed = [node(level, index)] if index else []
    siblings = _siblings(level, index, new)
    return seed + [_range_hash(it.start, it.end, node) for it in siblings]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raises BadProof unless `leaf` is the hash of leaf `index` of the `size` under `root`.

    `proof` must hold exactly the hashes of RFC 9162, section 2.1.3: none more and none less. It
    does not prove `size`: trees of several sizes can have one root and way up in common as far as
    a proof tells. Size and root are to be believed together, from one signed checkpoint.
    """
    if not 0 <= index < size:
        raise BadProof(f"no leaf {index} in a tree of {size}")
    _check_lengths(leaf, *proof, root)
    siblings = _siblings_in(proof, 0, index, size)
    if _climb(leaf, siblings) != root:
        raise BadProof("the hashes lead to another root")


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raises BadProof unless the tree under `old_root` is the beginning of that under `new_root`.

    Of equal sizes the roots must be equal; the root of size 0 must be EMPTY_ROOT; in both cases
    the proof must be empty. Otherwise it is that of RFC 9162, section 2.1.4.
    """
    _check_lengths(old_root, new_root, *proof)
    if not 0 <= old_size <= new_size:
        raise BadProof(f"a tree of {old_size} leaves does not begin one of {new_size}")
    if old_size in (0, new_size):
        _check_trivial(old_size, old_root, new_size, new_root, proof)
    else:
        _check_growth(old_size, old_root, new_size, new_root, proof)


class _Sibling(NamedTuple):
    """What is joined to a node on the way up: the range of leaves under it, and on which side."""

    is_left: bool
    start: int
    end: int


def _siblings(level: int, index: int, size: int) -> Iterator[_Sibling]:
    """The siblings from a node up to the root; an even last node has none and rises as it is."""
    last = (size - 1) >> level
    while last:
        other = index ^ 1
        if other <= last:
            end = min((other + 1) << level, size)
            yield _Sibling(other < index, other << level, end)
        level, index, last = level + 1, index >> 1, last >> 1


def _complete_nodes(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete nodes, left to right, that make up a range which starts a subtree."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _last_complete_node(size: int) -> tuple[int, int]:
    """The largest complete node that ends with the last leaf of a tree of this size."""
    level = (size & -size).bit_length() - 1
    return level, (size - 1) >> level


def _range_hash(start: int, end: int, node: NodeReader) -> bytes:
    return _join([node(*place) for place in _complete_nodes(start, end)])


def _join(peaks: Sequence[bytes]) -> bytes:
    joined = peaks[-1]
    for left in reversed(peaks[:-1]):
        joined = node_hash(left, joined)
    return joined


def _climb(hashed: bytes, siblings: Iterable[tuple[bool, bytes]]) -> bytes:
    for is_left, sibling in siblings:
        hashed = node_hash(sibling, hashed) if is_left else node_hash(hashed, sibling)
    return hashed


def _siblings_in(
    proof: Sequence[bytes], level: int, index: int, size: int
) -> list[tuple[bool, bytes]]:
    """The hashes of a proof with their sides; refused unless there are as many as there must be."""
    sides = [sibling.is_left for sibling in _siblings(level, index, size)]
    if len(sides) != len(proof):
        raise BadProof(f"{len(proof)} hashes where {len(sides)} are needed")
    return list(zip(sides, proof, strict=True))


def _check_lengths(*hashes: bytes) -> None:
    if any(len(hashed) != HASH_BYTES for hashed in hashes):
        raise BadProof(f"a hash must have {HASH_BYTES} bytes")


def _check_trivial(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    if proof:
        raise BadProof("nothing is to be proved, yet there are hashes")
    if old_size == new_size and old_root != new_root:
        raise BadProof("two roots for one size")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise BadProof("an empty tree has another root")


def _check_growth(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    level, index = _last_complete_node(old_size)
    # A tree that is one complete subtree has no other seed than its root, which is not repeated.
    hashes = list(proof) if index else [old_root, *proof]
    siblings = _siblings_in(hashes[1:], level, index, new_size)
    seed = hashes[0]
    if _climb(seed, [sibling for sibling in siblings if sibling[0]]) != old_root:
        raise BadProof("the hashes lead to another old root")
    if _climb(seed, siblings) != new_root:
        raise BadProof("the hashes lead to another new root")
