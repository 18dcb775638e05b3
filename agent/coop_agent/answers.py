"""What the site's results do to the node's memory: docs/metering-protocol.md, section 6.

The same for an answer that came over the network and for one that came as a file.
"""

import sqlite3
import time
from typing import Any, NamedTuple

from coop_agent import dsse, epochs, log
from coop_agent.clock import now, spelled
from coop_agent.errors import AgentError, NotTrusted
from coop_agent.sealing import BATCH, INVENTORY
from coop_agent.store import Store

STORED = ("accepted", "duplicate", "held")
BARRED = ("unknown_key", "bad_signature", "revoked_key", "not_enrolled")
# What the site refuses for good, and the status that it then has.
REFUSED = {"malformed": 400, "too_large": 413, "schema": 422}
RECEIPT = dsse.payload_type("receipt")


class Item(NamedTuple):
    """One envelope of a request. Only a batch has a `seq`; `epoch` is a rotation's new one."""

    epoch: int
    seq: int | None
    chain: str
    envelope: dict[str, Any]

    @property
    def is_rotation(self) -> bool:
        return bool(self.envelope["payloadType"] == epochs.ROTATE)


class Halted(AgentError):
    """The chain must not go on: it would fork."""


class Barred(AgentError):
    """The site does not take this node's envelopes now."""


class TryLater(AgentError):
    """Nothing is lost; the same again after a pause."""

    def __init__(self, reason: str, pause: int = 0) -> None:
        super().__init__(reason)
        self.pause = pause


class Answers:
    """The judge of results, for one enrolled node. Call its methods in a transaction.

    They return what should be raised once that is committed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._node = str(store.get("node"))
        self._server_keys = [bytes.fromhex(k) for k in store.get("server_keys")]

    def take(self, item: Item, result: dict[str, Any]) -> list[AgentError]:
        """Note what the site says of one envelope."""
        status, code = result.get("status"), str(result.get("code") or "")
        if item.is_rotation:
            return self._take_rotation(item, status, code)
        if item.seq is None:
            return self._take_inventory(item, status, code, result)
        if status in STORED:
            return self.take_receipt(item, result)
        if status == "pending_gap":
            self._mark(item, "pending")
            return [TryLater(f"batch {item.seq} waits for earlier ones")]
        if status == "conflict":
            return [self._take_conflict(item, result)]
        return self._take_rejection(item, code, result)

    def take_receipt(self, item: Item, result: dict[str, Any]) -> list[AgentError]:
        """Keep a receipt, if a pinned key signed it for this very batch."""
        try:
            receipt = dsse.opened(result.get("receipt"), RECEIPT, self._server_keys)
            self._check_receipt(item, receipt)
        except NotTrusted as error:
            self.alert("bad_receipt", str(error))
            return [TryLater(f"batch {item.seq}: {error}")]
        self._store.run(
            "UPDATE envelope SET state = 'receipted', receipt = ? WHERE epoch = ? AND seq = ?",
            dsse.dumped(result["receipt"]).decode(), item.epoch, item.seq,
        )  # fmt: skip
        return []

    def put_aside(self, item: Item, code: str, detail: dict[str, Any]) -> None:
        """Never offered again, never deleted, and the next batch says so."""
        if item.seq is None:
            self.alert("inventory_refused", f"{item.chain}: {code}")
            self._tell(item)
            return
        said = dsse.dumped({k: v for k, v in detail.items() if k != "results"}).decode()[:2000]
        self._store.run(
            "INSERT OR IGNORE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?)",
            item.epoch, item.seq, code, said, int(time.time()),
            dsse.dumped(item.envelope).decode(),
        )  # fmt: skip
        self._mark(item, "dead")
        self._store.add_record(*_refused_gap(item, self._store.get("epoch")))
        self.alert("refused", f"the site refused batch {item.seq}: {code}")

    def check_next(self, value: Any, receipt: Any) -> list[AgentError]:
        """Whether the site knows more than this node ever offered, or less than it receipted.

        That it knows more is believed only with its signed receipt for a batch that this node
        never offered: nobody on the way can stop a node with a number.
        """
        if not isinstance(value, dict):
            return []
        epoch, seq = value.get("epoch"), value.get("seq")
        if type(epoch) is not int or type(seq) is not int:
            return []
        every = {known.number: known for known in epochs.every(self._store)}
        if seq - 1 > (every[epoch].offered if epoch in every else 0) or epoch > max(every):
            return self._take_more(epoch, seq, receipt)
        if self._is_lost(epoch, seq, every):
            self._offer_again(epoch, seq)
        return []

    def alert(self, code: str, text: str) -> None:
        if self._store.add_alert(code, text):
            log.error("%s: %s", code, text)

    def _take_rotation(self, item: Item, status: Any, code: str) -> list[AgentError]:
        if status in STORED:
            epochs.mark(self._store, item.epoch, epochs.ACCEPTED)
        elif status == "pending_approval":
            epochs.mark(self._store, item.epoch, "waiting", "a steward has not yet approved it")
        elif status == "conflict" or code in (*REFUSED, *BARRED) or status == "rejected":
            text = code or str(status)
            epochs.mark(self._store, item.epoch, "refused", text)
            self.alert("rotation_refused", f"the site refused the next key: {text}")
        else:
            return [TryLater(f"an answer to a rotation that is not known: {status!r}")]
        return []

    def _take_inventory(
        self, item: Item, status: Any, code: str, result: dict[str, Any]
    ) -> list[AgentError]:
        if status not in STORED and code not in REFUSED:
            return self._take_rejection(item, code, result)
        if status not in STORED:
            self.alert("inventory_refused", f"{item.chain}: {code}")
        self._tell(item)
        return []

    def _tell(self, item: Item) -> None:
        self._store.run("INSERT OR IGNORE INTO told VALUES (?)", item.chain)

    def _take_conflict(self, item: Item, result: dict[str, Any]) -> AgentError:
        """Believed only with the site's signed receipt for that other batch."""
        other = self._receipted_other(result.get("receipt"), item.epoch, item.seq, item.chain)
        text = f"the site has another batch {item.seq} of this node"
        if other:
            self._mark(item, "conflict")
            return self._halt("conflict", text)
        self.alert("conflict_unproven", f"it is said without proof that {text}")
        return TryLater(f"batch {item.seq}: a conflict without proof")

    def _receipted_other(self, receipt: Any, epoch: int, seq: Any, own_chain: str = "") -> bool:
        """Whether a pinned key signed that a batch of this number, not this one, is stored."""
        try:
            said = dsse.opened(receipt, RECEIPT, self._server_keys)
        except NotTrusted:
            return False
        ours = (said.get("node"), said.get("epoch"), said.get("seq"))
        return ours == (self._node, epoch, seq) and said.get("chain") != own_chain

    def _take_rejection(self, item: Item, code: str, result: dict[str, Any]) -> list[AgentError]:
        if code in BARRED:
            self._doubt_rotation(item, code)
            return [Barred(code)]
        if code in REFUSED:
            self.put_aside(item, code, result)
            return []
        return [TryLater(f"refused without a known reason: {code!r}")]

    def _doubt_rotation(self, item: Item, code: str) -> None:
        """A site that lost a rotation knows no newer key: offer it again, and what rests on it."""
        led = self._store.row("SELECT state, rotate FROM epoch WHERE epoch = ?", item.epoch)
        taken = led is not None and led["rotate"] is not None and led["state"] == epochs.ACCEPTED
        if code == "unknown_key" and taken:
            self._offer_again(item.epoch - 1, 1)

    def _check_receipt(self, item: Item, receipt: dict[str, Any]) -> None:
        expected = (self._node, item.epoch, item.seq, item.chain)
        if tuple(receipt.get(k) for k in ("node", "epoch", "seq", "chain")) != expected:
            raise NotTrusted("the receipt is for something else")

    def _mark(self, item: Item, state: str) -> None:
        self._store.run(
            "UPDATE envelope SET state = ? WHERE epoch = ? AND seq = ?",
            state, item.epoch, item.seq,
        )  # fmt: skip

    def _take_more(self, epoch: int, seq: int, receipt: Any) -> list[AgentError]:
        last = f"{seq - 1}" if epoch == self._store.get("epoch") else f"{seq - 1} of epoch {epoch}"
        text = f"the site has batches up to {last} that this node never offered"
        if self._receipted_other(receipt, epoch, seq - 1):
            return [self._halt("restored_or_cloned", text)]
        self.alert("ahead_unproven", f"it is said without proof that {text}")
        return []

    def _is_lost(self, epoch: int, seq: int, every: dict[int, epochs.Epoch]) -> bool:
        """Whether the site lacks a batch that it receipted, or a rotation that it accepted."""
        row = self._store.row("SELECT state FROM envelope WHERE epoch = ? AND seq = ?", epoch, seq)
        if row is not None and row["state"] == "receipted":
            return True
        later = [known for number, known in every.items() if number > epoch]
        return any(known.state == epochs.ACCEPTED for known in later)

    def _offer_again(self, epoch: int, seq: int) -> None:
        self._store.run(
            "UPDATE envelope SET state = 'sealed' WHERE (epoch, seq) >= (?, ?)"
            " AND state = 'receipted' AND payload IS NOT NULL",
            epoch, seq,
        )  # fmt: skip
        self._store.run(
            "UPDATE epoch SET state = 'sealed' WHERE epoch > ? AND state = 'accepted'", epoch
        )
        self._store.run("DELETE FROM told")
        self.alert("offered_again", f"the site had lost batch {seq} and later ones")

    def _halt(self, code: str, text: str) -> Halted:
        self._store.put("halted", f"{code}: {text}")
        self.alert(code, text)
        return Halted(text)


def batch_item(row: sqlite3.Row, public: bytes) -> Item:
    """A sealed batch as it travels."""
    wire = dsse.envelope(BATCH, row["payload"], public, row["sig"])
    return Item(row["epoch"], row["seq"], row["chain"], wire)


def inventory_item(row: sqlite3.Row, epoch: int, public: bytes) -> Item:
    """A signed inventory as it travels."""
    return Item(
        epoch, None, row["sha"], dsse.envelope(INVENTORY, row["payload"], public, row["sig"])
    )


def _refused_gap(item: Item, epoch: int) -> tuple[str, dict[str, Any]]:
    """The record that tells, in a later batch, that this one will never come.

    A batch of an earlier epoch cannot be named in this one's chain; the record then only says
    that something is missing.
    """
    moment = now()
    wall = {} if moment.wall is None else {"t1": spelled(moment.wall)}
    named = {"why": "refused", "seq": item.seq, "chain": item.chain}
    body = {"k": "gap", **(named if item.epoch == epoch else {"why": "refused_before"}), **wall}
    return moment.boot, {**body, "mt1": str(moment.mono)}
