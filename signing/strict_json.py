"""JSON with one meaning only, for anything that is signed or counted.

Refused: other encodings than UTF-8, a byte order mark, duplicate keys, floats and NaN, integers
of 2^53 or more, NUL and lone surrogates (PostgreSQL's jsonb takes neither), nesting beyond six.
"""

import json
import re
from typing import Any, NoReturn

from signing.errors import MalformedJson

MAX_DEPTH = 6
MAX_INT = 2**53 - 1
_MAX_INT_DIGITS = 17
_CONTAINERS = (dict, list)
_NEVER_IN_A_TEXT = re.compile("[\0\ud800-\udfff]")


def loads(raw: bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """The value that `raw` spells; raises MalformedJson. The outermost container is depth 1."""
    value = _parse(_text(raw))
    _check_depth(value, max_depth)
    # only \u can spell NUL or a surrogate in what was parsed; one byte is looked for much faster
    if b"\\" in raw and b"\\u" in raw:
        _check_texts(value)
    return value


def dumps(value: Any, *, max_depth: int = MAX_DEPTH) -> bytes:
    """Compact UTF-8 with sorted keys: equal values give equal bytes. Refuses what `loads` does."""
    _check_numbers(value)
    try:
        raw = json.dumps(
            value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        ).encode()
    except (TypeError, ValueError) as error:
        raise MalformedJson(f"cannot be written as strict JSON: {error}") from error
    loads(raw, max_depth=max_depth)
    return raw


def _text(raw: bytes) -> str:
    if raw.startswith(b"\xef\xbb\xbf"):
        raise MalformedJson("byte order mark")
    try:
        return raw.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise MalformedJson("not UTF-8") from error


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except RecursionError as error:
        raise MalformedJson("nested too deeply") from error
    except ValueError as error:
        raise MalformedJson(f"not JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedJson("duplicate key")
    return result


def _integer(digits: str) -> int:
    if len(digits) > _MAX_INT_DIGITS or abs(int(digits)) > MAX_INT:
        raise MalformedJson("integer of 2^53 or more")
    return int(digits)


def _refuse_number(literal: str) -> NoReturn:
    raise MalformedJson(f"not a whole number: {literal[:20]}")


def _check_depth(value: Any, room: int) -> None:
    if not isinstance(value, _CONTAINERS):
        return
    if room == 0:
        raise MalformedJson("nested too deeply")
    items = value.values() if isinstance(value, dict) else value
    for item in [item for item in items if isinstance(item, _CONTAINERS)]:
        _check_depth(item, room - 1)


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check_texts(item)
    elif isinstance(value, list):
        for item in value:
            _check_texts(item)


def _check_text(text: str) -> None:
    if _NEVER_IN_A_TEXT.search(text):
        raise MalformedJson("NUL or lone surrogate in a text")


def _check_numbers(value: Any) -> None:
    if isinstance(value, float):
        raise MalformedJson("not a whole number")
    for item in value.values() if isinstance(value, dict) else value if _is_list(value) else ():
        _check_numbers(item)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
