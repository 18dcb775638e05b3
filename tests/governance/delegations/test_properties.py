"""What holds of every resolution, whoever named whom and whoever voted (R12, R13)."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from governance.counting.delegation import Caps
from governance.counting.threshold import Threshold
from governance.delegations.in_force import Word
from governance.delegations.resolve import Fate, Roll, fates_on

AT = datetime(2026, 1, 1, tzinfo=UTC)
OUTSIDE = 10_000
"""a member who is not on the roll"""
Case = tuple[Roll, dict[int, Word], Caps]


@st.composite
def cases(draw: st.DrawFn, least: int = 1) -> Case:
    """A roll, who of it voted, who named whom as what, and caps."""
    size = draw(st.integers(least, 14))
    members = draw(st.permutations(range(100, 100 + size)))
    people = st.sampled_from([*members, OUTSIDE])
    named = draw(st.dictionaries(st.sampled_from(members), st.tuples(people, st.booleans())))
    words = {
        giver: Word(giver, giver, holder, proxy, '"for"' if proxy else None, AT)
        for giver, (holder, proxy) in named.items()
        if giver != holder
    }
    heads = draw(st.none() | st.integers(0, size))
    share = draw(st.none() | st.integers(0, 10).map(lambda n: Threshold(n, 10, strict=False)))
    voted = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    weights = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    return roll_of(members, weights, voted), words, Caps(heads, share)


def roll_of(members: list[int], weights: list[int], voted: list[bool]) -> Roll:
    """A roll whose rows are the members' ids negated."""
    return Roll([-member for member in members], list(members), list(weights), list(voted))


def by_member(fates: list[Fate]) -> dict[int, tuple[int | None, str]]:
    """Who speaks for whom, or why nobody does."""
    return {fate.member: (fate.through, fate.lost) for fate in fates}


@given(cases())
def test_delegation_weight_is_never_counted_twice_proxy_direct_and_delegate(case: Case) -> None:
    roll, words, caps = case
    fates = list(fates_on(roll, words, caps))
    voted = {m for m, cast in zip(roll.members, roll.voted, strict=True) if cast}
    assert len({fate.row for fate in fates}) == len(fates)
    assert voted.isdisjoint(fate.member for fate in fates)
    assert all(fate.through is None or -fate.through in voted for fate in fates)
    weight = dict(zip(roll.rows, roll.weights, strict=True))
    counted = sum(weight[-m] for m in voted)
    counted += sum(weight[fate.row] for fate in fates if fate.through is not None)
    lost = sum(weight[fate.row] for fate in fates if fate.through is None)
    named_nobody = {*roll.members} - voted - {*words}
    assert counted + lost + sum(weight[-m] for m in named_nobody) == sum(roll.weights)


@given(cases())
def test_every_fate_has_a_speaker_or_a_reason_and_never_both(case: Case) -> None:
    roll, words, caps = case
    for fate in fates_on(roll, words, caps):
        assert (fate.through is None) == (fate.lost in {"end", "loop", "cap", "barred"})
        assert fate.bound is None or fate.through is not None


@given(cases(), st.randoms(use_true_random=False))
def test_delegation_resolution_is_independent_of_cast_order(case: Case, luck: object) -> None:
    roll, words, caps = case
    shuffled = list(words)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    again = {giver: words[giver] for giver in shuffled}
    assert list(fates_on(roll, again, caps)) == list(fates_on(roll, words, caps))


@given(cases(), st.randoms(use_true_random=False))
def test_without_caps_the_order_of_the_roll_does_not_matter_either(
    case: Case, luck: object
) -> None:
    roll, words, _caps = case
    places = list(range(len(roll.rows)))
    luck.shuffle(places)  # type: ignore[attr-defined]
    moved = Roll(
        [roll.rows[p] for p in places],
        [roll.members[p] for p in places],
        [roll.weights[p] for p in places],
        [roll.voted[p] for p in places],
    )
    before, after = fates_on(roll, words, Caps()), fates_on(moved, words, Caps())
    assert by_member(list(before)) == by_member(list(after))


@given(st.integers(2, 3000), st.integers(0, 50))
def test_delegation_cycle_of_any_length_terminates(length: int, tail: int) -> None:
    size = length + tail
    ring = {m: Word(m, m, (m + 1) % length, False, None, AT) for m in range(length)}
    line = {m: Word(m, m, m - 1, False, None, AT) for m in range(length, size)}
    roll = roll_of(list(range(size)), [1] * size, [False] * size)
    fates = list(fates_on(roll, ring | line, Caps()))
    assert [fate.lost for fate in fates] == ["loop"] * size
    cast = replace(roll, voted=[True] + [False] * (size - 1))
    assert all(fate.through == 0 for fate in fates_on(cast, ring | line, Caps()))


@given(cases())
def test_nobody_speaks_for_more_than_the_caps_allow(case: Case) -> None:
    roll, words, caps = case
    weight = dict(zip(roll.rows, roll.weights, strict=True))
    spoken: dict[int, list[int]] = {}
    for fate in fates_on(roll, words, caps):
        if fate.through is not None:
            spoken.setdefault(fate.through, []).append(weight[fate.row])
    for weights in spoken.values():
        assert caps.heads is None or len(weights) <= caps.heads
        if caps.share is not None:
            assert caps.share.den * sum(weights) <= caps.share.num * sum(roll.weights)
