"""What the agent can say about itself: plain data, which the command line prints."""

from pathlib import Path
from typing import Any

from coop_agent import allowances, clock, dsse, epochs, keys, notices
from coop_agent.errors import NotTrusted
from coop_agent.store import Store


def status(folder: Path, store: Store) -> dict[str, Any]:
    """Identity, how far the chain is, what is undelivered, and what a person should see."""
    counts = {row[0]: row[1] for row in store.rows(
        "SELECT state, count(*) FROM envelope GROUP BY state"
    )}  # fmt: skip
    epoch = epochs.newest(store)
    return {
        "node": store.get("node"),
        "epoch": store.get("epoch"),
        "rotation": rotation(store),
        "site": store.get("site"),
        "fingerprint": _fingerprint(folder, epoch),
        "next_seq": store.get("next_seq"),
        "undelivered": counts.get("sealed", 0) + counts.get("pending", 0),
        "receipted": counts.get("receipted", 0),
        "refused": counts.get("dead", 0),
        "unsealed_records": store.number("SELECT count(*) FROM record"),
        "backlog_bytes": store.backlog(),
        "contact": store.get("contact"),
        "allowances": _allowances(store),
        "neighbours": _neighbours(store),
        "revoked_keys": _revoked(store),
        "halted": store.get("halted"),
        "alerts": [dict(row) for row in store.rows("SELECT * FROM alert ORDER BY at")],
    }


def _fingerprint(folder: Path, epoch: epochs.Epoch | None) -> str | None:
    if epoch is not None:
        return dsse.fingerprint_words(epoch.public)
    made = (folder / keys.KEY).exists()
    return dsse.fingerprint_words(bytes(keys.loaded(folder).verify_key)) if made else None


def rotation(store: Store) -> str | None:
    """How the last change of keys went; None where there was none."""
    epoch = epochs.newest(store)
    if epoch is None or epoch.rotate is None:
        return None
    texts = {
        epochs.ACCEPTED: "accepted",
        "sealed": "not yet delivered",
        "waiting": "waits for a steward's approval",
        "refused": f"refused by the site: {epoch.detail}",
    }
    return f"to epoch {epoch.number}, {texts[epoch.state]}"


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


def _neighbours(store: Store) -> list[dict[str, str]]:
    """The neighbours that the site warns of, in the form of alerts."""
    try:
        found = notices.notices(store)
    except NotTrusted as error:
        return [{"code": "not_trusted", "text": str(error)}]
    return [{"code": n.state, "text": f"{n.label or n.node}: {n.reason}"} for n in found]


def _revoked(store: Store) -> int | str:
    """How many keys the site has revoked, and whether this node's is one of them."""
    try:
        found = notices.revocations(store)
    except NotTrusted as error:
        return str(error)
    own = {dsse.keyid(epoch.public) for epoch in epochs.every(store)}
    mine = sorted(r.keyid for r in found if r.keyid in own)
    return f"{len(found)}, of this node: {', '.join(mine)}" if mine else len(found)
