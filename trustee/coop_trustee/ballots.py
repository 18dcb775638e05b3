"""The inner ballot: what a voter seals, and what the trustees find when they open it.

Canonical JSON {"choice", "notice", "proposal", "tracker", "v": 1}, padded with spaces to 1024 bytes
(2048, 4096, … where it is longer), in a SealedBox to the vote's key.
"""

import re
import secrets
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from coop_trustee import answers
from coop_trustee.canonical import digest, dumps, from_hex, parse, require
from coop_trustee.errors import Refused

PAPER, SEALED = "coop-ballot-paper/1", "coop-sealed-ballot/1"
VERSION = 1
SHORTEST, OVERHEAD = 1024, 48
LONGEST = 16 * SHORTEST
_TRACKER = re.compile(r"[0-9a-f]{32}")


def new_tracker() -> str:
    """128 random bits, as 32 hex digits."""
    return secrets.token_hex(16)


def read_paper(paper: dict[str, Any]) -> dict[str, Any]:
    """The notice of a ballot paper; raises Refused unless its hash is the one that it names."""
    require(paper, {"notice": dict, "notice_sha256": str})
    notice = require(paper["notice"], {"proposal": int, "kind": str, "options": list})
    if digest(notice) != paper["notice_sha256"]:
        raise Refused("the notice in this file does not give the hash that stands beside it")
    require(notice.get("sealed"), {"public_key": str})
    return notice


def seal(paper: dict[str, Any], answer: answers.Answer, tracker: str) -> bytes:
    """The ciphertext of an answer; raises Refused for one that this vote does not know."""
    notice = read_paper(paper)
    if not _TRACKER.fullmatch(tracker):
        raise Refused("a tracker has 32 hex digits, in lower case")
    inner = {
        "v": VERSION,
        "proposal": notice["proposal"],
        "notice": paper["notice_sha256"],
        "choice": answers.normal(notice, answer),
        "tracker": tracker,
    }
    key = PublicKey(from_hex(notice["sealed"]["public_key"], 32))
    return bytes(SealedBox(key).encrypt(padded(dumps(inner))))


def padded(inner: bytes) -> bytes:
    """The ballot at one of few lengths, so that its length says little of what is in it."""
    length = SHORTEST
    while length < len(inner):
        length *= 2
    if length > LONGEST:
        raise Refused("the answer is too long for a ballot")
    return inner.ljust(length, b" ")


def opened(sealed: bytes, box: PrivateKey) -> dict[str, Any]:
    """What a ciphertext holds; raises Refused where it is no ballot."""
    try:
        inner = SealedBox(box).decrypt(sealed)
    except (CryptoError, ValueError):
        raise Refused("it is not sealed to this vote's key") from None
    found = parse(inner)
    require(found, {"v": int, "proposal": int, "notice": str, "tracker": str})
    if found["v"] != VERSION or "choice" not in found or not _TRACKER.fullmatch(found["tracker"]):
        raise Refused("it is no ballot")
    return require(found, {})
