"""Signed notes and checkpoints: c2sp.org/signed-note and c2sp.org/tlog-checkpoint."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from coop_verify.canonical import from_base64, from_hex
from coop_verify.errors import Malformed, Unreadable
from coop_verify.tree import HASH_BYTES

ED25519 = b"\x01"
KEY_BYTES = 32
SIGNATURE_BYTES = 64
MAX_NOTE = 256 * 1024
MAX_SIGNATURES = 64
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_NOT_IN_A_NOTE = re.compile("[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class Key:
    """An Ed25519 public key; `name` where the key was given with one."""

    public: bytes
    name: str | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """A key as 64 hex digits or as `name+hash+base64`; raises Unreadable."""
        try:
            return cls._from_vkey(text) if "+" in text else cls(from_hex(text.lower(), KEY_BYTES))
        except Malformed as error:
            raise Unreadable(
                "--key must be 64 hex digits, or a note key such as example.org/books+1234abcd+AQ…"
            ) from error

    @classmethod
    def _from_vkey(cls, text: str) -> Self:
        name, _, rest = text.partition("+")
        given, _, encoded = rest.partition("+")
        raw = from_base64(encoded)
        if len(raw) != 1 + KEY_BYTES or raw[:1] != ED25519:
            raise Malformed("it is no Ed25519 key")
        key = cls(raw[1:], name)
        if key.hash(name).hex() != given:
            raise Malformed("the key does not belong to its name")
        return key

    @property
    def fingerprint(self) -> str:
        """How people compare the key; the same as on the cooperative's titles."""
        return f"ed25519:{sha256(self.public).hexdigest()[:32]}"

    def hash(self, name: str) -> bytes:
        """The four bytes that stand before this key's signatures under a name."""
        return sha256(name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this key made a signature over a message."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            VerifyKey(self.public).verify(message, signature)
        except BadSignatureError:
            return False
        return True


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log as its operator signed it: how many leaves, and the root over them."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, raw: bytes) -> Self:
        """A checkpoint from its note; raises Malformed. Verifies nothing."""
        text, signatures = _split(raw)
        lines = text.split("\n")[:-1]
        if len(lines) < 3 or not all(lines) or not _SIZE.fullmatch(lines[1]):
            raise Malformed("a checkpoint has an origin, a size and a root")
        root = from_base64(lines[2])
        if len(root) != HASH_BYTES:
            raise Malformed("the root has 32 bytes")
        return cls(lines[0], int(lines[1]), root, text.encode(), signatures)

    def is_signed_by(self, key: Key) -> bool:
        """Whether this key signed it under its own name, which is the log's origin.

        Signatures of others, such as witnesses, are left alone; one that claims to be of this
        key and is not spoils the note.
        """
        if key.name not in (None, self.origin):
            return False
        claimed = [
            raw[4:]
            for name, raw in self.signatures
            if name == self.origin and raw[:4] == key.hash(self.origin)
        ]
        return bool(claimed) and all(key.signed(self.text, made) for made in claimed)


def _split(raw: bytes) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    if len(raw) > MAX_NOTE:
        raise Malformed("the note is too long")
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed("the note is not UTF-8") from error
    body, blank, signed = whole.rpartition("\n\n")
    if not blank or not signed.endswith("\n") or _NOT_IN_A_NOTE.search(whole):
        raise Malformed("a note is text, an empty line and signature lines")
    lines = signed[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed("the note has too many signatures")
    return f"{body}\n", tuple(_signature(line) for line in lines)


def _signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not parts[1] or "+" in parts[1]:
        raise Malformed("a signature line is a dash, a name and base64")
    raw = from_base64(parts[2])
    if len(raw) <= 4:
        raise Malformed("a signature is longer than the hash of its key")
    return parts[1], raw
