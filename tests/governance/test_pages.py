"""The pages of votes, as visitors, members and stewards see them."""

import re
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client

from governance.models import Ballot, Proposal
from governance.services import execute, publish
from members.models import User
from tests.governance.votes import (
    NEW_PRICE,
    POOL,
    RESOURCE,
    Town,
    decide,
    end_voting,
    make_town,
    open_motion,
    price_motion,
    vote,
)
from tests.makers import agree

pytestmark = pytest.mark.django_db(transaction=True)
FORM = {
    "yields": f"{POOL}:{RESOURCE}",
    "price": "0.9",
    "title": "A price that pays for the second mast",
    "text": "The mast is full every evening.",
    "key": "k",
}


def signed_in(user: User | None) -> Client:
    client = Client()
    assert user is not None
    client.force_login(user)
    return client


def as_member(town: Town, name: str = "ana") -> Client:
    return signed_in(town.members[name].user)


def text_of(response: HttpResponse) -> str:
    """What a page says, without markup and with plain spaces."""
    body = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(body.replace("\u202f", " ").replace("\u00a0", " ").split())


def test_a_member_proposes_a_steward_announces_members_vote_and_the_price_changes() -> None:
    town = make_town()
    ana, steward = as_member(town), signed_in(town.steward)
    made = ana.post("/decisions/new/set_posted_price/", FORM)
    assert made.status_code == 303
    page = made.headers["Location"]
    assert "from €0.80 to €0.90 per GB" in text_of(steward.get(page))
    assert "1 hour" in text_of(steward.get(f"{page}publish/"))
    assert steward.post(f"{page}publish/").status_code == 303
    assert steward.post(f"{page}steps/open/").status_code == 303
    for name in ("ana", "ben"):
        cast = as_member(town, name).post(f"{page}vote/", {"choice": "for", "key": "v"})
        assert cast.status_code == 303
    proposal = Proposal.objects.get()
    end_voting(proposal)
    steward.post(f"{page}steps/close/")
    steward.post(f"{page}steps/execute/")
    shown = text_of(Client().get(page))
    assert "Carried out on" in shown
    assert "Needs 2 of the 2 votes for and against, and 1 of 4 members in favour; has 2." in shown
    assert "each chamber agreed by itself (rule R10)" in shown
    rules = text_of(Client().get("/decisions/rules/"))
    assert f"vote No. {proposal.pk}" in rules
    assert "€0.90" in rules


def test_the_list_shows_what_needs_the_reader_and_what_was_decided() -> None:
    town = make_town()
    decided = decide(town, open_motion(town), ana="for", ben="for")
    proposal = open_motion(town)
    link = f"/decisions/{proposal.pk}/#ballot"
    assert link in as_member(town).get("/decisions/").content.decode()
    vote(town, proposal, ana="for")
    assert link not in as_member(town).get("/decisions/").content.decode()
    visitor = Client().get("/decisions/").content.decode()
    assert f"/decisions/{decided.pk}/" in visitor
    assert link not in visitor


def test_the_receipt_shows_leaf_place_and_head_and_nobody_elses() -> None:
    town = make_town()
    proposal = open_motion(town)
    vote(town, proposal, ben="against")
    ana = as_member(town)
    cast = ana.post(f"/decisions/{proposal.pk}/vote/", {"choice": "for", "reason": "", "key": "a"})
    page = ana.get(cast.headers["Location"])
    ballot = Ballot.objects.get(index=2)
    assert ballot.leaf in page.content.decode()
    assert ballot.link in page.content.decode()
    assert "Entry 2 of 2" in text_of(page)
    assert "on the board" in text_of(page)
    assert ana.get(f"/decisions/{proposal.pk}/receipts/1/").status_code == 404
    assert Client().get(cast.headers["Location"]).status_code == 302


def test_a_vote_is_replaced_until_the_close() -> None:
    town = make_town()
    proposal = open_motion(town)
    ana = as_member(town)
    first = ana.post(f"/decisions/{proposal.pk}/vote/", {"choice": "for", "key": "1"})
    ana.post(f"/decisions/{proposal.pk}/vote/", {"choice": "against", "key": "2"})
    assert "only your last vote counts" in text_of(ana.get(first.headers["Location"]))
    assert "Users, Owners: Against" in text_of(ana.get(f"/decisions/{proposal.pk}/"))


def test_a_ballot_without_an_answer_comes_back_with_its_reason_kept() -> None:
    town = make_town()
    proposal = open_motion(town)
    answer = as_member(town).post(
        f"/decisions/{proposal.pk}/vote/", {"reason": "because of the mast", "key": "1"}
    )
    assert answer.status_code == 422
    assert "because of the mast" in answer.content.decode()
    assert not Ballot.objects.exists()


def test_a_ballot_after_the_close_says_that_it_was_not_counted() -> None:
    town = make_town()
    proposal = open_motion(town)
    end_voting(proposal)
    answer = as_member(town).post(f"/decisions/{proposal.pk}/vote/", {"choice": "for", "key": "1"})
    assert answer.status_code == 422
    assert "was not counted" in text_of(answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [("price", "-1"), ("price", "cheap"), ("yields", "moon:cheese"), ("title", ""), ("text", " ")],
)
def test_a_bad_proposal_comes_back_with_what_was_typed(field: str, value: str) -> None:
    town = make_town()
    answer = as_member(town).post("/decisions/new/set_posted_price/", FORM | {field: value})
    assert answer.status_code == 422
    assert FORM["title" if field != "title" else "text"] in answer.content.decode()
    assert f'href="#id_{field}"' in answer.content.decode()
    assert not Proposal.objects.exists()


def test_a_form_sent_twice_makes_one_draft() -> None:
    town = make_town()
    ana = as_member(town)
    pages = {
        ana.post("/decisions/new/set_posted_price/", FORM).headers["Location"] for _ in range(2)
    }
    assert len(pages) == 1
    assert Proposal.objects.get().payload["price"] == NEW_PRICE


def test_a_rule_and_a_text_can_be_proposed_too() -> None:
    town = make_town()
    ana = as_member(town)
    words = {"title": "Open days", "text": "Each May.", "key": "r"}
    assert ana.post("/decisions/new/resolution/", words).status_code == 303
    rule = {"parameter": "support", "scope": "", "value": "at least 2/3"}
    made = ana.post("/decisions/new/set_policy/", words | rule | {"key": "p"})
    assert made.status_code == 303
    shown = text_of(ana.get(made.headers["Location"]))
    assert "from more than half to at least 2/3" in shown
    refused = ana.post("/decisions/new/set_policy/", words | rule | {"value": "many", "key": "q"})
    assert refused.status_code == 422


def test_drafts_are_for_members_and_names_for_members_after_the_close() -> None:
    town = make_town()
    draft = price_motion(town)
    assert Client().get(f"/decisions/{draft.pk}/").status_code == 404
    assert as_member(town).get(f"/decisions/{draft.pk}/").status_code == 200
    proposal = open_motion(town)
    vote(town, proposal, stella="against")
    during = text_of(as_member(town).get(f"/decisions/{proposal.pk}/"))
    assert "Who voted how" not in during
    decide(town, proposal, ben="for")
    for name, client in (("member", as_member(town)), ("visitor", Client())):
        shown = text_of(client.get(f"/decisions/{proposal.pk}/"))
        assert ("Who voted how" in shown) is (name == "member")
        assert ("stella" in shown) is (name == "member")


STEWARD_ONLY: list[Callable[[int], str]] = [
    lambda pk: f"/decisions/{pk}/publish/",
    lambda pk: f"/decisions/{pk}/steps/open/",
]


@pytest.mark.parametrize("address", STEWARD_ONLY)
def test_members_do_no_stewards_work(address: Callable[[int], str]) -> None:
    town = make_town()
    draft = price_motion(town)
    assert as_member(town).post(address(draft.pk)).status_code == 403
    assert Client().post(address(draft.pk)).status_code == 302
    draft.refresh_from_db()
    assert draft.state == Proposal.State.DRAFT


def test_a_steward_cannot_close_early_by_the_button() -> None:
    town = make_town()
    proposal = open_motion(town)
    steward = signed_in(town.steward)
    assert "Close and count" not in text_of(steward.get(f"/decisions/{proposal.pk}/"))
    answer = steward.post(f"/decisions/{proposal.pk}/steps/close/", follow=True)
    assert "nobody can move it" in text_of(answer)
    proposal.refresh_from_db()
    assert proposal.state == Proposal.State.OPEN


def test_wrong_methods_and_unknown_things_are_refused() -> None:
    town = make_town()
    proposal = open_motion(town)
    steward = signed_in(town.steward)
    assert steward.get(f"/decisions/{proposal.pk}/steps/close/").status_code == 405
    assert steward.post(f"/decisions/{proposal.pk}/steps/dance/").status_code == 404
    assert steward.get("/decisions/new/print_money/").status_code == 404
    assert steward.get("/decisions/99999/").status_code == 404
    assert Client().post("/decisions/").status_code == 405


def test_a_draft_is_withdrawn_by_its_proposer_after_a_page_that_says_what_happens() -> None:
    town = make_town()
    draft = price_motion(town)
    address = f"/decisions/{draft.pk}/withdraw/"
    ben, chloe = as_member(town, "ben"), as_member(town, "chloe")
    assert ben.get(address).status_code == ben.post(address).status_code == 403
    assert "nobody will vote on it" in text_of(chloe.get(address))
    draft.refresh_from_db()
    assert draft.state == Proposal.State.DRAFT
    assert chloe.post(address).status_code == 303
    draft.refresh_from_db()
    assert draft.state == Proposal.State.WITHDRAWN
    assert chloe.get(address).status_code == 403


def test_withdrawn_drafts_stay_listed_for_members_and_are_not_public() -> None:
    town = make_town()
    draft = price_motion(town)
    signed_in(town.steward).post(f"/decisions/{draft.pk}/withdraw/")
    listed = text_of(as_member(town, "ben").get("/decisions/"))
    assert "Withdrawn A price that pays for the second mast Proposed by chloe" in listed
    assert as_member(town, "ben").get(f"/decisions/{draft.pk}/").status_code == 200
    assert "A price that pays" not in text_of(Client().get("/decisions/"))
    assert Client().get(f"/decisions/{draft.pk}/").status_code == 404


def test_a_vote_in_which_nobody_voted_says_so() -> None:
    town = make_town()
    shown = text_of(Client().get(f"/decisions/{decide(town, open_motion(town)).pk}/"))
    assert "Nobody voted for or against. It needed 1 of 4 members in favour." in shown
    assert "1 vote in favour would have turned this chamber." in shown
    assert "of the 0 votes" not in shown
    assert "cast otherwise" not in shown


def test_a_chamber_without_members_says_so() -> None:
    town = make_town(owners=())
    shown = text_of(Client().get(f"/decisions/{decide(town, open_motion(town), ana='for').pk}/"))
    assert "Nobody was on this roll" in shown


def test_a_short_ballot_is_said_plainly_everywhere() -> None:
    town = make_town(notice=3600)
    agree("voting_seconds", 45)
    draft = price_motion(town)
    steward, ana = signed_in(town.steward), as_member(town)
    notice = text_of(steward.get(f"/decisions/{draft.pk}/publish/"))
    assert "The ballot will be open for 45 seconds only" in notice
    publish(proposal_id=draft.pk, actor=town.steward)
    for page in ("/decisions/", f"/decisions/{draft.pk}/"):
        assert "It is open for 45 seconds only." in text_of(ana.get(page))
    agree("notice_seconds", 0)
    agree("voting_seconds", 3000)
    proposal = open_motion(town)
    for page in ("/decisions/", f"/decisions/{proposal.pk}/", f"/decisions/{proposal.pk}/vote/"):
        assert re.search(r"[Cc]loses in [0-9]+ minutes?", text_of(ana.get(page)))
    assert re.search(r"Closes in [0-9]+ minutes?\.", text_of(ana.get(f"/decisions/{proposal.pk}/")))


def test_a_long_ballot_is_not_called_short() -> None:
    town = make_town(notice=3600)
    draft = price_motion(town)
    page = signed_in(town.steward).get(f"/decisions/{draft.pk}/publish/")
    assert "whoever does not look" not in text_of(page)


def test_recount_knows_which_votes_there_are() -> None:
    town = make_town()
    done = decide(town, open_motion(town), ana="for", ben="for")
    call_command("recount", str(done.pk))
    running = open_motion(town)
    with pytest.raises(CommandError, match="vote 999: no such vote") as refused:
        call_command("recount", "999")
    assert refused.value.returncode == 1
    with pytest.raises(CommandError, match=f"vote {running.pk}: not decided yet"):
        call_command("recount", str(done.pk), str(running.pk))


def test_every_state_has_a_page() -> None:
    town = make_town()
    draft = price_motion(town)
    announced = price_motion(town)
    publish(proposal_id=announced.pk, actor=town.steward)
    failed = decide(town, open_motion(town), ana="against")
    locked = decide(town, open_motion(town), ana="for", ben="for")
    done = decide(town, open_motion(town), ana="for", ben="for")
    execute(proposal_id=done.pk, actor=None)
    member = as_member(town)
    for proposal in (draft, announced, failed, locked, done):
        assert member.get(f"/decisions/{proposal.pk}/").status_code == 200


# The API ------------------------------------------------------------------------------------


def test_the_api_lists_votes_and_takes_ballots_once_per_key() -> None:
    town = make_town()
    proposal = open_motion(town)
    price_motion(town)
    listed = Client().get("/api/v1/decisions/").json()["results"]
    assert [row["id"] for row in listed] == [proposal.pk]
    ana = as_member(town)
    answers = [
        ana.post(
            f"/api/v1/decisions/{proposal.pk}/ballots/",
            {"choices": {"users": "for", "owners": "against"}},
            content_type="application/json",
            headers={"Idempotency-Key": "once"},
        )
        for _twice in range(2)
    ]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Ballot.objects.get().choices == {"users": "for", "owners": "against"}


def test_the_api_refuses_with_problems() -> None:
    town = make_town()
    proposal = open_motion(town)
    url = f"/api/v1/decisions/{proposal.pk}/ballots/"
    ana = as_member(town)
    for body in ({}, {"choice": "maybe"}, {"choices": {"users": "for"}}):
        answer = ana.post(url, body, content_type="application/json")
        assert answer.status_code in (400, 422)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert Client().post(url, {"choice": "for"}, content_type="application/json").status_code == 403
    end_voting(proposal)
    late = ana.post(url, {"choice": "for"}, content_type="application/json")
    assert (late.status_code, late.json()["code"]) == (409, "voting_closed")
    assert not Ballot.objects.exists()


def test_the_public_board_hides_answers_until_the_close_and_names_for_ever() -> None:
    town = make_town()
    proposal = open_motion(town)
    vote(town, proposal, ana="for", ben="for")
    board = f"/api/v1/decisions/{proposal.pk}/board/"
    during = Client().get(board).json()
    assert [e["index"] for e in during] == [1, 2]
    assert {e["envelope"] for e in during} == {None}
    assert Client().get(f"/api/v1/decisions/{proposal.pk}/certificate/").status_code == 404
    decide(town, proposal)
    after = Client().get(board).json()
    assert [e["leaf"] for e in after] == [e["leaf"] for e in during]
    rolls = Client().get(f"/api/v1/decisions/{proposal.pk}/rolls/")
    assert [roll["heads"] for roll in rolls.json()] == [4, 2]
    certificate = Client().get(f"/api/v1/decisions/{proposal.pk}/certificate/")
    assert certificate.json()["payloadType"].startswith("application/vnd.coop.certificate")
    public = Client().get(board).content + rolls.content + certificate.content
    assert not any(name.encode() in public for name in ("ana", "stella", "chloe"))
