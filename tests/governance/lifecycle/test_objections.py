"""Objections of users to what owners decide (R10)."""

from typing import Any

import pytest

from governance.errors import CalledByOthers, NotAmongUsers, NotObjectable
from governance.lifecycle.objections import object_to, standing_of, withdraw_objection
from governance.models import Proposal
from governance.services import advance, amend, close_and_count, execute, open_ballot, withdraw
from members.models import Member
from tests.governance.lifecycle.ways import (
    HOUR,
    announced,
    certified,
    objection,
    open_now,
    opened,
    owners_draft,
    timelock_over,
)
from tests.governance.votes import (
    Town,
    broken,
    decide,
    end_voting,
    make_town,
    open_motion,
    price_motion,
    vote,
)
from tests.makers import agree, make_member

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State


@pytest.fixture
def town() -> Town:
    """Four users, of whom two must object."""
    town = make_town(notice=HOUR)
    agree("timelock_seconds", HOUR)
    agree("objection_share", [1, 2])
    return town


def carried_by_owners(town: Town) -> Proposal:
    proposal = decide(town, opened(town, owners_draft(town)), ana="for", ben="for")
    assert proposal.state == State.TIMELOCKED
    return proposal


def test_objections_in_notice_add_the_users_chamber(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    assert (standing_of(proposal).users, standing_of(proposal).needed) == (4, 2)
    objection(town, proposal, "chloe")
    proposal.refresh_from_db()
    assert not proposal.called_in
    objection(town, proposal, "chloe", "stella")
    proposal.refresh_from_db()
    assert proposal.called_in
    counted = decide(
        town, open_now(proposal), ana="for", ben="for", chloe="against", stella="against"
    )
    users = certified(counted)["users"]
    assert (users["heads"], users["for"], users["passed"]) == (4, 2, False)
    assert counted.state == State.FAILED
    assert broken() == []


def test_a_twentieth_of_thirty_users_are_two(town: Town) -> None:
    agree("objection_share", [1, 20])
    for number in range(26):
        make_member(f"m{number}")
    standing = standing_of(announced(town, owners_draft(town)))
    assert (standing.users, standing.needed, standing.reached) == (30, 2, False)


def test_without_enough_objections_the_owners_decide_alone(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    objection(town, proposal, "chloe")
    counted = decide(town, open_now(proposal), ana="for", ben="for")
    assert set(certified(counted)) == {"owners"}
    assert counted.state == State.TIMELOCKED
    assert {(c.name, c.votes) for c in counted.chambers.all()} == {
        ("owners", True),
        ("users", False),
    }


def test_an_objection_taken_back_counts_no_more(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    objection(town, proposal, "chloe", "stella")
    withdraw_objection(proposal_id=proposal.pk, member=town.members["chloe"])
    proposal.refresh_from_db()
    assert not proposal.called_in
    objection(town, proposal, "chloe")
    assert standing_of(proposal).objectors == 2


def test_objectors_who_leave_before_the_opening_count_neither_in_share_nor_in_whole(
    town: Town,
) -> None:
    proposal = announced(town, owners_draft(town))
    objection(town, proposal, "chloe", "stella")
    Member.objects.filter(name="stella").update(state="left")
    assert (standing_of(proposal).users, standing_of(proposal).objectors) == (3, 1)
    assert not open_now(proposal).called_in


def test_who_was_not_told_cannot_object(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    late = make_member("late")
    with pytest.raises(NotAmongUsers):
        object_to(proposal_id=proposal.pk, member=late)
    assert standing_of(proposal).users == 4


def test_nobody_objects_to_what_users_decide_anyway_nor_to_an_open_ballot(town: Town) -> None:
    theirs = open_motion_in_notice(town)
    with pytest.raises(NotObjectable):
        object_to(proposal_id=theirs.pk, member=town.members["chloe"])
    running = opened(town, owners_draft(town))
    with pytest.raises(NotObjectable):
        object_to(proposal_id=running.pk, member=town.members["chloe"])
    draft = owners_draft(town)
    with pytest.raises(NotObjectable):
        object_to(proposal_id=draft.pk, member=town.members["chloe"])


def open_motion_in_notice(town: Town) -> Proposal:
    return announced(town, price_motion(town))


def test_objections_before_execution_hold_it_until_the_users_have_voted(town: Town) -> None:
    proposal = carried_by_owners(town)
    objection(town, proposal, "chloe", "stella")
    proposal.refresh_from_db()
    assert proposal.state == State.HELD
    users_vote = proposal.followers.get()
    assert users_vote.because == Proposal.Because.OBJECTION
    assert users_vote.state == State.NOTICE
    assert users_vote.terms is not None
    assert users_vote.terms["chambers"] == ["users"]
    assert users_vote.deliveries.count() == 4


@pytest.mark.parametrize(
    ("choice", "state"), [("for", State.TIMELOCKED), ("against", State.VETOED)]
)
def test_the_users_release_or_stop_what_was_held(town: Town, choice: str, state: str) -> None:
    proposal = carried_by_owners(town)
    objection(town, proposal, "chloe", "stella")
    everybody = dict.fromkeys(("ana", "chloe", "stella"), choice)
    decide(town, open_now(proposal.followers.get()), **everybody)
    before = proposal.executes_from
    proposal.refresh_from_db()
    assert proposal.state == state
    if state == State.TIMELOCKED:
        assert before is not None
        assert proposal.executes_from is not None
        assert proposal.executes_from > before
        timelock_over(proposal)
        assert execute(proposal_id=proposal.pk, actor=None).state == State.EXECUTED
    assert broken() == []


def test_too_few_users_in_favour_stop_it_as_well(town: Town) -> None:
    agree("approval_quorum", [3, 4, False])
    proposal = carried_by_owners(town)
    objection(town, proposal, "chloe", "stella")
    decide(town, open_now(proposal.followers.get()), ana="for", ben="for")
    proposal.refresh_from_db()
    assert proposal.state == State.VETOED


def test_what_the_users_released_is_not_held_again(town: Town) -> None:
    proposal = carried_by_owners(town)
    objection(town, proposal, "chloe", "stella")
    everybody = dict.fromkeys(("ana", "chloe", "stella"), "for")
    decide(town, open_now(proposal.followers.get()), **everybody)
    with pytest.raises(NotObjectable):
        objection(town, proposal, "ana")


def test_objections_from_the_notice_count_on_while_it_waits(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    objection(town, proposal, "chloe")
    counted = decide(town, open_now(proposal), ana="for", ben="for")
    objection(town, counted, "stella")
    counted.refresh_from_db()
    assert counted.state == State.HELD


def test_nobody_objects_once_it_is_to_be_carried_out(town: Town) -> None:
    proposal = carried_by_owners(town)
    timelock_over(proposal)
    with pytest.raises(NotObjectable):
        objection(town, proposal, "chloe")


def test_objections_survive_an_amendment(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    objection(town, proposal, "chloe", "stella")
    user = town.members["ana"].user
    assert user is not None
    amended = amend(proposal_id=proposal.pk, actor=user, text="Seven people asked.")
    assert amended.called_in


def test_nobody_amends_or_takes_back_the_users_vote(town: Town) -> None:
    proposal = carried_by_owners(town)
    objection(town, proposal, "chloe", "stella")
    users_vote = proposal.followers.get()
    user = town.members["ana"].user
    assert user is not None
    calls: list[Any] = [
        lambda: amend(proposal_id=users_vote.pk, actor=user, text="Forget it."),
        lambda: withdraw(proposal_id=users_vote.pk, actor=user),
    ]
    for call in calls:
        with pytest.raises(CalledByOthers):
            call()


def test_a_users_vote_closes_by_itself_and_a_held_decision_never_does(town: Town) -> None:
    proposal = carried_by_owners(town)
    objection(town, proposal, "chloe", "stella")
    timelock_over(proposal)
    advance()
    proposal.refresh_from_db()
    assert proposal.state == State.HELD
    users_vote = open_now(proposal.followers.get())
    vote(town, users_vote, chloe="against")
    end_voting(users_vote)
    advance()
    proposal.refresh_from_db()
    assert proposal.state == State.VETOED


def test_opening_and_closing_call_no_second_time(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    objection(town, proposal, "chloe", "stella")
    running = open_now(proposal)
    again = open_ballot(proposal_id=running.pk, actor=None)
    assert again.chambers.count() == 2
    end_voting(again)
    counted = close_and_count(proposal_id=running.pk, actor=None)
    assert close_and_count(proposal_id=running.pk, actor=None).state == counted.state


def test_a_motion_of_both_chambers_is_untouched(town: Town) -> None:
    agree("notice_seconds", 0)
    proposal = open_motion(town)
    assert not proposal.called_in
    assert {c.name for c in proposal.chambers.all()} == {"users", "owners"}
