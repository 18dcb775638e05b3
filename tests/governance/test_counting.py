"""The counting core: exact thresholds, two chambers, margins, and what must hold for any votes."""

from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from governance.counting import (
    ABSTAIN,
    AGAINST,
    CHOICES,
    FOR,
    BallotGroup,
    MotionRules,
    Roll,
    Sums,
    Threshold,
    count_chamber,
    count_motion,
    margin,
    total,
)

SIMPLE = Threshold(1, 2, strict=True)
TWO_THIRDS = Threshold(2, 3, strict=False)
FIFTH = Threshold(1, 5, strict=False)


def passes(yes: int, no: int, abstain: int, heads: int, rules: MotionRules) -> bool:
    roll = Roll("users", heads, heads)
    return count_chamber(roll, Sums(yes, no, abstain, yes + no + abstain), rules).passed


@pytest.mark.parametrize(
    ("threshold", "part", "whole", "met"),
    [
        (TWO_THIRDS, 2, 3, True),
        (Threshold(2, 3, strict=True), 2, 3, False),
        (TWO_THIRDS, 66, 100, False),
        (TWO_THIRDS, 67, 100, True),
        (Threshold(1, 3, strict=False), 3, 10, False),
        (Threshold(1, 3, strict=False), 4, 10, True),
        (SIMPLE, 5, 10, False),
        (Threshold(1, 2, strict=False), 5, 10, True),
        (Threshold(3, 4, strict=True), 6, 8, False),
        (Threshold(3, 4, strict=False), 6, 8, True),
        (Threshold(0, 1, strict=False), 0, 7, True),
        (Threshold(0, 1, strict=True), 0, 7, False),
        (Threshold(1, 1, strict=False), 7, 7, True),
        (Threshold(1, 1, strict=True), 7, 7, False),
    ],
)
def test_a_threshold_is_exact(threshold: Threshold, part: int, whole: int, met: bool) -> None:
    assert threshold.is_met(part, whole) is met
    assert (part >= threshold.needed(whole)) is met


def test_a_threshold_beyond_64_bits_turns_on_a_single_vote() -> None:
    whole = 3 * 10**30
    assert TWO_THIRDS.needed(whole) == 2 * 10**30
    assert TWO_THIRDS.is_met(2 * 10**30, whole)
    assert not TWO_THIRDS.is_met(2 * 10**30 - 1, whole)
    assert not Threshold(1, 2, strict=True).is_met(2**63, 2**64)


@pytest.mark.parametrize("fraction", [(2, 1), (-1, 2), (0, 0)])
def test_what_is_no_share_is_refused(fraction: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no share"):
        Threshold(*fraction, strict=False)


def test_exactly_half_is_a_tie_and_fails() -> None:
    assert not passes(5, 5, 0, 10, MotionRules(SIMPLE))
    assert passes(6, 5, 0, 11, MotionRules(SIMPLE))


def test_when_all_abstain_it_fails_even_at_threshold_zero() -> None:
    assert not passes(0, 0, 10, 10, MotionRules(SIMPLE))
    assert not passes(0, 0, 10, 10, MotionRules(Threshold(0, 1, strict=False)))


def test_an_empty_roll_decides_nothing() -> None:
    result = count_chamber(Roll("owners", 0, 0), Sums(), MotionRules(SIMPLE, FIFTH))
    assert not result.passed
    assert margin(result, MotionRules(SIMPLE, FIFTH)) is None


def test_no_chamber_at_all_decides_nothing() -> None:
    assert not count_motion([], MotionRules(SIMPLE)).passed


def test_the_approval_quorum_counts_the_whole_roll() -> None:
    rules = MotionRules(SIMPLE, FIFTH)
    assert not passes(49, 0, 0, 250, rules)
    assert passes(50, 0, 0, 250, rules)


def test_more_ballots_than_voters_are_refused() -> None:
    with pytest.raises(ValueError, match="more ballots"):
        count_chamber(Roll("users", 2, 2), Sums(2, 1, 0, 3), MotionRules(SIMPLE))


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="not a group"):
        total([BallotGroup("maybe", 1, 1)])


def test_one_chamber_cannot_outvote_the_other() -> None:
    users = (Roll("users", 100, 100), Sums(90, 10, 0, 100))
    owners = (Roll("owners", 3, 3), Sums(1, 2, 0, 3))
    result = count_motion([users, owners], MotionRules(SIMPLE, FIFTH))
    assert not result.passed
    assert result.decided_by == ("R1", "owners")
    assert count_motion([users], MotionRules(SIMPLE, FIFTH)).passed


def test_both_chambers_in_favour_carry_it() -> None:
    pair = [(Roll(name, 4, 4), Sums(3, 1, 0, 4)) for name in ("users", "owners")]
    result = count_motion(pair, MotionRules(SIMPLE, FIFTH))
    assert result.passed
    assert result.decided_by == ("R10", "")


# What holds for any votes -----------------------------------------------------------------

choices = st.sampled_from(CHOICES)
groups = st.lists(
    st.builds(lambda c, n: BallotGroup(c, n, n), choices, st.integers(0, 2**70)), max_size=12
)
fractions = st.tuples(st.integers(0, 12), st.integers(1, 12), st.booleans()).filter(
    lambda t: t[0] <= t[1]
)
thresholds = fractions.map(lambda t: Threshold(*t))
ROOM = 12


@st.composite
def motions(draw: st.DrawFn) -> tuple[int, int, int, int, MotionRules]:
    """Sums with at least one voter who stayed away, and rules R1 + R3."""
    yes, no, abstain = (draw(st.integers(0, ROOM)) for _ in range(3))
    heads = yes + no + abstain + draw(st.integers(1, ROOM))
    return yes, no, abstain, heads, MotionRules(draw(thresholds), draw(thresholds))


@given(groups, st.randoms())
def test_the_order_of_ballots_never_matters(ballots: list[BallotGroup], random: object) -> None:
    shuffled = list(ballots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert total(shuffled) == total(ballots)


@given(groups, st.data())
def test_splitting_a_group_changes_nothing(ballots: list[BallotGroup], data: st.DataObject) -> None:
    split = []
    for group in ballots:
        first = data.draw(st.integers(0, group.weight))
        split.append(BallotGroup(group.choice, first, first))
        split.append(BallotGroup(group.choice, group.heads - first, group.weight - first))
    assert total(split) == total(ballots)


@given(motions())
def test_one_more_yes_never_defeats(motion: tuple[int, int, int, int, MotionRules]) -> None:
    yes, no, abstain, heads, rules = motion
    if passes(yes, no, abstain, heads, rules):
        assert passes(yes + 1, no, abstain, heads, rules)


@given(motions())
def test_one_more_no_or_abstention_never_carries(
    motion: tuple[int, int, int, int, MotionRules],
) -> None:
    yes, no, abstain, heads, rules = motion
    assume(rules.support.num > 0)  # a support of nothing is no support: one ballot would do
    if not passes(yes, no, abstain, heads, rules):
        assert not passes(yes, no + 1, abstain, heads, rules)
        assert not passes(yes, no, abstain + 1, heads, rules)


@given(st.lists(choices, max_size=40), st.integers(0, 40))
def test_votes_and_absences_add_up_to_the_roll(votes: list[str], absent: int) -> None:
    roll = Roll("users", len(votes) + absent, len(votes) + absent)
    sums = total(BallotGroup(choice, 1, 1) for choice in votes)
    result = count_chamber(roll, sums, MotionRules(SIMPLE))
    assert sums.yes + sums.no + sums.abstain + result.not_voting == roll.weight
    assert (sums.yes, sums.no, sums.abstain) == tuple(
        votes.count(choice) for choice in (FOR, AGAINST, ABSTAIN)
    )


def fewest_changes(yes: int, no: int, abstain: int, heads: int, rules: MotionRules) -> int | None:
    """The margin by trying every other way the same roll could have voted."""
    before = passes(yes, no, abstain, heads, rules)
    was = (yes, no, abstain, heads - yes - no - abstain)
    least = None
    for y, o, a in product(range(heads + 1), repeat=3):
        if y + o + a > heads or passes(y, o, a, heads, rules) == before:
            continue
        now = (y, o, a, heads - y - o - a)
        changed = sum(max(n - w, 0) for n, w in zip(now, was, strict=True))
        least = changed if least is None else min(least, changed)
    return least


@given(
    st.tuples(*[st.integers(0, 3)] * 4),
    thresholds,
    st.none() | thresholds,
    st.none() | thresholds,
)
def test_the_margin_is_the_fewest_votes_that_turn_it(
    votes: tuple[int, int, int, int],
    support: Threshold,
    approval: Threshold | None,
    participation: Threshold | None,
) -> None:
    yes, no, abstain, absent = votes
    heads = sum(votes)
    rules = MotionRules(support, approval, participation)
    roll = Roll("users", heads, heads)
    result = count_chamber(roll, Sums(yes, no, abstain, heads - absent), rules)
    assert margin(result, rules) == fewest_changes(yes, no, abstain, heads, rules)
