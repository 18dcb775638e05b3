"""Tiles: against Go's, against the definition, and grown in any steps."""

import hashlib
import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signing import merkle, tiles
from signing.errors import MalformedTile
from tests.signing.trees import SUMDB, leaves, node_of, root_by_definition, sumdb_proofs

LARGE = 70_000


class Shelf:
    """Tiles as they are stored: one row for each place, and every place that was read."""

    def __init__(self) -> None:
        self.data: dict[tuple[int, int], bytes] = {}
        self.asked: list[tuple[int, int]] = []
        self.size = 0

    def read(self, level: int, number: int) -> bytes:
        self.asked.append((level, number))
        return self.data[level, number]

    def add(self, hashes: tuple[bytes, ...]) -> dict[tuple[int, int], bytes]:
        self.asked.clear()
        grown = tiles.grow(self.size, hashes, self.read)
        for place, data in grown.items():
            assert len(data) > len(self.data.get(place, b""))
            assert data.startswith(self.data.get(place, b""))
        self.data |= grown
        self.size += len(hashes)
        return grown


@pytest.fixture(scope="module")
def large() -> Shelf:
    shelf = Shelf()
    shelf.add(leaves(LARGE))
    return shelf


# Paths


def test_paths_are_spelled_as_go_spells_them() -> None:
    assert SUMDB["paths"]["1234067"] == "tile/3/x001/x234/067"
    for number, path in SUMDB["paths"].items():
        assert tiles.Address(3, int(number)).path() == path
        assert tiles.Address.parse(path) == (3, int(number), 256)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (tiles.Address(0, 0, 1), "tile/0/000.p/1"),
        (tiles.Address(63, 999, 255), "tile/63/999.p/255"),
        (tiles.Address(None, 0), "tile/entries/000"),
        (tiles.Address(None, 1234067, 5), "tile/entries/x001/x234/067.p/5"),
    ],
)
def test_a_path_names_one_address(address: tiles.Address, path: str) -> None:
    assert address.path() == path
    assert tiles.Address.parse(path) == address


@given(st.none() | st.integers(0, 63), st.integers(0, 10**18 - 1), st.integers(1, 256))
def test_every_address_comes_back(level: int | None, number: int, width: int) -> None:
    address = tiles.Address(level, number, width)
    assert tiles.Address.parse(address.path()) == address


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/x/000",
        "tile/8/0/000",
        "tile/Entries/000",
        "tile/0/001/067",
        "tile/0/x001/x067",
        "tile/0/x000/067",
        "tile/0/x001/67",
        "tile/0/x001x067",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/0/٠٠٠",
        "tile/0/" + "x001/" * 6 + "000",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(MalformedTile):
        tiles.Address.parse(path)


# What a tree of a size has


def test_the_example_of_the_specification() -> None:
    """70 000 leaves: 273 full tiles and one of 112, then one full and one of 17, then one of 1."""
    found = list(tiles.addresses(70_000))
    assert [it for it in found if it.width < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert len(found) == 273 + 1 + 2 + 1
    assert list(tiles.addresses(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles.addresses(0)) == []


@pytest.mark.parametrize(
    ("level", "number", "size", "width"),
    [(0, 0, 0, 0), (0, 0, 255, 255), (0, 1, 256, 0), (1, 0, 511, 1), (1, 1, 70_000, 17)],
)
def test_the_width_of_a_tile_at_a_size(level: int, number: int, size: int, width: int) -> None:
    assert tiles.width_at(level, number, size) == width


def test_the_tiles_are_those_of_go(large: Shelf) -> None:
    """All of this tree, and the unfinished ones also in all widths that they went through."""
    ever: dict[str, bytes] = {}
    for level, number, full in tiles.addresses(LARGE):
        for width in [256] if full == 256 else range(1, full + 1):
            data = large.data[level, number][: width * 32]
            path = tiles.Address(level, number, width).path()
            ever[path] = hashlib.sha256(data).digest()
    for path, digest in SUMDB["tiles"]["some"].items():
        assert ever[path].hex() == digest
    whole = b"".join(path.encode() + b"\n" + ever[path] for path in sorted(ever))
    assert hashlib.sha256(whole).hexdigest() == SUMDB["tiles"]["all"]


def test_roots_and_proofs_from_tiles_are_those_of_go(large: Shelf) -> None:
    for case in sumdb_proofs():
        node = tiles.node_reader(large.read)
        old, size, index = case["old"], case["size"], case["index"]
        assert tiles.root_at(size, large.read).hex() == case["root"]
        assert merkle.root_at(old, node).hex() == case["old_root"]
        inclusion = merkle.inclusion_proof(index, size, node)
        assert [hashed.hex() for hashed in inclusion] == case["inclusion"]
        consistency = merkle.consistency_proof(old, size, node)
        assert [hashed.hex() for hashed in consistency] == case["consistency"]


# Growth


STEPS = st.lists(st.sampled_from([0, 1, 2, 3, 100, 255, 256, 257, 512, 700]), max_size=9)


@given(STEPS)
@example([255, 1, 256, 257])
def test_growth_in_steps_gives_the_tree_of_the_definition(steps: list[int]) -> None:
    shelf = Shelf()
    for step in steps:
        shelf.add(leaves(LARGE)[shelf.size : shelf.size + step])
        widths = {(it.level, it.number): it.width * 32 for it in tiles.addresses(shelf.size)}
        assert {place: len(data) for place, data in shelf.data.items()} == widths
    hashes = leaves(LARGE)[: shelf.size]
    assert b"".join(shelf.data[0, n] for n in range(-(-shelf.size // 256))) == b"".join(hashes)
    assert tiles.root_at(shelf.size, shelf.read) == root_by_definition(hashes)


def test_growth_over_the_second_level_in_many_steps_is_growth_at_once(large: Shelf) -> None:
    shelf, dice = Shelf(), random.Random(256)
    while shelf.size < LARGE:
        step = min(dice.choice([1, 255, 256, 257, 3000]), LARGE - shelf.size)
        shelf.add(leaves(LARGE)[shelf.size : shelf.size + step])
    assert shelf.data == large.data


def test_nothing_new_changes_nothing() -> None:
    assert tiles.grow(300, [], Shelf().read) == {}


def test_one_leaf_more_touches_one_tile_of_a_level(large: Shelf) -> None:
    shelf = Shelf()
    shelf.data, shelf.size = dict(large.data), LARGE
    assert list(shelf.add((bytes(32),))) == [(0, 273)] == shelf.asked
    # The last leaf of a tile: its root goes up, and only there.
    shelf.add((bytes(32),) * (255 - 113))
    assert list(shelf.add((bytes(32),))) == [(0, 273), (1, 1)] == shelf.asked
    assert list(shelf.add((bytes(32),))) == [(0, 274)]
    assert shelf.asked == []


def test_a_tile_that_ran_ahead_is_cut_to_the_size(large: Shelf) -> None:
    """What a writer left that died before its checkpoint is overwritten."""
    shelf = Shelf()
    shelf.data = large.data | tiles.grow(LARGE, [bytes(32)] * 10, large.read)
    again = tiles.grow(LARGE, [bytes(32)] * 5, shelf.read)
    assert again == {(0, 273): large.data[0, 273] + bytes(32) * 5}


def test_growth_from_too_little_is_refused() -> None:
    with pytest.raises(MalformedTile, match="less than"):
        tiles.grow(300, [bytes(32)], lambda level, number: bytes(32 * (300 - 256) - 1))
    with pytest.raises(MalformedTile, match="32 bytes"):
        tiles.grow(0, [bytes(32), bytes(31)], Shelf().read)


# Nodes


@given(st.integers(1, 1500), st.data())
def test_every_complete_node_is_read(size: int, data: st.DataObject) -> None:
    level = data.draw(st.integers(0, size.bit_length() - 1))
    index = data.draw(st.integers(0, (size >> level) - 1))
    shelf = Shelf()
    shelf.add(leaves(LARGE)[:size])
    shelf.asked.clear()
    hashes = leaves(LARGE)[:size]
    assert tiles.node_reader(shelf.read)(level, index) == node_of(hashes)(level, index)
    assert len(shelf.asked) == 1


@pytest.mark.parametrize(("level", "index"), [(0, 300), (1, 150), (2, 75), (8, 1), (9, 0)])
def test_an_incomplete_node_is_refused(level: int, index: int) -> None:
    shelf = Shelf()
    shelf.add(leaves(300))
    with pytest.raises(MalformedTile, match="does not hold"):
        tiles.node_reader(lambda *place: shelf.data.get(place, b""))(level, index)


def test_a_proof_reads_few_tiles(large: Shelf) -> None:
    for index in (0, 255, 256, 34_567, 65_535, 65_536, LARGE - 1):
        large.asked.clear()
        merkle.inclusion_proof(index, LARGE, tiles.node_reader(large.read))
        assert len(large.asked) <= 2 * 3
        assert len(large.asked) == len(set(large.asked))


# Bundles of entries


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_comes_back(entries: list[bytes]) -> None:
    assert tiles.parse_bundle(tiles.encode_bundle(entries)) == entries


def test_a_bundle_is_spelled_as_the_specification_says() -> None:
    entries = [b"ab", b"", b"x" * 258]
    assert tiles.encode_bundle(entries) == b"\x00\x02ab\x00\x00\x01\x02" + b"x" * 258
    assert tiles.parse_bundle(tiles.encode_bundle([b"x" * 65_535])) == [b"x" * 65_535]


def test_an_entry_that_is_too_long_is_refused() -> None:
    with pytest.raises(MalformedTile):
        tiles.encode_bundle([b"x" * 65_536])


@pytest.mark.parametrize("data", [b"\0", b"\0\1", b"\0\2a", b"\0\1ab", b"\0\0" * 257])
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedTile):
        tiles.parse_bundle(data)
