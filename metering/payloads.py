"""The shapes of what nodes sign: docs/metering-protocol.md, sections 3 to 5. No Django in here."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from metering.errors import Malformed, SchemaError, TooLarge
from signing import strict_json
from signing.errors import MalformedJson

MAX_PAYLOAD = 256 * 1024
MAX_RECORDS = 1_000
MAX_METERS = 4_096
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
FIRST_YEAR, LAST_YEAR = 1970, 9000
LONGEST = 10 * 366 * 86_400 * 10**9  # nanoseconds

Hex64 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
HEX = re.compile("[0-9a-f]*")
LongHex = Annotated[str, Meta(min_length=64, max_length=64)]
"""a Hex64 whose digits `check_counters` looks at"""
Counted = Annotated[str, Meta(pattern=r"^[0-9]{1,20}\Z")]
LongCount = Annotated[str, Meta(min_length=1, max_length=20)]
"""a Counted whose digits `check_counters` looks at"""
SPELLING = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
Time = Annotated[str, Meta(max_length=30)]
"""read by `at` wherever it is read, which knows the spelling and the calendar"""
Text = Annotated[str, Meta(min_length=1, max_length=200)]
Flag = Annotated[str, Meta(pattern=r"^[a-z_]{1,20}\Z")]
Positive = Annotated[int, Meta(ge=1, le=strict_json.MAX_INT)]
S = TypeVar("S", bound=msgspec.Struct)


class Part(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a batch; what was not said is not said again when it is written (`read_plain`)."""


class Counter(Part, tag_field="k", tag="counter", gc=False):
    """Cumulative values at two instants."""

    n: Positive
    m: Text
    inc: LongHex
    mt0: LongCount
    mt1: LongCount
    r0: LongCount
    r1: LongCount
    t0: Time | None = None
    t1: Time | None = None
    f: list[Flag] = []


class Gauge(Part, tag_field="k", tag="gauge", gc=False):
    """The time-weighted mean over a span, rounded down."""

    n: Positive
    m: Text
    v: Counted
    mt0: Counted | None = None
    mt1: Counted | None = None
    t0: Time | None = None
    t1: Time | None = None
    f: list[Flag] = []


class GapRecord(Part, tag_field="k", tag="gap"):
    """A span of which nothing is known, or a batch that the site refused."""

    n: Positive
    why: Annotated[str, Meta(min_length=1, max_length=40)]
    m: Text | None = None
    t0: Time | None = None
    t1: Time | None = None
    mt0: Counted | None = None
    mt1: Counted | None = None
    seq: Positive | None = None
    chain: Hex64 | None = None


class Event(Part, tag_field="k", tag="event"):
    """Something that happened to the node."""

    n: Positive
    e: Annotated[str, Meta(min_length=1, max_length=40)]
    m: Text | None = None
    t1: Time | None = None
    mt1: Counted | None = None


class Redeem(Part, tag_field="k", tag="redeem"):
    """What the node gave for a voucher: docs/vouchers.md."""

    n: Positive
    ticket: Hex64
    q: Counted
    u: Annotated[str, Meta(min_length=1, max_length=12)]
    t0: Time | None = None
    t1: Time | None = None
    mt0: Counted | None = None
    mt1: Counted | None = None


Record = Counter | Gauge | GapRecord | Event | Redeem


class Batch(Part):
    """A `usage-batch`: one link of a node's chain."""

    v: Literal[1]
    node: Text
    epoch: Positive
    seq: Positive
    prev: Hex64
    boot: Text
    mono: Counted
    clock: Literal["ntp", "rtc", "unset"]
    inv: Hex64
    records: list[Record]
    sent: Time | None = None
    x: dict[str, Any] = {}


PLAIN = msgspec.json.Decoder(Batch)


class MeterLine(msgspec.Struct, forbid_unknown_fields=True):
    """One meter of an inventory."""

    m: Text
    k: Literal["counter", "gauge"]
    u: Literal["By", "us", "{packet}", "1", "%"]
    driver: Annotated[str, Meta(min_length=1, max_length=40)]
    bits: Literal[32, 64] = 64
    cap: Counted | None = None


class Inventory(msgspec.Struct, forbid_unknown_fields=True):
    """A `meter-inventory`: what the node counts."""

    v: Literal[1]
    node: Text
    epoch: Positive
    boot: Text
    meters: Annotated[list[MeterLine], Meta(max_length=MAX_METERS)]
    since: Time | None = None
    x: dict[str, Any] = {}


class Enrol(msgspec.Struct, forbid_unknown_fields=True):
    """An `enrol` request: a key that wants to be a node's."""

    v: Literal[1]
    pub: Hex64
    next: Hex64
    hostname: Annotated[str, Meta(max_length=200)]
    serials: Annotated[list[Text], Meta(max_length=16)] = []
    agent: Annotated[str, Meta(max_length=200)] = ""
    sent: Time | None = None
    x: dict[str, Any] = {}


class Countersign(msgspec.Struct, forbid_unknown_fields=True):
    """A `countersign`: the consumer's node answers a delivery note."""

    v: Literal[1]
    node: Text
    note: Positive
    answer: Literal["accepted", "refused"]
    amount: int
    sent: Time
    reason: Annotated[str, Meta(max_length=400)] = ""


class AuditAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """An `audit-answer`: sha256(nonce, block) of what a challenge asked for."""

    v: Literal[1]
    node: Text
    id: Positive
    digest: Hex64
    sent: Time | None = None


def read_batch(payload: bytes) -> Batch:
    """The batch that a verified payload spells; raises Malformed, SchemaError, TooLarge."""
    batch = read_plain(payload) or read_strictly(payload)
    if [r.n for r in batch.records] != list(range(1, len(batch.records) + 1)):
        raise SchemaError("records are numbered 1, 2, 3 and so on")
    at(batch.sent)
    check_counters([r for r in batch.records if type(r) is Counter])
    for record in batch.records:
        if type(record) is not Counter:
            check_record(record)
    return batch


def read_plain(payload: bytes) -> Batch | None:
    """The batch, read at once into its shape; None where only `read_strictly` may judge.

    A struct takes no float, no other key and no integer of 2^53. It would take a key twice and
    keep the last, but then the batch, written again, has fewer quotes: neither has escapes.
    """
    if not payload.isascii() or b"\\" in payload:
        return None
    try:
        batch = PLAIN.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return None
    if batch.x or len(batch.records) > MAX_RECORDS:
        return None
    is_whole = payload.count(b'"') == msgspec.json.encode(batch).count(b'"')
    return batch if is_whole else None


def read_strictly(payload: bytes) -> Batch:
    """The batch by way of strict JSON, which says what is wrong with it."""
    value = loads(payload)
    records = value.get("records") if isinstance(value, dict) else None
    if isinstance(records, list) and len(records) > MAX_RECORDS:
        raise TooLarge(f"more than {MAX_RECORDS} records")
    return shaped(value, Batch)


def check_counters(counters: list[Counter]) -> None:
    """As `check_record`, and their digits: all at once, for most records are counters."""
    digits = "".join([text for r in counters for text in (r.mt0, r.mt1, r.r0, r.r1)])
    if counters and not (digits.isascii() and digits.isdigit()):
        raise SchemaError("a count has one to twenty digits")
    if not HEX.fullmatch("".join({r.inc for r in counters})):
        raise SchemaError("inc has 64 digits of hex")
    for moment in {moment for r in counters for moment in (r.t0, r.t1)}:
        at(moment)
    if any(int(r.mt1) - int(r.mt0) > LONGEST for r in counters):
        raise SchemaError("a record is longer than ten years")


def check_record(record: Record) -> None:
    """Refuse times that nobody can compute with, and names that are no names."""
    walls = [at(getattr(record, "t0", None)), at(record.t1)]
    begins, ends = getattr(record, "mt0", None), record.mt1
    if begins is not None and ends is not None and int(ends) - int(begins) > LONGEST:
        raise SchemaError("a record is longer than ten years")
    if isinstance(record, Gauge) and None in (begins, ends) and None in walls:
        raise SchemaError("a gauge says when: mt0 and mt1, or t0 and t1")
    if isinstance(record, GapRecord) and record.why == "refused" and not record.chain:
        raise SchemaError("a gap that was refused names seq and chain")


def meters_named(batch: Batch) -> set[str]:
    """Every meter that a batch says anything about."""
    return {r.m for r in batch.records if not isinstance(r, Redeem) and r.m}


def read_inventory(payload: bytes) -> Inventory:
    """The inventory that a verified payload spells; raises Malformed, SchemaError."""
    inventory = shaped(loads(payload), Inventory)
    if len({line.m for line in inventory.meters}) != len(inventory.meters):
        raise SchemaError("a meter is listed twice")
    at(inventory.since)
    return inventory


def read_enrol(payload: bytes) -> Enrol:
    """The enrolment request that a payload spells; raises Malformed, SchemaError."""
    request = shaped(loads(payload), Enrol)
    at(request.sent)
    return request


def read_countersign(payload: bytes) -> Countersign:
    """The answer to a delivery note; raises Malformed, SchemaError."""
    return shaped(loads(payload), Countersign)


def read_audit_answer(payload: bytes) -> AuditAnswer:
    """The answer to a storage challenge; raises Malformed, SchemaError."""
    return shaped(loads(payload), AuditAnswer)


def loads(raw: bytes) -> Any:
    """Strict JSON; raises Malformed."""
    try:
        return strict_json.loads(raw)
    except MalformedJson as error:
        raise Malformed(str(error)) from error


def shaped(value: Any, shape: type[S]) -> S:
    """The value in the given shape; raises SchemaError."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise SchemaError(str(error)) from error


def node_id(text: str) -> uuid.UUID:
    """The node's id; raises SchemaError for another spelling than the canonical one."""
    try:
        value = uuid.UUID(text)
    except ValueError as error:
        raise SchemaError("node is not a UUID") from error
    if str(value) != text:
        raise SchemaError("node is not a UUID in its usual spelling")
    return value


def at(moment: str | None) -> datetime | None:
    """The instant; None stays None. What is finer than a microsecond is cut off.

    Raises SchemaError for a day that does not exist or a year out of 1970 to 9000.
    """
    return None if moment is None else _instant(moment)


@lru_cache(maxsize=8_192)
def _instant(moment: str) -> datetime:
    if not SPELLING.fullmatch(moment):
        raise SchemaError("a moment is YYYY-MM-DDTHH:MM:SSZ")
    try:
        found = datetime.fromisoformat(moment[:19]).replace(tzinfo=UTC)
    except ValueError as error:
        raise SchemaError("not a moment of the calendar") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise SchemaError(f"a year is one from {FIRST_YEAR} to {LAST_YEAR}")
    return found + timedelta(microseconds=int(moment[20:26].rstrip("Z").ljust(6, "0")))


def spelled(moment: datetime) -> str:
    """The moment as the protocol writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime(TIME_FORMAT)
