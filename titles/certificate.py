"""What a title says, and how it is signed and checked. No Django, no database.

A title is a DSSE envelope around canonical JSON. It names its holder by member number and by
SHA-256 over a salt and the name, so that a title can be shown to anyone without telling who
holds it, and its holder can prove it by giving the salt. It says the day and a random reference,
not the moment or the transaction: the books show holders by pseudonym, and a title that named
its transaction would open them for ever. A title that follows on others cites their numbers.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from signing import dsse, strict_json
from signing.errors import MalformedEnvelope

PAYLOAD_TYPE = dsse.payload_type("title")
VERSION = 1
NAME_DOMAIN = b"coop title holder v1\0"
DOCUMENT_DOMAIN = b"coop title document v1\0"
FIELDS = {
    "v", "number", "cooperative", "member", "pool", "units", "origin", "issued_on",
    "reference", "backing",
}  # fmt: skip
EARLIER = "from"
"""the key under which a title names those it follows on; there only where it does"""


@dataclass(frozen=True)
class Statement:
    """What one title certifies."""

    number: int
    cooperative: str
    member_number: int
    name_hash: str
    pool_code: str
    pool_name: str
    units: int
    origin: str
    issued_on: date
    reference: UUID
    backing: Sequence[tuple[str, str]]
    earlier: Sequence[int] = ()

    def payload(self) -> bytes:
        """The canonical JSON that is signed. `backing` is (name, kind) of each asset."""
        return strict_json.dumps(
            ({EARLIER: list(self.earlier)} if self.earlier else {})
            | {
                "v": VERSION,
                "number": self.number,
                "cooperative": self.cooperative,
                "member": {"number": self.member_number, "name_hash": self.name_hash},
                "pool": {"code": self.pool_code, "name": self.pool_name},
                "units": self.units,
                "origin": self.origin,
                "issued_on": self.issued_on.isoformat(),
                "reference": str(self.reference),
                "backing": [{"name": name, "kind": kind} for name, kind in self.backing],
            }
        )


def name_hash(name: str, salt: bytes) -> str:
    """The commitment to a holder's name that the title carries."""
    return hashlib.sha256(NAME_DOMAIN + salt + name.encode()).hexdigest()


def document_digest(document: bytes, salt: bytes) -> bytes:
    """What the log of the books covers a title by.

    Salted, so that nobody but who was given the salt can tie a title's number, which is public,
    to its place in the log, and from there to the holder's accounts.
    """
    return hashlib.sha256(DOCUMENT_DOMAIN + salt + hashlib.sha256(document).digest()).digest()


def names_holder(facts: dict[str, Any], name: str, salt: bytes) -> bool:
    """Whether a title is over this name: the salt is what its holder keeps."""
    return hmac.compare_digest(facts["member"]["name_hash"], name_hash(name, salt))


def sign(seed: bytes, statement: Statement) -> bytes:
    """The signed document as it is given out."""
    return dsse.sign(seed, PAYLOAD_TYPE, statement.payload()).as_json()


def read(document: bytes, public_key: bytes) -> dict[str, Any]:
    """What a signed title says, if `public_key` signed it; raises SigningError."""
    envelope = dsse.Envelope.from_json(document)
    return checked(strict_json.loads(dsse.verify(envelope, public_key, PAYLOAD_TYPE)))


def unverified(document: bytes) -> dict[str, Any]:
    """What a document that was verified before says; raises SigningError on another shape."""
    return checked(strict_json.loads(dsse.Envelope.from_json(document).payload))


def keyid_of(document: bytes) -> str:
    """The key that a document says signed it: a hint, no proof."""
    return dsse.Envelope.from_json(document).signatures[0].keyid


def checked(facts: Any) -> dict[str, Any]:
    """The facts, if they have the shape of a title."""
    if not isinstance(facts, dict) or set(facts) - {EARLIER} != FIELDS or facts["v"] != VERSION:
        raise MalformedEnvelope("this is not a title of version 1")
    return facts
