"""The log as files that never change, in the layout of c2sp.org/tlog-tiles.

Served under /log/ by any web server, proxy or mirror: the same bytes for everybody.
"""

from collections.abc import Iterator

from ledger.log import rebuild, tree
from signing import merkle, tiles
from signing.tiles import Address

CHECKPOINT = "checkpoint"
KEY = "key"


class Changed(Exception):
    """What the rows say now is not what was sealed."""


def content_of(address: Address, size: int, *, reads_entries: bool = False) -> bytes | None:
    """What a tile or bundle holds in a log of `size`; None where the log does not reach.

    The content of a leaf is read from its rows as they stand now, and is what was sealed. Where
    `reads_entries`, what it says of its entries comes from their rows too, and not from what the
    log keeps of them. Raises rebuild.Missing, Changed.
    """
    if address.width > width_of(address, size):
        return None
    if address.level is None:
        return bundle_of(address, reads_entries=reads_entries)
    data = tree.read_tile(address.level, address.number)
    return data[: address.width * merkle.HASH_BYTES]


def bundle_of(address: Address, *, reads_entries: bool) -> bytes:
    """The leaves of a bundle, if they are those that the tree is over; or Missing, Changed."""
    first = address.number * tiles.WIDTH
    end = first + address.width
    if reads_entries:
        leaves = [leaf.content for leaf in rebuild.sealed(first, end)]
    else:
        leaves = rebuild.contents(first, end)
    _require_sealed(address, leaves)
    return tiles.encode_bundle(leaves)


def _require_sealed(address: Address, leaves: list[bytes]) -> None:
    hashes = b"".join(map(merkle.leaf_hash, leaves))
    if not tree.read_tile(0, address.number).startswith(hashes):
        first = address.number * tiles.WIDTH
        raise Changed(
            f"of the records of the leaves {first} to {first + address.width - 1} at least one "
            "was changed since it was sealed"
        )


def width_of(address: Address, size: int) -> int:
    """How many items a tile or bundle has in a log of `size`."""
    return tiles.width_at(address.level or 0, address.number, size)


def grown_since(old: int, new: int) -> Iterator[Address]:
    """The tiles and bundles that a log of `new` leaves has and one of `old` had not, or shorter."""
    level = 0
    while complete := new >> (tiles.HEIGHT * level):
        first = (old >> (tiles.HEIGHT * level)) // tiles.WIDTH
        for number in range(first, -(-complete // tiles.WIDTH)):
            yield from _grown(level, number, old, new)
        level += 1


def _grown(level: int, number: int, old: int, new: int) -> Iterator[Address]:
    width = tiles.width_at(level, number, new)
    if width > tiles.width_at(level, number, old):
        yield Address(level, number, width)
        if level == 0:
            yield Address(None, number, width)
