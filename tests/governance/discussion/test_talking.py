"""Saying something about a proposal: threads, mentions, what others may and may not do."""

import pytest
from django.core import mail

from governance.discussion.services import hide, say
from governance.discussion.threads import Reader, discussion_of
from governance.errors import (
    AmbiguousMention,
    PostEmpty,
    PostHidden,
    TooManyMentions,
    UnknownMention,
    WrongState,
)
from governance.models import Mention, Post, Proposal
from governance.notices.queries import mentions_of
from governance.notices.seen import saw
from governance.services import withdraw
from ledger.errors import KeyConflict
from members.models import Member
from payments.services import send_waiting
from tests.at_once import run_at_once
from tests.governance.votes import Town, make_town, price_motion
from tests.makers import agree, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def draft(town: Town) -> Proposal:
    return price_motion(town)


def post(town: Town, draft: Proposal, who: str, text: str, **more: object) -> Post:
    member = town.members[who]
    return say(proposal_id=draft.pk, member=member, actor=member.user, text=text, **more)  # type: ignore[arg-type]


def order(draft: Proposal, reader: Member | None = None) -> list[tuple[str, int]]:
    threads = discussion_of(draft, Reader(reader, oversees=True, moderates=False))
    return [(said.post.text, said.depth) for thread in threads for said in thread]


def test_answers_stand_below_what_they_answer_in_the_order_they_came(
    town: Town, draft: Proposal
) -> None:
    first = post(town, draft, "ana", "first")
    second = post(town, draft, "ben", "second")
    to_first = post(town, draft, "chloe", "to first", parent_id=first.pk)
    post(town, draft, "ben", "to second", parent_id=second.pk)
    post(town, draft, "ana", "deeper", parent_id=to_first.pk)
    post(town, draft, "ben", "again to first", parent_id=first.pk)
    assert order(draft) == [
        ("first", 0),
        ("to first", 1),
        ("deeper", 2),
        ("again to first", 1),
        ("second", 0),
        ("to second", 1),
    ]


def test_a_post_sent_twice_stands_once_and_other_words_under_its_key_are_refused(
    town: Town, draft: Proposal
) -> None:
    made = [post(town, draft, "ana", "once", key="k") for _again in range(2)]
    assert made[0] == made[1]
    assert draft.posts.count() == 1
    with pytest.raises(KeyConflict):
        post(town, draft, "ana", "other", key="k")
    assert post(town, draft, "ben", "other", key="k") != made[0]


@pytest.mark.parametrize("text", ["", " \n ", "a" * 8001])
def test_a_post_says_something_and_not_too_much(town: Town, draft: Proposal, text: str) -> None:
    with pytest.raises(PostEmpty):
        post(town, draft, "ana", text)


def test_nobody_talks_about_what_was_withdrawn(town: Town, draft: Proposal) -> None:
    withdraw(proposal_id=draft.pk, actor=town.steward)
    with pytest.raises(WrongState):
        post(town, draft, "ana", "too late")


def test_nobody_answers_what_is_hidden_or_stands_elsewhere(town: Town, draft: Proposal) -> None:
    said = post(town, draft, "ana", "rude")
    hide(post_id=said.pk, actor=town.steward, reason="It insults somebody.")
    with pytest.raises(PostHidden):
        post(town, draft, "ben", "indeed", parent_id=said.pk)
    with pytest.raises(Post.DoesNotExist):
        post(town, price_motion(town, key="2"), "ben", "indeed", parent_id=said.pk)


def test_a_name_becomes_a_number_and_its_member_is_told_once(town: Town, draft: Proposal) -> None:
    """The name is not kept: so it goes where its member is erased."""
    ben = town.members["ben"]
    said = post(town, draft, "ana", f"Ask @Ben, or @{ben.number}: ana@ben.example knows")
    assert said.text == f"Ask @{ben.number}, or @{ben.number}: ana@ben.example knows"
    assert [mention.member for mention in said.mentions.all()] == [ben]
    assert send_waiting() == 1
    assert ben.user is not None
    assert mail.outbox[0].to == [ben.user.email]
    assert f"/decisions/{draft.pk}/discussion/{said.pk}/" in mail.outbox[0].body


def test_the_longest_name_is_meant(town: Town, draft: Proposal) -> None:
    long, short = make_member("Dora Maria Ferrer"), make_member("Dora Maria")
    text = post(town, draft, "ana", "@dora maria ferrer and @Dora Maria’s").text
    assert text == f"@{long.number} and @{short.number}’s"


def test_a_first_name_of_two_members_is_refused_and_says_what_to_write(
    town: Town, draft: Proposal
) -> None:
    two = [make_member(f"Dora {rest}") for rest in ("Ferrer", "Serra")]
    with pytest.raises(AmbiguousMention, match=f"@{two[0].number}, @{two[1].number}"):
        post(town, draft, "ana", "Ask @Dora about it")
    assert post(town, draft, "ana", "Ask @Dora Serra").text == f"Ask @{two[1].number}"


def test_a_number_that_nobody_has_is_refused_and_a_word_that_is_no_name_stays(
    town: Town, draft: Proposal
) -> None:
    with pytest.raises(UnknownMention):
        post(town, draft, "ana", "Ask @999")
    assert post(town, draft, "ana", "at @noon").text == "at @noon"
    assert not Mention.objects.exists()


def test_a_post_calls_no_more_than_policy_lets_it(town: Town, draft: Proposal) -> None:
    agree("mentions_per_post", 1)
    numbers = [town.members[name].number for name in ("ben", "chloe")]
    with pytest.raises(TooManyMentions):
        post(town, draft, "ana", f"@{numbers[0]} @{numbers[1]}")
    post(town, draft, "ana", f"@{numbers[0]} @{numbers[0]}")


def test_who_is_answered_is_told_and_who_is_also_named_is_told_once(
    town: Town, draft: Proposal
) -> None:
    first = post(town, draft, "ben", "What does it cost?")
    post(town, draft, "ana", "Nothing, @ben.", parent_id=first.pk)
    post(town, draft, "ben", "Thank you @ben, myself.", parent_id=first.pk)
    post(town, draft, "chloe", "And upkeep?", parent_id=first.pk)
    assert send_waiting() == 2
    assert ["names you" in letter.subject for letter in mail.outbox] == [True, False]
    assert {letter.to[0] for letter in mail.outbox} == {town.members["ben"].user.email}  # type: ignore[union-attr]


def test_a_call_waits_until_its_member_opens_the_page(town: Town, draft: Proposal) -> None:
    ben = town.members["ben"]
    said = post(town, draft, "ana", "@ben?")
    assert [mention.post for mention in mentions_of(ben)] == [said]
    saw(proposal=draft, member=town.members["chloe"])
    assert mentions_of(ben).count() == 1
    saw(proposal=draft, member=ben)
    assert mentions_of(ben).count() == 0


def test_a_hidden_post_calls_nobody(town: Town, draft: Proposal) -> None:
    said = post(town, draft, "ana", "@ben?")
    hide(post_id=said.pk, actor=town.steward, reason="It insults somebody.")
    assert mentions_of(town.members["ben"]).count() == 0


@pytest.mark.django_db(transaction=True)
def test_race_the_same_post_sent_six_times_at_once_stands_once(town: Town) -> None:
    draft = price_motion(town)
    run_at_once([lambda: post(town, draft, "ana", "@ben once", key="k")] * 6)
    assert draft.posts.count() == 1
    assert Mention.objects.count() == 1
