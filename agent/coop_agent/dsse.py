"""DSSE envelopes, strict JSON and fingerprint words: docs/metering-protocol.md, section 1."""

import base64
import hashlib
import json
from typing import Any, NoReturn

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from coop_agent.errors import NotTrusted

MAX_DEPTH = 6
MAX_INT = 2**53 - 1
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"


def payload_type(name: str) -> str:
    return f"application/vnd.coop.{name}+json;v=1"


def pae(kind: str, payload: bytes) -> bytes:
    """What is signed, and what the chain hashes."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def chain_value(kind: str, payload: bytes) -> str:
    return hashlib.sha256(pae(kind, payload)).hexdigest()


def genesis(node: str, epoch: int, public_key: bytes) -> str:
    """The `prev` of a chain's first batch."""
    start = f"coop-usage-chain-v1\n{node}\n{epoch}\n".encode()
    return hashlib.sha256(start + public_key).hexdigest()


def keyid(public_key: bytes) -> str:
    return f"ed25519:{hashlib.sha256(public_key).hexdigest()[:32]}"


def sign(key: SigningKey, kind: str, payload: bytes) -> bytes:
    """The 64 signature bytes over a payload and its type."""
    return key.sign(pae(kind, payload)).signature


def envelope(kind: str, payload: bytes, public_key: bytes, signature: bytes) -> dict[str, Any]:
    """The wire form."""
    return {
        "payloadType": kind,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": keyid(public_key), "sig": base64.b64encode(signature).decode()}],
    }


def is_signed(public_key: bytes, kind: str, payload: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(public_key).verify(pae(kind, payload), signature)
    except (BadSignatureError, ValueError):
        return False
    return True


def opened(value: Any, kind: str, keys: list[bytes]) -> dict[str, Any]:
    """The JSON object in an envelope that one of `keys` signed as a `kind`, else NotTrusted."""
    try:
        found, payload = value["payloadType"], base64.b64decode(value["payload"], validate=True)
        signatures = [base64.b64decode(s["sig"], validate=True) for s in value["signatures"][:4]]
    except (KeyError, TypeError, ValueError) as error:
        raise NotTrusted("not an envelope") from error
    if found != kind:
        raise NotTrusted(f"expected {kind}, got {found}")
    if not any(is_signed(key, kind, payload, sig) for key in keys for sig in signatures):
        raise NotTrusted(f"{kind}: not signed by a key this node trusts")
    return parsed_object(payload)


def parsed_object(raw: bytes) -> dict[str, Any]:
    """The object that `raw` spells in the strict profile, else NotTrusted."""
    value = parsed(raw)
    if not isinstance(value, dict):
        raise NotTrusted("expected a JSON object")
    return value


def parsed(raw: bytes) -> Any:
    """The value that `raw` spells in the strict profile, else NotTrusted."""
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError) as error:
        raise NotTrusted(f"not strict JSON: {str(error)[:80]}") from error
    _check(value, MAX_DEPTH)
    return value


def dumped(value: Any) -> bytes:
    """Compact UTF-8 with the keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def fingerprint_words(public_key: bytes) -> str:
    """Five proquints that people can compare by ear."""
    digest = hashlib.sha256(public_key).digest()
    return "-".join(_word(int.from_bytes(digest[i : i + 2])) for i in range(0, 10, 2))


def _word(number: int) -> str:
    first, second = _VOWELS[number >> 10 & 3], _VOWELS[number >> 4 & 3]
    outer = [_CONSONANTS[number >> shift & 15] for shift in (12, 6, 0)]
    return f"{outer[0]}{first}{outer[1]}{second}{outer[2]}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("duplicate key")
    return result


def _integer(digits: str) -> int:
    if len(digits) > len(str(-MAX_INT)) or abs(int(digits)) > MAX_INT:
        raise ValueError("integer of 2^53 or more")
    return int(digits)


def _refuse(literal: str) -> NoReturn:
    raise ValueError("not a whole number")


def _check(value: Any, room: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict | list):
        if room == 0:
            raise NotTrusted("nested too deeply")
        for key in value if isinstance(value, dict) else ():
            _check_text(key)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, room - 1)


def _check_text(text: str) -> None:
    if any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text):
        raise NotTrusted("NUL or lone surrogate in a text")
