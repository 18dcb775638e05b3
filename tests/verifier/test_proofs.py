"""Single proofs, against a tree built by the recursion of RFC 6962 in the writer."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from coop_verify import tree
from coop_verify.cli import main
from tests.verifier.writer import (
    KEY,
    checkpoint,
    consistency,
    inclusion,
    merkle,
    note_key,
    valley,
)

KEY_HEX = bytes(KEY.verify_key).hex()
LEAVES = [b"leaf %d" % number for number in range(40)]


def test_roots_agree_at_every_size() -> None:
    grown = tree.Tree()
    for size in range(len(LEAVES) + 1):
        assert grown.root() == merkle(LEAVES[:size]) == tree.root_of(LEAVES[:size])
        grown.add(LEAVES[size % len(LEAVES)])


@pytest.mark.parametrize("size", range(1, len(LEAVES)))
def test_every_inclusion_leads_to_the_root_and_no_other_does(size: int) -> None:
    root = merkle(LEAVES[:size])
    for index in range(size):
        path = inclusion(index, LEAVES[:size])
        leaf = tree.leaf_hash(LEAVES[index])
        assert tree.root_from_inclusion(leaf, index, size, path) == root
        assert tree.root_from_inclusion(leaf, index, size, [*path, root]) is None
        assert tree.root_from_inclusion(leaf, size, size, path) is None
        if path:
            assert tree.root_from_inclusion(leaf, index, size, path[:-1]) != root
            assert tree.root_from_inclusion(leaf, index ^ 1, size, path) != root


@pytest.mark.parametrize("new", range(1, len(LEAVES)))
def test_every_consistency_is_shown_and_no_other(new: int) -> None:
    root, forged = merkle(LEAVES[:new]), hashlib.sha256(b"forged").digest()
    for old in range(new + 1):
        path, before = consistency(old, LEAVES[:new]), merkle(LEAVES[:old])
        assert tree.is_consistent((old, before), (new, root), path)
        assert not tree.is_consistent((old, forged), (new, root), path)
        assert not tree.is_consistent((old, before), (new, root), [*path, forged])
        assert not tree.is_consistent((new + 1, before), (new, root), path)
        if 0 < old < new:
            assert not tree.is_consistent((old, before), (new, forged), path)
            assert not tree.is_consistent((old, before), (new, root), path[:-1])
            assert not tree.is_consistent((old, before), (new, root), [forged, *path[1:]])


def test_hashes_of_the_standard_vectors() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.root_of([]).hex() == empty
    leaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root_of([b""]).hex() == leaf
    eight = [bytes.fromhex(text) for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )]  # fmt: skip
    root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert tree.root_of(eight).hex() == root


def proof_file(path: Path, index: int, leaves: list[bytes]) -> Path:
    lines = [base64.b64encode(step).decode() for step in inclusion(index, leaves)]
    extra = base64.b64encode(leaves[index]).decode()
    head = "\n".join(["c2sp.org/tlog-proof@v1", f"extra {extra}", f"index {index}", *lines])
    path.write_bytes(head.encode() + b"\n\n" + checkpoint(leaves))
    return path


@pytest.mark.parametrize("key", [KEY_HEX, note_key()])
def test_a_proof_file_of_every_leaf(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    leaves = valley().leaves()
    for index in range(len(leaves)):
        path = proof_file(tmp_path / "p.tlog-proof", index, leaves)
        assert main(["proof", str(path), "--key", key]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"ok      leaf {index} of {len(leaves)} in the log valley")
        assert leaves[index].decode() in said


def test_a_proof_file_of_one_leaf_alone(tmp_path: Path) -> None:
    path = proof_file(tmp_path / "p.tlog-proof", 0, valley().leaves()[:1])
    assert main(["proof", str(path), "--key", KEY_HEX]) == 0


def test_every_byte_of_a_proof_file_counts(tmp_path: Path) -> None:
    path = proof_file(tmp_path / "p.tlog-proof", 5, valley().leaves())
    raw = path.read_bytes()
    for place in range(len(raw)):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        assert main(["proof", str(path), "--key", KEY_HEX]) in (1, 2), place


def test_a_proof_needs_a_key_of_the_right_form(tmp_path: Path) -> None:
    path = proof_file(tmp_path / "p.tlog-proof", 5, valley().leaves())
    wrong = note_key()[:-4] + "AAA="
    for key in ("00", "zz" * 32, KEY_HEX[:-1], wrong, "a+b", "a+b+c", "+", note_key() + "+x"):
        assert main(["proof", str(path), "--key", key]) == 2
    assert main(["proof", str(path), "--key", "00" * 32]) == 1
    with pytest.raises(SystemExit) as refused:
        main(["proof", str(path)])
    assert refused.value.code == 2


def test_consistency_of_two_checkpoints(tmp_path: Path) -> None:
    leaves = valley().leaves()
    old, new, proof = (tmp_path / name for name in ("old", "new", "proof.json"))
    old.write_bytes(checkpoint(leaves[:7]))
    new.write_bytes(checkpoint(leaves))
    hashes = [step.hex() for step in consistency(7, leaves)]
    files = ["consistency", str(old), str(new), str(proof)]
    for facts, code in (
        ({"hashes": hashes}, 0),
        ({"from": 7, "to": len(leaves), "hashes": hashes}, 0),
        ({"from": 6, "to": len(leaves), "hashes": hashes}, 1),
        ({"hashes": hashes[1:]}, 1),
        ({"hashes": hashes[::-1]}, 1),
        ({"hashes": [1]}, 2),
        ({"hashes": ["zz"]}, 2),
        ({"hashes": hashes * 99}, 2),
        ([], 2),
    ):
        proof.write_text(json.dumps(facts))
        assert main(files) == code, facts
        assert main([*files, "--key", KEY_HEX]) == code, facts
    proof.write_text(json.dumps({"hashes": hashes}))
    assert main([*files, "--key", "00" * 32]) == 1
    old.write_bytes(checkpoint([*leaves[:6], b"another past"]))
    assert main(files) == 1
