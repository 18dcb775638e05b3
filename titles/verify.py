"""Checking a title without the site: the document and a public key are enough."""

import json
from pathlib import Path
from typing import Any

from signing import dsse, notes
from signing.errors import SigningError
from signing.notes import Included
from titles import certificate

PUBLIC_KEY_BYTES = 32


class NotInProof(Exception):
    """The proof holds, but not of this title with this salt."""


class UnreadableKey(Exception):
    """What was given as a public key is not one."""


def verify_title(document: bytes, public_key: bytes) -> dict[str, Any]:
    """What a title says, if this key signed it; raises SigningError."""
    return certificate.read(document, public_key)


def sealed_in(document: bytes, salt: bytes, proof: bytes, key: notes.VerifierKey) -> Included:
    """The place of a title in a log, as a proof file shows it; raises SigningError, NotInProof."""
    found = notes.verify_proof(proof, key)
    digest = certificate.document_digest(document, salt).hex()
    if not names_title(found.leaf, digest):
        raise NotInProof("the proof is of something else, or the salt is another title's")
    return found


def names_title(leaf: bytes, digest: str) -> bool:
    """Whether a leaf stands for the title with this digest."""
    try:
        facts = json.loads(leaf)
    except ValueError:
        return False
    expected = {"type": "document", "kind": "title", "digest": digest}
    return isinstance(facts, dict) and expected.items() <= facts.items()


def is_genuine(document: bytes, public_key: bytes) -> bool:
    """Whether this key signed the document as a title."""
    try:
        certificate.read(document, public_key)
    except SigningError:
        return False
    return True


def public_key_from(text: str) -> bytes:
    """A public key given as 64 hex digits or as the path of a file that holds them."""
    try:
        value = bytes.fromhex(text.strip())
    except ValueError:
        value = _from_file(Path(text))
    if len(value) != PUBLIC_KEY_BYTES:
        raise UnreadableKey(f"a public key has 64 hex digits: {text[:80]}")
    return value


def names_another_key(document: bytes, public_key: bytes) -> bool:
    """Whether a document says that some other key signed it."""
    hint = certificate.keyid_of(document)
    return bool(hint) and hint != dsse.keyid(public_key)


def _from_file(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise UnreadableKey(f"no public key can be read from {path}") from error
