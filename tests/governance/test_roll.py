"""Public rolls give away nobody: their order has nothing to do with the register."""

import pytest
from django.test import Client
from django.urls import reverse

from governance import roll
from governance.models import RollRow
from governance.terms import OWNERS, USERS
from members.models import Member
from tests.governance.test_held_off import send
from tests.governance.test_pages import as_member
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


@pytest.mark.django_db(transaction=True)
def test_who_was_suspended_after_the_opening_votes_by_page_and_by_api() -> None:
    town = make_town()
    proposal = open_motion(town)
    late = make_member("late")
    for member in (town.members["ben"], late):
        Member.objects.filter(pk=member.pk).update(state=Member.State.SUSPENDED)
    address = f"/api/v1/decisions/{proposal.pk}/ballots/"
    given = {"choice": "for"}
    for asked in ("", "drafts/"):
        answer = send(as_member(town, "ben"), address + asked, given)
        assert answer.status_code in (200, 201), answer.content
    page = reverse("governance:vote", args=[proposal.pk])
    assert as_member(town, "ben").post(page, {"choice": "against"}).status_code == 303
    assert late.user is not None
    client = Client()
    client.force_login(late.user)
    refused = send(client, address, {"choice": "for"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_on_roll")


def order_of(proposal: int, chamber: str) -> list[int]:
    """Members' numbers in the order of a roll."""
    rows = RollRow.objects.filter(chamber__proposal=proposal, chamber__name=chamber)
    return [number or 0 for number in rows.values_list("member__number", flat=True)]
