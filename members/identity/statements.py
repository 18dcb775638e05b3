"""What members sign with keys of their own: the site drafts it, the member's machine signs it.

A statement is canonical JSON in a DSSE envelope. It carries a seal, an HMAC over the rest that
only this site can make, so that nobody can have a member sign words that the site did not write,
and so that the site can tell which it wrote without keeping them. It is good for a day.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.crypto import salted_hmac

from members.identity.errors import NotAStatement, NotSigned, StatementChanged, StatementTooOld
from signing import dsse, strict_json
from signing.errors import SigningError

KEY = dsse.payload_type("member-key")
ROTATION = dsse.payload_type("member-key-rotation")
END = dsse.payload_type("member-key-end")
VOUCH = dsse.payload_type("vouch")
VERSION = 1
GOOD_FOR = timedelta(days=1)
_AHEAD = timedelta(minutes=5)
"""By how much the clock that drafted may be ahead of the one that takes."""
_SEAL = "members.identity.statement"
_KEY_DOMAIN = b"coop member key v1\0"
_END_DOMAIN = b"coop member key end v1\0"


@dataclass(frozen=True)
class Draft:
    """A statement to sign: its type and its bytes."""

    payload_type: str
    payload: bytes

    def as_json(self) -> bytes:
        """The file that goes to the signer: an envelope that nobody has signed yet."""
        unsigned = dsse.Envelope(self.payload_type, self.payload, ())
        return strict_json.dumps(unsigned.as_dict())


def draft(kind: str, says: dict[str, Any], *, at: datetime) -> Draft:
    """The statement of these words, drafted at a moment."""
    document = {**says, "v": VERSION, "drafted_at": utc(at)}
    return Draft(kind, strict_json.dumps({**document, "seal": _seal(kind, document)}))


def envelope_of(raw: str | bytes) -> dsse.Envelope:
    """The envelope in what somebody sent; raises NotAStatement."""
    try:
        return dsse.Envelope.from_json(raw.encode() if isinstance(raw, str) else raw)
    except (SigningError, UnicodeEncodeError) as error:
        raise NotAStatement from error


def words_of(envelope: dsse.Envelope, kind: str, *, at: datetime) -> dict[str, Any]:
    """What a statement says, if this site drafted it and not more than a day ago.

    Looks at no signature. Raises NotAStatement, StatementChanged, StatementTooOld.
    """
    document = _document(envelope, kind)
    seal = document.pop("seal", None)
    if not isinstance(seal, str) or not hmac.compare_digest(seal, _seal(kind, document)):
        raise StatementChanged
    age = at - datetime.fromisoformat(document["drafted_at"])
    if not -_AHEAD <= age <= GOOD_FOR:
        raise StatementTooOld
    return document


def require_signed(envelope: dsse.Envelope, kind: str, public_key: str) -> None:
    """Raises NotSigned unless this key, in hex, signed the envelope as this kind."""
    try:
        dsse.verify(envelope, bytes.fromhex(public_key), kind)
    except (SigningError, ValueError) as error:
        raise NotSigned from error


def key_digest(document: bytes, salt: bytes) -> bytes:
    """What the log of the books covers a key's registration by."""
    return _digest(_KEY_DOMAIN, document, salt)


def end_digest(document: bytes, salt: bytes) -> bytes:
    """What the log of the books covers the end of a key by."""
    return _digest(_END_DOMAIN, document, salt)


def utc(at: datetime) -> str:
    """A moment as statements spell it: UTC, whole seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _document(envelope: dsse.Envelope, kind: str) -> dict[str, Any]:
    if envelope.payload_type != kind:
        raise NotAStatement
    try:
        document = strict_json.loads(envelope.payload)
    except SigningError as error:
        raise NotAStatement from error
    if not isinstance(document, dict) or document.get("v") != VERSION:
        raise NotAStatement
    return document


def _seal(kind: str, document: dict[str, Any]) -> str:
    said = dsse.pae(kind, strict_json.dumps(document))
    return salted_hmac(_SEAL, said, algorithm="sha256").hexdigest()


def _digest(domain: bytes, document: bytes, salt: bytes) -> bytes:
    return hashlib.sha256(domain + salt + hashlib.sha256(document).digest()).digest()
