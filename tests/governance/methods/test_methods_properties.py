"""What must hold for any votes of any kind (governance.md, properties)."""

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.counting import MotionRules, Roll
from governance.counting.deciding import decide, outcome
from governance.counting.question import Counted, Group, Votes
from tests.governance.methods.made import KINDS, answers, cast, in_words, question, votes

ANY_KIND = st.sampled_from(KINDS)
FEW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def of(kind: str, said: list[Any], heads: int = 20, **changes: Any) -> Counted:
    return outcome(question(kind, **changes), [votes(said, heads)])


@FEW
@given(st.data())
def test_property_order_of_ballots_and_of_options_never_matters(data: st.DataObject) -> None:
    kind = data.draw(ANY_KIND)
    said = data.draw(cast(kind))
    asked = question(kind)
    other = data.draw(st.permutations(said))
    options = tuple(data.draw(st.permutations(asked.options)))
    first, second = of(kind, said), of(kind, other)
    assert (first.passed, first.winners, first.chambers) == (
        second.passed,
        second.winners,
        second.chambers,
    )
    third = of(kind, other, options=options)
    assert (first.passed, first.winners) == (third.passed, third.winners)


@FEW
@given(st.data())
def test_property_splitting_a_ballot_group_changes_nothing(data: st.DataObject) -> None:
    kind = data.draw(ANY_KIND)
    answer, others = data.draw(answers(kind)), data.draw(cast(kind))
    size, part = data.draw(st.integers(2, 6)), data.draw(st.integers(1, 5))
    part = min(part, size - 1)
    roll = Roll("users", 40, 40)
    rest = tuple(Group(one, 1, 1) for one in others)
    whole = Votes(roll, (Group(answer, size, size), *rest))
    split = Votes(roll, (Group(answer, part, part), *rest, Group(answer, size - part, size - part)))
    asked = question(kind)
    assert decide(asked, [whole]) == decide(asked, [split])


@FEW
@given(st.data())
def test_property_permuting_members_leaves_counts(data: st.DataObject) -> None:
    kind = data.draw(ANY_KIND)
    weighted = data.draw(st.lists(st.tuples(answers(kind), st.integers(1, 4)), max_size=10))
    order = data.draw(st.randoms(use_true_random=False))
    assert weighed(kind, weighted) == weighed(kind, shuffled(weighted, order))


def weighed(kind: str, ballots: list[tuple[Any, int]]) -> tuple[Any, ...]:
    groups = tuple(Group(answer, 1, weight) for answer, weight in ballots)
    counted = outcome(question(kind), [Votes(Roll("users", 40, 200), groups)])
    return counted.passed, counted.winners, counted.chambers


def shuffled(ballots: list[Any], order: random.Random) -> list[Any]:
    copy = list(ballots)
    order.shuffle(copy)
    return copy


@FEW
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_property_adding_a_yes_never_defeats(yes: int, no: int, abstain: int, away: int) -> None:
    heads = yes + no + abstain + away + 1
    before = outcome(question("motion"), [in_words(yes, no, abstain, heads)])
    after = outcome(question("motion"), [in_words(yes + 1, no, abstain, heads)])
    assert after.passed or not before.passed


@FEW
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_property_adding_a_no_or_abstain_never_passes(
    yes: int, no: int, abstain: int, away: int
) -> None:
    heads = yes + no + abstain + away + 1
    before = outcome(question("motion"), [in_words(yes, no, abstain, heads)])
    for more in ((yes, no + 1, abstain), (yes, no, abstain + 1)):
        after = outcome(question("motion"), [in_words(*more, heads)])
        assert before.passed or not after.passed


def test_property_participation_alone_does_let_a_no_pass_a_motion() -> None:
    rules = MotionRules(question("motion").rules.support, None, question("motion").rules.approval)
    asked = question("motion", rules=rules)
    assert not outcome(asked, [in_words(2, 0, 0, 15)]).passed
    assert outcome(asked, [in_words(2, 1, 0, 15)]).passed


@FEW
@given(st.data())
def test_property_one_more_first_place_never_defeats_a_ranked_motion(data: st.DataObject) -> None:
    said = data.draw(cast("ranked"))
    before = of("ranked", said)
    if before.winners:
        after = of("ranked", [*said, [[before.winners[0]]]])
        assert after.winners == before.winners


@FEW
@given(st.data())
def test_property_sums_and_not_voting_are_the_whole_in_every_chamber(data: st.DataObject) -> None:
    kind = data.draw(ANY_KIND)
    rooms = [votes(data.draw(cast(kind)), 20, name) for name in ("users", "owners")]
    for chamber in outcome(question(kind), rooms).chambers:
        sums = chamber.sums
        assert sums.yes + sums.no + sums.abstain + chamber.not_voting == chamber.roll.weight


@FEW
@given(st.data())
def test_property_the_margin_is_enough(data: st.DataObject) -> None:
    from governance.counting.turning import with_ballots_for

    kind = data.draw(st.sampled_from(("ranked", "approval", "score", "irv", "stv")))
    asked, room = question(kind), votes(data.draw(cast(kind, 8)), 10)
    counted = decide(asked, [room])
    margin = counted.details["users"]["margin"]
    rivals = [option for option in asked.options if option not in counted.winners]
    turned = [outcome(asked, [with_ballots_for(asked, room, r, margin or 0)]) for r in rivals]
    changed = [(c.passed, set(c.winners)) != (counted.passed, set(counted.winners)) for c in turned]
    assert margin is None or any(changed)


@FEW
@given(st.data())
def test_property_no_chamber_is_ever_outvoted(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(("motion", "ranked", "approval")))
    users, owners = (data.draw(cast(kind)) for _chamber in range(2))
    both = outcome(question(kind), [votes(users, 20), votes(owners, 20, "owners")])
    each = [outcome(question(kind), [votes(said, 20)]) for said in (users, owners)]
    if both.passed:
        assert all(counted.passed for counted in each)
