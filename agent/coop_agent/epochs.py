"""The node's keys one after another: an epoch is the time of one key, with a chain of its own.

Table `epoch`: its number, its public key, the highest number offered in it, and the envelope that
led into it with what the site said of that. The first epoch has none: the enrolment began it.
"""

import sqlite3
import time
from typing import NamedTuple

from coop_agent import dsse
from coop_agent.store import Store

ROTATE = dsse.payload_type("rotate")
ACCEPTED = "accepted"


class Epoch(NamedTuple):
    """One key's time. `state`: accepted, sealed (not answered), waiting (for people), refused."""

    number: int
    public: bytes
    offered: int
    state: str
    rotate: str | None
    chain: str
    detail: str


def begin(store: Store, number: int, public: bytes) -> None:
    """The chain of a key starts: numbers from 1, linked to nothing but the key. In a transaction.

    The inventory is forgotten, because the new key must sign it.
    """
    store.run(
        "INSERT INTO epoch (epoch, pub, at) VALUES (?, ?, ?)", number, public, int(time.time())
    )
    store.put("epoch", number)
    store.put("next_seq", 1)
    store.put("prev", dsse.genesis(str(store.get("node")), number, public))
    store.forget("inventory")


def every(store: Store) -> list[Epoch]:
    """All epochs, the oldest first."""
    return [_epoch(row) for row in store.rows("SELECT * FROM epoch ORDER BY epoch")]


def newest(store: Store) -> Epoch | None:
    """The epoch that is sealed in; None before the enrolment."""
    row = store.row("SELECT * FROM epoch ORDER BY epoch DESC LIMIT 1")
    return None if row is None else _epoch(row)


def adopt(store: Store, public: bytes) -> None:
    """Give the store of an older program, which knew one key only, its first epoch."""
    if store.get("node") is None or newest(store) is not None:
        return
    with store.transaction():
        store.run(
            "INSERT OR IGNORE INTO epoch (epoch, pub, offered, at) VALUES (?, ?, ?, ?)",
            store.get("epoch"), public, int(store.get("offered_seq") or 0), int(time.time()),
        )  # fmt: skip


def known_to_site(epochs: list[Epoch]) -> list[Epoch]:
    """Those whose batches the site can take: none from the first unanswered rotation on."""
    unanswered = next((i for i, e in enumerate(epochs) if e.state != ACCEPTED), len(epochs))
    return epochs[:unanswered]


def unanswered(epochs: list[Epoch]) -> Epoch | None:
    """The first rotation that the site has not accepted."""
    return next((epoch for epoch in epochs if epoch.state != ACCEPTED), None)


def mark(store: Store, number: int, state: str, detail: str = "") -> None:
    """Note what the site says of the rotation into an epoch. In a transaction."""
    store.run("UPDATE epoch SET state = ?, detail = ? WHERE epoch = ?", state, detail, number)


def note_offered(store: Store, number: int, seq: int) -> None:
    """Write down what the site may come to know, before it can know it."""
    known = store.number("SELECT offered FROM epoch WHERE epoch = ?", number)
    if seq > known:
        with store.transaction():
            store.run("UPDATE epoch SET offered = ? WHERE epoch = ?", seq, number)


def _epoch(row: sqlite3.Row) -> Epoch:
    return Epoch(
        row["epoch"], row["pub"], row["offered"], row["state"], row["rotate"], row["chain"],
        row["detail"],
    )  # fmt: skip
