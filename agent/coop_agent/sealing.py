"""From records to a signed, chained batch: one transaction, before anything is sent.

What is sealed is never signed again; a sequence number is never used for two payloads.
"""

import hashlib
import json
import sqlite3
import time
from typing import Any

from nacl.signing import SigningKey

from coop_agent import dsse
from coop_agent.clock import SECOND, Moment, quality, spelled, wall_of
from coop_agent.store import Store

MAX_RECORDS = 500
MAX_PAYLOAD = 256 * 1024
KEPT_DAYS = 90
FORGOTTEN = 24 * 3600 * SECOND
# What merged gauges remember beside their mean; it does not travel.
AREA = "area"
BATCH = dsse.payload_type("usage-batch")
INVENTORY = dsse.payload_type("meter-inventory")


def seal(store: Store, key: SigningKey, moment: Moment) -> int:
    """Seal every waiting record; returns the number of batches made. Nothing once halted."""
    made = 0
    while _seal_one(store, key, moment):
        made += 1
    return made


def prune(store: Store, moment: Moment) -> None:
    """Let go of payloads that are receipted and old, and of meters gone for a day."""
    limit = int(time.time()) - KEPT_DAYS * 24 * 3600
    with store.transaction():
        store.run(
            "UPDATE envelope SET payload = NULL"
            " WHERE payload IS NOT NULL AND sealed_at < ? AND state = 'receipted'",
            limit,
        )
        # A meter is remembered over a reboot, so that what it counted since is known to be new.
        store.run(
            "DELETE FROM meter WHERE mt0 = mt1 AND ? > ? AND (boot <> ? OR mt1 < ?)",
            moment.mono, FORGOTTEN, moment.boot, moment.mono - FORGOTTEN,
        )  # fmt: skip


def _seal_one(store: Store, key: SigningKey, moment: Moment) -> bool:
    with store.transaction():
        if store.get("node") is None or store.get("halted") is not None:
            return False
        waiting = _waiting(store)
        if not waiting:
            return False
        header = _header(store, key, moment, waiting)
        payload, used = _fitted(header, waiting, moment)
        _keep(store, key, header, payload)
        store.run("DELETE FROM record WHERE id <= ?", waiting[used - 1]["id"])
    return True


def _waiting(store: Store) -> list[sqlite3.Row]:
    """The oldest records, as far as they are of one boot."""
    rows = store.rows("SELECT id, boot, body FROM record ORDER BY id LIMIT ?", MAX_RECORDS)
    until = next((i for i, row in enumerate(rows) if row["boot"] != rows[0]["boot"]), len(rows))
    return rows[:until]


def _header(
    store: Store, key: SigningKey, moment: Moment, waiting: list[sqlite3.Row]
) -> dict[str, Any]:
    boot = waiting[0]["boot"]
    same = boot == moment.boot
    sent = {} if moment.wall is None else {"sent": spelled(moment.wall)}
    return {
        "v": 1,
        "node": store.get("node"),
        "epoch": store.get("epoch"),
        "seq": store.get("next_seq"),
        "prev": store.get("prev"),
        "boot": boot,
        **sent,
        "mono": str(moment.mono) if same else _last_mono(waiting),
        "clock": quality(moment),
        "inv": _inventory(store, key, moment),
    }


def _last_mono(waiting: list[sqlite3.Row]) -> str:
    return str(max(int(json.loads(row["body"]).get("mt1", 0)) for row in waiting))


def _fitted(
    header: dict[str, Any], waiting: list[sqlite3.Row], moment: Moment
) -> tuple[bytes, int]:
    """The payload with as many of the records as it may hold, and how many those are."""
    count = len(waiting)
    while True:
        records = [_record(n, row, moment) for n, row in enumerate(waiting[:count], 1)]
        payload = dsse.dumped({**header, "records": records})
        if len(payload) <= MAX_PAYLOAD or count == 1:
            return payload, count
        count //= 2


def _record(n: int, row: sqlite3.Row, moment: Moment) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(row["body"])
    if row["boot"] == moment.boot:
        for t, mt in (("t0", "mt0"), ("t1", "mt1")):
            wall = wall_of(int(body[mt]), moment) if mt in body and t not in body else None
            body |= {t: spelled(wall)} if wall is not None else {}
    body.pop(AREA, None)
    return {"n": n, **body}


def _keep(store: Store, key: SigningKey, header: dict[str, Any], payload: bytes) -> None:
    chain = dsse.chain_value(BATCH, payload)
    store.run(
        "INSERT INTO envelope (epoch, seq, prev, chain, payload, size, sig, sealed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        header["epoch"], header["seq"], header["prev"], chain, payload, len(payload),
        dsse.sign(key, BATCH, payload), int(time.time()),
    )  # fmt: skip
    store.put("next_seq", header["seq"] + 1)
    store.put("prev", chain)


def _inventory(store: Store, key: SigningKey, moment: Moment) -> str:
    """The digest of the inventory in force; signs a new one if the meters changed."""
    meters = [_listed(row) for row in store.rows("SELECT * FROM meter ORDER BY meter LIMIT 4096")]
    listed = json.dumps(meters)
    current = store.row("SELECT * FROM inventory WHERE sha = ?", store.get("inventory"))
    if current is not None and current["meters"] == listed:
        return str(current["sha"])
    payload = dsse.dumped(_inventory_payload(store, meters, moment))
    sha = hashlib.sha256(payload).hexdigest()
    signature = dsse.sign(key, INVENTORY, payload)
    store.run("REPLACE INTO inventory VALUES (?, ?, ?, ?)", sha, payload, signature, listed)
    store.put("inventory", sha)
    return sha


def _inventory_payload(
    store: Store, meters: list[dict[str, Any]], moment: Moment
) -> dict[str, Any]:
    since = {} if moment.wall is None else {"since": spelled(moment.wall)}
    names = {"v": 1, "node": store.get("node"), "epoch": store.get("epoch")}
    return {**names, **since, "boot": moment.boot, "meters": meters}


def _listed(row: sqlite3.Row) -> dict[str, Any]:
    cap = {} if row["cap"] is None else {"cap": row["cap"]}
    return {
        "m": row["meter"],
        "k": row["kind"],
        "u": row["unit"],
        "driver": row["driver"].partition(":")[0],
        "bits": row["bits"],
        **cap,
    }
