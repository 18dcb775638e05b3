"""Delivery on foot: undelivered envelopes to a file (.coopbatch), the site's results from one.

Both are NDJSON. A file of results (.coopreceipts) is believed only as far as the site signed it.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coop_agent import dsse, epochs
from coop_agent.answers import RECEIPT, Answers, Item, batch_item, inventory_item
from coop_agent.errors import AgentError, NotEnrolled, NotTrusted
from coop_agent.store import Store

LONGEST_LINE = 64 * 1024


def export(store: Store, path: Path, *, everything: bool = False) -> int:
    """Write batches without a receipt (or all that are kept); returns how many.

    Before them goes what they rest on: unanswered rotations, and the inventories that the site
    was not told. What may so reach the site is noted before the file has its name.
    """
    draft = path.with_name(f"{path.name}.part")
    highest: dict[int, int] = {}
    count = 0
    with draft.open("wb") as file:
        for item in _exported(store, everything=everything):
            file.write(dsse.dumped(item.envelope) + b"\n")
            if item.seq is not None:
                count, highest[item.epoch] = count + 1, item.seq
        file.flush()
        os.fsync(file.fileno())
    for epoch, seq in highest.items():
        epochs.note_offered(store, epoch, seq)
    os.replace(draft, path)
    return count


def _exported(store: Store, *, everything: bool) -> Iterator[Item]:
    every = epochs.every(store)
    publics = {epoch.number: epoch.public for epoch in every}
    for epoch in every:
        if epoch.rotate is not None and (everything or epoch.state != epochs.ACCEPTED):
            yield Item(epoch.number, None, epoch.chain, json.loads(epoch.rotate))
    wanted = "" if everything else "WHERE sha = ? OR sha NOT IN (SELECT sha FROM told)"
    named = () if everything else (store.get("inventory"),)
    for row in store.each(f"SELECT * FROM inventory {wanted}", *named):
        number = int(json.loads(row["payload"])["epoch"])
        yield inventory_item(row, number, publics[number])
    states = "" if everything else "AND state IN ('sealed', 'pending')"
    for row in store.each(
        f"SELECT * FROM envelope WHERE payload IS NOT NULL {states} ORDER BY epoch, seq"
    ):
        yield batch_item(row, publics[row["epoch"]])


@dataclass(slots=True)
class Imported:
    """What a file of results held: receipts kept, lines of other nodes, and what was not taken."""

    receipts: int = 0
    others: int = 0
    untaken: int = 0


def import_receipts(store: Store, path: Path) -> Imported:
    """Take the receipts in a file; doing it again changes nothing. Raises AgentError.

    A refusal in a file is nobody's signed word: it is counted, and the batch is offered again.
    """
    if store.get("node") is None:
        raise NotEnrolled("this node is not enrolled")
    answers, found = Answers(store), Imported()
    for number, result in _lines(path):
        if result.get("node") not in (None, store.get("node")):
            found.others += 1
            continue
        with store.transaction():
            kept = _take(store, answers, result)
        found.receipts += kept is True
        found.untaken += kept is False
        _stop_if_halted(store, number)
    return found


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            try:
                if len(line) > LONGEST_LINE:
                    raise NotTrusted("too long")
                if line.strip():
                    yield number, dsse.parsed_object(line.strip())
            except NotTrusted as error:
                raise AgentError(
                    f"{path}, line {number}: no result of the site: {error}"
                ) from error


def _take(store: Store, answers: Answers, result: dict[str, Any]) -> bool | None:
    """Whether a result brought a receipt; None where it could bring none. In a transaction."""
    if result.get("seq") is None and result.get("status") != "rejected":
        return None
    row = store.row(
        "SELECT epoch, seq, chain FROM envelope WHERE epoch = ? AND seq = ?",
        _whole(result.get("epoch")), _whole(result.get("seq")),
    )  # fmt: skip
    if row is None or not _is_signed(store, result):
        return False
    item = Item(row["epoch"], row["seq"], row["chain"], {"payloadType": "batch"})
    if result.get("status") == "conflict":
        answers.take(item, result)
        return False
    if answers.take_receipt(item, result):
        return False
    # A receipt of an epoch proves that the rotation into it was accepted.
    epochs.mark(store, row["epoch"], epochs.ACCEPTED)
    return True


def _whole(value: Any) -> int:
    return value if type(value) is int else -1


def _is_signed(store: Store, result: dict[str, Any]) -> bool:
    trusted = [bytes.fromhex(key) for key in store.get("server_keys")]
    try:
        dsse.opened(result.get("receipt"), RECEIPT, trusted)
    except NotTrusted:
        return False
    return True


def _stop_if_halted(store: Store, number: int) -> None:
    if store.get("halted") is not None:
        raise AgentError(f"line {number} proves it: {store.get('halted')}")
