"""Signed envelopes: secure-systems-lab/dsse 1.0.2 with Ed25519, as the site writes them."""

from hashlib import sha256
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from coop_trustee.canonical import from_base64, parse, require, to_base64
from coop_trustee.errors import Refused

BALLOT = "application/vnd.coop.ballot+json;v=1"
TALLY = "application/vnd.coop.sealed-tally+json;v=1"
CORRECTION = "application/vnd.coop.roll-correction+json;v=1"


def pae(kind: str, payload: bytes) -> bytes:
    """What is signed: the type and the payload, each with its length in bytes."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def sign(seed: bytes, kind: str, payload: bytes) -> dict[str, Any]:
    """An envelope around a payload, signed with an Ed25519 seed."""
    key = SigningKey(seed)
    name = f"ed25519:{sha256(bytes(key.verify_key)).hexdigest()[:32]}"
    made = key.sign(pae(kind, payload)).signature
    return {
        "payloadType": kind,
        "payload": to_base64(payload),
        "signatures": [{"keyid": name, "sig": to_base64(made)}],
    }


def opened(envelope: Any, public_key: bytes, kind: str) -> dict[str, Any]:
    """The document that this key signed as this kind; raises Refused."""
    require(envelope, {"payloadType": str, "payload": str, "signatures": list})
    payload = from_base64(envelope["payload"])
    message = pae(kind, payload)
    made = [require(each, {"sig": str})["sig"] for each in envelope["signatures"]]
    if envelope["payloadType"] != kind or not any(
        _is_signed(public_key, message, from_base64(sig)) for sig in made
    ):
        raise Refused(f"an envelope is not signed with the expected key as {kind}")
    return require(parse(payload), {})


def _is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public_key).verify(message, signature)
    except (BadSignatureError, ValueError):
        return False
    return True
