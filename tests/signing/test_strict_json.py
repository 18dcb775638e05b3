"""JSON with one meaning: what is refused, and that writing and reading agree."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signing import strict_json
from signing.errors import MalformedJson

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | TEXTS | st.integers(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=5
)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf{}",
        b'{"a":1,"a":1}',
        b'{"x":{"a":1,"a":2}}',
        b"1.0",
        b"1e3",
        b"NaN",
        b"-Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b'"\\u0000"',
        b'{"\\u0000":1}',
        b'"\\ud800"',
        b'"\x00"',
        b'"\xff"',
        "{}".encode("utf-16"),
        b"",
        b"{} {}",
        b"{'a':1}",
        b"[[[[[[[]]]]]]]",
        b"[" * 100_000,
    ],
)
def test_ambiguous_or_hostile_json_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedJson):
        strict_json.loads(raw)


def test_the_limits_themselves_are_allowed() -> None:
    assert strict_json.loads(b"[[[[[[9007199254740991]]]]]]") == [[[[[[2**53 - 1]]]]]]


@pytest.mark.parametrize("value", [1.5, {"a": [2.0]}, 2**53, {"a": "\0"}, {1, 2}, "\ud800"])
def test_what_cannot_be_read_is_not_written(value: Any) -> None:
    with pytest.raises(MalformedJson):
        strict_json.dumps(value)


def test_equal_values_give_equal_bytes() -> None:
    assert strict_json.dumps({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    assert strict_json.dumps({"a": "é", "b": 1}) == '{"a":"é","b":1}'.encode()


@given(VALUES)
def test_what_is_written_reads_back(value: Any) -> None:
    assume(_depth(value) <= strict_json.MAX_DEPTH)
    assert strict_json.loads(strict_json.dumps(value)) == value


def _depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    items = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(item) for item in items), default=0)
