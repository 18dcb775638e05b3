"""What happened to titles, in order: issued, passed on, redeemed. Pure, no database.

An event ends titles and begins others at one moment, in one transaction of the books. Titles that
share a successor, or a predecessor, belong to one event.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from titles.exchange.shapes import Register, TitleRow


@dataclass(frozen=True)
class Happening:
    """Titles that ended and titles that began at one moment, all of one pool."""

    at: datetime
    pool: str
    ended: Sequence[TitleRow]
    begun: Sequence[TitleRow]
    is_redemption: bool

    @property
    def returned(self) -> int:
        """Units that went back to the treasury; below zero those that came out of it."""
        return sum(t.units for t in self.ended) - sum(t.units for t in self.begun)

    @property
    def released(self) -> int:
        """Cents of capital that left the titles; below zero those that came in."""
        return sum(t.paid_in for t in self.ended) - sum(t.paid_in for t in self.begun)

    @property
    def rank(self) -> tuple[datetime, bool, int]:
        """Its place among those that nothing else decides: what goes back comes first."""
        numbers = [t.number for t in (*self.ended, *self.begun)]
        return self.at, not self.is_redemption, min(numbers)


def happenings(register: Register) -> list[Happening]:
    """Every event of a checked register, in an order in which each title begins before it ends."""
    titles = {title.number: title for title in register.titles}
    ends = ends_of(register)
    redeemed = {row.title for row in register.redemptions}
    later = {row.later for row in register.transfers}
    found = [
        Happening(title.issued_at, title.pool, (), (title,), is_redemption=False)
        for title in register.titles
        if title.number not in later
    ]
    for ended, begun in _groups(register):
        olds, news = [titles[n] for n in ended], [titles[n] for n in begun]
        at = max(ends[n] for n in ended)
        gone = any(n in redeemed for n in ended)
        found.append(Happening(at, olds[0].pool, olds, news, is_redemption=gone))
    return list(_ordered(found))


def ends_of(register: Register) -> Mapping[int, datetime]:
    """When each title that ended did so, by its number."""
    moments = {row.earlier: row.at for row in register.transfers}
    return moments | {row.title: row.at for row in register.redemptions}


def _groups(register: Register) -> Iterator[tuple[list[int], list[int]]]:
    """Titles that ended together, with those that took their place."""
    group = _Union()
    for row in register.redemptions:
        group.find((0, row.title))
    for transfer in register.transfers:
        group.join((0, transfer.earlier), (1, transfer.later))
    members: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for key in group.parents:
        members[group.find(key)].append(key)
    for keys in members.values():
        yield sorted(n for side, n in keys if side == 0), sorted(n for side, n in keys if side)


class _Union:
    """Which of some things belong together."""

    def __init__(self) -> None:
        self.parents: dict[tuple[int, int], tuple[int, int]] = {}

    def find(self, key: tuple[int, int]) -> tuple[int, int]:
        self.parents.setdefault(key, key)
        root = key
        while self.parents[root] != root:
            root = self.parents[root]
        while self.parents[key] != root:
            self.parents[key], key = root, self.parents[key]
        return root

    def join(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        self.parents[self.find(one)] = self.find(other)


def _ordered(found: Sequence[Happening]) -> Iterator[Happening]:
    begins = {title.number: n for n, one in enumerate(found) for title in one.begun}
    waits = [{begins[t.number] for t in one.ended if t.number in begins} for one in found]
    follows: dict[int, list[int]] = defaultdict(list)
    for n, before in enumerate(waits):
        for earlier in before:
            follows[earlier].append(n)
    ready = [(one.rank, n) for n, one in enumerate(found) if not waits[n]]
    heapq.heapify(ready)
    while ready:
        _rank, n = heapq.heappop(ready)
        yield found[n]
        for later in follows[n]:
            waits[later].discard(n)
            if not waits[later]:
                heapq.heappush(ready, (found[later].rank, later))
