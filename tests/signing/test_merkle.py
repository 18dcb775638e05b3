"""The tree against the standard's definition, vectors made in Go, and pymerkle both ways."""

import hashlib
import random
from collections.abc import Sequence
from typing import Any

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle.proof import ConsistencyProof, InclusionProof

from signing import merkle
from signing.errors import BadProof, SigningError
from tests.signing.trees import (
    REFERENCE,
    SUMDB,
    from_hex,
    leaves,
    node_of,
    path_by_definition,
    root_by_definition,
    subproof_by_definition,
    way_down,
)

SMALL = 70
REFERENCE_LEAVES = [merkle.leaf_hash(leaf) for leaf in from_hex(REFERENCE["leaves"])]
sizes = st.integers(1, 300)


def digest(proofs: Sequence[Sequence[bytes]]) -> str:
    """As in vectors/sumdb.go: a line for each proof."""
    lines = [" ".join(hashed.hex() for hashed in proof) for proof in proofs]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# The reference implementation's vectors


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_that_of_the_reference(size: int) -> None:
    expected = REFERENCE["roots"][size - 1]
    assert merkle.root(REFERENCE_LEAVES[:size]).hex() == expected
    assert merkle.root_at(size, node_of(REFERENCE_LEAVES)).hex() == expected


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root([]).hex() == nothing == merkle.EMPTY_ROOT.hex()
    assert merkle.root_at(0, node_of([])) == merkle.EMPTY_ROOT


@pytest.mark.parametrize("case", REFERENCE["inclusion"])
def test_inclusion_is_proved_as_in_the_reference(case: dict[str, Any]) -> None:
    index, size, proof = case["index"], case["size"], from_hex(case["proof"])
    assert merkle.inclusion_proof(index, size, node_of(REFERENCE_LEAVES)) == proof
    root = bytes.fromhex(REFERENCE["roots"][size - 1])
    merkle.verify_inclusion(REFERENCE_LEAVES[index], index, size, proof, root)


@pytest.mark.parametrize("case", REFERENCE["consistency"])
def test_consistency_is_proved_as_in_the_reference(case: dict[str, Any]) -> None:
    old, new, proof = case["old"], case["new"], from_hex(case["proof"])
    assert merkle.consistency_proof(old, new, node_of(REFERENCE_LEAVES)) == proof
    roots = from_hex(REFERENCE["roots"])
    merkle.verify_consistency(old, roots[old - 1], new, roots[new - 1], proof)


# Every proof of every small tree, as Go's log makes them


@pytest.mark.parametrize("size", range(1, SMALL + 1))
def test_all_small_proofs_are_those_of_go(size: int) -> None:
    node = node_of(leaves(SMALL))
    assert merkle.root(leaves(SMALL)[:size]).hex() == SUMDB["roots"][size - 1]
    inclusions = [merkle.inclusion_proof(index, size, node) for index in range(size)]
    assert digest(inclusions) == SUMDB["inclusions"][size - 1]
    consistencies = [merkle.consistency_proof(old, size, node) for old in range(1, size + 1)]
    assert digest(consistencies) == SUMDB["consistencies"][size - 1]


@pytest.mark.parametrize("case", SUMDB["proofs"], ids=lambda case: f"{case['old']}-{case['size']}")
def test_proofs_of_go_over_large_trees_verify(case: dict[str, Any]) -> None:
    index, old, size = case["index"], case["old"], case["size"]
    old_root, root = from_hex([case["old_root"], case["root"]])
    leaf = merkle.leaf_hash(b"%d" % index)
    merkle.verify_inclusion(leaf, index, size, from_hex(case["inclusion"]), root)
    merkle.verify_consistency(old, old_root, size, root, from_hex(case["consistency"]))


# pymerkle: their proofs verify here, ours there


def theirs(size: int) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for index in range(size):
        tree.append_entry(b"%d" % index)
    return tree


def check_inclusion_both_ways(tree: pymerkle.InmemoryTree, index: int, size: int) -> None:
    leaf, root = leaves(SMALL * 50)[index], tree.get_root(size)
    # They count leaves from one and put the leaf's own hash first.
    proof = tree.prove_inclusion(index + 1, size)
    merkle.verify_inclusion(leaf, index, size, proof.path[1:], root)
    ours = merkle.inclusion_proof(index, size, node_of(leaves(SMALL * 50)[:size]))
    made = InclusionProof("sha256", True, size, index + 1, proof.rule, [leaf, *ours])
    pymerkle.verify_inclusion(leaf, root, made, index=index + 1, size=size)


def in_the_standard_form(proof: ConsistencyProof) -> list[bytes]:
    """pymerkle goes down to one leaf of what is new to its left; the RFCs stop at the subtree."""
    new = proof.subset.index(1)
    part = ConsistencyProof(
        "sha256", True, 0, 0, proof.rule[:new], proof.subset[:new], proof.path[:new]
    )
    seed, *rest = proof.path[new:]
    is_whole = proof.prior_size & (proof.prior_size - 1) == 0
    return [*([] if is_whole else [seed]), part.compute_root(), *rest]


def check_consistency(tree: pymerkle.InmemoryTree, old: int, size: int) -> None:
    proof = tree.prove_consistency(old, size)
    pymerkle.verify_consistency(tree.get_root(old), tree.get_root(size), proof)
    hashes = in_the_standard_form(proof) if old < size else []
    merkle.verify_consistency(old, tree.get_root(old), size, tree.get_root(size), hashes)
    assert merkle.consistency_proof(old, size, node_of(leaves(SMALL * 50)[:size])) == hashes


def test_pymerkle_and_we_believe_each_other_on_small_trees() -> None:
    tree = theirs(SMALL)
    for size in range(1, SMALL + 1):
        assert tree.get_root(size) == merkle.root(leaves(SMALL)[:size])
        for place in range(size):
            check_inclusion_both_ways(tree, place, size)
            check_consistency(tree, place + 1, size)


def test_pymerkle_and_we_believe_each_other_on_larger_trees() -> None:
    tree, dice = theirs(SMALL * 50), random.Random(6962)
    for _ in range(20):
        size = dice.randint(SMALL, SMALL * 50)
        check_inclusion_both_ways(tree, dice.randrange(size), size)
        check_consistency(tree, dice.randint(1, size), size)


# The definition


@given(sizes, st.data())
def test_proofs_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    hashes = leaves(300)[:size]
    root, node = root_by_definition(hashes), node_of(hashes)
    proof = merkle.inclusion_proof(index, size, node)
    assert proof == path_by_definition(index, hashes)
    merkle.verify_inclusion(hashes[index], index, size, proof, root)
    growth = merkle.consistency_proof(old, size, node)
    assert growth == subproof_by_definition(old, hashes)
    merkle.verify_consistency(old, root_by_definition(hashes[:old]), size, root, growth)


@given(sizes, st.data())
def test_a_frontier_taken_up_again_goes_on(size: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(0, size))
    hashes = leaves(300)[:size]
    read = merkle.Frontier.at(before, node_of(hashes))
    frontier = merkle.Frontier(read.size, read.peaks)
    assert frontier.root() == root_by_definition(hashes[:before])
    for leaf in hashes[before:]:
        frontier.append(leaf)
    assert (frontier.size, frontier.root()) == (size, root_by_definition(hashes))
    assert len(frontier.peaks) == size.bit_count()


@pytest.mark.parametrize(("size", "peaks"), [(-1, 0), (0, 1), (3, 1), (4, 3)])
def test_a_frontier_of_the_wrong_form_is_refused(size: int, peaks: int) -> None:
    with pytest.raises(ValueError, match="complete subtrees"):
        merkle.Frontier(size, leaves(9)[:peaks])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3), (4, 3)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_proof(index, size, node_of(leaves(9)))
    with pytest.raises(BadProof):
        merkle.verify_inclusion(leaves(9)[0], index, size, [], leaves(9)[0])


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (1, 0)])
def test_a_tree_does_not_shrink(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="does not begin"):
        merkle.consistency_proof(old, new, node_of(leaves(9)))
    for root in (leaves(9)[0], merkle.EMPTY_ROOT):
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, root, new, root, [])


# Sizes for which nothing is to be proved


def test_a_tree_is_consistent_with_itself_and_with_nothing_before_it() -> None:
    node, empty = node_of(leaves(5)), merkle.EMPTY_ROOT
    root = merkle.root(leaves(5))
    for old, old_root, new, new_root in [
        (5, root, 5, root),
        (0, empty, 5, root),
        (0, empty, 0, empty),
    ]:
        assert merkle.consistency_proof(old, new, node) == []
        merkle.verify_consistency(old, old_root, new, new_root, [])
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, old_root, new, new_root, [root])


def test_two_roots_of_one_size_or_of_nothing_are_refused() -> None:
    root, other, empty = merkle.root(leaves(5)), merkle.root(leaves(6)), merkle.EMPTY_ROOT
    for old, old_root, new, new_root in [
        (5, root, 5, other),
        (0, root, 5, root),
        (0, root, 0, root),
        (0, empty, 0, root),
    ]:
        with pytest.raises(BadProof):
            merkle.verify_consistency(old, old_root, new, new_root, [])


# What must not verify


def is_refused(check: Any, *args: Any) -> bool:
    try:
        check(*args)
    except SigningError:
        return True
    return False


def flipped(hashed: bytes, byte: int) -> bytes:
    return hashed[:byte] + bytes([hashed[byte] ^ 1]) + hashed[byte + 1 :]


def tampered(hashes: Sequence[bytes], byte: int) -> list[list[bytes]]:
    """Proofs like this one, but each with one hash changed, cut, removed, doubled or added."""
    proofs = []
    for at, hashed in enumerate(hashes):
        before, after = list(hashes[:at]), list(hashes[at + 1 :])
        other = [[flipped(hashed, byte)], [hashed[:-1]], [hashed + b"\0"], [], [hashed, hashed]]
        proofs += [[*before, *new, *after] for new in other]
    added = [b"", bytes(32), merkle.EMPTY_ROOT]
    return [*proofs, *([new, *hashes] for new in added), *([*hashes, new] for new in added)]


@given(sizes, st.integers(0, 31), st.data())
def test_a_changed_proof_of_inclusion_is_refused(size: int, byte: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(300)[:size]
    leaf, root = hashes[index], root_by_definition(hashes)
    proof = path_by_definition(index, hashes)
    verify = merkle.verify_inclusion
    assert is_refused(verify, flipped(leaf, byte), index, size, proof, root)
    assert is_refused(verify, leaf, index, size, proof, flipped(root, byte))
    for other in tampered(proof, byte):
        assert is_refused(verify, leaf, index, size, other, root)
    for elsewhere in {*range(-1, size + 2)} - {index}:
        assert is_refused(verify, leaf, elsewhere, size, proof, root)


@given(sizes, sizes, st.data())
def test_another_size_is_refused_where_it_changes_the_way(
    size: int, other: int, data: st.DataObject
) -> None:
    """The way up is all that a size means to a proof; the checkpoint binds the size to the root."""
    index = data.draw(st.integers(0, min(size, other) - 1))
    hashes = leaves(300)[:size]
    proof, root = path_by_definition(index, hashes), root_by_definition(hashes)
    same = way_down(index, index + 1, size) == way_down(index, index + 1, other)
    refused = is_refused(merkle.verify_inclusion, hashes[index], index, other, proof, root)
    assert refused is not same


@given(sizes, st.integers(0, 31), st.data())
def test_a_changed_proof_of_consistency_is_refused(
    size: int, byte: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, size))
    hashes = leaves(300)[:size]
    old_root, root = root_by_definition(hashes[:old]), root_by_definition(hashes)
    proof = subproof_by_definition(old, hashes)
    verify = merkle.verify_consistency
    assert is_refused(verify, old, flipped(old_root, byte), size, root, proof)
    assert is_refused(verify, old, old_root, size, flipped(root, byte), proof)
    for other in tampered(proof, byte):
        assert is_refused(verify, old, old_root, size, root, other)
    for before in {*range(-1, size + 2)} - {old}:
        assert is_refused(verify, before, old_root, size, root, proof)


@given(st.integers(1, 150), st.integers(0, 150), st.integers(0, 150))
def test_consistency_with_another_size_is_refused_where_it_changes_the_way(
    old: int, more: int, others: int
) -> None:
    size, other = old + more, old + others
    hashes = leaves(300)[:size]
    proof = subproof_by_definition(old, hashes)
    roots = root_by_definition(hashes[:old]), root_by_definition(hashes)
    start = old - (old & -old)
    same = way_down(start, old, size) == way_down(start, old, other)
    refused = is_refused(merkle.verify_consistency, old, roots[0], other, roots[1], proof)
    assert refused is not (same and (old == size) is (old == other))


def test_no_byte_moves_from_one_hash_to_its_neighbour() -> None:
    """What is hashed for a node would stay the same, so that only the lengths tell."""
    left, right = leaves(2)
    root = merkle.root([left, right])
    with pytest.raises(BadProof, match="32 bytes"):
        merkle.verify_inclusion(left + right[:1], 0, 2, [right[1:]], root)
    with pytest.raises(BadProof, match="32 bytes"):
        merkle.verify_consistency(1, left + right[:1], 2, root, [right[1:]])


def test_a_rewritten_past_is_not_consistent() -> None:
    rewritten = [*leaves(60)[:17], merkle.leaf_hash(b"rewritten"), *leaves(60)[18:]]
    proof = merkle.consistency_proof(40, 60, node_of(rewritten))
    old_root = merkle.root(leaves(60)[:40])
    with pytest.raises(BadProof, match="old root"):
        merkle.verify_consistency(40, old_root, 60, merkle.root(rewritten), proof)
