"""Canonical JSON: one spelling per value, so that a value can be hashed; and files of it.

UTF-8, keys sorted, no spaces, whole numbers only. Files may be spelled otherwise.
"""

import base64
import binascii
import json
import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from coop_trustee.errors import Refused

Types = type | tuple[type, ...]
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
MOST_BYTES = 512 * 1024 * 1024


def _refuse(_literal: str) -> NoReturn:
    raise ValueError("not a whole number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse, object_pairs_hook=_object)


def dumps(value: Any) -> bytes:
    """The one spelling of a value."""
    return _ENCODER.encode(value).encode()


def parse(raw: bytes) -> Any:
    """The value of a JSON text without fractions; raises Refused."""
    try:
        return _DECODER.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise Refused("it is not JSON as it is used here") from error


def digest(value: Any) -> str:
    """SHA-256 over the one spelling of a value, as hex."""
    return sha256(dumps(value)).hexdigest()


def read(path: Path, form: str) -> dict[str, Any]:
    """The object in a file that says of itself that it has this format; raises Refused."""
    if path.stat().st_size > MOST_BYTES:
        raise Refused(f"{path} is too large")
    try:
        value = parse(path.read_bytes())
    except Refused as error:
        raise Refused(f"{path}: {error}") from error
    if not isinstance(value, dict) or value.get("format") != form:
        raise Refused(f"{path} is no file of the format {form}")
    return value


def write(path: Path, value: dict[str, Any], *, secret: bool = False) -> None:
    """A new file, readable by its owner only where it is secret; an old one is never replaced."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    except FileExistsError:
        raise Refused(f"{path} is there already, and is left as it is") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def require(value: Any, types: dict[str, Types]) -> dict[str, Any]:
    """The object, if it has at least these keys with values of these types; raises Refused."""
    if not isinstance(value, dict):
        raise Refused("an object is missing")
    for key, allowed in types.items():
        found = value.get(key)
        if isinstance(found, bool) or key not in value or not isinstance(found, allowed):
            raise Refused(f"“{key}” is missing or of the wrong type")
    return value


def from_hex(text: Any, length: int) -> bytes:
    """That many bytes from lower-case hex; raises Refused."""
    if not isinstance(text, str) or not _HEX.fullmatch(text) or len(text) != 2 * length:
        raise Refused(f"{length} bytes in lower-case hex are missing")
    return bytes.fromhex(text)


def from_base64(text: Any) -> bytes:
    """The bytes of standard base64 in its one spelling; raises Refused."""
    try:
        raw = base64.b64decode(str(text).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Refused("it is not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise Refused("it is not base64 in its usual spelling")
    return raw


def to_base64(raw: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(raw).decode()
