"""The tree of a log as tiles of 256 hashes, and its leaves as bundles: c2sp.org/tlog-tiles.

Tile (level, index) holds in order the nodes (8 × level, 256 × index …) of `signing.merkle`: up to
256 hashes of 32 bytes, fewer at the right edge. Tiles only grow, and the tile of an older size is
the beginning of the newer one, so that one row for each tile serves every size.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from signing import merkle
from signing.errors import MalformedTile

HEIGHT = 8
WIDTH = 1 << HEIGHT
TILE_BYTES = WIDTH * merkle.HASH_BYTES
MAX_LEVEL = 63
MAX_ENTRY_BYTES = 2**16 - 1
_LENGTH_BYTES = 2
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
# Reads what there is of a tile by its level and its index.
TileReader = Callable[[int, int], bytes]


class Address(NamedTuple):
    """Which tile, or which bundle of entries if `level` is None, and how many of its 256 items."""

    level: int | None
    number: int
    width: int = WIDTH

    def path(self) -> str:
        """Where it is served, below the log's own address."""
        level = "entries" if self.level is None else str(self.level)
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{level}/{_groups(self.number)}{partial}"

    @classmethod
    def parse(cls, path: str) -> "Address":
        """The address that `path` spells in its only form; raises MalformedTile."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise MalformedTile("not the path of a tile")
        level = None if match["level"] == "entries" else int(match["level"])
        number = int(re.sub("[x/]", "", match["index"]))
        address = cls(level, number, int(match["width"] or WIDTH))
        if address.path() != path or (level or 0) > MAX_LEVEL:
            raise MalformedTile("not the path of a tile")
        return address


def width_at(level: int, number: int, size: int) -> int:
    """How many hashes tile `number` of `level` has in a tree of `size`: 0 (no tile) to 256."""
    complete = size >> (HEIGHT * level)
    return max(0, min(WIDTH, complete - number * WIDTH))


def addresses(size: int) -> Iterator[Address]:
    """All tiles of a tree of `size`, the lowest level first."""
    level = 0
    while complete := size >> (HEIGHT * level):
        for number in range(-(-complete // WIDTH)):
            yield Address(level, number, width_at(level, number, size))
        level += 1


def grow(size: int, leaves: Iterable[bytes], read: TileReader) -> dict[tuple[int, int], bytes]:
    """What tiles hold after hashes of leaves are added to a tree of `size`: whole, by their place.

    Only tiles that change are named. `read` is asked only for the one unfinished tile of each
    level that changes. A full tile's root goes into the level above. O(new + 256 × levels).
    """
    grown: dict[tuple[int, int], bytes] = {}
    level, new = 0, list(leaves)
    while new:
        number, width = divmod(size, WIDTH)
        kept = _beginning(read(level, number), width) if width else b""
        chunks = list(_chunks(kept + _joined(new)))
        grown.update({(level, number + n): chunk for n, chunk in enumerate(chunks)})
        new = [_subtree_root(chunk) for chunk in chunks if len(chunk) == TILE_BYTES]
        level, size = level + 1, number
    return grown


def node_reader(read: TileReader) -> merkle.NodeReader:
    """Reads any complete node, each from one tile; for the roots and proofs of `signing.merkle`.

    The reader keeps the tiles of a few proofs, so it is to be made anew for each piece of work.
    Raises MalformedTile for a node that the tiles do not hold yet.
    """
    kept = lru_cache(maxsize=32)(read)

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        number, place = divmod(index << height, WIDTH)
        first, end = place * merkle.HASH_BYTES, (place + (1 << height)) * merkle.HASH_BYTES
        data = kept(tile_level, number)
        if len(data) < end:
            raise MalformedTile(f"tile {tile_level}/{number} does not hold node {level}/{index}")
        return _subtree_root(data[first:end])

    return node


def root_at(size: int, read: TileReader) -> bytes:
    """The root of the first `size` leaves, from their tiles."""
    return merkle.root_at(size, node_reader(read))


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Contents of leaves, each after its length in two bytes, the higher one first."""
    return b"".join(map(_prefixed, entries))


def parse_bundle(data: bytes) -> list[bytes]:
    """The contents of leaves in a bundle; raises MalformedTile."""
    entries, place = [], 0
    while place < len(data):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(data[place:start], "big")
        entries.append(data[start:place])
    if place != len(data) or len(entries) > WIDTH:
        raise MalformedTile("not a bundle of up to 256 entries")
    return entries


def _groups(number: int) -> str:
    """1234067 as x001/x234/067."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def _beginning(data: bytes, width: int) -> bytes:
    """The first `width` hashes: a tile of an older size is the beginning of what it became."""
    if len(data) < width * merkle.HASH_BYTES:
        raise MalformedTile(f"a tile holds less than its {width} hashes")
    return data[: width * merkle.HASH_BYTES]


def _joined(hashes: Sequence[bytes]) -> bytes:
    data = b"".join(hashes)
    if len(data) != len(hashes) * merkle.HASH_BYTES:
        raise MalformedTile(f"a hash must have {merkle.HASH_BYTES} bytes")
    return data


def _chunks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + TILE_BYTES] for at in range(0, len(data), TILE_BYTES))


def _subtree_root(data: bytes) -> bytes:
    """The root over hashes whose number is a power of two."""
    hashes: Sequence[bytes] = [
        data[at : at + merkle.HASH_BYTES] for at in range(0, len(data), merkle.HASH_BYTES)
    ]
    while len(hashes) > 1:
        hashes = list(map(merkle.node_hash, hashes[::2], hashes[1::2]))
    return hashes[0]


def _prefixed(entry: bytes) -> bytes:
    if len(entry) > MAX_ENTRY_BYTES:
        raise MalformedTile(f"an entry of more than {MAX_ENTRY_BYTES} bytes")
    return len(entry).to_bytes(_LENGTH_BYTES, "big") + entry
