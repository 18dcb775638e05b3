"""Offering sealed batches, one request at a time: docs/metering-protocol.md, section 6."""

import json
import time
from typing import Any

from nacl.signing import SigningKey

from coop_agent import config, dsse, epochs, inquiries, log
from coop_agent.answers import (
    RECEIPT,
    REFUSED,
    Answers,
    Barred,
    Halted,
    Item,
    TryLater,
    batch_item,
    inventory_item,
)
from coop_agent.clock import SECOND, monotonic, now
from coop_agent.epochs import Epoch
from coop_agent.errors import AgentError, NotTrusted, Unreachable
from coop_agent.store import Store
from coop_agent.wire import Answer, Site

__all__ = ["HOUR", "RECEIPT", "Barred", "Delivery", "Halted", "TryLater"]

MAX_ENVELOPES = 32
MAX_BYTES = 1_400_000
HOUR = 3600
INQUIRE_EVERY = 60 * SECOND
CONFIG = dsse.payload_type("config")


class Delivery:
    """The sender's side of one node's conversation with the site. Not shared between threads."""

    def __init__(self, store: Store, key: SigningKey, site: Site) -> None:
        epochs.adopt(store, bytes(key.verify_key))
        self._store = store
        self._key = key
        self._site = site
        self._answers = Answers(store)
        self._node = str(store.get("node"))
        self._server_keys = [bytes.fromhex(k) for k in store.get("server_keys")]
        self._inquired = 0
        self._rotation_asked = 0
        self._greeted = False
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
        self._inquire()
        return bool(self._chosen())

    def greet_again(self) -> None:
        """Begin the next offer with the inventory alone, as after a start."""
        self._greeted = False
        self._rotation_asked = 0

    def _inquire(self) -> None:
        """Ask what else the site has to say, once a minute at most."""
        moment = now()
        if self._inquired and moment.mono - self._inquired < INQUIRE_EVERY:
            return
        self._inquired = moment.mono
        inquiries.ask_all(self._store, self._site, self._key, moment)

    def _chosen(self) -> list[Item]:
        """An unanswered rotation; else the inventory if the site lacks it; then batches.

        Those that wait for others come last, and no batch of a key that the site may not know.
        """
        every = epochs.every(self._store)
        rotation = self._rotation_due(every)
        if rotation is not None:
            return [rotation]
        publics = {epoch.number: epoch.public for epoch in epochs.known_to_site(every)}
        items = self._inventories_due(publics)
        if items and not self._greeted:
            return items
        room = 1 if self._one_by_one else MAX_ENVELOPES
        rows = self._store.rows(
            "SELECT epoch, seq, chain, payload, sig FROM envelope WHERE epoch <= ?"
            " AND state IN ('sealed', 'pending') ORDER BY state = 'pending', epoch, seq LIMIT ?",
            max(publics, default=0), room,
        )  # fmt: skip
        size = 0
        for row in rows[: room - len(items)] if len(items) < room else ():
            size += len(row["payload"]) * 4 // 3 + 400
            if size > MAX_BYTES and items:
                break
            items.append(batch_item(row, publics[row["epoch"]]))
        return items

    def _rotation_due(self, every: list[Epoch]) -> Item | None:
        """The rotation that has no answer yet, or none that is final: once an hour."""
        epoch = epochs.unanswered(every)
        asked = self._rotation_asked
        if epoch is None or (asked and monotonic() - asked < HOUR * SECOND):
            return None
        return Item(epoch.number, None, epoch.chain, json.loads(epoch.rotate or "{}"))

    def _inventories_due(self, publics: dict[int, bytes]) -> list[Item]:
        """After a start the one in force; then those that the site was not yet told."""
        if not self._greeted:
            rows = self._store.rows(
                "SELECT * FROM inventory WHERE sha = ?", self._store.get("inventory")
            )
        else:
            rows = self._store.rows(
                "SELECT * FROM inventory WHERE sha NOT IN (SELECT sha FROM told) LIMIT 8"
            )
        found = [(row, int(json.loads(row["payload"])["epoch"])) for row in rows]
        return [inventory_item(row, e, publics[e]) for row, e in found if e in publics]

    def _note_offered(self, items: list[Item]) -> None:
        highest: dict[int, int] = {}
        for item in items:
            if item.seq is not None:
                highest[item.epoch] = max(item.seq, highest.get(item.epoch, 0))
        for epoch, seq in highest.items():
            epochs.note_offered(self._store, epoch, seq)

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
        rejected = {"status": "rejected", "code": answer.code, **answer.body}
        with self._store.transaction():
            self._answers.take(items[0], rejected)
        self._note_asked(items)

    def _take_results(self, items: list[Item], body: dict[str, Any]) -> None:
        results = body.get("results")
        if not isinstance(results, list) or len(results) != len(items):
            raise TryLater("the answer has not one result for each envelope")
        trouble: list[AgentError] = []
        with self._store.transaction():
            for item, result in zip(items, results, strict=True):
                trouble += self._answers.take(item, result if isinstance(result, dict) else {})
            trouble += self._answers.check_next(body.get("next"), body.get("next_receipt"))
            self._store.put("contact", {"at": int(time.time()), "time": body.get("time")})
        if trouble:
            raise min(trouble, key=lambda t: (Halted, Barred, TryLater).index(type(t)))
        self._note_asked(items)
        self._follow_config(body.get("config"))

    def _note_asked(self, items: list[Item]) -> None:
        """What was answered is not asked again at once."""
        for item in items:
            if item.is_rotation:
                self._rotation_asked = monotonic()
            elif item.seq is None:
                self._greeted = True

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
