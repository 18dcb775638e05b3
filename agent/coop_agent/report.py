"""What the agent can say about itself: status, its own chain, its health, its undelivered batches.

Each function returns plain data; the command line prints it.
"""

import json
import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coop_agent import allowances, clock, dsse, keys
from coop_agent.delivery import RECEIPT
from coop_agent.drivers.choose import Guarded
from coop_agent.errors import AgentError, NotEnrolled, NotTrusted, Unreachable
from coop_agent.sealing import BATCH, INVENTORY
from coop_agent.store import Store
from coop_agent.wire import Site

_LOW_SPACE = 64 * 1024 * 1024


def status(folder: Path, store: Store) -> dict[str, Any]:
    """Identity, how far the chain is, what is undelivered, and what a person should see."""
    counts = {row[0]: row[1] for row in store.rows(
        "SELECT state, count(*) FROM envelope GROUP BY state"
    )}  # fmt: skip
    public = bytes(keys.loaded(folder).verify_key) if (folder / keys.KEY).exists() else None
    return {
        "node": store.get("node"),
        "epoch": store.get("epoch"),
        "site": store.get("site"),
        "fingerprint": dsse.fingerprint_words(public) if public else None,
        "next_seq": store.get("next_seq"),
        "undelivered": counts.get("sealed", 0) + counts.get("pending", 0),
        "receipted": counts.get("receipted", 0),
        "refused": counts.get("dead", 0),
        "unsealed_records": store.number("SELECT count(*) FROM record"),
        "backlog_bytes": store.backlog(),
        "contact": store.get("contact"),
        "allowances": _allowances(store),
        "halted": store.get("halted"),
        "alerts": [dict(row) for row in store.rows("SELECT * FROM alert ORDER BY at")],
    }


def _allowances(store: Store) -> str | None:
    """How many allowances are at hand and until when they hold."""
    try:
        found = allowances.current(store, clock.now()) if store.get("node") else None
    except NotTrusted as error:
        return str(error)
    if found is None:
        return None
    held = "hold" if found.holds else "held"
    return f"{len(found.lines)}, {held} until {found.until}"


def chain_problems(folder: Path, store: Store) -> list[str]:
    """Everything wrong in the node's own chain; nothing, if it is whole."""
    if store.get("node") is None:
        raise NotEnrolled("this node is not enrolled")
    public = bytes(keys.loaded(folder).verify_key)
    trusted = [bytes.fromhex(key) for key in store.get("server_keys")]
    epoch = store.get("epoch")
    prev, seq = dsse.genesis(store.get("node"), epoch, public), 0
    problems: list[str] = []
    for row in store.each("SELECT * FROM envelope WHERE epoch = ? ORDER BY seq", epoch):
        if row["seq"] != seq + 1 or row["prev"] != prev:
            problems.append(f"batch {row['seq']} does not follow batch {seq}")
        problems += _batch_problems(row, public) + _receipt_problems(row, trusted)
        prev, seq = row["chain"], row["seq"]
    if (store.get("next_seq"), store.get("prev")) != (seq + 1, prev):
        problems.append(f"the chain does not end at batch {seq}")
    return problems


def _batch_problems(row: sqlite3.Row, public: bytes) -> list[str]:
    payload = row["payload"]
    if payload is None:
        return []
    name = f"batch {row['seq']}"
    body = json.loads(payload)
    checks = {
        f"{name}: the chain value is another": dsse.chain_value(BATCH, payload) == row["chain"],
        f"{name}: the signature is wrong": dsse.is_signed(public, BATCH, payload, row["sig"]),
        f"{name}: its payload names another place": (body["seq"], body["prev"])
        == (row["seq"], row["prev"]),
    }
    return [text for text, fine in checks.items() if not fine]


def _receipt_problems(row: sqlite3.Row, trusted: list[bytes]) -> list[str]:
    if row["receipt"] is None:
        return [f"batch {row['seq']} has no receipt"] if row["state"] == "receipted" else []
    try:
        receipt = dsse.opened(json.loads(row["receipt"]), RECEIPT, trusted)
    except NotTrusted as error:
        return [f"batch {row['seq']}: receipt: {error}"]
    if (receipt.get("seq"), receipt.get("chain")) != (row["seq"], row["chain"]):
        return [f"batch {row['seq']}: the receipt is for something else"]
    return []


def export(folder: Path, store: Store, path: Path, *, everything: bool = False) -> int:
    """Write batches without a receipt (or all that are kept) as NDJSON; returns how many."""
    public = bytes(keys.loaded(folder).verify_key)
    states = "" if everything else "AND state IN ('sealed', 'pending')"
    draft = path.with_name(f"{path.name}.part")
    count = highest = 0
    with draft.open("wb") as file:
        for row in store.rows("SELECT * FROM inventory WHERE sha = ?", store.get("inventory")):
            file.write(_line(INVENTORY, row, public))
        for row in store.each(
            f"SELECT * FROM envelope WHERE payload IS NOT NULL {states} ORDER BY epoch, seq"
        ):
            file.write(_line(BATCH, row, public))
            count, highest = count + 1, row["seq"]
        file.flush()
        os.fsync(file.fileno())
    with store.transaction():
        store.put("offered_seq", max(highest, int(store.get("offered_seq") or 0)))
    os.replace(draft, path)
    return count


def _line(kind: str, row: sqlite3.Row, public: bytes) -> bytes:
    return dsse.dumped(dsse.envelope(kind, row["payload"], public, row["sig"])) + b"\n"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor looked at."""

    good: bool
    what: str
    text: str


def examine(folder: Path, store: Store, site: Site | None, drivers: list[Guarded]) -> list[Finding]:
    """Clock, permissions, disk, store, site and drivers, each tried for real."""
    findings = [_clock(), _privacy(folder), _next_key(folder), _space(folder), _database(store)]
    if site is not None:
        findings.append(_reach(site, store.get("node")))
    return findings + [_source(driver) for driver in drivers]


def _clock() -> Finding:
    kind = clock.quality(clock.now())
    text = {
        "ntp": "synchronised",
        "rtc": "plausible, but not synchronised: run an NTP client",
        "unset": "not set: batches carry no wall times until it is",
    }
    return Finding(kind != "unset", "clock", text[kind])


def _privacy(folder: Path) -> Finding:
    loose = [p.name for p in (folder, *folder.glob("*.key")) if p.stat().st_mode & 0o077]
    return Finding(not loose, "permissions", f"open to others: {loose}" if loose else "private")


def _next_key(folder: Path) -> Finding:
    here = (folder / keys.NEXT).exists()
    text = "still beside the first: copy it to paper or a stick, then remove it"
    return Finding(True, "next key", text if here else "not on this machine")


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    return Finding(free >= _LOW_SPACE, "disk", f"{free // 1024**2} MiB free")


def _database(store: Store) -> Finding:
    row = store.row("PRAGMA quick_check")
    text = str(row[0]) if row is not None else "no answer"
    return Finding(text == "ok", "store", text)


def _reach(site: Site, node: str | None) -> Finding:
    started = time.monotonic()
    try:
        answer = site.get(f"/api/v1/agent/config/{node or 'none'}")
    except Unreachable as error:
        return Finding(False, "site", str(error))
    took = round((time.monotonic() - started) * 1000)
    return Finding(answer.status in (200, 404), "site", f"status {answer.status}, {took} ms")


def _source(driver: Guarded) -> Finding:
    try:
        readings = driver.read(clock.boot_id())
    except AgentError as error:
        return Finding(False, driver.name, str(error))
    wanted = sum(1 for reading in readings if driver.measures(reading.meter))
    return Finding(wanted > 0, driver.name, f"{wanted} meters")
