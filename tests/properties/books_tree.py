"""The log by the letter of RFC 6962, section 2.1: recursions over all leaves, nothing kept.

The leaves' bytes are put together from the model; of the database they take only what nobody can
know beforehand: ids, salts, the fingerprint of the content and the times of recording.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.properties.books_model import Booked, Books, Line

KINDS = {"EUR": ("money", 2), "token:x": ("unit", 0)}
"""commodities: their kind and decimal places"""
PREIMAGES = """
SELECT t.id, t.salt::text, encode(t.body_hash, 'hex') FROM ledger_transaction t"""
OPENINGS = "SELECT id, salt::text, opened_at FROM ledger_account"
Facts = dict[int, tuple[Any, ...]]


def split(size: int) -> int:
    """The largest power of two that is smaller."""
    return 1 << (size - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH of the RFC."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = split(len(leaves))
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of the RFC: the way from leaf m up to the root."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), root(leaves[k:])]
    return [*path(m - k, leaves[k:]), root(leaves[:k])]


def proof(m: int, leaves: Sequence[bytes], *, is_known: bool = True) -> list[bytes]:
    """PROOF of the RFC: that the first m leaves, at least one, begin these."""
    if m == len(leaves):
        return [] if is_known else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*proof(m, leaves[:k], is_known=is_known), root(leaves[k:])]
    return [*proof(m - k, leaves[k:], is_known=False), root(leaves[:k])]


def transaction_leaf(books: Books, done: Booked, preimages: Facts, openings: Facts) -> bytes:
    """The bytes of a transaction, version 1."""
    salt, body_hash = preimages[done.id]
    details = {name: getattr(done.posting, name) for name in DETAILS}
    lines = sorted(done.lines, key=lambda line: (line.account, line.version))
    return canonical(
        {
            "details": hashed(details | {"salt": salt, "body_hash": body_hash}),
            "effective_at": spelled(done.effective_at),
            "entries": {
                "count": len(lines),
                "root": root([entry(books, line, openings) for line in lines]).hex(),
            },
            "id": done.id,
            "kind": done.posting.kind,
            "recorded_at": spelled(done.recorded_at),
            "reverses": done.posting.reverses,
            "type": "transaction",
            "v": 1,
        }
    )


DETAILS = ("about", "actor", "key", "memo", "source")


def entry(books: Books, line: Line, openings: Facts) -> bytes:
    """The bytes of an entry; the first of an account says what the account is."""
    facts: dict[str, Any] = dict(vars(line))
    if line.version == 1:
        place = books.places[line.account]
        salt, opened_at = openings[line.account]
        kind, exponent = KINDS[place.commodity]
        facts["opens"] = {
            "commodity": place.commodity,
            "commodity_kind": kind,
            "exponent": exponent,
            "floor": place.floor,
            "kind": place.kind,
            "opened_at": spelled(opened_at),
            "owner": hashed({"owner": place.owner, "salt": salt}),
        }
    return canonical(facts)


def document_leaf(number: int, kind: str, digest: bytes, recorded_at: datetime) -> bytes:
    """The bytes of a document, version 1."""
    return canonical(
        {
            "digest": digest.hex(),
            "id": number,
            "kind": kind,
            "recorded_at": spelled(recorded_at),
            "type": "document",
            "v": 1,
        }
    )


def canonical(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hashed(facts: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(facts)).hexdigest()


def spelled(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
