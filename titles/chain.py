"""Which titles units are taken from, and what was paid in for them. No Django, no database."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """A live title: its row's id, its units, and the cents that were paid in for them."""

    pk: int
    units: int
    capital: int


@dataclass(frozen=True)
class Part:
    """Units of one title that go on together, with what was paid in for them."""

    pk: int
    units: int
    capital: int


def take(held: Sequence[Held], units: int) -> tuple[list[Part], Part | None]:
    """So many units from titles in the order given: the parts that go, and what stays of the last.

    What was paid in goes with the units: a title that is divided divides it by units, rounded
    down for the part that goes. Raises ValueError where the titles hold too few.
    """
    parts: list[Part] = []
    for title in held:
        if not units:
            break
        taken = min(units, title.units)
        parts.append(Part(title.pk, taken, title.capital * taken // title.units))
        units -= taken
    if units:
        raise ValueError("the titles hold too few units")
    return parts, _rest(held[len(parts) - 1], parts[-1]) if parts else None


def _rest(title: Held, part: Part) -> Part | None:
    left = title.units - part.units
    return Part(title.pk, left, title.capital - part.capital) if left else None


def deal(parts: Sequence[Part], counts: Sequence[int]) -> list[list[Part]]:
    """The parts dealt out to takers of so many units each, in order; exact in units and cents.

    Raises ValueError where the counts do not sum to the units of the parts.
    """
    if sum(counts) != sum(part.units for part in parts):
        raise ValueError("the takers do not take what is given")
    left, dealt = list(parts), []
    for count in counts:
        mine, rest = take([Held(p.pk, p.units, p.capital) for p in left], count)
        dealt.append(mine)
        used = len(mine)
        left = ([rest] if rest else []) + left[used:]
    return dealt
