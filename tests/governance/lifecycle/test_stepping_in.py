"""Stepping into the way of a proposal on the pages and through the API."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import Halt, Objection, Proposal, RollCorrection
from members.models import User
from tests.governance.lifecycle.test_halts_and_corrections import left_off
from tests.governance.lifecycle.ways import HOUR, announced, make_auditor, owners_draft
from tests.governance.votes import Town, decide, make_town, open_motion, price_motion
from tests.makers import agree, make_member

pytestmark = pytest.mark.django_db(transaction=True)
State = Proposal.State


@pytest.fixture
def town() -> Town:
    return make_town(notice=HOUR)


def as_user(user: User | None) -> Client:
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def as_member(town: Town, name: str) -> Client:
    return as_user(town.members[name].user)


def page(name: str, proposal: Proposal) -> str:
    return reverse(f"governance:{name}", args=[proposal.pk])


def send(client: Client, path: str, said: dict[str, Any], method: str = "post") -> Any:
    return getattr(client, method)(path, json.dumps(said), content_type="application/json")


def test_objecting_on_the_page_and_taking_it_back(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    chloe = as_member(town, "chloe")
    assert "Object to this" in chloe.get(page("decision", proposal)).content.decode()
    assert chloe.get(page("object", proposal)).status_code == 200
    assert chloe.post(page("object", proposal), {"reason": "Too soon."}).status_code == 303
    shown = chloe.get(page("decision", proposal)).content.decode()
    assert "Too soon." in shown
    assert "the users vote on it too" in shown
    public = Client().get(page("decision", proposal)).content.decode()
    assert "Too soon." not in public
    assert "1 objection, of 4 users" in public
    assert chloe.post(page("unobject", proposal)).status_code == 303
    assert Objection.objects.get().withdrawn_at is not None
    newcomer = as_user(make_member("late").user)
    assert newcomer.post(page("object", proposal), {"reason": ""}).status_code == 422
    assert Client().post(page("object", proposal)).status_code == 302


def test_objecting_through_the_api(town: Town) -> None:
    proposal = announced(town, owners_draft(town))
    path, chloe = page("api_objections", proposal), as_member(town, "chloe")
    before = {"possible": True, "users": 4, "objectors": 0, "needed": 1, "called_in": False}
    assert Client().get(path).json() == before
    answer = send(chloe, path, {"reason": "Too soon."})
    assert (answer.status_code, answer.json()["called_in"]) == (201, True)
    assert chloe.delete(path).json() == before
    assert send(Client(), path, {}).status_code == 403
    theirs = announced(town, price_motion(town))
    refused = send(chloe, page("api_objections", theirs), {})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_objectable")


def test_auditors_halt_on_the_page_or_through_the_api(town: Town) -> None:
    agree("notice_seconds", 0)
    proposal, other = open_motion(town), open_motion(town)
    auditor = as_user(make_auditor())
    assert as_user(town.steward).get(page("halt", proposal)).status_code == 403
    assert auditor.get(page("halt", proposal)).status_code == 200
    assert auditor.post(page("halt", proposal), {"reason": ""}).status_code == 422
    assert auditor.post(page("halt", proposal), {"reason": "See roll."}).status_code == 303
    path = page("api_halts", other)
    assert send(auditor, path, {"reason": "Here too."}).status_code == 201
    assert [row["reason"] for row in Client().get(path).json()] == ["Here too."]
    assert send(as_user(town.steward), path, {"reason": "Mine."}).json()["code"] == "not_auditor"
    assert Halt.objects.count() == 2


def test_rolls_are_corrected_on_the_page_or_through_the_api(town: Town) -> None:
    agree("notice_seconds", 0)
    proposal, other = left_off(town), left_off(town)
    steward = as_user(town.steward)
    said = {
        "number": town.members["chloe"].number, "chambers": ["users"], "reason": "Lost.",
    }  # fmt: skip
    assert as_member(town, "ana").get(page("correct_roll", proposal)).status_code == 403
    assert steward.get(page("correct_roll", proposal)).status_code == 200
    assert steward.post(page("correct_roll", proposal), {**said, "number": 99}).status_code == 422
    assert steward.post(page("correct_roll", proposal), said).status_code == 303
    assert "place 4" in Client().get(page("decision", proposal)).content.decode()
    assert steward.post(page("correct_roll", proposal), said).status_code == 422
    given = {"member": said["number"], "chambers": ["users"], "reason": "Lost."}
    answer = send(steward, page("api_corrections", other), given)
    assert (answer.status_code, answer.json()[0]["position"]) == (201, 4)
    assert RollCorrection.objects.count() == 2


def test_a_joint_text_is_written_on_its_page(town: Town) -> None:
    agree("notice_seconds", 0)
    votes = {"ana": "against", "ben": "against", "chloe": "for", "stella": "for"}
    town.members["dora"] = make_member("dora")
    first = decide(town, open_motion(town), **votes, dora="for")
    chloe = as_member(town, "chloe")
    shown = chloe.get(page("decision", first)).content.decode()
    assert "time for a joint text" in shown
    form = chloe.get(page("joint_text", first)).context["form"]
    said = {name: form[name].initial for name in ("yields", "price", "title")}
    assert chloe.post(page("joint_text", first), {**said, "text": "Half."}).status_code == 303
    assert as_member(town, "ana").get(page("joint_text", first)).status_code == 403
    second = first.followers.get()
    assert "Read the joint text" in chloe.get(page("decision", first)).content.decode()
    assert "second vote" in chloe.get(page("decision", second)).content.decode()
    again = send(chloe, page("api_second_vote", first), {"title": "x", "text": "x"})
    assert (again.status_code, again.json()["id"]) == (201, second.pk)


def test_drafts_are_made_amended_announced_and_withdrawn_through_the_api(town: Town) -> None:
    chloe, steward = as_member(town, "chloe"), as_user(town.steward)
    said = {
        "title": "When do we meet?", "text": "Choose.", "action": "resolution",
        "kind": "ranked", "options": [{"name": "May"}, {"name": "June"}],
    }  # fmt: skip
    path = reverse("governance:api_drafts")
    made = chloe.post(
        path, json.dumps(said), content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    assert made.status_code == 201
    draft = Proposal.objects.get(pk=made.json()["id"])
    assert [o["id"] for o in draft.options] == ["a", "b", "keep"]
    amended = send(chloe, page("api_versions", draft), {"text": "Choose one.", "why": "Clearer"})
    assert amended.status_code == 200
    step = lambda who, name: send(  # noqa: E731
        who, reverse("governance:api_step", args=[draft.pk, name]), {}
    )
    assert step(chloe, "publish").json()["code"] == "not_backed"
    assert step(chloe, "open").status_code == 404
    assert step(steward, "publish").json()["state"] == "notice"
    assert step(steward, "open").json()["code"] == "not_yet"
    assert step(chloe, "withdraw").json()["state"] == "withdrawn"
    assert send(Client(), path, said).status_code == 403
    assert send(chloe, path, {**said, "kind": "guess"}).json()["code"] == "wrong_kind"
