"""Rankings as people write them."""

from hypothesis import given
from hypothesis import strategies as st

from governance.ranking import moved, numbers_of, ranks_from

OPTIONS = ["a", "b", "c", "keep"]
NUMBERS = st.fixed_dictionaries(dict.fromkeys(OPTIONS, st.none() | st.integers(1, 6)))


def test_numbers_give_ranks_and_gaps_are_none() -> None:
    assert ranks_from({"a": 2, "b": 7, "c": 2, "keep": None}) == [["a", "c"], ["b"]]
    assert ranks_from(dict.fromkeys(OPTIONS)) == []


@given(NUMBERS)
def test_numbers_and_ranks_say_the_same(numbers: dict[str, int | None]) -> None:
    ranks = ranks_from(numbers)
    again = numbers_of(ranks, OPTIONS)
    assert ranks_from(again) == ranks
    assert [o for o in OPTIONS if again[o] is None] == [o for o in OPTIONS if numbers[o] is None]


@given(NUMBERS, st.sampled_from(OPTIONS), st.sampled_from(["up", "down"]))
def test_a_step_moves_one_option_and_leaves_the_order_of_the_others(
    numbers: dict[str, int | None], option: str, way: str
) -> None:
    before = ranks_from(numbers)
    after = moved(before, option, way)
    others = [[o for o in rank if o != option] for rank in before]
    kept = [[o for o in rank if o != option] for rank in after]
    assert [rank for rank in kept if rank] == [rank for rank in others if rank]
    assert all(rank for rank in after)


def test_steps_up_and_down_one_by_one() -> None:
    assert moved([], "b", "up") == [["b"]]
    assert moved([["b"]], "a", "up") == [["b"], ["a"]]
    assert moved([["b"], ["a"]], "a", "up") == [["a"], ["b"]]
    assert moved([["a"], ["b"]], "a", "up") == [["a"], ["b"]]
    assert moved([["a", "b"]], "b", "up") == [["b"], ["a"]]
    assert moved([["a", "b"]], "b", "down") == [["a"], ["b"]]
    assert moved([["a"], ["b"]], "b", "down") == [["a"]]
    assert moved([["a"]], "c", "down") == [["a"]]


@given(NUMBERS, st.sampled_from(OPTIONS))
def test_enough_steps_up_put_any_option_first(numbers: dict[str, int | None], option: str) -> None:
    ranks = ranks_from(numbers)
    for _step in range(2 * len(OPTIONS)):
        ranks = moved(ranks, option, "up")
    assert ranks[0] == [option]
