"""The ballot of every kind on its page, without script, and the page of what came of it."""

import pytest

from governance.models import Ballot, ConsentObjection, Proposal
from tests.governance.ballots.town import WAYS, answer, as_member, ended, opened, sent
from tests.governance.test_pages import text_of
from tests.governance.votes import POOL, RESOURCE, Town, make_town, price_motion

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("Ada", "Bo", "Cy")


@pytest.fixture
def town() -> Town:
    return make_town()


def test_a_ranking_is_cast_by_numbers_and_begins_the_next_one(town: Town) -> None:
    vote, ana = opened(town, "ranked", *WAYS), as_member(town, "ana")
    answered = sent(ana, vote, option_b="1", option_keep="3", option_a="3", key="1")
    assert answered.status_code == 303
    assert Ballot.objects.get().choices["users"] == [["b"], ["a", "keep"]]
    page = ana.get(f"/decisions/{vote.pk}/")
    said = "Users, Owners: 1. Build a second mast, 2. Fix the old mast = Keep things as they are"
    assert said in text_of(page)
    assert page.content.decode().count('value="2"') == 2


def test_a_step_of_a_ranking_casts_nothing_and_keeps_what_was_typed(town: Town) -> None:
    vote, ana = opened(town, "ranked", *WAYS), as_member(town, "ana")
    page = sent(ana, vote, option_b="1", option_a="2", reason="The ridge.", key="1", move="up:a")
    body = page.content.decode()
    assert page.status_code == 200
    assert not Ballot.objects.exists()
    assert "The ridge." in body
    assert body.index("Fix the old mast up, now number 1") < body.index(
        "Build a second mast up, now number 2"
    )
    button = body[: body.index("Fix the old mast up, now number 1")].rpartition("<button")[2]
    assert "autofocus" in button


def test_what_is_no_ranking_comes_back(town: Town) -> None:
    vote, ana = opened(town, "irv", *NAMES), as_member(town, "ana")
    twice = sent(ana, vote, option_a="1", option_b="1", key="1")
    assert twice.status_code == 422
    assert "Give each number once; these have the same: Ada, Bo." in text_of(twice)
    assert sent(ana, vote, option_a="first", key="1").status_code == 422
    assert sent(ana, vote, option_a="0", key="1").status_code == 422
    assert sent(ana, vote, option_a="²", key="1").status_code == 422
    assert sent(ana, vote, option_a="9" * 5000, key="1").status_code == 422
    kept = sent(ana, vote, option_a="first", option_b="2", key="1", move="up:b")
    assert kept.status_code == 422
    assert 'value="first"' in kept.content.decode()
    assert not Ballot.objects.exists()


def test_nothing_chosen_abstains_in_every_kind_with_options(town: Town) -> None:
    ana = as_member(town, "ana")
    for kind, blank in (("ranked", []), ("approval", []), ("score", {}), ("stv", [])):
        vote = opened(town, kind, *NAMES)
        assert sent(ana, vote, key="1").status_code == 303
        assert Ballot.objects.get(proposal=vote).choices["users"] == blank


def test_approval_and_points_are_cast_from_their_forms(town: Town) -> None:
    ana = as_member(town, "ana")
    agreed, points = opened(town, "approval", *NAMES), opened(town, "score", *NAMES)
    ana.post(f"/decisions/{agreed.pk}/vote/", {"approved": ["c", "a"], "key": "1"})
    sent(ana, points, option_a="5", option_c="0", key="1")
    assert Ballot.objects.get(proposal=agreed).choices["users"] == ["a", "c"]
    assert Ballot.objects.get(proposal=points).choices["users"] == {"a": 5, "c": 0}
    assert sent(ana, points, option_a="6", key="2").status_code == 422


def test_who_objects_says_why_and_another_answer_takes_it_back(town: Town) -> None:
    vote, ana = opened(town, "consent"), as_member(town, "ana")
    assert sent(ana, vote, choice="object", key="1").status_code == 422
    words = {"reason": "Too loud.", "change": "Only until ten."}
    assert sent(ana, vote, choice="object", key="2", **words).status_code == 303
    assert "1 objection is open" in text_of(ana.get(f"/decisions/{vote.pk}/"))
    assert "Only until ten." in text_of(ana.get(f"/decisions/{vote.pk}/"))
    assert sent(ana, vote, choice="consent", key="3").status_code == 303
    assert ConsentObjection.objects.get().withdrawn_at is not None
    assert "No objection is open. 1 of" in text_of(ana.get(f"/decisions/{ended(vote).pk}/"))


def test_the_result_of_a_ranked_motion_shows_rules_and_pairs(town: Town) -> None:
    vote = opened(town, "ranked", *WAYS)
    answer(town, vote, ana=[["b"], ["keep"]], ben=[["b"], ["keep"]], chloe=[["c"], ["b"], ["keep"]])
    shown = text_of(as_member(town, "ana").get(f"/decisions/{ended(vote).pk}/"))
    assert "Chosen: Build a second mast" in shown
    assert "needs 2 of the 3 who prefer one of the two; has 3." in shown
    assert "Build a second mast 3 : 0 Keep things as they are" in shown
    assert "it beat keeping things as they are, and every other option (rule R4)" in shown


def test_the_result_of_an_election_shows_rounds_and_ties(town: Town) -> None:
    vote = opened(town, "irv", *NAMES)
    answer(town, vote, ana=[["a"]], ben=[["a"]], chloe=[["b"]], stella=[["c"]])
    shown = text_of(as_member(town, "ana").get(f"/decisions/{ended(vote).pk}/"))
    assert "Chosen: Ada" in shown
    assert "Ada 2" in shown
    assert "enough to turn the outcome" in shown


def test_what_a_vote_needs_is_said_in_numbers_once_it_is_open(town: Town) -> None:
    vote = opened(town, "motion")
    shown = text_of(as_member(town, "ana").get(f"/decisions/{vote.pk}/"))
    assert "must be in favour (Users: 1 of 4; Owners: 1 of 2)" in shown


def test_a_rival_becomes_an_option_with_its_own_effect(town: Town) -> None:
    draft, chloe = price_motion(town), as_member(town, "chloe")
    address = f"/decisions/{draft.pk}/options/new/"
    assert as_member(town, "ana").get(address).status_code == 403
    rival = {"yields": f"{POOL}:{RESOURCE}", "price": "0.85", "title": "A little more", "key": "r"}
    assert chloe.post(address, rival | {"price": "-1"}).status_code == 422
    assert chloe.post(address, rival).status_code == 303
    draft.refresh_from_db()
    assert [option["name"] for option in draft.options][1:] == [
        "A little more", "Keep things as they are",
    ]  # fmt: skip
    assert draft.options[1]["payload"]["price"] == 85_000_000
    shown = text_of(chloe.get(f"/decisions/{draft.pk}/"))
    assert "from €0.80 to €0.85" in shown
    assert "from €0.80 to €0.90" in shown


def test_a_proposal_says_how_it_shall_be_decided(town: Town) -> None:
    ana = as_member(town, "ana")
    words = {"title": "Evenings", "text": "Full.", "key": "k", "kind": "ranked"}
    refused = ana.post("/decisions/new/resolution/", words | {"options": "Only one"})
    assert refused.status_code == 422
    assert "at least two different options" in text_of(refused)
    made = ana.post("/decisions/new/resolution/", words | {"options": "Mast\n\n Fibre \n"})
    assert made.status_code == 303
    draft = Proposal.objects.get()
    assert [option["id"] for option in draft.options] == ["a", "b", "keep"]
    assert "Fibre" in text_of(ana.get(made.headers["Location"]))
    plain = ana.get("/decisions/new/set_posted_price/").content.decode()
    assert 'value="ranked"' not in plain
