"""Public rolls give away nobody: their order has nothing to do with the register."""

import pytest

from governance import roll
from governance.models import RollRow
from governance.terms import OWNERS, USERS
from tests.governance.votes import make_town, open_motion
from tests.makers import buy, make_member

VOTERS = [roll.Voter(number, f"{number:032x}", 1) for number in range(1, 61)]


def test_shuffling_loses_nobody_and_never_gives_the_order_of_the_register() -> None:
    first, second = roll.shuffled(VOTERS), roll.shuffled(VOTERS)
    assert set(first) == set(second) == set(VOTERS)
    assert len(first) == len(VOTERS)
    assert first != VOTERS
    assert first != second


@pytest.mark.django_db(transaction=True)
def test_the_order_of_a_frozen_roll_is_independent_of_numbers_votes_and_chambers() -> None:
    names = [f"member{n:02}" for n in range(20)]
    town = make_town()
    for name in names:
        town.members[name] = make_member(name)
        buy(town.members[name], town.pool, 1)
    votes = [open_motion(town).pk for _twice in range(2)]
    orders = [order_of(vote, chamber) for vote in votes for chamber in (USERS, OWNERS)]
    assert [len(order) for order in orders] == [24, 22, 24, 22]
    assert not any(order == sorted(order) for order in orders)
    owners = [[n for n in order if n in orders[1]] for order in orders]
    assert len({tuple(order) for order in owners}) == len(owners)


def order_of(proposal: int, chamber: str) -> list[int]:
    """Members' numbers in the order of a roll."""
    rows = RollRow.objects.filter(chamber__proposal=proposal, chamber__name=chamber)
    return [number or 0 for number in rows.values_list("member__number", flat=True)]
