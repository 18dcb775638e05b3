"""The hashes of rolls and boards, against RFC 6962 and by hand."""

import hashlib

import pytest

from governance import board


def leaves(count: int) -> list[str]:
    return [board.leaf_hash(bytes([n])) for n in range(count)]


def root_by_definition(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1: split at the largest power of two below n."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    left, right = root_by_definition(hashes[:split]), root_by_definition(hashes[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("count", [*range(1, 20), 31, 32, 33])
def test_the_root_is_that_of_the_standard(count: int) -> None:
    expected = root_by_definition([bytes.fromhex(leaf) for leaf in leaves(count)])
    assert board.merkle_root(leaves(count)) == expected.hex()


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert board.merkle_root([]) == hashlib.sha256(b"").hexdigest()


def test_a_leaf_is_never_a_node() -> None:
    pair = leaves(2)
    joined = b"".join(bytes.fromhex(leaf) for leaf in pair)
    assert board.leaf_hash(joined) != board.merkle_root(pair)


def test_the_chain_depends_on_every_leaf_and_on_their_order() -> None:
    first, second, third = leaves(3)
    head = board.chain_head([first, second, third])
    assert head == board.next_link(board.chain_head([first, second]), third)
    assert board.chain_head([second, first, third]) != head
    assert board.chain_head([first, third]) != head
    assert board.chain_head([]) == board.FIRST_LINK


def test_equal_documents_have_one_hash_whatever_the_order_of_their_keys() -> None:
    assert board.document_hash({"a": 1, "b": 2}) == board.document_hash({"b": 2, "a": 1})
    assert board.document_hash({"a": 1}) != board.document_hash({"a": 2})
