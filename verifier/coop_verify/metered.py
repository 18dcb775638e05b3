"""The one pass over a folder of evidence: signatures, chains, receipts, all counted anew.

Batches and readings stand in one order, node by node along the chains, so both are read side by
side. Memory grows with the meters, inventories and assignments, not with the batches.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from coop_verify.canonical import parse
from coop_verify.counting import instant
from coop_verify.dsse import Signed, genesis, kind
from coop_verify.errors import Malformed, Unreadable
from coop_verify.evidence import PROMISES, Folder, NodeKey, limits_in
from coop_verify.note import Key
from coop_verify.recount import Books, Recount
from coop_verify.report import Report

BATCH, INVENTORY, RECEIPT = kind("usage-batch"), kind("meter-inventory"), kind("receipt")
REVOCATIONS = kind("revocations")
Line = dict[str, Any]
Place = tuple[int, int, int]


@dataclass
class Chain:
    """How far one chain was followed; `after` is None where the batch before is not here."""

    seq: int
    after: str | None


@dataclass
class EvidenceCheck:
    """One check of one folder; `run` fills the report. Raises Unreadable."""

    path: Path
    given: Key | None = None
    report: Report = field(default_factory=lambda: Report(PROMISES))
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.folder = Folder.open(self.path)
        self.manifest = self.folder.manifest
        self.key = self.given or self.manifest.key
        self.keys: dict[tuple[str, int], NodeKey] = {}
        self.order: dict[str, int] = {}
        self.refused: dict[tuple[str, int], dict[int, str]] = {}
        self.chains: dict[tuple[str, int], Chain] = {}
        self.books = Books(
            self.report,
            whole=self.manifest.since is None,
            is_members=self.manifest.kind == "member",
        )

    def run(self) -> Report:
        """Everything, in order."""
        for sentence in self.folder.wrong_files():
            self.report.broken("files", sentence)
        self._about_the_key()
        try:
            self._tables()
            self._revocations()
            self._inventories()
            self._batches()
            self._conflicts()
        except (KeyError, TypeError, ValueError, AttributeError, Malformed) as error:
            raise Unreadable(f"{self.path} does not have the documented form: {error}") from error
        self._heads()
        self.books.close()
        return self.report

    def _about_the_key(self) -> None:
        if self.given is None:
            self.report.note(
                "No key was given: the receipts agree with the folder's own word only."
            )
        elif self.given.public != self.manifest.key.public:
            self.report.broken("receipts", "the folder names another key of the cooperative")

    def _tables(self) -> None:
        for line in self.folder.lines("keys"):
            found = self._read(NodeKey.read, line)
            self.keys[found.node, found.epoch] = found
            self.order.setdefault(found.node, len(self.order))
        self._promises()
        for line in self.folder.lines("refused"):
            place = (line["node"], line["epoch"])
            self.refused.setdefault(place, {})[line["seq"]] = line["chain"]
        for line in self.folder.lines("assignments"):
            self.books.assign(line)

    def _revocations(self) -> None:
        for line in self.folder.lines("revocations"):
            signed = self._read(Signed.read, line["envelope"])
            if not signed.is_by(self.key, REVOCATIONS):
                self.report.broken("receipts", "the list of revocations is not signed by the key")
                continue
            for row in self._payload(signed)["revoked"]:
                self.seen["keys revoked"] += (row["node"], row["epoch"]) in self.keys

    def _promises(self) -> None:
        for (node, epoch), key in self.keys.items():
            before = self.keys.get((node, epoch - 1))
            if before is not None and sha256(key.key.public).hexdigest() != before.promised:
                self.report.broken("keys", f"node {node}: the key of epoch {epoch} is another one")

    def _inventories(self) -> None:
        for line in self.folder.lines("inventories"):
            where = f"inventory {line['digest'][:12]} of node {line['node']}"
            if line["envelope"] is None:
                self.seen["inventories not shown"] += 1
                meters = line["meters"]
            else:
                signed = self._read(Signed.read, line["envelope"])
                said = self._signed_by_a_key(signed, line["node"], where)
                if sha256(signed.payload).hexdigest() != line["digest"]:
                    self.report.broken("signatures", f"{where} is another one")
                meters = said.get("meters")
            self.books.describe(line["node"], line["digest"], self._read(limits_in, meters))

    def _signed_by_a_key(self, signed: Signed, node: str, where: str) -> Line:
        keys = [found.key for (name, _), found in self.keys.items() if name == node]
        if not any(signed.is_by(key, INVENTORY) for key in keys):
            self.report.broken("signatures", f"{where} is not signed by its node")
        return self._payload(signed)

    def _batches(self) -> None:
        readings = Readings(self.folder.lines("readings"), self.order, self.report)
        recount: Recount | None = None
        for line in self.folder.lines("envelopes"):
            self.seen["batches"] += 1
            where = f"node {line['node']}, epoch {line['epoch']}, batch {line['seq']}"
            key = self.keys.get((line["node"], line["epoch"]))
            if key is None:
                self.report.broken("signatures", f"{where}: no key of this epoch is listed")
                continue
            said = self._batch(line, key, where)
            if line["status"] != "accepted":
                continue
            is_first = self._linked(line, key, where)
            if recount is None or recount.node != key.node:
                recount = Recount(key.node, self.books, is_whole=is_first)
            stored = readings.of((self.order[key.node], line["epoch"], line["seq"]))
            self.seen["readings"] += len(stored)
            recount.take(line, said, stored, instant(key.since) or 0, where)
        readings.end()

    def _batch(self, line: Line, key: NodeKey, where: str) -> Line | None:
        """What a batch says; its signature and its receipt are looked at."""
        said = None
        if line["envelope"] is None:
            self.seen[f"batches not shown: {line['absent']}"] += 1
        else:
            signed = self._read(Signed.read, line["envelope"])
            if not signed.is_by(key.key, BATCH):
                self.report.broken("signatures", f"{where} is not signed by its node")
            if signed.chain != line["chain"]:
                self.report.broken("chains", f"{where} has another chain value")
            said = self._payload(signed)
            for name in ("node", "epoch", "seq", "prev"):
                if said.get(name) != line[name]:
                    self.report.broken("signatures", f"{where} says another {name}")
        if line["receipt"] is not None:
            self._receipt(line, where)
        elif line["status"] == "accepted":
            self.seen["batches without a receipt yet"] += 1
        return said

    def _receipt(self, line: Line, where: str) -> None:
        signed = self._read(Signed.read, line["receipt"])
        if not signed.is_by(self.key, RECEIPT):
            self.report.broken("receipts", f"{where}: its receipt is not signed by the key")
        said = self._payload(signed)
        for name in ("node", "epoch", "seq", "chain"):
            if said.get(name) != line[name]:
                self.report.broken("receipts", f"{where}: its receipt is for another {name}")
        if str(said.get("received_at"))[:19] != line["received_at"][:19]:
            self.report.broken("receipts", f"{where}: its receipt names another time")

    def _linked(self, line: Line, key: NodeKey, where: str) -> bool:
        """Follow the chain to this batch; whether it is the first that its node ever sealed."""
        place = (key.node, key.epoch)
        if place not in self.chains:
            begins = line["seq"] == 1 or self.manifest.since is None
            first = genesis(key.node, key.epoch, key.key.public) if begins else None
            self.chains[place] = Chain(0 if begins else line["seq"] - 1, first)
        chain, refused = self.chains[place], self.refused.get(place, {})
        while chain.seq + 1 < line["seq"] and chain.seq + 1 in refused:
            chain.seq, chain.after = chain.seq + 1, refused[chain.seq + 1]
        if chain.seq + 1 != line["seq"]:
            self.report.broken("chains", f"{where}: the one before it is missing")
        elif chain.after not in (None, line["prev"]):
            self.report.broken("chains", f"{where} does not follow on the one before it")
        chain.seq, chain.after = line["seq"], line["chain"]
        return self.manifest.since is None

    def _heads(self) -> None:
        for place, key in self.keys.items():
            chain, refused = self.chains.get(place), self.refused.get(place, {})
            while chain is not None and chain.seq + 1 in refused and chain.seq < key.head[0]:
                chain.seq, chain.after = chain.seq + 1, refused[chain.seq + 1]
            reached = (0, "") if chain is None else (chain.seq, chain.after)
            is_empty = chain is None and (key.head[0] == 0 or self.manifest.since is not None)
            if not is_empty and reached != key.head:
                self.report.broken(
                    "chains", f"node {key.node}, epoch {key.epoch}: the head is another batch"
                )

    def _conflicts(self) -> None:
        for line in self.folder.lines("conflicts"):
            self.seen["batches in conflict"] += 1
            if line["envelope"] is None:
                continue
            signed = self._read(Signed.read, line["envelope"])
            key = self.keys.get((line["node"], line["epoch"]))
            if key is None or not signed.is_by(key.key, BATCH) or signed.chain != line["chain"]:
                self.report.broken("signatures", f"conflict {line['chain'][:12]} is not its node's")

    def _payload(self, signed: Signed) -> Line:
        value = self._read(parse, signed.payload)
        if not isinstance(value, dict):
            raise Unreadable("a payload is no object")
        return value

    def _read(self, reader: Any, value: Any) -> Any:
        try:
            return reader(value)
        except (Malformed, ValueError) as error:
            raise Unreadable(f"{self.path} cannot be read: {error}") from error


class Readings:
    """The stored readings, handed out batch by batch."""

    def __init__(self, lines: Iterator[Line], order: dict[str, int], report: Report) -> None:
        self._lines, self._order, self._report = lines, order, report
        self._next = next(lines, None)

    def of(self, place: Place) -> dict[int, Line]:
        """The readings of one batch, by record; those of batches before it have none."""
        found: dict[int, Line] = {}
        while self._next is not None and self._place(self._next) <= place:
            if self._place(self._next) == place:
                found[self._next["n"]] = self._next
            else:
                self._orphan(self._next)
            self._next = next(self._lines, None)
        return found

    def end(self) -> None:
        """Say which readings no batch stands behind."""
        while self._next is not None:
            self._orphan(self._next)
            self._next = next(self._lines, None)

    def _place(self, line: Line) -> Place:
        return self._order.get(line["node"], -1), line["epoch"], line["seq"]

    def _orphan(self, line: Line) -> None:
        batch = f"node {line['node']}, epoch {line['epoch']}, batch {line['seq']}"
        self._report.broken("readings", f"{batch}, record {line['n']}: no such batch is here")
