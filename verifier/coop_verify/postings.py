"""Decisions held against the books: what a vote booked, and that its certificate is in the log."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from coop_verify.bundle import Bundle
from coop_verify.canonical import dumps, loads, shaped
from coop_verify.forms import Document, Leaf, Opens, Transaction, read_entry, read_leaf
from coop_verify.report import Report
from coop_verify.votes import Line, Vote

CERTIFICATE, LOT = "certificate", "lot"
MOVES = {
    "acquire_asset": ("cash:growth", "cost", -1),
    "value_contribution": ("backing", "value", 1),
}
"""action → kind of account, the field of the payload with the cents, the sign"""
MAY_BOOK = {
    *MOVES, "write_off_debt", "retire_asset", "open_subscriptions", "close_subscriptions",
    "confirm_quarantine", "release_node", "revoke_node", "expel_member",
}  # fmt: skip
"""actions that can book at all; of those not in MOVES the amount depends on the day"""


@dataclass
class Expected:
    """What a decision may have booked: its transactions, and how much of what."""

    vote: Vote
    kinds: dict[int, str]
    moved: Counter[str]


class Postings:
    """Takes decisions, then goes through the books once. Without books nothing is looked at."""

    def __init__(self, report: Report, books: Path | None) -> None:
        self.report = report
        self.bundle = None if books is None else Bundle.open(books)
        self.expected: dict[int, Expected] = {}
        self.by_txn: dict[int, int] = {}
        self.digests: dict[bytes, int] = {}
        self.found: set[int] = set()
        self.opens: dict[int, Opens] = {}

    def take(self, vote: Vote) -> None:
        """Remember what is to be found."""
        kinds = {line["id"]: line["kind"] for line in vote.facts["transactions"]}
        self.expected[vote.number] = Expected(vote, kinds, Counter())
        self.digests[vote.digest] = vote.number
        for txn in kinds:
            if txn in self.by_txn:
                self._broken("postings", vote, f"transaction {txn} is another decision's too")
            self.by_txn[txn] = vote.number
        done = vote.facts["execution"]
        carried_out = vote.facts["state"] == "executed" and done is not None
        if kinds and not carried_out:
            self._broken("postings", vote, "it booked something and was not carried out")
        if kinds and vote.notice["action"] not in MAY_BOOK:
            self._broken("postings", vote, f"{vote.notice['action']} can book nothing")

    def close(self) -> None:
        """Go through the books and compare."""
        if self.bundle is None:
            for name in ("postings", "logged"):
                self.report.skip(name, "give the books with --books")
            return
        sealed = Counter[bytes]()
        lots = set[bytes]()
        for leaf, entries in _history(self.bundle):
            if isinstance(leaf, Document):
                sealed[leaf.digest] += leaf.kind == CERTIFICATE
                lots |= {leaf.digest} if leaf.kind == LOT else set()
            else:
                self._transaction(leaf, entries)
        self._logged(sealed)
        for expected in self.expected.values():
            self._compare(expected)
            self._committed(expected.vote, lots)

    def _transaction(self, leaf: Transaction, entries: list[bytes]) -> None:
        read = [read_entry(line) for line in entries]
        for entry in read:
            if entry.opens is not None:
                self.opens[entry.account] = entry.opens
        number = self.by_txn.get(leaf.id)
        if number is None:
            return
        self.found.add(leaf.id)
        expected = self.expected[number]
        if expected.kinds[leaf.id] != leaf.kind:
            self._broken("postings", expected.vote, f"transaction {leaf.id} is of another kind")
        for entry in read:
            opens = self.opens.get(entry.account)
            if opens is not None and opens.commodity_kind == "money":
                expected.moved[opens.kind] += entry.amount

    def _compare(self, expected: Expected) -> None:
        vote = expected.vote
        for txn in sorted(set(expected.kinds) - self.found):
            self._broken("postings", vote, f"transaction {txn} is not in the books")
        action = vote.notice["action"]
        if action not in MOVES or vote.facts["state"] != "executed":
            return
        kind, name, sign = MOVES[action]
        wanted = sign * chosen_payload(vote)[name]
        if expected.moved[kind] != wanted:
            self._broken(
                "postings", vote, f"{kind} moved by {expected.moved[kind]}, certified is {wanted}"
            )

    def _logged(self, sealed: Counter[bytes]) -> None:
        for digest, number in self.digests.items():
            if sealed[digest] != 1:
                vote = self.expected[number].vote
                self._broken(
                    "logged", vote, f"its certificate is in the log {sealed[digest]} times"
                )
        others = sum(sealed.values()) - sum(sealed[digest] for digest in self.digests)
        if others:
            self.report.note(
                f"The log has {others} certificates more than this folder: it is a part, or older."
            )

    def _committed(self, vote: Vote, lots: set[bytes]) -> None:
        """The site's nonce was in the log before the ballots: its hash was."""
        for nonce in vote.facts["nonces"][:1]:
            if sha256(bytes.fromhex(nonce)).digest() not in lots:
                self._broken("logged", vote, "its nonce was not committed to at the opening")

    def _broken(self, promise: str, vote: Vote, sentence: str) -> None:
        self.report.broken(promise, f"decision {vote.number}: {sentence}")


def chosen_payload(vote: Vote) -> Line:
    """What is carried out: the announced payload, or that of the option that won."""
    winners = vote.certificate.get("result", {}).get("winners", [])
    for option in vote.notice["options"]:
        if isinstance(option, dict) and option["id"] in winners and option.get("payload"):
            return dict(option["payload"])
    return dict(vote.notice["payload"])


def _history(bundle: Bundle) -> Iterator[tuple[Leaf, list[bytes]]]:
    """Every leaf with its entries, those that are not sealed yet at the end."""
    entries, cut = bundle.lines("entries"), bundle.manifest.cut
    for line in bundle.lines("leaves"):
        leaf = read_leaf(line)
        own: list[bytes] = []
        if isinstance(leaf, Transaction) and (cut is None or leaf.recorded_at >= cut.through):
            own = [next(entries) for _ in range(leaf.entries)]
        yield leaf, own
    for line in bundle.lines("pending"):
        facts = shaped(loads(line), {"entries": list, "leaf": dict})
        yield read_leaf(dumps(facts["leaf"])), [dumps(entry) for entry in facts["entries"]]
