"""Counting votes a second way, ballot by ballot, in exact fractions; written apart from the site.

A ballot is (ranks, weight): ranks best first, each a tuple of options, which are texts here. Slow
and plain on purpose: what the site counts in piles and sets is counted here as the rule is told
(docs/counting.md).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import sha256

Ranks = tuple[tuple[str, ...], ...]
Ballot = tuple[Ranks, int]
Tally = dict[str, Fraction]
CUT = 100_000
"""transfer values are cut off after five decimals"""


@dataclass
class Lot:
    """R6: equal options are told apart by the latest earlier round, else by SHA-256(seed, name)."""

    seed: str

    def place(self, option: str) -> bytes:
        """Where the lot puts an option; the lowest is favoured."""
        return sha256(f"{self.seed}\n{option}".encode()).digest()

    def best(self, options: Sequence[str], rounds: Sequence[Tally] = ()) -> str:
        """The one that is favoured."""
        return min(self._left(options, rounds, max), key=self.place)

    def worst(self, options: Sequence[str], rounds: Sequence[Tally] = ()) -> str:
        """The one that goes first."""
        return max(self._left(options, rounds, min), key=self.place)

    def _left(
        self, options: Sequence[str], rounds: Sequence[Tally],
        pick: Callable[[Iterable[Fraction]], Fraction],
    ) -> list[str]:  # fmt: skip
        left = list(options)
        for tally in reversed(rounds):
            chosen = pick(tally[option] for option in left)
            left = [option for option in left if tally[option] == chosen]
            if len(left) == 1:
                break
        return left


def approval(ballots: Iterable[Ballot], options: Sequence[str]) -> Tally:
    """How many approve of each option."""
    tally = dict.fromkeys(options, Fraction(0))
    for ranks, weight in ballots:
        for option in {option for rank in ranks for option in rank}:
            tally[option] += weight
    return tally


def score(ballots: Iterable[tuple[dict[str, int], int]], options: Sequence[str]) -> Tally:
    """The sum of the scores of each option."""
    tally = dict.fromkeys(options, Fraction(0))
    for scores, weight in ballots:
        for option, value in scores.items():
            tally[option] += value * weight
    return tally


def highest(tally: Tally, seats: int, lot: Lot) -> list[str]:
    """The options with the most, equal ones by the lot."""
    return sorted(tally, key=lambda o: (-tally[o], lot.place(o)))[:seats]


def pairwise(ballots: Iterable[Ballot], options: Sequence[str]) -> dict[tuple[str, str], int]:
    """For each two options, how many rank the first above the second; unranked is last."""
    found = {(a, b): 0 for a in options for b in options if a != b}
    for ranks, weight in ballots:
        place = {option: number for number, rank in enumerate(ranks) for option in rank}
        last = len(ranks)
        for a, b in found:
            if place.get(a, last) < place.get(b, last):
                found[a, b] += weight
    return found


def schulze_order(
    pairs: dict[tuple[str, str], int], options: Sequence[str], seats: int, lot: Lot
) -> list[str]:
    """The first of the order that the strongest paths give, by winning votes."""
    paths = strongest_paths(pairs, options)
    left = list(options)
    winners: list[str] = []
    while left and len(winners) < seats:
        winners.append(lot.best(_unbeaten(paths, left)))
        left.remove(winners[-1])
    return winners


def unbeaten(pairs: dict[tuple[str, str], int], options: Sequence[str]) -> list[str]:
    """The options that no other one beats by a stronger path."""
    return _unbeaten(strongest_paths(pairs, options), options)


def strongest_paths(
    pairs: dict[tuple[str, str], int], options: Sequence[str]
) -> dict[tuple[str, str], int]:
    """The strength of the strongest path between each two options: its weakest step."""
    paths = {(a, b): n if n > pairs[b, a] else 0 for (a, b), n in pairs.items()}
    for via in options:
        for a, b in pairs:
            if via not in (a, b):
                paths[a, b] = max(paths[a, b], min(paths[a, via], paths[via, b]))
    return paths


def _unbeaten(paths: dict[tuple[str, str], int], left: Sequence[str]) -> list[str]:
    return [a for a in left if all(paths[a, b] >= paths[b, a] for b in left if b != a)]


@dataclass
class Paper:
    """One voter's ballot on its way: what is still wished, and what it is worth."""

    wishes: list[str]
    worth: Fraction


@dataclass
class Stages:
    """A count with transfers: heaps of papers, stage after stage."""

    options: Sequence[str]
    lot: Lot
    running: list[str] = field(default_factory=list)
    heaps: dict[str, list[Paper]] = field(default_factory=dict)
    rounds: list[Tally] = field(default_factory=list)

    @classmethod
    def of(cls, ballots: Iterable[Ballot], options: Sequence[str], lot: Lot) -> "Stages":
        """All papers at their first wish; a rank with several options ends a ballot."""
        table = cls(options, lot, list(options), {option: [] for option in options})
        for ranks, weight in ballots:
            wishes = []
            for rank in ranks:
                if len(rank) > 1:
                    break
                wishes += list(rank)
            for _ in range(weight if wishes else 0):
                table.deal(Paper(wishes, Fraction(1)))
        return table

    def deal(self, paper: Paper) -> None:
        """Give a paper to the first of its wishes that is running; else nobody has it."""
        for option in paper.wishes:
            if option in self.running:
                self.heaps[option].append(paper)
                return

    def votes(self, option: str) -> Fraction:
        """What the papers of an option are worth together."""
        return sum((paper.worth for paper in self.heaps[option]), Fraction(0))

    def release(self, option: str, share: Fraction | None = None) -> None:
        """Pass on all papers of an option, at a share of their worth that is cut off."""
        papers, self.heaps[option] = self.heaps[option], []
        for paper in papers:
            worth = paper.worth if share is None else _cut(paper.worth * share)
            self.deal(Paper(paper.wishes, worth))


def _cut(value: Fraction) -> Fraction:
    return Fraction(int(value * CUT), CUT)


def irv(ballots: Iterable[Ballot], options: Sequence[str], lot: Lot) -> list[str]:
    """Whoever has more than half of the ballots that still count; else the last one goes."""
    table = Stages.of(ballots, options, lot)
    while table.running:
        tally = {option: table.votes(option) for option in table.running}
        leader = max(table.running, key=lambda option: tally[option])
        if 2 * tally[leader] > sum(tally.values()) or len(tally) == 1:
            return [leader]
        last = [option for option in table.running if tally[option] == min(tally.values())]
        out = lot.worst(last, table.rounds)
        table.rounds.append(tally)
        table.running.remove(out)
        table.release(out)
    return []


def stv(ballots: Sequence[Ballot], options: Sequence[str], seats: int, lot: Lot) -> list[str]:
    """Scottish rules: Droop's quota, one surplus or one exclusion a stage, ties by R6."""
    table = Stages.of(ballots, options, lot)
    valid = sum(len(heap) for heap in table.heaps.values())
    quota = Fraction(valid // (seats + 1) + 1)
    elected: list[str] = []
    surpluses: list[str] = []
    held: dict[str, Fraction] = {}
    while len(elected) < seats and table.running:
        tally = {o: table.votes(o) if o in table.running else held.get(o, Fraction(0))
                 for o in options}  # fmt: skip
        for option in _over(table, tally, quota, seats - len(elected)):
            elected.append(option)
            table.running.remove(option)
            held[option] = tally[option]
            surpluses += [option] if tally[option] > quota else []
        if len(table.running) <= seats - len(elected):
            return elected + sorted(table.running, key=lambda o: (-tally[o], lot.place(o)))
        if len(elected) < seats:
            _next_stage(table, tally, surpluses, held, quota)
        table.rounds.append(tally)
    return elected


def _over(table: Stages, tally: Tally, quota: Fraction, free: int) -> list[str]:
    found = [option for option in table.running if tally[option] >= quota]
    ordered: list[str] = []
    while found and len(ordered) < free:
        most = max(tally[option] for option in found)
        ordered.append(table.lot.best([o for o in found if tally[o] == most], table.rounds))
        found.remove(ordered[-1])
    return ordered


def _next_stage(
    table: Stages, tally: Tally, surpluses: list[str], held: dict[str, Fraction], quota: Fraction
) -> None:
    if surpluses:
        most = max(held[option] for option in surpluses)
        option = table.lot.best([o for o in surpluses if held[o] == most], table.rounds)
        surpluses.remove(option)
        table.release(option, (held[option] - quota) / held[option])
        held[option] = quota
        return
    fewest = min(tally[option] for option in table.running)
    out = table.lot.worst([o for o in table.running if tally[o] == fewest], table.rounds)
    table.running.remove(out)
    table.release(out)
