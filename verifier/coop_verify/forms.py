"""What leaves and entries look like, byte for byte. The patterns are the definition.

There is one spelling of each fact, so a line that matches is canonical and is what was hashed.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from coop_verify.canonical import Types, from_hex, loads, shaped
from coop_verify.errors import Malformed

_COUNT = rb"(0|[1-9][0-9]{0,18})"
_AMOUNT = rb"(0|-?[1-9][0-9]{0,18})"
_HASH = rb'"([0-9a-f]{64})"'
_TIME = rb'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)"'
_TEXT = rb'("[^"\\]*(?:\\.[^"\\]*)*")'

_TRANSACTION = re.compile(
    rb'\{"details":' + _HASH + rb',"effective_at":' + _TIME + rb',"entries":\{"count":' + _COUNT
    + rb',"root":' + _HASH + rb'\},"id":' + _COUNT + rb',"kind":' + _TEXT + rb',"recorded_at":'
    + _TIME + rb',"reverses":(?:null|' + _COUNT + rb'),"type":"transaction","v":1\}',
)  # fmt: skip
_DOCUMENT = re.compile(
    rb'\{"digest":' + _HASH + rb',"id":' + _COUNT + rb',"kind":' + _TEXT + rb',"recorded_at":'
    + _TIME + rb',"type":"document","v":1\}',
)  # fmt: skip
_ENTRY = re.compile(
    rb'\{"account":' + _COUNT + rb',"amount":' + _AMOUNT + rb',"balance":' + _AMOUNT
    + rb',(?:"opens":(\{.*\}),)?"version":' + _COUNT + rb"\}",
    re.DOTALL,
)  # fmt: skip
_REVERSES = re.compile(rb'"reverses":' + _COUNT + rb',"type":"transaction"')
_MOMENT = re.compile(_TIME.decode())
COMMODITY_KINDS = ("money", "unit", "token")
_OPENS: dict[str, Types] = {
    "commodity": str, "commodity_kind": str, "exponent": int, "floor": (int, type(None)),
    "kind": str, "opened_at": str, "owner": str,
}  # fmt: skip


class Transaction(NamedTuple):
    """A leaf over one transaction: `entries` of them, under `root`. Times are texts."""

    details: bytes
    effective_at: str
    entries: int
    root: bytes
    id: int
    kind: str
    recorded_at: str
    reverses: int | None


class Document(NamedTuple):
    """A leaf over a title, a certified vote or carried balances."""

    digest: bytes
    id: int
    kind: str
    recorded_at: str


Leaf = Transaction | Document


class Opens(NamedTuple):
    """The facts of an account, fixed by its first entry. `owner` is a salted hash."""

    commodity: str
    commodity_kind: str
    exponent: int
    floor: int | None
    kind: str
    opened_at: str
    owner: bytes


class Entry(NamedTuple):
    """An amount into (positive) or out of one account, and the balance after it."""

    account: int
    amount: int
    balance: int
    version: int
    opens: Opens | None


def read_leaf(line: bytes) -> Leaf:
    """The leaf that a line is; raises Malformed."""
    found = _TRANSACTION.fullmatch(line)
    if found is None:
        return _read_document(line)
    details, effective, count, root, number, kind, recorded, reverses = found.groups()
    return Transaction(
        bytes.fromhex(details.decode()),
        _time(effective),
        int(count),
        bytes.fromhex(root.decode()),
        int(number),
        _text(kind),
        _time(recorded),
        None if reverses is None else int(reverses),
    )


def _read_document(line: bytes) -> Document:
    found = _DOCUMENT.fullmatch(line)
    if found is None:
        raise Malformed("it is neither a transaction nor a document of version 1")
    digest, number, kind, recorded = found.groups()
    return Document(bytes.fromhex(digest.decode()), int(number), _text(kind), _time(recorded))


def reversed_id(line: bytes) -> int | None:
    """The transaction that a leaf says it reverses; cheap, and no proof that the leaf is sound."""
    if b'"reverses":null' in line:
        return None
    found = _REVERSES.search(line)
    return int(found[1]) if found else None


def read_entry(line: bytes) -> Entry:
    """The entry that a line is; raises Malformed."""
    found = _ENTRY.fullmatch(line)
    if found is None:
        raise Malformed("it is no entry")
    account, amount, balance, opens, version = found.groups()
    facts = None if opens is None else read_opens(loads(opens))
    return Entry(int(account), int(amount), int(balance), int(version), facts)


def read_opens(value: Any) -> Opens:
    """The facts of an account from their object; raises Malformed."""
    facts = shaped(value, _OPENS)
    if facts["commodity_kind"] not in COMMODITY_KINDS or not 0 <= facts["exponent"] <= 18:
        raise Malformed("a commodity is money, unit or token, with 0 to 18 decimal places")
    check_time(facts["opened_at"])
    owner = from_hex(facts["owner"], 32)
    return Opens(**{**facts, "owner": owner})


def check_time(text: str) -> str:
    """The text, if it is a moment in UTC with microseconds; raises Malformed."""
    if not _MOMENT.fullmatch(f'"{text}"'):
        raise Malformed("a time is written as 2026-11-22T18:00:29.123456Z")
    return _time(text.encode())


def _time(raw: bytes) -> str:
    text = raw.decode()
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed("a time is no moment of the calendar") from error
    return text


@lru_cache(maxsize=1024)
def _text(raw: bytes) -> str:
    found = loads(raw)
    assert isinstance(found, str)  # the pattern lets nothing else through
    return found
