"""The books as plain Python has them: every entry in order, and nothing of the database.

Accounts are known by their ids, amounts are whole numbers. A call is judged before it is made
(`reasons`) and booked after the database has said yes (`book`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ledger.errors import (
    AlreadyReversed,
    AmountTooLarge,
    InsufficientBalance,
    KeyConflict,
    NotTheOpposite,
    Unbalanced,
    UnknownAccount,
)
from ledger.services import Leg, Posting

LARGEST = 2**63 - 1
Refusals = set[type[Exception]]
Key = tuple[str, str]


@dataclass
class Place:
    """An account: what it is, and its balance after each of its entries, from 0 before any."""

    id: int
    commodity: str
    kind: str
    owner: str
    floor: int | None
    balances: list[int] = field(default_factory=lambda: [0])

    @property
    def version(self) -> int:
        return len(self.balances) - 1

    def may_hold(self, amount: int) -> bool:
        return self.floor is None or amount >= self.floor


@dataclass(frozen=True)
class Line:
    """An entry, in the order of the table's columns."""

    account: int
    version: int
    amount: int
    balance: int


@dataclass(frozen=True)
class Booked:
    """A posting that the database has taken, and what it must have written for it."""

    id: int
    posting: Posting
    lines: tuple[Line, ...]
    effective_at: datetime
    recorded_at: datetime


@dataclass
class Books:
    """All accounts and all that was booked, in order."""

    places: dict[int, Place] = field(default_factory=dict)
    ids: dict[Key, int] = field(default_factory=dict)
    booked: dict[int, Booked] = field(default_factory=dict)
    reversals: dict[int, int] = field(default_factory=dict)

    def reasons(self, postings: Sequence[Posting], *, empty_is_wrong: bool = True) -> Refusals:
        """Why these must be refused, all of them together; empty where they must be booked."""
        fresh = self.fresh(postings)
        found: Refusals = set()
        if empty_is_wrong and any(not moves(posting) for posting in postings):
            found.add(Unbalanced)
        if any(leg.account_id not in self.places for leg in named(postings, empty_is_wrong)):
            found.add(UnknownAccount)
        if self.has_conflict(postings):
            found.add(KeyConflict)
        if any(not -LARGEST - 1 <= leg.amount <= LARGEST for p in postings for leg in p.legs):
            found.add(AmountTooLarge)
        if self.reverses_twice(fresh):
            found |= {AlreadyReversed, NotTheOpposite}
        return found | self.reasons_of_legs(fresh)

    def reasons_of_legs(self, fresh: Sequence[Posting]) -> Refusals:
        """What is wrong with the movements, were they booked one after the other."""
        found: Refusals = set()
        now = {place.id: place.balances[-1] for place in self.places.values()}
        for posting in fresh:
            rest: dict[str, int] = defaultdict(int)
            for leg in moves(posting):
                if leg.account_id in now:
                    now[leg.account_id] += leg.amount
                    rest[self.places[leg.account_id].commodity] += leg.amount
                    if not -LARGEST - 1 <= now[leg.account_id] <= LARGEST:
                        found.add(AmountTooLarge)
            if any(rest.values()):
                found.add(Unbalanced)
        touched = {leg.account_id for posting in fresh for leg in moves(posting)} & set(now)
        if not all(self.places[account].may_hold(now[account]) for account in touched):
            found.add(InsufficientBalance)
        return found

    def fresh(self, postings: Iterable[Posting]) -> list[Posting]:
        """Those that would be booked: with movements, and each key for the first time."""
        first: dict[Key, Posting] = {}
        for posting in postings:
            first.setdefault((posting.source, posting.key), posting)
        return [p for key, p in first.items() if key not in self.ids and moves(p)]

    def has_conflict(self, postings: Iterable[Posting]) -> bool:
        """Whether a key comes back with other content."""
        first: dict[Key, Any] = {}
        for posting in postings:
            key = posting.source, posting.key
            stands = self.booked[self.ids[key]].posting if key in self.ids else posting
            if first.setdefault(key, content(stands)) != content(posting):
                return True
        return False

    def reverses_twice(self, fresh: Iterable[Posting]) -> bool:
        """Whether something would be reversed that is reversed, or that does not exist."""
        undone = [posting.reverses for posting in fresh if posting.reverses is not None]
        once = len(set(undone)) == len(undone) and not self.reversals.keys() & set(undone)
        return not once or not set(undone) <= self.booked.keys()

    def book(self, posting: Posting, txn: int, recorded_at: datetime) -> Booked:
        """What the next transaction writes, whatever `reasons` says of it."""
        lines = tuple(self.move(leg) for leg in moves(posting))
        effective = posting.effective_at or recorded_at
        done = Booked(txn, posting, lines, effective, recorded_at)
        self.booked[txn] = done
        self.ids[posting.source, posting.key] = txn
        if posting.reverses is not None:
            self.reversals[posting.reverses] = txn
        return done

    def move(self, leg: Leg) -> Line:
        place = self.places[leg.account_id]
        place.balances.append(place.balances[-1] + leg.amount)
        return Line(place.id, place.version, leg.amount, place.balances[-1])

    def reversal(self, txn: int, *, source: str, key: str) -> Posting:
        """What reversing a transaction posts."""
        done = self.booked[txn]
        return opposite(done.posting, txn, done.effective_at, source=source, key=key)

    def held(self, effective: datetime | None, known: datetime | None) -> dict[int, int]:
        """What each account holds by both times, each inclusive; None for no limit."""
        found = dict.fromkeys(self.places, 0)
        for done in self.booked.values():
            if by(done.effective_at, effective) and by(done.recorded_at, known):
                for line in done.lines:
                    found[line.account] += line.amount
        return found

    def moved(self, start: datetime, end: datetime) -> dict[int, tuple[int, int]]:
        """What came into and went out of the accounts, effective in [start, end)."""
        found = dict.fromkeys(self.places, (0, 0))
        for done in self.booked.values():
            if start <= done.effective_at < end:
                for line in done.lines:
                    came, went = found[line.account]
                    up, down = max(line.amount, 0), min(line.amount, 0)
                    found[line.account] = came + up, went + down
        return found

    def wrong(self) -> list[str]:
        """What must never be, in the model itself: it holds only if all that was booked may be."""
        sums: dict[str, int] = defaultdict(int)
        for place in self.places.values():
            sums[place.commodity] += place.balances[-1]
        found = [f"{code} sums to {rest}" for code, rest in sums.items() if rest]
        below = [p for p in self.places.values() if not p.may_hold(p.balances[-1])]
        return found + [f"account {place.id} is below its floor" for place in below]


def opposite(original: Posting, txn: int, effective: datetime, *, source: str, key: str) -> Posting:
    """The reversal of a transaction, by account and within one in the order of its entries."""
    legs = sorted(moves(original), key=lambda leg: leg.account_id)
    return Posting(
        source=source,
        key=key,
        kind=f"reversal of {original.kind}"[:40],
        legs=[Leg(leg.account_id, -leg.amount) for leg in legs],
        about=original.about,
        actor="system",
        memo="wrong",
        effective_at=effective,
        reverses=txn,
    )


def moves(posting: Posting) -> list[Leg]:
    """Its legs that move anything."""
    return [leg for leg in posting.legs if leg.amount]


def named(postings: Iterable[Posting], with_zeros: bool) -> list[Leg]:
    """The legs whose accounts must exist."""
    return [leg for p in postings for leg in (p.legs if with_zeros else moves(p))]


def content(posting: Posting) -> Any:
    """What a key stands for: the rest may differ when it comes again."""
    legs = sorted((leg.account_id, leg.amount) for leg in moves(posting))
    return posting.kind, posting.about, posting.reverses, posting.effective_at, legs


def by(time: datetime, limit: datetime | None) -> bool:
    """Whether a time is not beyond a limit."""
    return limit is None or time <= limit


def fits(amounts: Mapping[int, int]) -> list[int]:
    """The accounts whose amounts the database could say."""
    return [account for account, held in amounts.items() if -LARGEST - 1 <= held <= LARGEST]
