"""Delegations: the final graph decides, loops end, and no weight counts twice."""

from hypothesis import given
from hypothesis import strategies as st

from governance.counting.delegation import NOBODY, Caps, Lost, Resolution, resolve
from governance.counting.threshold import Threshold

TENTH = Threshold(1, 10, strict=False)


def plain(voted: str, named: list[int], caps: Caps | None = None) -> Resolution:
    """`voted` has an x for each row that cast a ballot; everybody weighs one."""
    return resolve([sign == "x" for sign in voted], named, [1] * len(voted), caps)


def test_a_walk_ends_at_the_first_direct_ballot() -> None:
    found = plain("..x.x", [1, 2, 4, NOBODY, NOBODY])
    assert found.speaker == [2, 2, 2, NOBODY, 4]
    assert found.carried == {2: 2} and found.lost == {}


def test_a_direct_ballot_overrides_what_was_delegated() -> None:
    assert plain("x.x", [2, 0, 0]).speaker == [0, 0, 2]


def test_a_walk_into_silence_or_around_counts_as_not_voting() -> None:
    found = plain("....x", [1, NOBODY, 3, 2, NOBODY])
    assert found.speaker == [NOBODY] * 4 + [4]
    assert found.lost == {0: Lost.END, 2: Lost.LOOP, 3: Lost.LOOP}


def test_who_leads_into_a_loop_is_lost_with_it() -> None:
    found = plain("....", [1, 2, 1, 0])
    assert found.lost == dict.fromkeys(range(4), Lost.LOOP)


def test_a_loop_of_one_is_a_loop() -> None:
    assert plain(".", [0]).lost == {0: Lost.LOOP}


def test_over_five_the_farthest_return_to_not_voting() -> None:
    named = [7, 7, 7, 7, 7, 0, 1, NOBODY, NOBODY]
    found = plain(".......x.", named, Caps(heads=5))
    assert found.carried == {7: 5}
    assert found.lost == {5: Lost.CAP, 6: Lost.CAP}


def test_a_tenth_of_the_chamber_is_the_most_that_is_carried() -> None:
    size = 40
    voted = "x" + "." * (size - 1)
    found = plain(voted, [NOBODY, *[0] * (size - 1)], Caps(share=TENTH))
    assert found.carried == {0: 4} and len(found.lost) == 35


def test_whoever_weighs_more_than_is_left_ends_the_row() -> None:
    found = resolve(
        [True, False, False],
        [NOBODY, 0, 0],
        [60, 30, 10],
        Caps(share=Threshold(1, 4, strict=False)),
    )
    assert found.carried == {0: 0} and set(found.lost) == {1, 2}


graphs = st.integers(1, 30).flatmap(
    lambda size: st.tuples(
        st.lists(st.booleans(), min_size=size, max_size=size),
        st.lists(st.integers(NOBODY, size - 1), min_size=size, max_size=size),
        st.lists(st.integers(0, 2**70), min_size=size, max_size=size),
        st.none() | st.integers(0, 4),
        st.permutations(range(size)),
    )
)
Graph = tuple[list[bool], list[int], list[int], int | None, list[int]]


def walk(voted: list[bool], named: list[int], row: int) -> int:
    """The plain way: as many steps as there are rows, then it is a loop."""
    for _ in named:
        if voted[row]:
            return row
        if named[row] == NOBODY:
            return NOBODY
        row = named[row]
    return row if voted[row] else NOBODY


@given(graphs)
def test_delegation_agrees_with_walking_and_terminates(graph: Graph) -> None:
    voted, named, weights, _, _ = graph
    found = resolve(voted, named, weights)
    assert list(found.speaker) == [walk(voted, named, row) for row in range(len(named))]


@given(graphs)
def test_no_weight_counts_twice_and_none_is_lost_unseen(graph: Graph) -> None:
    voted, named, weights, heads, _ = graph
    found = resolve(voted, named, weights, Caps(heads, TENTH))
    own = sum(weight for weight, cast in zip(weights, voted, strict=True) if cast)
    silent = sum(w for w, end in zip(weights, found.speaker, strict=True) if end == NOBODY)
    assert own + sum(found.carried.values()) + silent == sum(weights)
    for row, end in enumerate(found.speaker):
        if not voted[row] and named[row] != NOBODY:
            assert (end == NOBODY) == (row in found.lost)
    assert all(10 * more <= sum(weights) for more in found.carried.values())


@given(graphs)
def test_delegation_is_the_same_in_any_order_of_the_roll(graph: Graph) -> None:
    voted, named, weights, _, order = graph
    place = {row: at for at, row in enumerate(order)}
    moved = resolve(
        [voted[row] for row in order],
        [NOBODY if named[row] == NOBODY else place[named[row]] for row in order],
        [weights[row] for row in order],
    )
    found = resolve(voted, named, weights)
    for row, end in enumerate(found.speaker):
        assert moved.speaker[place[row]] == (NOBODY if end == NOBODY else place[end])
        assert moved.lost.get(place[row]) == found.lost.get(row)
