"""Units leave titles whole or in parts, exact in units and cents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titles.chain import Held, deal, take

TITLES = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**12)), min_size=1, max_size=8)


def held(titles: list[tuple[int, int]]) -> list[Held]:
    return [Held(pk, units, capital) for pk, (units, capital) in enumerate(titles, 1)]


@given(TITLES, st.data())
def test_what_goes_and_what_stays_are_what_there_was(
    titles: list[tuple[int, int]], data: st.DataObject
) -> None:
    units = data.draw(st.integers(1, sum(u for u, _c in titles)))
    parts, rest = take(held(titles), units)
    kept = held(titles)[len(parts) :]
    assert sum(p.units for p in parts) == units
    stays = [*kept, *([rest] if rest else [])]
    assert units + sum(t.units for t in stays) == sum(u for u, _c in titles)
    assert sum(p.capital for p in parts) + sum(t.capital for t in stays) == sum(
        c for _u, c in titles
    )


@given(TITLES, st.data())
def test_takers_get_their_units_and_all_of_what_was_paid_in(
    titles: list[tuple[int, int]], data: st.DataObject
) -> None:
    total = sum(u for u, _c in titles)
    first = data.draw(st.integers(0, total))
    parts, _rest = take(held(titles), total)
    dealt = deal(parts, [first, total - first])
    assert [sum(p.units for p in mine) for mine in dealt] == [first, total - first]
    assert sum(p.capital for mine in dealt for p in mine) == sum(c for _u, c in titles)


def test_more_than_there_is_cannot_be_taken() -> None:
    with pytest.raises(ValueError, match="too few"):
        take(held([(3, 300)]), 4)
    with pytest.raises(ValueError, match="too few"):
        take([], 1)
