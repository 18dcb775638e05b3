"""What a count gives: winners, every round, and how ties were decided."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from governance.counting.ranked import Number

Tally = Mapping[int, Number]


@dataclass(frozen=True)
class Round:
    """Votes of the options still in the count; who is elected by them, who is excluded next."""

    tallies: Tally
    elected: tuple[int, ...] = ()
    eliminated: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tie:
    """Options that were equal, the one that was taken, and by what: a round before, or the lot."""

    options: tuple[int, ...]
    taken: int
    by: str


@dataclass(frozen=True)
class Outcome:
    """The result of one method; options are numbers, in `winners` in the order of their success."""

    method: str
    winners: tuple[int, ...]
    rounds: tuple[Round, ...]
    valid: Number
    invalid: Number
    exhausted: Number = 0
    pairwise: Mapping[tuple[int, int], Number] = field(default_factory=dict)
    ties: tuple[Tie, ...] = ()
    quota: Number | None = None


class Ties:
    """R6: options that are equal are told apart by an earlier round, else by the lot.

    The lot is the order of SHA-256(seed, name): who stands first in it is favoured. With the
    seed anybody finds the same order again.
    """

    def __init__(self, names: Sequence[str], seed: str) -> None:
        self._names = names
        self._seed = seed
        self.found: list[Tie] = []

    def lot(self, option: int) -> bytes:
        """Where the lot puts an option; the lowest is first."""
        return hashlib.sha256(f"{self._seed}\n{self._names[option]}".encode()).digest()

    def worst(self, options: Sequence[int], rounds: Sequence[Tally]) -> int:
        """Of options that are equal now, the one that had the fewest votes when they differed."""
        return self._taken(options, rounds, min, lambda options: max(options, key=self.lot))

    def best(self, options: Sequence[int], rounds: Sequence[Tally]) -> int:
        """Of options that are equal now, the one that had the most votes when they differed."""
        return self._taken(options, rounds, max, lambda options: min(options, key=self.lot))

    def _taken(
        self,
        options: Sequence[int],
        rounds: Sequence[Tally],
        pick: Callable[[Sequence[Number]], Number],
        draw: Callable[[Sequence[int]], int],
    ) -> int:
        if len(options) == 1:
            return options[0]
        left = list(options)
        for number, tally in reversed(list(enumerate(rounds, 1))):
            chosen = pick([tally[option] for option in left])
            left = [option for option in left if tally[option] == chosen]
            if len(left) == 1:
                return self._noted(options, left[0], f"round {number}")
        return self._noted(options, draw(left), "lot")

    def _noted(self, options: Sequence[int], taken: int, by: str) -> int:
        self.found.append(Tie(tuple(options), taken, by))
        return taken

    def order(self, tally: Tally) -> list[int]:
        """All options, most votes first; equal ones by the lot."""
        return sorted(tally, key=lambda option: (-tally[option], self.lot(option)))

    def first(self, tally: Tally, seats: int) -> tuple[int, ...]:
        """The options with the most votes; a tie over the last seat is noted."""
        ordered = self.order(tally)
        if 0 < seats < len(ordered) and tally[ordered[seats - 1]] == tally[ordered[seats]]:
            equal = tuple(o for o in ordered if tally[o] == tally[ordered[seats]])
            self.found.append(Tie(equal, ordered[seats - 1], "lot"))
        return tuple(ordered[:seats])


def spelled(number: Number) -> int | str:
    """A number of votes: an int where it is whole, an exact decimal text, else "num/den"."""
    value = Fraction(number)
    if value.denominator == 1:
        return value.numerator
    digits, rest = 0, value.denominator
    while rest % 10 == 0 or rest % 5 == 0 or rest % 2 == 0:
        rest = rest // 10 if rest % 10 == 0 else rest // 5 if rest % 5 == 0 else rest // 2
        digits += 1
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    scaled = value * 10**digits
    whole, part = divmod(abs(scaled.numerator), 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{digits}d}".rstrip("0")
