"""The node's two Ed25519 keys: the one it signs with, and the one it has promised to take next."""

import hashlib
import re
import secrets
from pathlib import Path

from nacl.signing import SigningKey

from coop_agent.errors import AgentError
from coop_agent.files import create_once

KEY = "agent.key"
NEXT = "next.key"


def made(folder: Path) -> SigningKey:
    """The signing key; both keys are made on first use and never replaced."""
    for name in (KEY, NEXT):
        if not (folder / name).exists():
            create_once(folder / name, secrets.token_hex(32).encode() + b"\n")
    return loaded(folder)


def loaded(folder: Path, name: str = KEY) -> SigningKey:
    """A key from its file of 64 hex digits, which only its owner may read."""
    path = folder / name
    try:
        text = path.read_text().strip()
    except OSError as error:
        raise AgentError(f"cannot read the key {path}: {error.strerror}") from error
    if path.stat().st_mode & 0o077:
        raise AgentError(f"others can read {path}: set its mode to 0600")
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise AgentError(f"{path} must hold 64 hex digits")
    return SigningKey(bytes.fromhex(text))


def next_digest(folder: Path) -> str:
    """SHA-256 of the next public key: the promise that enrolment makes."""
    return hashlib.sha256(bytes(loaded(folder, NEXT).verify_key)).hexdigest()
