"""Discussions as visitors, members and stewards meet them, on pages and as clients."""

import pytest
from django.test import Client

from governance.discussion.services import hide, say
from governance.models import Delivery, Moderation, Post, Proposal
from tests.governance.test_pages import as_member, signed_in, text_of
from tests.governance.votes import Town, make_town, open_motion

pytestmark = pytest.mark.django_db
WORDS = "The mast stands in the shade. @ben knows."


@pytest.fixture
def town() -> Town:
    return make_town()


@pytest.fixture
def vote(town: Town) -> Proposal:
    return open_motion(town)


def path(vote: Proposal, rest: str = "") -> str:
    return f"/decisions/{vote.pk}/discussion/{rest}"


def written(town: Town, vote: Proposal, text: str = WORDS) -> Post:
    ana = town.members["ana"]
    return say(proposal_id=vote.pk, member=ana, actor=ana.user, text=text)


def test_a_member_posts_another_answers_and_the_page_shows_both(town: Town, vote: Proposal) -> None:
    ana, ben = as_member(town), as_member(town, "ben")
    made = ana.post(path(vote), {"text": WORDS, "key": "a"})
    assert made.status_code == 303
    said = Post.objects.get()
    place = ana.get(made.headers["Location"])
    assert place.headers["Location"] == f"/decisions/{vote.pk}/?said=1#post-{said.pk}"
    answered = ben.post(path(vote, f"{said.pk}/answer/"), {"text": "I do.", "key": "b"})
    assert answered.status_code == 303
    page = text_of(ana.get(f"/decisions/{vote.pk}/"))
    assert "The mast stands in the shade. @ben knows." in page
    assert "I do." in page
    assert "2 posts." in page


def test_what_is_refused_comes_back_with_what_was_typed(town: Town, vote: Proposal) -> None:
    refused = as_member(town).post(path(vote), {"text": "Ask @999 about the mast", "key": "a"})
    assert refused.status_code == 422
    assert "There is no member 999" in text_of(refused)
    assert "Ask @999 about the mast" in refused.content.decode()


def test_markup_and_links_in_a_post_do_no_harm(town: Town, vote: Proposal) -> None:
    written(town, vote, "<script>alert(1)</script> https://mast.example/?a=1&b=@2")
    page = as_member(town).get(f"/decisions/{vote.pk}/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert 'rel="nofollow"' in page


def test_the_public_reads_how_much_was_said_and_what_was_hidden_but_no_word_of_it(
    town: Town, vote: Proposal
) -> None:
    said = written(town, vote)
    hide(post_id=said.pk, actor=town.steward, reason="It names a neighbour.")
    page = text_of(Client().get(f"/decisions/{vote.pk}/"))
    assert "Members have said 1 thing about this." in page
    assert "shade" not in page
    trace = text_of(Client().get(path(vote, "trace/")))
    assert "Post 1 hidden It names a neighbour." in trace
    assert "by a steward" in trace
    assert "stella" not in trace
    assert "stella" in text_of(as_member(town).get(path(vote, "trace/")))


def test_a_steward_hides_by_the_page_and_members_no_longer_read_it(
    town: Town, vote: Proposal
) -> None:
    said = written(town, vote)
    steward = signed_in(town.steward)
    way = path(vote, f"{said.pk}/hide/")
    assert "Hide this post?" in text_of(steward.get(way))
    assert steward.post(way, {"reason": ""}).status_code == 422
    assert steward.post(way, {"reason": "It names a neighbour."}).status_code == 303
    page = text_of(as_member(town, "ben").get(f"/decisions/{vote.pk}/"))
    assert "It names a neighbour." in page
    assert "shade" not in page
    assert "shade" in text_of(as_member(town).get(f"/decisions/{vote.pk}/"))
    assert steward.post(path(vote, f"{said.pk}/show/"), {"reason": "No."}).status_code == 303
    assert "shade" in text_of(as_member(town, "ben").get(f"/decisions/{vote.pk}/"))


def test_members_get_no_page_to_hide_others_posts(town: Town, vote: Proposal) -> None:
    said = written(town, vote)
    way = path(vote, f"{said.pk}/hide/")
    assert as_member(town, "ben").get(way).status_code == 404
    assert as_member(town, "ben").post(way, {"reason": "No."}).status_code == 404
    assert Client().post(way, {"reason": "No."}).status_code == 302
    assert as_member(town).get(way).status_code == 200
    assert not Moderation.objects.exists()


def test_visitors_and_unknown_posts_are_refused(town: Town, vote: Proposal) -> None:
    assert Client().post(path(vote), {"text": "hello", "key": "a"}).status_code == 302
    assert as_member(town).get(path(vote, "999/answer/")).status_code == 404
    assert as_member(town).put(path(vote)).status_code == 405
    assert not Post.objects.exists()


def test_opening_the_page_records_that_the_notice_was_seen_once(town: Town, vote: Proposal) -> None:
    told = Delivery.objects.get(proposal=vote, member=town.members["ana"])
    assert told.seen_at is None
    Client().get(f"/decisions/{vote.pk}/")
    for _again in range(2):
        as_member(town).get(f"/decisions/{vote.pk}/")
    told.refresh_from_db()
    assert told.seen_at is not None
    assert Delivery.objects.exclude(seen_at=None).count() == 1
    page = text_of(Client().get(f"/decisions/{vote.pk}/"))
    assert "given to members: 4. Mails that left: 0. Members who opened this page: 1." in page


def test_a_client_says_answers_and_moderates(town: Town, vote: Proposal) -> None:
    ana, steward = as_member(town), signed_in(town.steward)
    way = f"/api/v1/decisions/{vote.pk}/posts/"
    made = [
        ana.post(way, {"text": WORDS}, content_type="application/json",
                 headers={"Idempotency-Key": "one"})
        for _again in range(2)
    ]  # fmt: skip
    assert [answer.status_code for answer in made] == [201, 201]
    first = made[0].json()
    assert first["id"] == made[1].json()["id"]
    answer = {"text": "Indeed.", "answers": first["id"]}
    assert ana.post(way, answer, content_type="application/json").status_code == 201
    act = {"act": "hide", "reason": "It names a neighbour."}
    acts = f"{way}{first['id']}/moderations/"
    assert steward.post(acts, act, content_type="application/json").status_code == 201
    seen = as_member(town, "ben").get(way).json()
    assert [post["text"] for post in seen] == [None, "Indeed."]
    assert seen[0]["moderations"][0]["reason"] == "It names a neighbour."
    public = Client().get(way).json()
    assert [(post["text"], post["member"]) for post in public] == [(None, None)] * 2


def test_a_client_is_refused_with_the_reason(town: Town, vote: Proposal) -> None:
    way = f"/api/v1/decisions/{vote.pk}/posts/"
    ana = as_member(town)
    refused = ana.post(way, {"text": "Ask @999"}, content_type="application/json")
    assert refused.status_code == 422
    assert refused.json()["code"] == "unknown_mention"
    elsewhere = {"text": "Hm.", "answers": 999}
    assert ana.post(way, elsewhere, content_type="application/json").status_code == 404
    assert Client().post(way, {"text": "Hm."}, content_type="application/json").status_code in (
        401,
        403,
    )
    said = written(town, vote)
    hid = ana.post(
        f"{way}{said.pk}/moderations/",
        {"act": "hide", "reason": " "},
        content_type="application/json",
    )
    assert hid.status_code in (400, 422)
    assert not Moderation.objects.exists()
