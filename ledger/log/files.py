"""The log as files that never change, in the layout of c2sp.org/tlog-tiles.

Served under /log/ by any web server, proxy or mirror: the same bytes for everybody.
"""

from collections.abc import Iterator

from ledger.log import rebuild, tree
from signing import merkle, tiles
from signing.tiles import Address

CHECKPOINT = "checkpoint"
KEY = "key"


def content_of(address: Address, size: int) -> bytes | None:
    """What a tile or bundle holds in a log of `size`; None where the log does not reach.

    The content of a leaf is read from its rows as they stand now. Raises rebuild.Missing.
    """
    if address.width > width_of(address, size):
        return None
    if address.level is None:
        return tiles.encode_bundle(leaves_in(address))
    data = tree.read_tile(address.level, address.number)
    return data[: address.width * merkle.HASH_BYTES]


def leaves_in(address: Address) -> Iterator[bytes]:
    """The content of each leaf in a bundle."""
    first = address.number * tiles.WIDTH
    return (leaf.content for leaf in rebuild.sealed(first, first + address.width))


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
