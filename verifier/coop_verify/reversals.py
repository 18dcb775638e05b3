"""Reversals: each cancels one earlier transaction exactly. Also: ids that come once."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from coop_verify.forms import Entry, Transaction
from coop_verify.report import Report

_PAGE = 10


class Seen:
    """A set of numbers, in about one bit each where they lie close together."""

    def __init__(self) -> None:
        self._pages: dict[int, int] = {}

    def __contains__(self, number: int) -> bool:
        return bool(self._pages.get(number >> _PAGE, 0) >> (number & (1 << _PAGE) - 1) & 1)

    def add(self, number: int) -> None:
        """Put a number in."""
        page = self._pages.get(number >> _PAGE, 0)
        self._pages[number >> _PAGE] = page | 1 << (number & (1 << _PAGE) - 1)


class Reversals:
    """Remembers 32 bytes for each transaction that some leaf reverses, nothing for the others."""

    def __init__(self, report: Report, wanted: Iterable[int]) -> None:
        self.report = report
        self.wanted = set(wanted)
        self.known: dict[int, bytes | None] = {}
        self.done: set[int] = set()

    def take(self, where: str, leaf: Transaction, entries: Sequence[Entry] | None) -> None:
        """Look at the next transaction; `entries` is None where they are detached."""
        if leaf.reverses is not None:
            self._check(where, leaf.reverses, entries)
        if leaf.id in self.wanted:
            self.known[leaf.id] = None if entries is None else _moves(entries, 1)

    def _check(self, where: str, reverses: int, entries: Sequence[Entry] | None) -> None:
        if reverses not in self.known:
            self._broken(f"{where} reverses transaction {reverses}, which no earlier leaf has")
            return
        if reverses in self.done:
            self._broken(f"{where} reverses transaction {reverses} once more")
        self.done.add(reverses)
        original = self.known[reverses]
        if original is None or entries is None:
            return
        if _moves(entries, -1) != original:
            self._broken(f"{where} is not the exact opposite of transaction {reverses}")

    def _broken(self, sentence: str) -> None:
        self.report.broken("reversals", sentence)


def _moves(entries: Sequence[Entry], sign: int) -> bytes:
    moves = sorted((entry.account, sign * entry.amount) for entry in entries)
    return sha256(repr(moves).encode()).digest()
