"""Members stand behind a draft: enough of them, and its proposer needs no steward."""

import pytest
from django.test import Client
from django.urls import reverse

from governance.backing.queries import support_of
from governance.backing.services import back, take_back
from governance.errors import (
    ConflictOfInterest,
    NotBackable,
    NotBacked,
    NotYours,
    ProposersAlone,
    SecondVoteWaits,
)
from governance.models import Proposal
from governance.services import amend, publish, withdraw
from ledger.errors import DomainError
from members.models import Member, User
from tests.at_once import run_at_once
from tests.governance.lifecycle.ways import words
from tests.governance.test_held_off import contribution, send
from tests.governance.test_pages import as_member, text_of
from tests.governance.votes import Town, make_town, price_motion
from tests.makers import agree, make_member

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State


@pytest.fixture
def town() -> Town:
    return make_town()


def user(town: Town, name: str) -> User:
    found = town.members[name].user
    assert found is not None
    return found


def test_enough_members_behind_a_draft_let_its_proposer_give_notice(town: Town) -> None:
    draft = price_motion(town)
    with pytest.raises(NotBacked, match="0 members stand behind this draft, and 1 are needed"):
        publish(proposal_id=draft.pk, actor=user(town, "chloe"))
    back(proposal_id=draft.pk, member=town.members["ben"])
    with pytest.raises(NotYours):
        publish(proposal_id=draft.pk, actor=user(town, "ben"))
    announced = publish(proposal_id=draft.pk, actor=user(town, "chloe"))
    assert (announced.state, announced.published_by) == (State.NOTICE, user(town, "chloe"))


def test_boundary_of_the_share_that_policy_asks_for(town: Town) -> None:
    for n in range(36):  # with the four of the town forty: a tenth is four
        make_member(f"more{n:02}")
    agree("proposal_backing", [1, 10, False])
    draft = price_motion(town)
    backers = list(Member.objects.filter(name__startswith="more").order_by("pk")[:4])
    for member in backers[:3]:
        back(proposal_id=draft.pk, member=member)
    assert (support_of(draft).backers, support_of(draft).needed) == (3, 4)
    with pytest.raises(NotBacked):
        publish(proposal_id=draft.pk, actor=user(town, "chloe"))
    back(proposal_id=draft.pk, member=backers[3])
    take_back(proposal_id=draft.pk, member=backers[0])
    with pytest.raises(NotBacked):
        publish(proposal_id=draft.pk, actor=user(town, "chloe"))
    back(proposal_id=draft.pk, member=backers[0])
    Member.objects.filter(pk=backers[1].pk).update(state=Member.State.SUSPENDED)
    assert support_of(draft).backers == 3
    Member.objects.filter(pk=backers[1].pk).update(state=Member.State.ACTIVE)
    assert publish(proposal_id=draft.pk, actor=user(town, "chloe")).state == State.NOTICE


def test_attack_another_text_under_the_names_of_those_who_backed_the_first(town: Town) -> None:
    draft = price_motion(town)
    back(proposal_id=draft.pk, member=town.members["ben"])
    amend(proposal_id=draft.pk, actor=user(town, "chloe"), text="Something else altogether.")
    assert support_of(draft).backers == 0
    with pytest.raises(NotBacked):
        publish(proposal_id=draft.pk, actor=user(town, "chloe"))
    back(proposal_id=draft.pk, member=town.members["ben"])
    assert support_of(draft, town.members["ben"]).mine


def test_attack_steward_ending_the_backing_of_a_draft(town: Town) -> None:
    draft = price_motion(town)
    back(proposal_id=draft.pk, member=town.members["ben"])
    with pytest.raises(ProposersAlone):
        amend(proposal_id=draft.pk, actor=town.steward, text="A comma, added.")
    with pytest.raises(ProposersAlone):
        withdraw(proposal_id=draft.pk, actor=town.steward)
    page = as_member(town, "stella").get(f"/decisions/{draft.pk}/").content.decode()
    assert reverse("governance:withdraw", args=[draft.pk]) not in page
    assert reverse("governance:amend", args=[draft.pk]) not in page
    take_back(proposal_id=draft.pk, member=town.members["ben"])
    assert withdraw(proposal_id=draft.pk, actor=town.steward).state == State.WITHDRAWN


def test_who_proposes_is_suspended_or_comes_late_backs_nothing(town: Town) -> None:
    draft = price_motion(town)
    with pytest.raises(NotBackable):
        back(proposal_id=draft.pk, member=town.members["chloe"])
    ben = town.members["ben"]
    ben.state = Member.State.SUSPENDED
    with pytest.raises(NotBackable):
        back(proposal_id=draft.pk, member=ben)
    publish(proposal_id=draft.pk, actor=town.steward)
    with pytest.raises(NotBackable):
        back(proposal_id=draft.pk, member=town.members["ana"])


def test_backing_lifts_no_conflict_of_interest_and_no_waiting_time(town: Town) -> None:
    own = contribution(town, "chloe", "chloe")
    back(proposal_id=own.pk, member=town.members["ben"])
    with pytest.raises(ConflictOfInterest):
        publish(proposal_id=own.pk, actor=user(town, "chloe"))
    second = words(town)
    Proposal.objects.filter(pk=second.pk).update(because=Proposal.Because.SECOND_VOTE)
    with pytest.raises(NotBackable):
        back(proposal_id=second.pk, member=town.members["ben"])
    with pytest.raises((NotBacked, SecondVoteWaits)):
        publish(proposal_id=second.pk, actor=second.proposer.user)


def test_race_a_change_of_the_text_and_a_notice_by_the_proposer(town: Town) -> None:
    chloe = user(town, "chloe")
    for _again in range(4):
        draft = price_motion(town)
        back(proposal_id=draft.pk, member=town.members["ben"])
        results = run_at_once([
            lambda pk=draft.pk: amend(proposal_id=pk, actor=chloe, text="Another text."),
            lambda pk=draft.pk: publish(proposal_id=pk, actor=chloe),
        ])  # fmt: skip
        now = Proposal.objects.get(pk=draft.pk)
        if now.state == State.DRAFT:
            assert isinstance(results[1], NotBacked)
        else:  # the change came after the notice: it is a new version, and notice of its own
            assert not any(isinstance(result, DomainError) for result in results)
            assert now.version == 2, results


def test_the_page_says_how_many_are_needed_and_gives_the_way_to_the_notice(town: Town) -> None:
    draft = price_motion(town)
    page = f"/decisions/{draft.pk}/"
    notice = reverse("governance:publish", args=[draft.pk])
    chloe, ben = as_member(town, "chloe"), as_member(town, "ben")
    assert "once 1 other member stands behind it" in text_of(chloe.get(page))
    assert chloe.get(notice).status_code == ben.get(notice).status_code == 403
    assert ben.post(f"{page}backing/").status_code == 303
    assert "Take my backing back" in text_of(ben.get(page))
    assert ben.get(notice).status_code == 403
    assert notice in chloe.get(page).content.decode()
    assert chloe.get(notice).status_code == 200
    assert ben.post(f"{page}backing/withdraw/").status_code == 303
    assert chloe.post(notice).status_code == 403
    assert ben.post(f"{page}backing/").status_code == 303
    assert chloe.post(notice).status_code == 303
    assert Proposal.objects.get(pk=draft.pk).state == State.NOTICE
    assert "Who stands behind it" not in text_of(ben.get(page))
    assert Client().get(page).status_code == 200


def test_the_api_backs_takes_back_and_gives_notice(town: Town) -> None:
    draft = price_motion(town)
    address = f"/api/v1/decisions/{draft.pk}/"
    chloe, ben = as_member(town, "chloe"), as_member(town, "ben")
    early = send(chloe, f"{address}steps/publish/", {})
    assert (early.status_code, early.json()["code"]) == (409, "not_backed")
    assert Client().get(f"{address}backing/").status_code == 403
    answer = send(ben, f"{address}backing/", {})
    assert (answer.status_code, answer.json()) == (
        201, {"members": 4, "backers": 1, "needed": 1, "mine": True},
    )  # fmt: skip
    assert ben.delete(f"{address}backing/").json()["backers"] == 0
    assert send(ben, f"{address}backing/", {}).status_code == 201
    assert ben.get(f"{address}backing/").json()["mine"] is True
    assert send(ben, f"{address}steps/publish/", {}).json()["code"] == "not_yours"
    assert send(chloe, f"{address}steps/publish/", {}).status_code == 200
    late = send(ben, f"{address}backing/", {})
    assert (late.status_code, late.json()["code"]) == (409, "not_backable")
