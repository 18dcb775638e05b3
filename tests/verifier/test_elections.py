"""The auditor's count against the site's, written apart: thousands of small elections."""

import random

import pytest

from coop_verify import elections
from coop_verify.elections import Lot
from coop_verify.outcomes import Asked, Room, Spoken, decide
from governance.counting.methods import count
from governance.counting.ranked import Election

NAMES = ("a", "b", "c", "d", "e")


def made_up(seed: int) -> tuple[Election, list[elections.Ballot]]:
    """Few voters, so that ties are many; equal and missing ranks among them."""
    chance = random.Random(seed)
    names = NAMES[: chance.randint(2, 5)]
    said: dict[tuple[tuple[int, ...], ...], int] = {}
    for _ in range(chance.randint(1, 12)):
        order = chance.sample(range(len(names)), chance.randint(1, len(names)))
        ranks: list[tuple[int, ...]] = [(option,) for option in order]
        if len(ranks) > 1 and chance.random() < 0.3:
            ranks[-2:] = [tuple(sorted(order[-2:]))]
        said[tuple(ranks)] = said.get(tuple(ranks), 0) + chance.randint(1, 4)
    ballots = [
        (tuple(tuple(names[o] for o in rank) for rank in ranks), number)
        for ranks, number in said.items()
    ]
    return Election(names, said), ballots


def site(method: str, election: Election, seats: int, seed: str) -> list[str]:
    outcome = count(method, election, seats=seats, seed=seed)
    return [election.names[option] for option in outcome.winners]


@pytest.mark.parametrize("start", range(0, 2000, 500))
def test_both_counts_elect_the_same(start: int) -> None:
    for number in range(start, start + 500):
        election, ballots = made_up(number)
        names, seed = election.names, f"seed {number}"
        lot, seats = Lot(seed), 1 + number % (len(election.names) - 1)
        pairs = elections.pairwise(ballots, names)
        assert site("irv", election, 1, seed) == elections.irv(ballots, names, lot), number
        assert site("scottish-stv", election, seats, seed) == elections.stv(
            ballots, names, seats, lot
        ), number
        assert site("schulze", election, 1, seed) == elections.schulze_order(
            pairs, names, 1, lot
        ), number
        assert site("approval", election, seats, seed) == elections.highest(
            elections.approval(ballots, names), seats, lot
        ), number


def test_scores_are_added_up_alike() -> None:
    tally = elections.score([({"a": 3, "b": 5}, 2), ({"b": 1}, 1)], ("a", "b", "c"))
    assert tally == {"a": 6, "b": 11, "c": 0}
    assert elections.highest(tally, 2, Lot("")) == ["b", "a"]


def test_users_alone_carry_a_consent_too_once_there_is_an_objection() -> None:
    terms = {"support": [1, 2, True], "approval": [1, 5, False], "users_alone": [2, 3, False]}
    for objections, passed in ((1, True), (0, False)):
        asked = Asked("consent", (), 1, terms, "", objections, users_alone=True)
        users = Room("users", 3, 3, [Spoken("consent", 1), Spoken("consent", 1)])
        owners = Room("owners", 2, 2, [Spoken("object", 1)])
        assert decide(asked, [users, owners]) == (passed, [])
