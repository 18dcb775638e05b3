"""The lot of a panel: an order of members that everybody can repeat, and nobody could choose.

With a sanction the site draws a nonce and tells its SHA-256 at once; what the member then writes
in their appeal is the other half. The site does not know the appeal when it draws the nonce, and
the member does not know the nonce when they write: only both together could choose a panel.

    appeal = SHA-256 of the canonical JSON {"at", "sanction", "text"}
    seed   = SHA-256("coop panel v1" || newline || nonce || newline || appeal)
    order  = the numbers of those whom it could fall on, by SHA-256(seed || newline || number)

The first so many of the order sit on the panel; for who declines the next one does.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from signing import strict_json

DOMAIN = "coop panel v1"


def new_nonce() -> str:
    """32 random bytes, hex."""
    return secrets.token_hex(32)


def commitment_to(nonce: str) -> str:
    """What is told of a nonce before it is shown."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def appeal_hash(sanction_id: int, text: str, at: datetime) -> str:
    """The member's half of the seed."""
    document = {"at": at.isoformat(), "sanction": sanction_id, "text": text}
    return hashlib.sha256(strict_json.dumps(document)).hexdigest()


def seed_of(nonce: str, appeal: str) -> str:
    """The seed of a lot."""
    return hashlib.sha256(f"{DOMAIN}\n{nonce}\n{appeal}".encode()).hexdigest()


def order_of(seed: str, among: Iterable[int]) -> list[int]:
    """The numbers in the order of the lot, whatever order they come in."""
    return sorted(set(among), key=lambda number: (_rank(seed, number), number))


def _rank(seed: str, number: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{number}".encode()).digest()


def drawn(nonce: str, appeal: str, among: Sequence[int], size: int) -> dict[str, Any]:
    """What is published of a lot: all that is needed to repeat it, and its order."""
    seed = seed_of(nonce, appeal)
    return {
        "nonce": nonce,
        "commitment": commitment_to(nonce),
        "appeal_sha256": appeal,
        "seed": seed,
        "among": sorted(among),
        "order": order_of(seed, among),
        "size": size,
    }


def is_repeated(draw: dict[str, Any]) -> bool:
    """Whether what was published gives the order that was published."""
    again = drawn(draw["nonce"], draw["appeal_sha256"], draw["among"], draw["size"])
    return again == draw
