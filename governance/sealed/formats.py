"""The files and bytes of sealed votes, as the trustees' program spells them too.

Pure functions. The program is another one on purpose: what both say alike, two have written.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from signing import strict_json
from signing.dsse import payload_type

CEREMONY, DEAL, PAPER = "coop-ceremony/1", "coop-deal/1", "coop-ballot-paper/1"
SEALED, SET, TALLY = "coop-sealed-ballot/1", "coop-sealed-set/1", "coop-tally/1"
PUBLISHED = "coop-published-tally/1"
TALLY_KIND = payload_type("sealed-tally")
VERSION = 1
SHORTEST, LONGEST, OVERHEAD = 1024, 16 * 1024, 48
FEWEST_LISTED = 5
"""with fewer ballots only counts are published (B1)"""
SPOILED = ("bad_answer", "other_vote", "repeated", "unreadable")
HEX_KEY = re.compile(r"[0-9a-f]{64}")
TRACKER = re.compile(r"[0-9a-f]{32}")
_INPUT = b"coop sealed input v1"


def padded(inner: bytes) -> bytes:
    """A ballot at one of few lengths; raises ValueError for one that is too long."""
    length = SHORTEST
    while length < len(inner):
        length *= 2
    if length > LONGEST:
        raise ValueError("the answer is too long for a ballot")
    return inner.ljust(length, b" ")


def has_length_of_a_ballot(sealed: bytes) -> bool:
    """Whether a ciphertext is as long as that of a padded ballot."""
    length = len(sealed) - OVERHEAD
    return SHORTEST <= length <= LONGEST and length & (length - 1) == 0


def input_hash(digests: Iterable[bytes]) -> str:
    """What names a set of ciphertexts: SHA-256 over a label, their number and their hashes."""
    ordered = sorted(digests)
    size = len(ordered).to_bytes(8, "big")
    return hashlib.sha256(_INPUT + size + b"".join(ordered)).hexdigest()


def counts_of(choices: Iterable[Any]) -> list[dict[str, Any]]:
    """Equal answers with their number, in the order of their spelling."""
    numbers: dict[bytes, int] = {}
    for choice in choices:
        spelled = strict_json.dumps(choice) if _is_nested(choice) else json.dumps(choice).encode()
        numbers[spelled] = numbers.get(spelled, 0) + 1
    return [{"choice": json.loads(one), "ballots": numbers[one]} for one in sorted(numbers)]


def _is_nested(choice: Any) -> bool:
    return isinstance(choice, dict | list)


def as_file(document: dict[str, Any]) -> bytes:
    """A file to take away."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1)
    return text.encode() + b"\n"


def to_base64(raw: bytes | memoryview) -> str:
    """Standard base64."""
    return base64.b64encode(bytes(raw)).decode()


def from_base64(text: Any) -> bytes:
    """The bytes of standard base64; raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("it is no base64")
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("it is no base64") from error


def is_key(value: Any) -> bool:
    """Whether something is 32 bytes in lower-case hex."""
    return isinstance(value, str) and HEX_KEY.fullmatch(value) is not None


def is_tracker(value: Any) -> bool:
    """Whether something is a tracker: 128 bits in lower-case hex."""
    return isinstance(value, str) and TRACKER.fullmatch(value) is not None


def has_types(value: Any, types: dict[str, type | tuple[type, ...]]) -> bool:
    """Whether something is an object with exactly these keys, of these types."""
    if not isinstance(value, dict) or set(value) != set(types):
        return False
    return all(
        isinstance(value[name], allowed) and not isinstance(value[name], bool)
        for name, allowed in types.items()
    )


def ascending(trackers: Sequence[str]) -> bool:
    """Whether trackers are in order, and each there once."""
    return all(a < b for a, b in pairwise(trackers))
