"""DSSE 1.0.2 envelopes with Ed25519 (secure-systems-lab/dsse, protocol.md and envelope.md).

A signature covers the payload's bytes and its type, so no document passes for another kind.
Profile: standard base64 with padding, at most four signatures, no further keys.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any, Self

import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from signing import strict_json
from signing.errors import BadSignature, MalformedEnvelope, WrongPayloadType

MAX_SIGNATURES = 4
_PUBLIC_KEY_BYTES = 32
_SIGNATURE_BYTES = 64


def payload_type(name: str) -> str:
    """The payloadType of a document kind: "receipt" → "application/vnd.coop.receipt+json;v=1"."""
    return f"application/vnd.coop.{name}+json;v=1"


def pae(kind: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: what is really signed. Lengths are counts of bytes."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def keyid(public_key: bytes) -> str:
    """A hint that names a key: "ed25519:" and 32 hex digits of its SHA-256."""
    return f"ed25519:{hashlib.sha256(public_key).hexdigest()[:32]}"


@dataclass(frozen=True)
class Signature:
    """One signer's 64 bytes, and a hint which key made them."""

    keyid: str
    sig: bytes


@dataclass(frozen=True)
class Envelope:
    """A payload, its type and the signatures over both. Being one says nothing of being true."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def as_dict(self) -> dict[str, Any]:
        """The wire form, ready for JSON."""
        return {
            "payloadType": self.payload_type,
            "payload": base64.b64encode(self.payload).decode(),
            "signatures": [
                {"keyid": s.keyid, "sig": base64.b64encode(s.sig).decode()} for s in self.signatures
            ],
        }

    def as_json(self) -> bytes:
        """The wire form as compact JSON bytes."""
        return strict_json.dumps(self.as_dict())

    @property
    def digest(self) -> str:
        """SHA-256 over what is signed, as hex: the link of a node's chain."""
        return hashlib.sha256(pae(self.payload_type, self.payload)).hexdigest()

    @classmethod
    def from_dict(cls, value: Any) -> Self:
        """Read the wire form; raises MalformedEnvelope. Verifies nothing."""
        if not isinstance(value, dict) or set(value) != {"payloadType", "payload", "signatures"}:
            raise MalformedEnvelope("an envelope has payloadType, payload and signatures")
        signatures = value["signatures"]
        if not isinstance(signatures, list) or not 1 <= len(signatures) <= MAX_SIGNATURES:
            raise MalformedEnvelope("an envelope has one to four signatures")
        return cls(
            _text(value["payloadType"]),
            _base64(value["payload"]),
            tuple(_signature(item) for item in signatures),
        )

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Read the wire form from bytes; raises MalformedJson or MalformedEnvelope."""
        return cls.from_dict(strict_json.loads(raw))


def sign(seed: bytes, kind: str, payload: bytes) -> Envelope:
    """An envelope around `payload` (kept byte for byte), signed with a 32-byte Ed25519 seed."""
    key = SigningKey(seed)
    signature = Signature(keyid(bytes(key.verify_key)), key.sign(pae(kind, payload)).signature)
    return Envelope(kind, payload, (signature,))


def verify(envelope: Envelope, public_key: bytes, kind: str) -> bytes:
    """The payload, if `public_key` signed it as a `kind`.

    The keyid is only a hint and not looked at. Raises WrongPayloadType or BadSignature;
    keys of small order never verify.
    """
    if envelope.payload_type != kind:
        raise WrongPayloadType(f"expected {kind}, not {envelope.payload_type}")
    message = pae(kind, envelope.payload)
    if not any(_is_signed(message, s.sig, public_key) for s in envelope.signatures):
        raise BadSignature("no signature by this key")
    return envelope.payload


def _is_signed(message: bytes, signature: bytes, public_key: bytes) -> bool:
    if len(public_key) != _PUBLIC_KEY_BYTES or len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        VerifyKey(public_key).verify(message, signature)
    except BadSignatureError:
        return False
    return True


def _signature(value: Any) -> Signature:
    if not isinstance(value, dict) or not {"sig"} <= set(value) <= {"keyid", "sig"}:
        raise MalformedEnvelope("a signature has keyid and sig")
    return Signature(_text(value.get("keyid", "")), _base64(value["sig"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedEnvelope("expected a text")
    return value


def _base64(value: Any) -> bytes:
    try:
        return msgspec.convert(_text(value), bytes)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise MalformedEnvelope("expected standard base64") from error
