"""A node in the field: the real agent's keys, store, sampling, sealing and delivery, in a time that
a test decides, against the real site through Django's test client."""

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.test import Client

from coop_agent import dsse, keys
from coop_agent.clock import SECOND, Moment
from coop_agent.config import Intervals
from coop_agent.delivery import Delivery
from coop_agent.drivers import Reading
from coop_agent.enrolment import Claim, Enrolment
from coop_agent.files import private_folder
from coop_agent.sampling import Sweep, absorb
from coop_agent.sealing import BATCH, INVENTORY, seal
from coop_agent.store import Store
from coop_agent.wire import Answer, Site
from ledger.reading import rows
from metering import services
from metering.models import Node
from tokens.models import Period

URL = "/api/v1/agent/envelopes"
TX, DISK = "if:va:tx", "fs:/"


class InProcess(Site):
    """The site, without a socket in between; headers, codes and bytes are those of the wire."""

    def __init__(self) -> None:
        super().__init__("http://site.test")
        self.answers: list[dict[str, Any]] = []

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        kind = headers.get("Content-Type", "application/json")
        given = {name: value for name, value in headers.items() if name != "Content-Type"}
        answer = Client().generic(method, path, body or b"", content_type=kind, headers=given)
        parsed = dsse.parsed_object(answer.content)
        self.answers.append(parsed)
        retry = answer.headers.get("Retry-After", "")
        is_problem = answer.headers["Content-Type"] == "application/problem+json"
        return Answer(
            answer.status_code, parsed, int(retry) if retry.isdigit() else None, is_problem
        )


@dataclass
class FieldNode:
    """A machine with a network counter and a disk; `at` is its true time in seconds since 1970."""

    folder: Path
    at: int
    label: str = "gate"
    limits: Intervals = field(default_factory=lambda: Intervals(21_600, 21_600, 43_200))
    boot: int = 1
    booted: int = 0
    inc: int = 1
    value: int = 5_000_000
    disk: int = 10**9
    true: int = 0
    sealed_at: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        private_folder(self.folder)
        self.booted = self.booted or self.at - 1_000
        self.store = Store.opened(self.folder)
        self.site = InProcess()
        stop = threading.Event()
        Enrolment(self.folder, self.store, self.site, stop, self._approved).run()
        self.key = keys.loaded(self.folder)
        self.row = Node.objects.get(uuid=str(self.store.get("node")))

    def _approved(self, claim: Claim) -> None:
        services.approve_enrolment(actor=None, user_code=claim.user_code, label=self.label)

    @property
    def moment(self) -> Moment:
        """Now, as the machine knows it."""
        return Moment(f"boot-{self.label}-{self.boot}", (self.at - self.booted) * SECOND, self.at)

    def sample(self, *, starting: bool = False) -> None:
        """Read the meters once."""
        inc = f"{self.inc:064x}"
        tx = Reading(TX, "counter", "By", self.value, inc, self.inc)
        disk = Reading(DISK, "gauge", "By", self.disk)
        for sweep in (Sweep("netdev", self.moment, [tx], self.inc),
                      Sweep("statvfs", self.moment, [disk], 0)):  # fmt: skip
            absorb(self.store, [sweep], self.limits, starting=starting)

    def live(self, seconds: int, grown: int, fate: str = "nothing") -> None:
        """Some time goes by in which so many bytes are sent; then something may happen."""
        if fate in ("reboot", "made anew"):
            self.inc, self.value = self.inc + 1, 0
        if fate == "reboot":
            self.boot, self.booted = self.boot + 1, self.at
        self.at += seconds
        self.value, self.true = self.value + grown, self.true + grown
        self.sample(starting=fate in ("stopped", "reboot"))

    def seal(self) -> None:
        """Seal what waits; the moment is kept by number."""
        before = self.store.get("next_seq")
        seal(self.store, self.key, self.moment)
        for seq in range(before, self.store.get("next_seq")):
            self.sealed_at[seq] = self.at

    def inventories(self) -> list[dict[str, Any]]:
        """The signed lists of meters, as they travel."""
        found = self.store.rows("SELECT payload, sig FROM inventory")
        return [self._envelope(INVENTORY, payload, signature) for payload, signature in found]

    def batches(self) -> dict[int, dict[str, Any]]:
        """The sealed batches, as they travel, by number."""
        found = self.store.rows("SELECT seq, payload, sig FROM envelope ORDER BY seq")
        return {seq: self._envelope(BATCH, payload, sig) for seq, payload, sig in found}

    def _envelope(self, kind: str, payload: bytes, signature: bytes) -> dict[str, Any]:
        return dsse.envelope(kind, payload, bytes(self.key.verify_key), signature)

    def deliver(self) -> None:
        """The agent's own conversation with the site, until all is said."""
        delivery = Delivery(self.store, self.key, self.site)
        while delivery.offer():
            pass


def post(envelopes: list[dict[str, Any]], relay: str = "") -> list[dict[str, Any]]:
    """Deliver envelopes over HTTP, in the name of a relay; the results."""
    headers = {"Coop-Relay": relay, "Coop-Node": relay} if relay else {}
    body = json.dumps({"envelopes": envelopes})
    answer = Client().post(URL, body, content_type="application/json", headers=headers)
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def rate_all() -> None:
    """Rate until nothing waits."""
    while services.rate_waiting():
        pass


def wall(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


READINGS = """
SELECT n.uuid, e.epoch, e.seq, r.position, m.name, r.rule, r.flags, r.incarnation, r.begins_at,
       r.ends_at, r.value_before, r.value, r.quantity, r.state, a.member_id, p.code, r.raw_before,
       r.amount
FROM metering_reading r JOIN metering_envelope e ON e.id = r.envelope_id
JOIN metering_node n ON n.id = e.node_id JOIN metering_meter m ON m.id = r.meter_id
LEFT JOIN metering_meterassignment a ON a.id = r.assignment_id
LEFT JOIN tokens_period p ON p.id = r.period_id ORDER BY 1, 2, 3, 4"""
USAGE = """
SELECT b.member_id, y.pool_id, y.resource_id, p.code, u.kind, u.used_at, u.amount, u.reason
FROM tokens_usage u JOIN tokens_book b ON b.id = u.book_id JOIN tokens_yield y ON y.id = b.yields_id
JOIN tokens_period p ON p.id = y.period_id ORDER BY 1, 2, 3, 4, 5, 6, 7, 8"""
BALANCES = """
SELECT c.code, a.kind, a.owner, b.amount FROM ledger_balance b
JOIN ledger_account a ON a.id = b.account_id JOIN ledger_commodity c ON c.id = a.commodity_id
WHERE b.amount <> 0 ORDER BY 1, 2, 3"""
CHAINS = """
SELECT n.uuid, k.epoch, k.head_seq, k.head_chain, n.state FROM metering_nodekey k
JOIN metering_node n ON n.id = k.node_id ORDER BY 1, 2"""
ENVELOPES = """
SELECT n.uuid, e.epoch, e.seq, e.chain, e.prev, e.payload, e.signature, e.status,
       e.rated_at IS NOT NULL
FROM metering_envelope e JOIN metering_node n ON n.id = e.node_id ORDER BY 1, 2, 3"""
GAPS = """
SELECT n.uuid, e.seq, g.position, m.name, g.begins_at, g.ends_at, g.why FROM metering_gap g
JOIN metering_envelope e ON e.id = g.envelope_id JOIN metering_node n ON n.id = e.node_id
LEFT JOIN metering_meter m ON m.id = g.meter_id ORDER BY 1, 2, 3"""
METERS = """
SELECT n.uuid, m.name, m.kind, m.unit, m.driver, m.ceiling FROM metering_meter m
JOIN metering_node n ON n.id = m.node_id ORDER BY 1, 2"""
BOOKS = {
    "readings": READINGS, "usage": USAGE, "balances": BALANCES, "chains": CHAINS,
    "envelopes": ENVELOPES, "gaps": GAPS, "meters": METERS,
}  # fmt: skip


def everything_that_counts() -> dict[str, list[tuple[Any, ...]]]:
    """All rows that say who used and owes what, without the numbers and times of their storing."""
    found = {name: rows(query) for name, query in BOOKS.items()}
    return {name: [as_plain(row) for row in lines] for name, lines in found.items()}


def as_plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)


def end_period(period: Period, moment: datetime) -> None:
    """Let a period end at another moment, which no service does; then all rules hold again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute('UPDATE tokens_period SET "end" = %s WHERE id = %s', [moment, period.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    period.refresh_from_db()


def taken_back(work: Any) -> Any:
    """What a piece of work gives, and nothing of it remains."""
    point = transaction.savepoint()
    try:
        return work()
    finally:
        transaction.savepoint_rollback(point)
