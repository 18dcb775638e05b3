"""Honouring vouchers without the site: docs/vouchers.md.

A voucher is an envelope that the cooperative signed. This node checks it with the key that it
pinned, writes down how much of it was used here, and says so in its next batch. What is left can
be used later; never more than it holds, whatever happens in between.
"""

import base64
import hashlib
import re
import sys
import time
from calendar import timegm
from pathlib import Path
from typing import Any, NamedTuple

from coop_agent import dsse
from coop_agent.clock import Moment, spelled
from coop_agent.errors import AgentError, NotEnrolled
from coop_agent.store import Store

VOUCHER = dsse.payload_type("voucher")
MAX_BYTES = 16 * 1024
UNITS = ("By", "By.s", "us")
_NUMBER = re.compile(r"[1-9][0-9]{0,39}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_TEXTS = ("id", "pool", "resource", "raw", "u", "not_before", "not_after")
# A record counts at most what a reading of the same unit could.
MOST_AT_ONCE = 10**20 - 1


class NotHonoured(AgentError):
    """The voucher is good for nothing here; the text says why."""


class Voucher(NamedTuple):
    """What a voucher says, once its signature was found to be the cooperative's."""

    ticket: str
    id: str
    pool: str
    resource: str
    period: str
    quantity: int
    unit: str
    node: str | None
    asset: str | None
    not_before: int
    not_after: int


class Honoured(NamedTuple):
    """What was used now, and what is left on this node; both in the voucher's unit."""

    voucher: Voucher
    used: int
    left: int


def text_from(name: str) -> bytes:
    """A voucher's file, or standard input for "-"; raises NotHonoured if it is too long."""
    if name == "-":
        raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise NotHonoured(f"longer than a voucher can be ({MAX_BYTES} bytes)")
    return raw


def read(raw: bytes, keys: list[bytes]) -> Voucher:
    """The voucher in `raw`; raises NotTrusted or NotHonoured where it is none.

    It must be strict JSON, of the voucher's type, and signed by one of `keys`.
    """
    if len(raw) > MAX_BYTES:
        raise NotHonoured(f"longer than a voucher can be ({MAX_BYTES} bytes)")
    envelope = dsse.parsed_object(raw.strip())
    said = dsse.opened(envelope, VOUCHER, keys)
    payload = base64.b64decode(envelope["payload"], validate=True)
    return _shaped(said, hashlib.sha256(dsse.pae(VOUCHER, payload)).hexdigest())


def honour(store: Store, voucher: Voucher, wanted: int | None, moment: Moment) -> Honoured:
    """Use a voucher, or a part of it, on this node: one transaction, and a record for the site.

    `wanted` is in the voucher's unit, None for all that is left. Raises NotHonoured.
    """
    with store.transaction():
        left = checked(store, voucher, moment)
        used = left if wanted is None else wanted
        _check_amount(left, used)
        _write_down(store, voucher, voucher.quantity - left + used, moment)
        store.add_record(moment.boot, _record(voucher, used, moment))
    return Honoured(voucher, used, left - used)


def checked(store: Store, voucher: Voucher, moment: Moment) -> int:
    """What is left of a voucher that is good here and now; raises NotHonoured."""
    if store.get("halted") is not None:
        raise NotHonoured("this node has stopped signing; see `coop-agent status`")
    _check_place(store, voucher)
    _check_time(voucher, moment)
    left = left_of(store, voucher)
    if left <= 0:
        raise NotHonoured("all of it was used on this node before")
    return left


def left_of(store: Store, voucher: Voucher) -> int:
    """What this node has not yet given for a voucher, in its unit."""
    row = store.row("SELECT used FROM voucher WHERE ticket = ?", voucher.ticket)
    return voucher.quantity - (0 if row is None else int(row["used"]))


def server_keys(store: Store) -> list[bytes]:
    """The keys that this node pinned when it was let in; raises NotEnrolled."""
    found = store.get("server_keys")
    if not found:
        raise NotEnrolled("this node is not enrolled: it knows no key to check vouchers with")
    return [bytes.fromhex(key) for key in found]


def _check_place(store: Store, voucher: Voucher) -> None:
    if voucher.node is not None and voucher.node != store.get("node"):
        raise NotHonoured(f"bound to another node: {voucher.node}")
    if voucher.asset is not None and voucher.asset != store.get("asset"):
        raise NotHonoured(f"bound to the asset {voucher.asset}, which this node does not stand for")


def _check_time(voucher: Voucher, moment: Moment) -> None:
    if moment.wall is None:
        raise NotHonoured("this node does not know the time yet, so no slot can be checked")
    if moment.wall < voucher.not_before:
        raise NotHonoured(f"not good before {spelled(voucher.not_before)}")
    if moment.wall >= voucher.not_after:
        raise NotHonoured(f"was good until {spelled(voucher.not_after)}")


def _check_amount(left: int, used: int) -> None:
    if used <= 0:
        raise NotHonoured("name an amount above zero")
    if used > left:
        raise NotHonoured(f"only {left} of it are left on this node")
    if used > MOST_AT_ONCE:
        raise NotHonoured("too much for one record; use it in parts")


def _write_down(store: Store, voucher: Voucher, used: int, moment: Moment) -> None:
    store.run(
        "REPLACE INTO voucher (ticket, unit, quantity, used, not_after, at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        voucher.ticket, voucher.unit, str(voucher.quantity), str(used), voucher.not_after,
        moment.wall,
    )  # fmt: skip


def _record(voucher: Voucher, used: int, moment: Moment) -> dict[str, Any]:
    mono, at = str(moment.mono), spelled(moment.wall or 0)
    return {
        "k": "redeem",
        "ticket": voucher.ticket,
        "q": str(used),
        "u": voucher.unit,
        "t0": at,
        "t1": at,
        "mt0": mono,
        "mt1": mono,
    }


def _shaped(said: dict[str, Any], ticket: str) -> Voucher:
    """The voucher that a signed payload spells; raises NotHonoured where a part is missing."""
    _require(said.get("v") == 1, "of a version that this agent does not know")
    _require(all(isinstance(said.get(name), str) for name in _TEXTS), "a part is missing")
    _require(said["u"] in UNITS, f"counted in {said['u']!r}, which nodes do not count")
    _require(_NUMBER.fullmatch(said["raw"]), "its quantity is no whole number above zero")
    node, asset = said.get("node"), said.get("asset")
    bound = [value for value in (node, asset) if value is not None]
    _require(len(bound) == 1 and isinstance(bound[0], str), "bound to no node or asset")
    begins, ends = _moment(said["not_before"]), _moment(said["not_after"])
    _require(begins < ends, "its slot is empty")
    return Voucher(
        ticket,
        said["id"],
        said["pool"],
        said["resource"],
        _period(said, begins, ends),
        int(said["raw"]),
        said["u"],
        node,
        asset,
        begins,
        ends,
    )


def _period(said: dict[str, Any], begins: int, ends: int) -> str:
    """The period's code; the slot must lie within the period."""
    period = said.get("period")
    _require(
        isinstance(period, dict)
        and all(isinstance(period.get(name), str) for name in ("code", "start", "end")),
        "of no period",
    )
    inside = _moment(said["period"]["start"]) <= begins and ends <= _moment(said["period"]["end"])
    _require(inside, "its slot lies outside of its period")
    return str(said["period"]["code"])


def _moment(text: str) -> int:
    """Unix seconds of a time as the wire writes it; raises NotHonoured."""
    _require(_TIME.fullmatch(text), "a time is not understood")
    try:
        return timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError as error:
        raise NotHonoured("a time is not understood") from error


def _require(fact: object, otherwise: str) -> None:
    if not fact:
        raise NotHonoured(f"not a voucher that can be honoured: {otherwise}")
