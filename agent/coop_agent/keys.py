"""The node's Ed25519 keys: the one it signs with, and the one it has promised to take next.

`agent.key` may lie in the state folder, or come from systemd (LoadCredential=). `next.key` belongs
on paper or a stick. `after.key` is there only while a rotation goes on: the next one's next.
"""

import hashlib
import os
import re
from pathlib import Path

from nacl.signing import SigningKey

from coop_agent import dsse, epochs
from coop_agent.errors import AgentError
from coop_agent.files import create_once, move
from coop_agent.store import Store

KEY = "agent.key"
NEXT = "next.key"
AFTER = "after.key"
CREDENTIALS = "CREDENTIALS_DIRECTORY"


def made(folder: Path) -> SigningKey:
    """The signing key; both keys are made on first use and never replaced by this."""
    if _credential(KEY) is None:
        _make(folder, KEY)
    _make(folder, NEXT)
    return loaded(folder)


def loaded(folder: Path, name: str = KEY) -> SigningKey:
    """A key from its file of 64 hex digits, which only its owner may read; raises AgentError."""
    path = folder / name
    given = None if path.exists() else _credential(name)
    if given is not None:
        return spelled(_text(given), given)
    text = _text(path)
    if path.stat().st_mode & 0o077:
        raise AgentError(f"others can read {path}: set its mode to 0600")
    return spelled(text, path)


def current(folder: Path, store: Store) -> SigningKey:
    """The key of the epoch that is sealed in, wherever it lies; raises AgentError.

    After a rotation in the folder, a credential may still be the key before it.
    """
    settle(folder, store)
    epoch = epochs.newest(store)
    given = _credential(KEY)
    found = [folder / KEY] if (folder / KEY).exists() else []
    for path in found + ([given] if given is not None else []):
        key = loaded(folder) if path == folder / KEY else spelled(_text(path), path)
        if epoch is None or bytes(key.verify_key) == epoch.public:
            epochs.adopt(store, bytes(key.verify_key))
            return key
    words = "" if epoch is None else f" with the words {dsse.fingerprint_words(epoch.public)}"
    raise AgentError(f"the key{words} is not in {folder}: see `coop-agent rotate --lost`")


def settle(folder: Path, store: Store) -> None:
    """Bring the files to where a rotation, once it is in the store, wants them; may be repeated.

    What decides is the store alone: a kill between its commit and the last move loses nothing.
    """
    epoch = epochs.newest(store)
    if epoch is None or epoch.rotate is None:
        return
    if _public(folder / NEXT) == epoch.public:
        move(folder / NEXT, folder / KEY)
    promised = _public(folder / AFTER)
    if promised is not None and digest(promised) == store.get("next"):
        move(folder / AFTER, folder / NEXT)


def made_after(folder: Path) -> SigningKey:
    """The key after the next, made once for the rotation that goes on."""
    _make(folder, AFTER)
    return loaded(folder, AFTER)


def kept(folder: Path, name: str, key: SigningKey) -> SigningKey:
    """Put a key into the folder unless one of that name is there; returns what is there then."""
    create_once(folder / name, bytes(key).hex().encode() + b"\n")
    return loaded(folder, name)


def next_digest(folder: Path) -> str:
    """SHA-256 of the next public key: the promise that enrolment makes."""
    return digest(bytes(loaded(folder, NEXT).verify_key))


def digest(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()


def spelled(text: str, source: object) -> SigningKey:
    """The key that 64 hex digits spell; blanks and line ends between them do not matter."""
    digits = "".join(text.split())
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise AgentError(f"{source} must hold 64 hex digits")
    return SigningKey(bytes.fromhex(digits))


def _make(folder: Path, name: str) -> None:
    if not (folder / name).exists():
        create_once(folder / name, os.urandom(32).hex().encode() + b"\n")


def _credential(name: str) -> Path | None:
    """The key that systemd hands in, if it does."""
    folder = os.environ.get(CREDENTIALS)
    path = Path(folder) / name if folder else None
    return path if path is not None and path.exists() else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError) as error:
        raise AgentError(f"cannot read the key {path}: {error}") from error


def _public(path: Path) -> bytes | None:
    return bytes(spelled(_text(path), path).verify_key) if path.exists() else None
