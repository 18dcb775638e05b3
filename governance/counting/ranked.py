"""Ballots that rank options, and how they are read where a voter was not clear.

A ranking is a tuple of ranks, best first; a rank is a tuple of option numbers (from 0), more than
one where they are ranked equal, none where the voter left a rank out. Identical ballots are one
entry with their count.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

Rank = tuple[int, ...]
Ranking = tuple[Rank, ...]
Scores = tuple[tuple[int, Fraction], ...]
Number = int | Fraction


class Equal(StrEnum):
    """What becomes of a rank with several options, where a method needs one option at a time.

    STOP: the ballot counts down to that rank and no further (the law of Scotland). SPLIT: each
    of them that is still running gets an equal part. INVALID: the whole ballot is invalid.
    """

    STOP = "stop"
    SPLIT = "split"
    INVALID = "invalid"


class Skipped(StrEnum):
    """What becomes of a rank that the voter left out: SKIP reads on below it, STOP does not."""

    SKIP = "skip"
    STOP = "stop"


@dataclass(frozen=True)
class Reading:
    """How rankings are read; the defaults are those of every count that does not say otherwise."""

    equal: Equal = Equal.STOP
    skipped: Skipped = Skipped.SKIP


@dataclass(frozen=True)
class Election:
    """The options by name, and what was cast: rankings, or scores, or both, with their counts.

    A ballot with scores has its ranking in `ballots` as well. Counts may be fractions of a vote
    (exact); `invalid` are ballots that were cast and say nothing that can be read.
    """

    names: tuple[str, ...]
    ballots: Mapping[Ranking, Number]
    seats: int = 1
    title: str = ""
    withdrawn: frozenset[int] = frozenset()
    scores: Mapping[Scores, Number] = field(default_factory=dict)
    invalid: Number = 0

    @property
    def running(self) -> tuple[int, ...]:
        """The options that have not withdrawn."""
        return tuple(n for n in range(len(self.names)) if n not in self.withdrawn)


def repeats(ranking: Ranking) -> bool:
    """Whether an option stands in it twice: nobody can say which rank was meant."""
    options = [option for rank in ranking for option in rank]
    return len(options) != len(set(options))


def whole_rankings(election: Election) -> tuple[dict[Ranking, Number], Number]:
    """The rankings without withdrawn options and empty ranks, and how many ballots are invalid."""
    found: dict[Ranking, Number] = {}
    invalid = election.invalid
    for ranking, count in election.ballots.items():
        if repeats(ranking):
            invalid += count
            continue
        kept = without(ranking, election.withdrawn)
        found[kept] = found.get(kept, 0) + count
    return found, invalid


def single_rankings(election: Election, reading: Reading) -> tuple[dict[Ranking, Number], Number]:
    """The rankings as methods with one vote a ballot need them, and how many are invalid.

    Invalid is also what names no option to begin with: it would be nobody's vote.
    """
    found: dict[Ranking, Number] = {}
    invalid = election.invalid
    for ranking, count in election.ballots.items():
        kept = None if repeats(ranking) else read(ranking, election.withdrawn, reading)
        if kept:
            found[kept] = found.get(kept, 0) + count
        else:
            invalid += count
    return found, invalid


def read(ranking: Ranking, withdrawn: frozenset[int], reading: Reading) -> Ranking | None:
    """One ranking as `reading` says; None where it makes the ballot invalid."""
    kept: list[Rank] = []
    for rank in ranking:
        if not rank and reading.skipped is Skipped.STOP:
            break
        if len(rank) > 1 and reading.equal is not Equal.SPLIT:
            if reading.equal is Equal.INVALID:
                return None
            break
        kept.append(rank)
    return without(kept, withdrawn)


def without(ranking: Iterable[Rank], withdrawn: frozenset[int]) -> Ranking:
    """A ranking without these options and without the ranks that are empty then."""
    if not withdrawn:
        return tuple(tuple(sorted(rank)) if len(rank) > 1 else rank for rank in ranking if rank)
    left = (tuple(sorted(n for n in rank if n not in withdrawn)) for rank in ranking)
    return tuple(rank for rank in left if rank)
