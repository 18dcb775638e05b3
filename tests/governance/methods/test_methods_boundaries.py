"""The boundaries that governance.md lists, and those of the other kinds of decision."""

import pytest

from governance.counting import MotionRules, Roll, Threshold
from governance.counting.deciding import decide
from governance.counting.question import Group, Votes
from tests.governance.methods.made import (
    FIFTH,
    KINDS,
    PEOPLE,
    SIMPLE,
    WORDS,
    in_words,
    question,
    votes,
)

TWO_THIRDS = Threshold(2, 3, strict=False)


def passes(yes: int, no: int, heads: int, support: Threshold, approval: Threshold) -> bool:
    asked = question("motion", rules=MotionRules(support, approval))
    return decide(asked, [in_words(yes, no, 0, heads)]).passed


NO_QUORUM = Threshold(0, 1, strict=False)


def test_boundary_two_thirds_of_three() -> None:
    assert passes(2, 1, 3, TWO_THIRDS, NO_QUORUM)
    assert not passes(2, 1, 3, Threshold(2, 3, strict=True), NO_QUORUM)
    assert not passes(1, 1, 3, TWO_THIRDS, NO_QUORUM)


def test_boundary_a_third_of_ten() -> None:
    third = Threshold(1, 3, strict=False)
    assert not passes(3, 0, 10, SIMPLE, third)
    assert passes(4, 0, 10, SIMPLE, third)


def test_boundary_exactly_half() -> None:
    assert not passes(5, 5, 10, SIMPLE, NO_QUORUM)
    assert passes(5, 5, 10, Threshold(1, 2, strict=False), NO_QUORUM)
    assert passes(6, 5, 11, SIMPLE, NO_QUORUM)


@pytest.mark.parametrize("kind", KINDS)
def test_boundary_all_abstain(kind: str) -> None:
    blank = {"score": {}, "motion": "abstain", "consent": "abstain"}.get(kind, [])
    counted = decide(question(kind), [votes([blank] * 7, 7)])
    assert not counted.passed
    assert counted.winners == ()
    assert counted.chambers[0].sums.abstain == 7


@pytest.mark.parametrize("kind", KINDS)
def test_boundary_empty_roll(kind: str) -> None:
    empty = Votes(Roll("users", 0, 0), ())
    assert not decide(question(kind), [empty]).passed
    assert not decide(question(kind), []).passed


def test_boundary_a_roll_beyond_two_to_the_63() -> None:
    n = 2**63 + 2
    half, one_more = n // 2, n // 2 + 1
    roll = Roll("users", n, n)
    tie = Votes(roll, (Group("for", half, half), Group("against", half, half)))
    won = Votes(roll, (Group("for", one_more, one_more), Group("against", half - 1, half - 1)))
    assert not decide(question("motion"), [tie]).passed
    assert decide(question("motion"), [won]).passed
    ranked = Votes(
        roll, (Group([["b"]], one_more, one_more), Group([["keep"]], half - 1, half - 1))
    )
    assert decide(question("ranked"), [ranked]).winners == ("b",)


def test_boundary_threshold_zero_and_one() -> None:
    zero, one = Threshold(0, 1, strict=False), Threshold(1, 1, strict=False)
    assert passes(0, 1, 3, zero, zero)
    assert not passes(0, 0, 3, zero, zero)
    assert passes(3, 0, 3, one, one)
    assert not passes(2, 0, 3, one, one)
    assert not passes(2, 1, 3, one, zero)


def test_boundary_a_body_of_eight_at_three_to_one() -> None:
    strict, enough = Threshold(3, 4, strict=True), Threshold(3, 4, strict=False)
    assert not passes(6, 2, 8, strict, NO_QUORUM)
    assert passes(6, 2, 8, enough, NO_QUORUM)
    assert passes(7, 1, 8, strict, NO_QUORUM)


def test_boundary_an_option_is_accepted_by_r1_and_r3() -> None:
    keep, b, a = [["keep"], ["b"]], [["b"], ["keep"]], [["a"], ["keep"]]
    assert decide(question("ranked"), [votes([b, b, keep], 3)]).winners == ("b",)
    tied = decide(question("ranked"), [votes([b, keep], 2)])
    assert (tied.passed, tied.decided_by) == (False, ("R1", "users"))
    few = decide(question("ranked"), [votes([a], 6)])
    assert (few.passed, few.decided_by) == (False, ("R3", "users"))
    assert decide(question("ranked"), [votes([a], 5)]).winners == ("a",)


def test_boundary_what_is_not_ranked_is_last_and_ties_there() -> None:
    counted = decide(question("ranked"), [votes([[["a"]], [["a"]], [["b"]]], 3)])
    assert counted.winners == ("a",)
    assert counted.details["users"]["pairwise"]["c"]["keep"] == 0


def test_boundary_square_root_quorum_of_sixteen() -> None:
    # 4·V² >= 9·16 from V = 6 on
    asked = question("ranked", square_root=True)
    assert not decide(asked, [votes([[["a"]]] * 5, 16)]).passed
    assert decide(asked, [votes([[["a"]]] * 6, 16)]).winners == ("a",)


def test_boundary_chambers_that_accept_different_options_keep_things_as_they_are() -> None:
    users, owners = votes([[["a"]]] * 3, 3), votes([[["b"]]] * 3, 3, "owners")
    assert not decide(question("ranked"), [users, owners]).passed


def test_boundary_among_what_both_chambers_accept_users_rank_first() -> None:
    users = votes([[["a"], ["b"]]] * 2 + [[["b"], ["a"]]], 3)
    owners = votes([[["b"], ["a"]]] * 3, 3, "owners")
    assert decide(question("ranked"), [users, owners]).winners == ("a",)
    assert decide(question("ranked"), [owners]).winners == ("b",)


def test_boundary_consent_without_objection_needs_one_who_consents() -> None:
    asked = question("consent")
    assert decide(asked, [votes(["consent"], 100)]).decided_by == ("R21", "")
    assert not decide(asked, [votes(["abstain"], 100)]).passed


def test_boundary_a_consent_with_an_open_objection_goes_to_r1_and_r3() -> None:
    asked = question("consent", objections=1)
    assert not decide(asked, [votes(["consent"], 100)]).passed
    assert decide(asked, [votes(["consent"] * 20 + ["object"] * 19, 100)]).passed
    assert not decide(asked, [votes(["consent"] * 20 + ["object"] * 20, 100)]).passed


def test_boundary_users_alone_need_two_thirds_with_r3() -> None:
    owners = in_words(0, 3, 0, 3, "owners")
    asked = question("motion", users_alone=TWO_THIRDS)
    alone = decide(asked, [in_words(4, 2, 0, 20), owners])
    assert (alone.passed, alone.decided_by) == (True, ("R11", "users"))
    assert not decide(asked, [in_words(5, 3, 0, 20), owners]).passed
    assert not decide(asked, [in_words(3, 0, 0, 20), owners]).passed
    assert not decide(question("motion"), [in_words(4, 2, 0, 20), owners]).passed


def test_boundary_owners_alone_never_carry_what_users_refuse() -> None:
    asked = question("motion", users_alone=TWO_THIRDS)
    rooms = [in_words(0, 3, 0, 3), in_words(3, 0, 0, 3, "owners")]
    assert not decide(asked, rooms).passed


def test_boundary_more_seats_than_candidates_elects_them_all() -> None:
    counted = decide(question("stv", seats=9), [votes([[["m1"], ["m2"]]], 4)])
    assert set(counted.winners) == set(PEOPLE)


def test_boundary_a_tie_is_decided_by_the_lot_and_told() -> None:
    said = [[["m1"]], [["m2"]]]
    winners = {decide(question("irv", seed=seed), [votes(said, 2)]).winners for seed in "abcdefgh"}
    assert winners == {("m1",), ("m2",)}
    ties = decide(question("irv"), [votes(said, 2)]).details["users"]["ties"]
    assert ties[-1]["by"] == "lot"
    assert set(ties[-1]["options"]) == {"m1", "m2"}


@pytest.mark.parametrize("kind", KINDS)
def test_boundary_more_ballots_than_voters_are_refused(kind: str) -> None:
    one = {"approval": ["m1"], "score": {"m1": 1}, "ranked": [["a"]]}.get(
        kind, WORDS[kind][0] if kind in WORDS else [["m1"]]
    )
    with pytest.raises(ValueError, match="more ballots than voters"):
        decide(question(kind), [votes([one, one], 1)])


def test_boundary_approval_asks_for_the_quorum() -> None:
    assert not decide(question("approval"), [votes([["m1"]], 6)]).passed
    assert decide(question("approval"), [votes([["m1"]], 5)]).winners == ("m1",)
    assert FIFTH.is_met(1, 5)
