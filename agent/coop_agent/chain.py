"""Walking the node's own chains: links, signatures, rotations and receipts."""

import base64
import json
import sqlite3

from coop_agent import dsse, epochs
from coop_agent.answers import RECEIPT
from coop_agent.epochs import ROTATE, Epoch
from coop_agent.errors import NotEnrolled, NotTrusted
from coop_agent.sealing import BATCH
from coop_agent.store import Store


def chain_problems(store: Store) -> list[str]:
    """Everything wrong in the node's own chains; nothing, if they are whole."""
    if store.get("node") is None:
        raise NotEnrolled("this node is not enrolled")
    problems: list[str] = []
    before: tuple[Epoch, int, str] | None = None
    for epoch in epochs.every(store):
        if before is not None:
            problems += _rotation_problems(epoch, *before)
        found, seq, prev = _epoch_problems(store, epoch)
        problems += found
        before = epoch, seq, prev
    if before is None or (store.get("next_seq"), store.get("prev")) != (before[1] + 1, before[2]):
        problems.append(f"the chain does not end at batch {before[1] if before else 0}")
    return problems


def _epoch_problems(store: Store, epoch: Epoch) -> tuple[list[str], int, str]:
    """What is wrong in one epoch; and its last number and chain value."""
    trusted = [bytes.fromhex(key) for key in store.get("server_keys")]
    prev, seq = dsse.genesis(store.get("node"), epoch.number, epoch.public), 0
    problems: list[str] = []
    for row in store.each("SELECT * FROM envelope WHERE epoch = ? ORDER BY seq", epoch.number):
        if row["seq"] != seq + 1 or row["prev"] != prev:
            problems.append(f"batch {row['seq']} does not follow batch {seq}")
        problems += _batch_problems(row, epoch.public) + _receipt_problems(row, trusted)
        prev, seq = row["chain"], row["seq"]
    return problems, seq, prev


def _rotation_problems(epoch: Epoch, before: Epoch, last: int, chain: str) -> list[str]:
    """Whether the envelope into an epoch is what both keys signed, at the end of the one before."""
    envelope = json.loads(epoch.rotate or "{}")
    try:
        said = dsse.opened(envelope, ROTATE, [epoch.public])
    except NotTrusted as error:
        return [f"rotation to epoch {epoch.number}: {error}"]
    payload = base64.b64decode(envelope["payload"])
    named = (said["epoch"], said["last"], said["chain"], said["pub"])
    checks = {
        "it names another end of the epoch before": named
        == (before.number, last, chain, epoch.public.hex()),
        "the chain value is another": dsse.chain_value(ROTATE, payload) == epoch.chain,
    }
    return [f"rotation to epoch {epoch.number}: {t}" for t, fine in checks.items() if not fine]


def _batch_problems(row: sqlite3.Row, public: bytes) -> list[str]:
    payload = row["payload"]
    if payload is None:
        return []
    name = f"batch {row['seq']}"
    body = json.loads(payload)
    checks = {
        f"{name}: the chain value is another": dsse.chain_value(BATCH, payload) == row["chain"],
        f"{name}: the signature is wrong": dsse.is_signed(public, BATCH, payload, row["sig"]),
        f"{name}: its payload names another place": (body["epoch"], body["seq"], body["prev"])
        == (row["epoch"], row["seq"], row["prev"]),
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
