"""The cooperative's Ed25519 key: it signs titles, receipts and the answers to nodes.

It comes from COOP_SIGNING_KEY (64 hex digits) or from a file in the data folder, which is made
on first use, readable by its owner only, and never overwritten.
"""

import os
import re
import secrets
from pathlib import Path

from django.conf import settings
from nacl.signing import SigningKey

from signing import dsse
from signing.errors import KeyUnusable

VARIABLE = "COOP_SIGNING_KEY"
_SEED_BYTES = 32


def cooperative_key() -> SigningKey:
    """The key; raises KeyUnusable. Of processes that make it at once, exactly one wins."""
    value = os.environ.get(VARIABLE, "")
    return SigningKey(_seed_from_hex(value) if value else _seed_from_file(_seed_path()))


def is_there() -> bool:
    """Whether this machine has the key already."""
    return bool(os.environ.get(VARIABLE, "")) or _seed_path().exists()


def public_key() -> bytes:
    """The 32 bytes that anyone may know and check signatures with."""
    return bytes(cooperative_key().verify_key)


def sign_document(payload_type: str, payload: bytes) -> dsse.Envelope:
    """`payload`, byte for byte, signed by the cooperative."""
    return dsse.sign(bytes(cooperative_key()), payload_type, payload)


def verify_document(envelope: dsse.Envelope, payload_type: str) -> bytes:
    """The payload, if the cooperative signed it as this type; raises SigningError."""
    return dsse.verify(envelope, public_key(), payload_type)


def _seed_path() -> Path:
    return Path(settings.COOP_DATA_DIR) / "keys" / "cooperative.seed"


def _seed_from_hex(value: str) -> bytes:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value.strip()):
        raise KeyUnusable(f"{VARIABLE} must be 64 hex digits")
    return bytes.fromhex(value.strip())


def _seed_from_file(path: Path) -> bytes:
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"others can read {path}: set its mode to 0600")
    seed = path.read_bytes()
    if len(seed) != _SEED_BYTES:
        raise KeyUnusable(f"{path} must hold {_SEED_BYTES} bytes")
    return seed


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_new(draft, secrets.token_bytes(_SEED_BYTES))
        # A hard link appears whole or not at all, and never replaces the file of a faster process.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
