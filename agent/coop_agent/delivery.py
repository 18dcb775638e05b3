"""Offering sealed batches, and what the answers mean: docs/metering-protocol.md, section 6."""

import logging
import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from nacl.signing import SigningKey

from coop_agent import allowances, config, dsse
from coop_agent.clock import SECOND, now, spelled
from coop_agent.errors import AgentError, NotTrusted, Unreachable
from coop_agent.sealing import BATCH, INVENTORY
from coop_agent.store import Store
from coop_agent.wire import Answer, Site

log = logging.getLogger(__name__)
MAX_ENVELOPES = 32
MAX_BYTES = 1_400_000
HOUR = 3600
ALLOWANCES_EVERY = 60 * SECOND
STORED = ("accepted", "duplicate", "held")
BARRED = ("unknown_key", "bad_signature", "revoked_key", "not_enrolled")
# What the site refuses for good, and the status that it then has.
REFUSED = {"malformed": 400, "too_large": 413, "schema": 422}
RECEIPT = dsse.payload_type("receipt")
CONFIG = dsse.payload_type("config")


@dataclass(frozen=True, slots=True)
class Item:
    """One envelope of a request; an inventory has no seq."""

    seq: int | None
    chain: str
    envelope: dict[str, Any]


class Halted(AgentError):
    """The chain must not go on: it would fork."""


class Barred(AgentError):
    """The site does not take this node's envelopes now."""


class TryLater(AgentError):
    """Nothing is lost; the same again after a pause."""

    def __init__(self, reason: str, pause: int = 0) -> None:
        super().__init__(reason)
        self.pause = pause


class Delivery:
    """The sender's side of one node's conversation with the site. Not shared between threads."""

    def __init__(self, store: Store, key: SigningKey, site: Site) -> None:
        self._store = store
        self._key = key
        self._public = bytes(key.verify_key)
        self._site = site
        self._asked = 0
        self._node = str(store.get("node"))
        self._epoch = int(store.get("epoch"))
        self._server_keys = [bytes.fromhex(k) for k in store.get("server_keys")]
        self._greeted = False
        self._inventory = ""
        self._one_by_one = 0

    def offer(self) -> bool:
        """One request. True if there is more to say at once, False if all is said.

        Raises TryLater, Barred or Halted; each leaves the store as it must be.
        """
        if self._store.get("halted") is not None:
            raise Halted(str(self._store.get("halted")))
        items = self._chosen()
        if not items:
            return False
        self._note_offered(items)
        answer = self._send(items)
        self._one_by_one = max(0, self._one_by_one - 1)
        self._judge(items, answer)
        self._ask_allowances()
        return bool(self._chosen())

    def _ask_allowances(self) -> None:
        """Ask what members may use, once a minute at most; what fails is asked again later."""
        moment = now()
        if self._asked and moment.mono - self._asked < ALLOWANCES_EVERY:
            return
        self._asked = moment.mono
        try:
            allowances.fetch(self._store, self._site, self._key, moment)
        except (AgentError, sqlite3.OperationalError) as error:
            log.warning("the allowances could not be taken: %s", error)

    def greet_again(self) -> None:
        """Begin the next offer with the inventory alone, as after a start."""
        self._greeted = False

    def _chosen(self) -> list[Item]:
        """The inventory if the site lacks it; then batches, those that wait for others last."""
        items = self._inventory_due()
        if items and not self._greeted:
            return items
        room = 1 if self._one_by_one else MAX_ENVELOPES
        rows = self._store.rows(
            "SELECT seq, chain, payload, sig FROM envelope WHERE epoch = ?"
            " AND state IN ('sealed', 'pending') ORDER BY state = 'pending', seq LIMIT ?",
            self._epoch, room,
        )  # fmt: skip
        size = 0
        for row in rows[: room - len(items)] if len(items) < room else ():
            size += len(row["payload"]) * 4 // 3 + 400
            if size > MAX_BYTES and items:
                break
            items.append(self._batch(row))
        return items

    def _inventory_due(self) -> list[Item]:
        sha = self._store.get("inventory")
        if sha is None or (self._greeted and sha == self._inventory):
            return []
        row = self._store.row("SELECT * FROM inventory WHERE sha = ?", sha)
        if row is None:
            return []
        wire = dsse.envelope(INVENTORY, row["payload"], self._public, row["sig"])
        return [Item(None, sha, wire)]

    def _batch(self, row: sqlite3.Row) -> Item:
        wire = dsse.envelope(BATCH, row["payload"], self._public, row["sig"])
        return Item(row["seq"], row["chain"], wire)

    def _note_offered(self, items: list[Item]) -> None:
        """Write down what the site may come to know, before it can know it."""
        highest = max((item.seq for item in items if item.seq is not None), default=0)
        if highest > int(self._store.get("offered_seq") or 0):
            with self._store.transaction():
                self._store.put("offered_seq", highest)

    def _send(self, items: list[Item]) -> Answer:
        body = {"envelopes": [item.envelope for item in items]}
        try:
            return self._site.post("/api/v1/agent/envelopes", body, {"Coop-Node": self._node})
        except Unreachable as error:
            raise TryLater(str(error)) from error

    def _judge(self, items: list[Item], answer: Answer) -> None:
        listed = isinstance(answer.body.get("results"), list)
        if answer.status == 200 or (answer.is_problem and listed):
            self._take_results(items, answer.body)
        elif answer.status in (401, 403):
            raise Barred(f"{answer.status} {answer.code}")
        elif answer.is_problem and REFUSED.get(answer.code) == answer.status:
            self._take_refusal(items, answer)
        else:
            raise TryLater(f"status {answer.status} {answer.code}", answer.retry_after or 0)

    def _take_refusal(self, items: list[Item], answer: Answer) -> None:
        """A refusal without results says not which envelope is at fault: ask one by one."""
        if len(items) > 1:
            self._one_by_one = len(items)
            return
        with self._store.transaction():
            self._put_aside(items[0], answer.code, answer.body)

    def _take_results(self, items: list[Item], body: dict[str, Any]) -> None:
        results = body.get("results")
        if not isinstance(results, list) or len(results) != len(items):
            raise TryLater("the answer has not one result for each envelope")
        trouble: list[AgentError] = []
        with self._store.transaction():
            for item, result in zip(items, results, strict=True):
                trouble += self._take(item, result if isinstance(result, dict) else {})
            trouble += self._check_next(body.get("next"), body.get("next_receipt"))
            self._store.put("contact", {"at": int(time.time()), "time": body.get("time")})
        if trouble:
            raise min(trouble, key=lambda t: (Halted, Barred, TryLater).index(type(t)))
        self._follow_config(body.get("config"))

    def _take(self, item: Item, result: dict[str, Any]) -> list[AgentError]:
        status, code = result.get("status"), str(result.get("code") or "")
        if item.seq is None:
            return self._take_inventory(item, status, code, result)
        if status in STORED:
            return self._take_receipt(item, result)
        if status == "pending_gap":
            self._mark(item, "pending")
            return [TryLater(f"batch {item.seq} waits for earlier ones")]
        if status == "conflict":
            return [self._take_conflict(item, result)]
        return self._take_rejection(item, code, result)

    def _take_inventory(
        self, item: Item, status: Any, code: str, result: dict[str, Any]
    ) -> list[AgentError]:
        if status not in STORED and code not in REFUSED:
            return self._take_rejection(item, code, result)
        if status not in STORED:
            self._alert("inventory_refused", f"{item.chain}: {code}")
        self._greeted, self._inventory = True, item.chain
        return []

    def _take_conflict(self, item: Item, result: dict[str, Any]) -> AgentError:
        """Believed only with the site's signed receipt for that other batch."""
        other = self._receipted_other(result.get("receipt"), item.seq, item.chain)
        text = f"the site has another batch {item.seq} of this node"
        if other:
            self._mark(item, "conflict")
            return self._halt("conflict", text)
        self._alert("conflict_unproven", f"it is said without proof that {text}")
        return TryLater(f"batch {item.seq}: a conflict without proof")

    def _receipted_other(self, receipt: Any, seq: Any, own_chain: str = "") -> bool:
        """Whether a pinned key signed that a batch of this number, not this one, is stored."""
        try:
            said = dsse.opened(receipt, RECEIPT, self._server_keys)
        except NotTrusted:
            return False
        ours = (said.get("node"), said.get("epoch"), said.get("seq"))
        return ours == (self._node, self._epoch, seq) and said.get("chain") != own_chain

    def _take_rejection(self, item: Item, code: str, result: dict[str, Any]) -> list[AgentError]:
        if code in BARRED:
            return [Barred(code)]
        if code in REFUSED:
            self._put_aside(item, code, result)
            return []
        return [TryLater(f"refused without a known reason: {code!r}")]

    def _take_receipt(self, item: Item, result: dict[str, Any]) -> list[AgentError]:
        try:
            receipt = dsse.opened(result.get("receipt"), RECEIPT, self._server_keys)
            self._check_receipt(item, receipt)
        except NotTrusted as error:
            self._alert("bad_receipt", str(error))
            return [TryLater(f"batch {item.seq}: {error}")]
        self._store.run(
            "UPDATE envelope SET state = 'receipted', receipt = ? WHERE epoch = ? AND seq = ?",
            dsse.dumped(result["receipt"]).decode(), self._epoch, item.seq,
        )  # fmt: skip
        return []

    def _check_receipt(self, item: Item, receipt: dict[str, Any]) -> None:
        expected = (self._node, self._epoch, item.seq, item.chain)
        if tuple(receipt.get(k) for k in ("node", "epoch", "seq", "chain")) != expected:
            raise NotTrusted("the receipt is for something else")

    def _mark(self, item: Item, state: str) -> None:
        self._store.run(
            "UPDATE envelope SET state = ? WHERE epoch = ? AND seq = ?",
            state, self._epoch, item.seq,
        )  # fmt: skip

    def _put_aside(self, item: Item, code: str, detail: dict[str, Any]) -> None:
        """Never offered again, never deleted, and the next batch says so. In a transaction."""
        if item.seq is None:
            self._alert("inventory_refused", f"{item.chain}: {code}")
            self._greeted, self._inventory = True, item.chain
            return
        said = dsse.dumped({k: v for k, v in detail.items() if k != "results"}).decode()[:2000]
        self._store.run(
            "INSERT OR IGNORE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?)",
            self._epoch, item.seq, code, said, int(time.time()),
            dsse.dumped(item.envelope).decode(),
        )  # fmt: skip
        self._mark(item, "dead")
        self._store.add_record(*_refused_gap(item))
        self._alert("refused", f"the site refused batch {item.seq}: {code}")

    def _check_next(self, value: Any, receipt: Any) -> list[AgentError]:
        """Whether the site knows more than this node ever offered, or less than it receipted.

        That it knows more is believed only with its signed receipt for a batch that this node
        never offered: nobody on the way can stop a node with a number.
        """
        if not isinstance(value, dict) or value.get("epoch") != self._epoch:
            return []
        seq = value.get("seq")
        if type(seq) is not int:
            return []
        if seq - 1 > int(self._store.get("offered_seq") or 0):
            text = f"the site has batches up to {seq - 1} that this node never offered"
            if self._receipted_other(receipt, seq - 1):
                return [self._halt("restored_or_cloned", text)]
            self._alert("ahead_unproven", f"it is said without proof that {text}")
            return []
        if self._is_receipted(seq):
            self._store.run(
                "UPDATE envelope SET state = 'sealed' WHERE epoch = ? AND seq >= ?"
                " AND state = 'receipted' AND payload IS NOT NULL",
                self._epoch, seq,
            )  # fmt: skip
            self._alert("offered_again", f"the site had lost batch {seq} and later ones")
        return []

    def _is_receipted(self, seq: int) -> bool:
        row = self._store.row(
            "SELECT state FROM envelope WHERE epoch = ? AND seq = ?", self._epoch, seq
        )
        return row is not None and row["state"] == "receipted"

    def _halt(self, code: str, text: str) -> Halted:
        self._store.put("halted", f"{code}: {text}")
        self._alert(code, text)
        return Halted(text)

    def _alert(self, code: str, text: str) -> None:
        if self._store.add_alert(code, text):
            log.error("%s: %s", code, text)

    def _follow_config(self, etag: Any) -> None:
        """Fetch the configuration if it changed. What fails is tried again at the next answer."""
        if not etag or etag == (self._store.get("config") or {}).get("etag"):
            return
        try:
            answer = self._site.get(f"/api/v1/agent/config/{self._node}")
            if answer.status == 200:
                self._take_config(dsse.opened(answer.body, CONFIG, self._server_keys))
        except AgentError as error:
            log.warning("the configuration could not be taken: %s", error)

    def _take_config(self, signed: dict[str, Any]) -> None:
        issued = str(signed.get("issued_at") or "")
        if signed.get("node") != self._node or issued < (self._store.get("config_issued") or ""):
            raise NotTrusted("the configuration is old, or another node's")
        config.parsed(signed.get("config"))
        with self._store.transaction():
            self._store.put("config", signed["config"])
            self._store.put("config_issued", issued)
            self._store.put("asset", signed.get("asset"))


def _refused_gap(item: Item) -> tuple[str, dict[str, Any]]:
    """The record that tells, in a later batch, that this one will never come."""
    moment = now()
    wall = {} if moment.wall is None else {"t1": spelled(moment.wall)}
    body = {"k": "gap", "why": "refused", "seq": item.seq, "chain": item.chain, **wall}
    return moment.boot, {**body, "mt1": str(moment.mono)}
