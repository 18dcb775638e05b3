"""Signed texts of a transparency log: notes, checkpoints and proof files, as C2SP defines them.

c2sp.org/signed-note with Ed25519 (type 0x01), c2sp.org/tlog-checkpoint and c2sp.org/tlog-proof.
Read strictly: UTF-8, whole numbers without leading zeros, base64 in its one canonical form. What
is not so raises MalformedNote; what no trusted key signed raises BadSignature.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from signing import merkle
from signing.errors import BadSignature, MalformedNote

MAX_NOTE_CHARACTERS = 1_000_000
MAX_SIGNATURES = 100
MAX_SIZE = 2**63 - 1
MAX_PROOF_HASHES = 63
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_ED25519 = b"\x01"
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_ID_BYTES = 4
_DASH = "\N{EM DASH} "
_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
_VERIFIER_KEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)")
_NEVER_IN_A_TEXT = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")


@dataclass(frozen=True)
class VerifierKey:
    """A public key of 32 bytes and the name that it signs under; other ones raise MalformedNote."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public_key) != _KEY_BYTES:
            raise MalformedNote(f"an Ed25519 key has {_KEY_BYTES} bytes")

    @property
    def id(self) -> bytes:
        """The four bytes before each signature, by which a verifier finds its key."""
        content = self.name.encode() + b"\n" + _ED25519 + self.public_key
        return sha256(content).digest()[:_ID_BYTES]

    def text(self) -> str:
        """`name+id+key`, the form in which verifier keys are handed out."""
        return f"{self.name}+{self.id.hex()}+{_encode(_ED25519 + self.public_key)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key that `text` spells; raises MalformedNote, also if the id is that of another."""
        match = _VERIFIER_KEY.fullmatch(text)
        if match is None:
            raise MalformedNote("a verifier key is name+id+key")
        typed = _decode(match[3])
        if typed[:1] != _ED25519:
            raise MalformedNote("not an Ed25519 key")
        key = cls(match[1], typed[1:])
        if key.id.hex() != match[2]:
            raise MalformedNote("the id is not that of this name and key")
        return key

    @classmethod
    def of_seed(cls, name: str, seed: bytes) -> "VerifierKey":
        """The public side of a signing key, from its seed of 32 bytes."""
        return cls(name, bytes(SigningKey(seed).verify_key))


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: its name, its number of leaves and the root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The text to be signed; raises MalformedNote if it could not be read again."""
        lines = (self.origin, str(self.size), _encode(self.root), *self.extensions)
        text = "".join(f"{line}\n" for line in lines)
        if Checkpoint.parse(text) != self:
            raise MalformedNote("not a checkpoint")
        return text

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """The checkpoint that the text of a note spells; raises MalformedNote."""
        lines = _check_text(text).split("\n")[:-1]
        if len(lines) < 3 or "" in lines:
            raise MalformedNote("a checkpoint has three or more lines, none of them empty")
        return cls(lines[0], _number(lines[1]), _hash(lines[2]), tuple(lines[3:]))


@dataclass(frozen=True)
class Proof:
    """A proof file: where a leaf stands, the hashes up to the root, and the signed checkpoint.

    `extra` is opaque; here it holds the content of the leaf. `checkpoint` is the note, unchanged.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """The file; raises MalformedNote if it could not be read again."""
        extra = [f"extra {_encode(self.extra)}"] if self.extra else []
        hashes = [_encode(hashed) for hashed in self.hashes]
        lines = [PROOF_HEADER, *extra, f"index {self.index}", *hashes, "", self.checkpoint]
        text = "\n".join(lines)
        Proof.parse(text)
        return text

    @classmethod
    def parse(cls, file: str | bytes) -> "Proof":
        """What the file says, nothing of it verified; raises MalformedNote."""
        head, _, checkpoint = _text(file).partition("\n\n")
        header, *lines = head.split("\n")
        if header != PROOF_HEADER:
            raise MalformedNote("not a proof file of version 1")
        extra = _decode(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else b""
        index, *hashes = lines or [""]
        if not index.startswith("index ") or len(hashes) > MAX_PROOF_HASHES:
            raise MalformedNote("a proof file has an index and at most 63 hashes")
        _split(checkpoint)
        return cls(_number(index[6:]), tuple(map(_hash, hashes)), checkpoint, extra)


@dataclass(frozen=True)
class Included:
    """What a verified proof file shows: `leaf` is number `index` under the root of `checkpoint`."""

    leaf: bytes
    index: int
    checkpoint: Checkpoint


def sign(name: str, seed: bytes, text: str) -> str:
    """The note with this text, signed under `name` by the key with this seed of 32 bytes.

    `text` must end in a newline and hold no other control characters.
    """
    key = VerifierKey.of_seed(name, seed)
    signature = SigningKey(seed).sign(_check_text(text).encode()).signature
    return f"{text}\n{_DASH}{name} {_encode(key.id + signature)}\n"


def open(note: str | bytes, key: VerifierKey) -> str:
    """The text of a note that `key` signed; signatures of other keys are passed over.

    Raises MalformedNote or BadSignature; the latter also if only one of several by `key` is bad.
    """
    text, lines = _split(_text(note))
    signatures = [it.signature for it in lines if (it.name, it.id) == (key.name, key.id)]
    if not signatures:
        raise BadSignature(f"not signed by {key.name}+{key.id.hex()}")
    for signature in signatures:
        _check_signature(text, signature, key)
    return text


def sign_checkpoint(checkpoint: Checkpoint, seed: bytes) -> str:
    """The checkpoint as a note, signed under its origin."""
    return sign(checkpoint.origin, seed, checkpoint.text())


def open_checkpoint(note: str | bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note, if `key` signed it and its origin is the key's name.

    Raises MalformedNote or BadSignature.
    """
    checkpoint = Checkpoint.parse(open(note, key))
    if checkpoint.origin != key.name:
        raise BadSignature(f"a checkpoint of another log than {key.name}")
    return checkpoint


def verify_proof(file: str | bytes, key: VerifierKey) -> Included:
    """The leaf that `extra` of a proof file holds, if the log of `key` holds it too.

    Raises MalformedNote, BadSignature or BadProof.
    """
    proof = Proof.parse(file)
    checkpoint = open_checkpoint(proof.checkpoint, key)
    leaf = merkle.leaf_hash(proof.extra)
    merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return Included(proof.extra, proof.index, checkpoint)


class _Signature(NamedTuple):
    name: str
    id: bytes
    signature: bytes


def _split(note: str) -> tuple[str, list[_Signature]]:
    """The text of a note and its signatures, which follow the last empty line."""
    before, _, after = note.rpartition("\n\n")
    if not after.endswith("\n"):
        raise MalformedNote("a note ends in an empty line and signatures")
    lines = after[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise MalformedNote("too many signatures")
    return _check_text(before + "\n"), list(map(_signature, lines))


def _signature(line: str) -> _Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    blob = _decode(encoded)
    if not line.startswith(_DASH) or len(blob) <= _ID_BYTES:
        raise MalformedNote("not a line with a signature")
    return _Signature(_check_name(name), blob[:_ID_BYTES], blob[_ID_BYTES:])


def _check_signature(text: str, signature: bytes, key: VerifierKey) -> None:
    try:
        if len(signature) != _SIGNATURE_BYTES:
            raise BadSignatureError
        VerifyKey(key.public_key).verify(text.encode(), signature)
    except BadSignatureError as error:
        raise BadSignature(f"{key.name}+{key.id.hex()} did not sign this") from error


def _check_name(name: str) -> str:
    if not name or "+" in name or _NEVER_IN_A_TEXT.search(name) or any(map(str.isspace, name)):
        raise MalformedNote("a key's name has one or more characters, no space and no plus")
    return name


def _check_text(text: str) -> str:
    if not text.endswith("\n") or _NEVER_IN_A_TEXT.search(text):
        raise MalformedNote("a text ends in a newline and has no other control character")
    return text


def _text(raw: str | bytes) -> str:
    """`raw` as a text of bearable length; UTF-8 if it is bytes."""
    if len(raw) > MAX_NOTE_CHARACTERS:
        raise MalformedNote("too long")
    try:
        return raw.decode() if isinstance(raw, bytes) else raw.encode().decode()
    except UnicodeError as error:
        raise MalformedNote("not UTF-8") from error


def _number(digits: str) -> int:
    if not _NUMBER.fullmatch(digits) or int(digits) > MAX_SIZE:
        raise MalformedNote("not a whole number below 2^63, or with leading zeros")
    return int(digits)


def _hash(encoded: str) -> bytes:
    hashed = _decode(encoded)
    if len(hashed) != merkle.HASH_BYTES:
        raise MalformedNote(f"a hash has {merkle.HASH_BYTES} bytes")
    return hashed


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(encoded: str) -> bytes:
    """The bytes that base64 spells in its canonical form, at least one."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedNote("not base64") from error
    if not raw or _encode(raw) != encoded:
        raise MalformedNote("not canonical base64")
    return raw
