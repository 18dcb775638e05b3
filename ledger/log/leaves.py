"""The bytes that the log hashes, version 1: stable for ever (docs/ledger.md).

A leaf tells the public what was booked; who did it, what for, and whose accounts moved are in it
as salted SHA-256 commitments, which those entitled can open. Canonical JSON: UTF-8, sorted keys,
no spaces. Pure: no Django.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from signing import merkle

VERSION = 1
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True)
class Opening:
    """What an account is, committed to by its first entry. `floor` may be None."""

    commodity: str
    commodity_kind: str
    exponent: int
    kind: str
    floor: int | None
    opened_at: datetime
    owner: str
    salt: str

    def facts(self) -> dict[str, Any]:
        """What the public reads of it: the owner as a commitment."""
        return {
            "commodity": self.commodity,
            "commodity_kind": self.commodity_kind,
            "exponent": self.exponent,
            "floor": self.floor,
            "kind": self.kind,
            "opened_at": moment(self.opened_at),
            "owner": digest(owner_preimage(self.owner, self.salt)),
        }


@dataclass(frozen=True)
class EntryLine:
    """One entry of a transaction; `opening` is there where its version is 1."""

    account: int
    version: int
    amount: int
    balance: int
    opening: Opening | None = None

    def as_bytes(self) -> bytes:
        """The leaf of the transaction's inner tree."""
        # Canonical as it is written: most of what is hashed are entries without an opening.
        opens = b',"opens":' + canonical(self.opening.facts()) if self.opening else b""
        return b'{"account":%d,"amount":%d,"balance":%d%s,"version":%d}' % (
            self.account,
            self.amount,
            self.balance,
            opens,
            self.version,
        )


@dataclass(frozen=True)
class TransactionRecord:
    """A transaction with all that its leaf is over; entries by account, then version."""

    id: int
    kind: str
    effective_at: datetime
    recorded_at: datetime
    reverses: int | None
    source: str
    key: str
    body_hash: bytes
    about: str
    actor: str
    memo: str
    salt: str
    entries: list[EntryLine] = field(default_factory=list)

    def details(self) -> bytes:
        """What `details` commits to: not for the public."""
        return canonical(
            {
                "about": self.about,
                "actor": self.actor,
                "body_hash": self.body_hash.hex(),
                "key": self.key,
                "memo": self.memo,
                "salt": self.salt,
                "source": self.source,
            }
        )

    def as_bytes(self, count: int, root: bytes) -> bytes:
        """The leaf, given how many entries it has and the root over them."""
        return canonical(
            {
                "details": digest(self.details()),
                "effective_at": moment(self.effective_at),
                "entries": {"count": count, "root": root.hex()},
                "id": self.id,
                "kind": self.kind,
                "recorded_at": moment(self.recorded_at),
                "reverses": self.reverses,
                "type": "transaction",
                "v": VERSION,
            }
        )


@dataclass(frozen=True)
class DocumentRecord:
    """A signed document that the log covers by its digest."""

    id: int
    kind: str
    digest: bytes
    recorded_at: datetime

    def as_bytes(self) -> bytes:
        """The leaf."""
        return canonical(
            {
                "digest": self.digest.hex(),
                "id": self.id,
                "kind": self.kind,
                "recorded_at": moment(self.recorded_at),
                "type": "document",
                "v": VERSION,
            }
        )


def entries_root(entries: Iterable[bytes]) -> bytes:
    """The RFC 6962 root over a transaction's entries, so that one can be shown without the rest."""
    return merkle.root([merkle.leaf_hash(entry) for entry in entries])


def owner_preimage(owner: str, salt: str) -> bytes:
    """What an opening's `owner` commits to."""
    return canonical({"owner": owner, "salt": salt})


def moment(at: datetime) -> str:
    """A time as leaves spell it: UTC, always with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def canonical(value: Any) -> bytes:
    """Equal values give equal bytes; there are no floats here."""
    return _encode(value).encode()


def digest(preimage: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(preimage).hexdigest()
