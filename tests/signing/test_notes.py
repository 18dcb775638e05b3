"""Notes, checkpoints and proof files: what Go signed opens here, byte for byte, and no more."""

import base64
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing import merkle, notes
from signing.errors import BadProof, BadSignature, MalformedNote, SigningError
from tests.signing.trees import SUMDB, leaves, node_of

SEED, OTHER_SEED = bytes(range(32)), bytes(range(1, 33))
ORIGIN = "coop.example/books"
KEY = notes.VerifierKey.of_seed(ORIGIN, SEED)
# The examples of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInN"
    "IuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE"
    "6RyyBwJnAM=\n"
)
BY_ENOCH = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2t"
    "iOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1"
    "RvMc+QQ=\n"
)
# Two tree heads that Go's checksum database signed, the second with a witness beside it.
SUM_GOLANG_ORG = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
PUBLISHED = [
    (
        6476701,
        "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n"
        "— sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9"
        "LM7Us9S+1xbFIGu95949rj4nPRYfvimW"
        "EPWL+o3GeoWwOoAw=\n",
    ),
    (
        15067302,
        "go.sum database tree\n15067302\ngJyioq6dwR9n+NjEWORfYmH+ubeYm3kH42BBQ0bTpYI=\n\n"
        "— sum.golang.org Az3grp1rvWOs5NKlr/xR4GLN/CDyzzakmt1o61uSxYK"
        "pK1SerqOP2ClbX/peKUZjYnyomH5Xz7G"
        "ZG3TpB7OeKn4E2ww=\n"
        "— test.example.com qTGhC/xIPQ0AXKHK6Y+9ypRfuvMZWPjRXM8NiOg5M"
        "1WREn07VQXyuIXM3NRNav3ieVFLUqDRK"
        "77PWDmL6w8w84UqeAw=\n",
    ),
]
HASH = base64.b64encode(bytes(32)).decode()


def proof_file(index: int = 40, size: int = 70) -> notes.Proof:
    node = node_of(leaves(size))
    checkpoint = notes.Checkpoint(ORIGIN, size, merkle.root_at(size, node))
    hashes = tuple(merkle.inclusion_proof(index, size, node))
    signed = notes.sign_checkpoint(checkpoint, SEED)
    return notes.Proof(index, hashes, signed, b"%d" % index)


# Verifier keys


def test_a_verifier_key_is_spelled_as_in_go() -> None:
    key = notes.VerifierKey.parse(PETER)
    assert (key.name, key.id.hex(), key.text()) == ("PeterNeumann", "c74f20a3", PETER)
    assert notes.VerifierKey.of_seed("PeterNeumann", PETERS_SEED) == key


def test_no_part_of_a_key_and_no_neighbour_of_it_is_a_key() -> None:
    wrong = [PETER[i:j] for i in range(len(PETER)) for j in range(i, len(PETER) + 1)]
    wrong.remove(PETER)
    wrong += [PETER[:i] + chr(ord(c) + 1) + PETER[i + 1 :] for i, c in enumerate(PETER)]
    wrong += [f" {PETER}", f"{PETER}\n", PETER.replace("c74f", "C74F")]
    # A key of the wrong length and one of an unknown type, each with the id that fits.
    wrong.append("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==")
    wrong.append("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    for text in wrong:
        with pytest.raises(MalformedNote):
            notes.VerifierKey.parse(text)


@pytest.mark.parametrize(
    "name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x00", "a\u2028", "\ud800"]
)
def test_no_key_has_such_a_name(name: str) -> None:
    with pytest.raises(MalformedNote):
        notes.VerifierKey(name, bytes(32))
    with pytest.raises(MalformedNote):
        notes.sign(name, SEED, "text\n")


def test_a_key_has_32_bytes() -> None:
    for length in (0, 31, 33):
        with pytest.raises(MalformedNote, match="32 bytes"):
            notes.VerifierKey(ORIGIN, bytes(length))


# Notes


def test_the_example_of_go_is_signed_and_opened() -> None:
    note = notes.sign("PeterNeumann", PETERS_SEED, TEXT)
    assert note == f"{TEXT}\n{BY_PETER}"
    assert notes.open(note, notes.VerifierKey.parse(PETER)) == TEXT


@pytest.mark.parametrize("order", [BY_PETER + BY_ENOCH, BY_ENOCH + BY_PETER])
def test_each_of_two_signers_opens_a_note_and_nobody_else(order: str) -> None:
    note = f"{TEXT}\n{order}".encode()
    assert notes.open(note, notes.VerifierKey.parse(PETER)) == TEXT
    assert notes.open(note, notes.VerifierKey.parse(ENOCH)) == TEXT
    for stranger in (KEY, notes.VerifierKey.of_seed("PeterNeumann", SEED)):
        with pytest.raises(BadSignature, match="not signed by"):
            notes.open(note, stranger)


@pytest.mark.parametrize("case", SUMDB["notes"])
def test_go_and_we_sign_alike(case: dict[str, str]) -> None:
    seed, key = bytes.fromhex(case["seed"]), notes.VerifierKey.parse(case["key"])
    assert notes.sign(ORIGIN, seed, case["text"]) == case["note"]
    assert notes.open(case["note"].encode(), key) == case["text"]
    assert notes.open(case["both"].encode(), key) == case["text"]


@pytest.mark.parametrize(("size", "note"), PUBLISHED)
def test_published_tree_heads_open(size: int, note: str) -> None:
    key = notes.VerifierKey.parse(SUM_GOLANG_ORG)
    checkpoint = notes.Checkpoint.parse(notes.open(note, key))
    assert (checkpoint.origin, checkpoint.size) == ("go.sum database tree", size)
    assert checkpoint.text() == note.partition("\n\n")[0] + "\n"
    with pytest.raises(BadSignature):
        notes.open(note.replace(str(size), str(size + 1)), key)


MALFORMED = [
    "",
    TEXT,
    f"{TEXT}\n",
    f"{TEXT}{BY_PETER}",
    f"{TEXT}\n{BY_PETER}"[:-1],
    f"\x01{TEXT}\n{BY_PETER}",
    f"{TEXT}\r\n{BY_PETER}",
    f"\t{TEXT}\n{BY_PETER}",
    f"\ud800{TEXT}\n{BY_PETER}",
    f"{TEXT}\n{BY_PETER}Unexpected line.\n",
    f"{TEXT}\n{BY_PETER}\n",
    f"{TEXT}\n{BY_PETER}\n\n",
    f"{TEXT}\n{BY_PETER}{BY_ENOCH.replace('EnochRoot', 'Enoch Root')}",
    f"{TEXT}\n{BY_PETER}{BY_ENOCH.replace('EnochRoot', 'Enoch+Root')}",
    f"{TEXT}\n{BY_PETER}{BY_ENOCH.replace('EnochRoot ', '')}",
    f"{TEXT}\n{BY_PETER}{BY_ENOCH.replace('— ', '- ')}",
    f"{TEXT}\n{BY_PETER}{BY_ENOCH.replace('— ', '')}",
    f"{TEXT}\n{BY_PETER}{BY_ENOCH.replace('=', '')}",
    f"{TEXT}\n{BY_PETER}{BY_ENOCH.replace('QQ=', 'QR=')}",
    f"{TEXT}\n{BY_PETER}— EnochRoot rwz+eA==\n",
    f"{TEXT}\n{BY_PETER}— EnochRoot \n",
    f"{TEXT}\n{BY_PETER}" + 100 * BY_ENOCH,
    f"{TEXT}\n{BY_PETER}".rjust(1_000_001, "a"),
]


@pytest.mark.parametrize("note", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_note_is_refused_though_the_signature_is_sound(note: str) -> None:
    with pytest.raises(MalformedNote):
        notes.open(note, notes.VerifierKey.parse(PETER))


def test_a_note_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(MalformedNote, match="UTF-8"):
        notes.open(b"\xff" + f"{TEXT}\n{BY_PETER}".encode(), notes.VerifierKey.parse(PETER))


def test_a_hundred_signatures_are_read() -> None:
    note = f"{TEXT}\n{BY_PETER}" + 99 * BY_ENOCH
    assert notes.open(note, notes.VerifierKey.parse(PETER)) == TEXT


def test_one_bad_signature_of_the_key_spoils_the_note() -> None:
    bad = BY_PETER.replace("ZJku", "ZJkv")
    short = f"— PeterNeumann {base64.b64encode(bytes.fromhex('c74f20a3') + bytes(63)).decode()}\n"
    for line in (bad, short):
        with pytest.raises(BadSignature, match="did not sign"):
            notes.open(f"{TEXT}\n{BY_PETER}{line}", notes.VerifierKey.parse(PETER))


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\x00\n", "\ud800\n", "a\r\n"])
def test_such_a_text_is_not_signed(text: str) -> None:
    with pytest.raises(MalformedNote):
        notes.sign(ORIGIN, SEED, text)


CHARACTERS = st.characters(
    exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32)))
)


@given(st.lists(st.text(CHARACTERS), min_size=1).map(lambda lines: "\n".join(lines) + "\n"))
def test_every_text_comes_back(text: str) -> None:
    assert notes.open(notes.sign(ORIGIN, SEED, text).encode(), KEY) == text


def test_no_bit_of_a_note_can_be_changed() -> None:
    note = notes.sign_checkpoint(notes.Checkpoint(ORIGIN, 70, merkle.root(leaves(70))), SEED)
    assert not [at for at in each_bit(note) if is_accepted(notes.open_checkpoint, note, at)]


# Checkpoints


def test_a_checkpoint_is_signed_under_its_origin() -> None:
    checkpoint = notes.Checkpoint(ORIGIN, 70, merkle.root(leaves(70)))
    note = notes.sign_checkpoint(checkpoint, SEED)
    assert note.startswith(checkpoint.text() + "\n— coop.example/books ")
    assert notes.open_checkpoint(note, KEY) == checkpoint


def test_a_log_does_not_speak_for_another() -> None:
    text = notes.Checkpoint("another.example/books", 70, merkle.root(leaves(70))).text()
    with pytest.raises(BadSignature, match="another log"):
        notes.open_checkpoint(notes.sign(ORIGIN, SEED, text), KEY)


def test_extensions_are_kept() -> None:
    text = f"{ORIGIN}\n0\n{HASH}\none\ntwo words\n"
    checkpoint = notes.Checkpoint.parse(text)
    assert checkpoint == notes.Checkpoint(ORIGIN, 0, bytes(32), ("one", "two words"))
    assert checkpoint.text() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n1\n",
        f"\n1\n{HASH}\n",
        f"{ORIGIN}\n1\n{HASH}",
        f"{ORIGIN}\n1\n{HASH}\n\n",
        f"{ORIGIN}\n1\n\n{HASH}\n",
        f"{ORIGIN}\n\n{HASH}\n",
        f"{ORIGIN}\n01\n{HASH}\n",
        f"{ORIGIN}\n-1\n{HASH}\n",
        f"{ORIGIN}\n+1\n{HASH}\n",
        f"{ORIGIN}\n1_0\n{HASH}\n",
        f"{ORIGIN}\n 1\n{HASH}\n",
        f"{ORIGIN}\n١\n{HASH}\n",
        f"{ORIGIN}\n1.0\n{HASH}\n",
        f"{ORIGIN}\n9223372036854775808\n{HASH}\n",
        f"{ORIGIN}\n1\n{HASH[:-1]}\n",
        f"{ORIGIN}\n1\n{HASH[:-2]}B=\n",
        f"{ORIGIN}\n1\n{HASH} \n",
        f"{ORIGIN}\n1\n{HASH[4:]}\n",
        f"{ORIGIN}\n1\nAAAA{HASH}\n",
        f"{ORIGIN}\n1\n{HASH.replace('A', '-', 1)}\n",
        f"{ORIGIN}\n1\n{'0' * 64}\n",
        f"{ORIGIN}\r\n1\n{HASH}\n",
    ],
)
def test_such_a_text_is_no_checkpoint(text: str) -> None:
    with pytest.raises(MalformedNote):
        notes.Checkpoint.parse(text)


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions"),
    [
        ("", 1, bytes(32), ()),
        ("a\nb", 1, bytes(32), ()),
        (f"a\n1\n{HASH}", 1, bytes(32), ()),
        (ORIGIN, -1, bytes(32), ()),
        (ORIGIN, 2**63, bytes(32), ()),
        (ORIGIN, 1, bytes(31), ()),
        (ORIGIN, 1, bytes(32), ("",)),
        (ORIGIN, 1, bytes(32), ("a\nb",)),
    ],
)
def test_such_a_checkpoint_is_not_signed(
    origin: str, size: int, root: bytes, extensions: tuple[str, ...]
) -> None:
    with pytest.raises(MalformedNote):
        notes.Checkpoint(origin, size, root, extensions).text()


# Proof files


def test_a_proof_file_is_spelled_as_the_format_says() -> None:
    proof = proof_file(index=2, size=3)
    first = base64.b64encode(merkle.root(leaves(2))).decode()
    assert proof.text() == (
        f"c2sp.org/tlog-proof@v1\nextra Mg==\nindex 2\n{first}\n\n{proof.checkpoint}"
    )
    assert notes.Proof.parse(proof.text().encode()) == proof


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (1, 3), (40, 70), (69, 70)])
def test_a_proof_file_shows_that_its_leaf_is_in_the_log(index: int, size: int) -> None:
    included = notes.verify_proof(proof_file(index, size).text(), KEY)
    assert (included.leaf, included.index) == (b"%d" % index, index)
    assert included.checkpoint == notes.Checkpoint(ORIGIN, size, merkle.root(leaves(size)))


def test_a_proof_file_over_another_leaf_or_place_is_refused() -> None:
    proof = proof_file()
    changed: list[dict[str, Any]] = [
        {"extra": b"41"},
        {"extra": b""},
        {"index": 41},
        {"index": 70},
        {"hashes": proof.hashes[:-1]},
        {"hashes": (*proof.hashes, bytes(32))},
        {"hashes": proof.hashes[::-1]},
    ]
    for change in changed:
        with pytest.raises(BadProof):
            notes.verify_proof(notes.Proof(**{**vars(proof), **change}).text(), KEY)


def test_a_proof_file_of_an_unknown_log_is_refused() -> None:
    with pytest.raises(BadSignature):
        notes.verify_proof(proof_file().text(), notes.VerifierKey.of_seed(ORIGIN, OTHER_SEED))


def each_bit(text: str) -> list[tuple[int, int]]:
    return [(byte, bit) for byte in range(len(text.encode())) for bit in range(8)]


def is_accepted(check: Any, text: str, place: tuple[int, int]) -> bool:
    raw = bytearray(text.encode())
    raw[place[0]] ^= 1 << place[1]
    try:
        check(bytes(raw), KEY)
    except SigningError:
        return False
    return True


def test_no_bit_of_a_proof_file_can_be_changed() -> None:
    text = proof_file().text()
    assert not [at for at in each_bit(text) if is_accepted(notes.verify_proof, text, at)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tlog-proof@v1", "tlog-proof@v2"),
        ("tlog-proof@v1\n", "tlog-proof@v1\n\n"),
        ("extra NDA=\n", "extra \n"),
        ("extra NDA=\n", "extra !!notbase64!!\n"),
        ("extra NDA=\n", "extra NDB=\n"),
        ("extra NDA=\n", "extra NDA=\nextra NDA=\n"),
        ("extra ", "extra  "),
        ("extra ", "Extra "),
        ("index 40\n", ""),
        ("index 40\n", "index notanumber\n"),
        ("index 40\n", "index -5\n"),
        ("index 40\n", "index 040\n"),
        ("index 40\n", "index 40 \n"),
        ("index 40\n", "index 40\r\n"),
        ("index 40\n", "index 40\nindex 40\n"),
        ("index 40\n", f"index 40\n{base64.b64encode(bytes(64)).decode()}\n"),
        ("index 40\n", "index 40\n" + f"{HASH}\n" * 57),
        ("\n\n", "\n"),
        ("\n\n— ", "\n— "),
    ],
)
def test_such_a_file_is_no_proof(old: str, new: str) -> None:
    text = proof_file().text()
    assert old in text
    with pytest.raises(MalformedNote):
        notes.Proof.parse(text.replace(old, new, 1))


@pytest.mark.parametrize(
    "change",
    [{"index": -1}, {"hashes": (bytes(31),)}, {"hashes": (bytes(32),) * 64}, {"checkpoint": "x"}],
)
def test_such_a_proof_is_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedNote):
        notes.Proof(**{**vars(proof_file()), **change}).text()


def test_a_verifier_needs_no_django() -> None:
    code = "import sys, signing.tiles, signing.notes; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
