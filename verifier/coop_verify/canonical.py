"""Canonical JSON: one spelling per value, so that a value can be hashed.

UTF-8, keys sorted, no spaces, whole numbers only.
"""

import base64
import binascii
import json
import re
from hashlib import sha256
from typing import Any, NoReturn

from coop_verify.errors import Malformed

_HEX = re.compile(r"(?:[0-9a-f]{2})+")
MAX_INT = 2**63 - 1
Types = type | tuple[type, ...]


def _refuse(_literal: str) -> NoReturn:
    raise ValueError("not a whole number")


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)


def dumps(value: Any) -> bytes:
    """The one spelling of a value."""
    return _ENCODER.encode(value).encode()


def parse(raw: bytes) -> Any:
    """The value of any JSON text without fractions; raises Malformed."""
    try:
        return _DECODER.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise Malformed("it is not JSON") from error


def loads(raw: bytes) -> Any:
    """The value that a canonical text spells; raises Malformed."""
    value = parse(raw)
    try:
        is_canonical = dumps(value) == raw
    except (ValueError, RecursionError):
        is_canonical = False
    if not is_canonical:
        raise Malformed("it is not canonical JSON")
    return value


def shaped(value: Any, types: dict[str, Types]) -> dict[str, Any]:
    """The object, if it has exactly these keys with values of these types."""
    if not isinstance(value, dict) or set(value) != set(types):
        raise Malformed(f"it must be an object with {', '.join(types)}")
    for key, allowed in types.items():
        require(value, key, allowed)
    return value


def require(value: dict[str, Any], key: str, allowed: Types) -> Any:
    """The value under a key, if it is there and of a type. A truth value is no number."""
    found = value.get(key)
    if isinstance(found, bool) or key not in value or not isinstance(found, allowed):
        raise Malformed(f"{key} is missing or of the wrong type")
    if isinstance(found, int) and abs(found) > MAX_INT:
        raise Malformed(f"{key} is too large a number")
    return found


def from_hex(text: str, length: int | None = None) -> bytes:
    """The bytes of lower-case hex; raises Malformed."""
    if not _HEX.fullmatch(text) or (length is not None and len(text) != 2 * length):
        raise Malformed(f"it must be {length or 'some'} bytes in lower-case hex")
    return bytes.fromhex(text)


def from_base64(text: str) -> bytes:
    """The bytes of standard base64 in its one spelling; raises Malformed."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed("it is not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise Malformed("it is not base64 in its usual spelling")
    return raw


def commitment(**facts: str) -> bytes:
    """The hash that stands for facts with a salt among them."""
    return sha256(dumps(facts)).digest()
