"""Two chambers that differ: a joint text, a second vote, and who prevails (R11)."""

import pytest
from django.utils import timezone

from governance.actions import ACTIONS
from governance.errors import BadPayload, NotDeadlocked, NotYours, SecondVoteWaits
from governance.lifecycle.reconciling import announce_second_votes, joint_text
from governance.models import Proposal
from governance.services import amend, execute, propose, publish, withdraw
from members.models import Member, User
from members.services import change_state
from policies.queries import policy
from tests.governance.lifecycle.ways import certified, open_now, timelock_over
from tests.governance.votes import Town, broken, decide, make_town, move, open_motion
from tests.makers import make_member

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State
USERS_ONLY = {"ana": "against", "ben": "against", "chloe": "for", "stella": "for"}


@pytest.fixture
def town() -> Town:
    """Ana and Ben own; five more use, so that users can reach two thirds against the owners."""
    town = make_town()
    for name in ("dora", "emil", "fred"):
        town.members[name] = make_member(name)
    return town


ALL_USERS = USERS_ONLY | dict.fromkeys(("dora", "emil", "fred"), "for")


def actor(town: Town, name: str) -> User:
    found = town.members[name].user
    assert found is not None
    return found


def time_for_joint_text_over(proposal: Proposal) -> None:
    move(proposal, "reconcile_until = decided_at")


def deadlock(town: Town) -> Proposal:
    return decide(town, open_motion(town), **ALL_USERS)


def test_chambers_that_differ_get_time_for_a_joint_text_and_a_second_vote(town: Town) -> None:
    first = deadlock(town)
    assert first.state == State.FAILED
    assert first.reconcile_until is not None
    assert announce_second_votes() == []
    second = joint_text(
        proposal_id=first.pk, actor=actor(town, "chloe"), title="A softer price", text="Half."
    )
    assert second.because == Proposal.Because.SECOND_VOTE
    assert joint_text(proposal_id=first.pk, actor=town.steward, title="x", text="x") == second
    with pytest.raises(SecondVoteWaits):
        publish(proposal_id=second.pk, actor=town.steward)
    amend(proposal_id=second.pk, actor=town.steward, text="A third.")
    time_for_joint_text_over(first)
    assert announce_second_votes() == [first.pk]
    assert announce_second_votes() == []
    second.refresh_from_db()
    assert (second.state, second.text) == (State.NOTICE, "A third.")
    assert broken() == []


def test_without_a_joint_text_the_same_question_is_put_again(town: Town) -> None:
    first = deadlock(town)
    time_for_joint_text_over(first)
    announce_second_votes()
    second = first.followers.get()
    assert (second.title, second.payload, second.state) == (
        first.title,
        first.payload,
        State.NOTICE,
    )
    again = decide(town, open_now(second), **ALL_USERS)
    assert again.state == State.FAILED
    assert again.reconcile_until is None


def test_where_both_refuse_or_both_carry_there_is_nothing_to_reconcile(town: Town) -> None:
    both = decide(town, open_motion(town), **dict.fromkeys(ALL_USERS, "against"))
    assert both.reconcile_until is None
    with pytest.raises(NotDeadlocked):
        joint_text(proposal_id=both.pk, actor=town.steward, title="x", text="x")


def test_the_joint_text_is_the_proposers_or_a_stewards_to_write(town: Town) -> None:
    first = deadlock(town)
    with pytest.raises(NotYours):
        joint_text(proposal_id=first.pk, actor=actor(town, "ana"), title="x", text="x")
    second = joint_text(proposal_id=first.pk, actor=town.steward, title="x", text="x")
    with pytest.raises(NotYours):
        withdraw(proposal_id=second.pk, actor=town.steward)
    assert withdraw(proposal_id=second.pk, actor=actor(town, "chloe")).state == State.WITHDRAWN
    time_for_joint_text_over(first)
    assert announce_second_votes() == []


def lifting(town: Town) -> Proposal:
    """An open motion that lets Fred, who is suspended, use the net again (it protects a right)."""
    fred = town.members.pop("fred")
    change_state(member_id=fred.pk, to="suspended", reason="suspension", actor=None, text="Why.")
    draft = propose(
        title="Fred may use the net again", text="He has said sorry.", action="lift_suspension",
        payload={"member": fred.pk, "reason": "He said sorry."},
        member=town.members["chloe"], actor=town.members["chloe"].user,
    )  # fmt: skip
    publish(proposal_id=draft.pk, actor=town.steward)
    return open_now(draft)


def voting(town: Town, **choices: str) -> dict[str, str]:
    return {name: choices.get(name, "for") for name in town.members}


def second_vote_on_lifting(town: Town, **choices: str) -> Proposal:
    proposal = lifting(town)
    owners_refuse = voting(town, ana="against", ben="against")
    first = decide(town, proposal, **owners_refuse)
    assert first.state == State.FAILED
    time_for_joint_text_over(first)
    announce_second_votes()
    return decide(town, open_now(first.followers.get()), **(owners_refuse | choices))


def test_attack_another_member_in_the_joint_text(town: Town) -> None:
    emil = town.members["emil"]
    first = decide(town, lifting(town), **voting(town, ana="against", ben="against"))
    assert first.reconcile_until is not None
    change_state(member_id=emil.pk, to="suspended", reason="suspension", actor=None, text="Why.")
    payload = {"member": emil.pk, "reason": "He said sorry."}
    with pytest.raises(BadPayload):
        joint_text(
            proposal_id=first.pk, actor=actor(town, "chloe"), title="T", text="W", payload=payload
        )


def test_users_at_two_thirds_protect_a_right_of_use_against_the_owners(town: Town) -> None:
    second = second_vote_on_lifting(town)
    assert (second.state, second.certificate.passed) == (State.TIMELOCKED, True)
    assert second.certificate.result["decided_by"] == {"rule": "R11", "chamber": "users"}
    assert [certified(second)[name]["passed"] for name in ("users", "owners")] == [True, False]
    timelock_over(second)
    assert execute(proposal_id=second.pk, actor=None).state == State.EXECUTED
    assert Member.objects.get(name="fred").state == "active"
    assert broken() == []


def test_users_short_of_two_thirds_do_not(town: Town) -> None:
    second = second_vote_on_lifting(town, dora="abstain")
    assert certified(second)["users"]["passed"]
    assert (second.state, second.certificate.passed) == (State.FAILED, False)
    assert second.reconcile_until is None


def test_new_spending_never_passes_against_the_owners(town: Town) -> None:
    first = deadlock(town)
    time_for_joint_text_over(first)
    announce_second_votes()
    second = decide(town, open_now(first.followers.get()), **ALL_USERS)
    assert second.state == State.FAILED


def test_a_second_vote_on_what_can_no_longer_be_done_ends_with_the_reason(town: Town) -> None:
    first = decide(town, lifting(town), **voting(town, ana="against", ben="against"))
    change_state(
        member_id=Member.objects.get(name="fred").pk, to="active", reason="reinstatement",
        actor=None, text="Why.",
    )  # fmt: skip
    time_for_joint_text_over(first)
    announce_second_votes()
    second = first.followers.get()
    assert second.state == State.WITHDRAWN
    assert second.versions.order_by("number").last().why
    assert announce_second_votes() == []


def test_only_both_chambers_together_change_what_users_alone_can_do(town: Town) -> None:
    def change() -> Proposal:
        draft = propose(
            title="Users alone", text="Half is enough.", action="set_policy",
            payload={"key": "users_alone", "scope": "", "value": [1, 2, False]},
            member=town.members["chloe"], actor=town.members["chloe"].user,
        )  # fmt: skip
        publish(proposal_id=draft.pk, actor=town.steward)
        return open_now(draft)

    assert not ACTIONS["set_policy"].protects_usage_right
    by_users = decide(town, change(), **ALL_USERS)
    time_for_joint_text_over(by_users)
    announce_second_votes()
    again = decide(town, open_now(by_users.followers.get()), **ALL_USERS)
    assert (by_users.state, again.state) == (State.FAILED, State.FAILED)
    by_owners = decide(town, change(), **{n: other(c) for n, c in ALL_USERS.items()})
    assert by_owners.state == State.FAILED
    assert policy("users_alone", timezone.now()) == [2, 3, False]


def other(choice: str) -> str:
    return "against" if choice == "for" else "for"
