"""Rankings as people write them: a number beside each option, or one step up or down.

A ranking is a list of ranks, best first; a rank is a list of option ids. Who stands in no rank is
not ranked. Pure functions: nothing here knows a vote.
"""

from collections.abc import Iterable, Mapping, Sequence

Ranks = list[list[str]]
UP, DOWN = "up", "down"


def ranks_from(numbers: Mapping[str, int | None]) -> Ranks:
    """The ranks that numbers give: the lowest is best, equal ones share a rank, gaps are none.

    Within a rank options stand in the order of their ids.
    """
    used = sorted({number for number in numbers.values() if number is not None})
    return [sorted(o for o, number in numbers.items() if number == rank) for rank in used]


def numbers_of(ranks: Ranks, options: Iterable[str]) -> dict[str, int | None]:
    """Each option with the number of its rank from 1, or None where it is not ranked."""
    places = {option: place for place, rank in enumerate(ranks, 1) for option in rank}
    return {option: places.get(option) for option in options}


def in_order(ranks: Ranks, options: Sequence[str]) -> list[str]:
    """All options: the ranked ones best first, then the others as they are listed."""
    ranked = [option for rank in ranks for option in rank]
    return ranked + [option for option in options if option not in ranked]


def moved(ranks: Ranks, option: str, way: str) -> Ranks:
    """The ranking with one option a step up or down.

    Out of a shared rank it comes to stand right before or after the others; else it changes
    places with the next rank. Who was not ranked comes last; the last one downwards is not
    ranked any more.
    """
    place = next((n for n, rank in enumerate(ranks) if option in rank), None)
    if place is None:
        return [*ranks, [option]] if way == UP else ranks
    others = [o for o in ranks[place] if o != option]
    before, after = ranks[:place], ranks[place + 1 :]
    if others:
        pair = [[option], others] if way == UP else [others, [option]]
        return [*before, *pair, *after]
    if way == UP:
        return [*before[:-1], [option], *before[-1:], *after]
    return [*before, *after[:1], [option], *after[1:]] if after else before
