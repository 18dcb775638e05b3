"""What votes hold on a person is given to them, and what they said goes with them."""

import pytest
from django.db import transaction

from governance.discussion.services import say
from governance.models import Ballot, Delegation, Post, Proposal
from governance.privacy import data_on, forget
from members.models import Member
from payments.models import Mail
from tests.governance.votes import Town, make_town, open_motion, vote

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


def by(town: Town, who: str, proposal: Proposal, text: str, **more: int) -> Post:
    member = town.members[who]
    return say(proposal_id=proposal.pk, member=member, actor=member.user, text=text, **more)


def gone(member: Member) -> None:
    with transaction.atomic():
        forget(member=member, actor=None)


def test_a_member_is_given_what_they_said_were_told_and_gave_away(town: Town) -> None:
    proposal = open_motion(town)
    by(town, "ana", proposal, "It is full every evening, @ben.")
    ana, ben = data_on(town.members["ana"]), data_on(town.members["ben"])
    said = f"It is full every evening, @{town.members['ben'].number}."
    assert [post["text"] for post in ana["posts"]] == [said]
    assert [row["post__proposal_id"] for row in ben["named in posts"]] == [proposal.pk]
    assert [row["proposal_id"] for row in ben["notices"]] == [proposal.pk]


def test_the_words_go_the_thread_stays_and_mails_tell_nothing_any_more(town: Town) -> None:
    proposal = open_motion(town)
    first = by(town, "ben", proposal, "What does it cost?")
    by(town, "ana", proposal, "Nothing, I pay it.", parent_id=first.pk)
    vote(town, proposal, ana="for")
    before = Ballot.objects.values_list("leaf", "envelope").get()
    gone(town.members["ana"])
    assert [post.text for post in proposal.posts.order_by("pk")] == ["What does it cost?", ""]
    told = Mail.objects.get(member=town.members["ben"])
    assert (told.body, told.claimed_at is None) == ("", False)
    assert Ballot.objects.values_list("leaf", "envelope").get() == before


def test_a_post_by_somebody_else_no_longer_names_who_is_erased(town: Town) -> None:
    proposal = open_motion(town)
    said = by(town, "ben", proposal, "Ask @Ana about it")
    assert "Ana" not in said.text


def test_votes_in_other_hands_come_back(town: Town) -> None:
    names = ("ana", "ben", "chloe")
    ana, ben, chloe = (town.members[name] for name in names)
    for giver, holder in ((ana, ben), (chloe, ana)):
        Delegation.objects.create(
            kind="delegation", scope="all", giver=giver, holder=holder, key=str(giver.pk),
            made_at=giver.admitted_at or giver.applied_at,
        )  # fmt: skip
    gone(ana)
    assert not Delegation.objects.filter(revoked_at=None).exists()
