"""Pages and API of votes in other hands, as members meet them."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from governance.models import Delegation
from tests.governance.delegations.words import before_all, make_crowd, name, proxy
from tests.governance.votes import Town, move, open_motion, vote

pytestmark = pytest.mark.django_db


def page(town: Town, who: str) -> Client:
    """A browser in which a member is logged in."""
    client = Client()
    user = town.members[who].user
    assert user is not None
    client.force_login(user)
    return client


def test_a_proxy_is_given_and_taken_back_from_the_page_of_a_vote() -> None:
    town = make_crowd(2)
    motion = open_motion(town)
    client = page(town, "m0")
    shown = client.get(reverse("governance:decision", args=[motion.pk]))
    form = reverse("governance:give_proxy", args=[motion.pk])
    assert form in shown.content.decode()
    key = client.get(form).context["form"]["key"].value()
    said = {"holder": town.members["m1"].number, "kind": "proxy", "directed": "for", "key": key}
    for _twice in range(2):
        assert client.post(form, said).status_code == 303
    (row,) = Delegation.objects.all()
    assert (row.kind, row.directed, row.proposal) == ("proxy", "for", motion)
    taken = client.post(reverse("governance:revoke_delegation", args=[row.pk]))
    assert taken.status_code == 303
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_what_is_refused_is_said_on_the_form() -> None:
    town = make_crowd(2)
    client = page(town, "m0")
    form = reverse("governance:new_delegation")
    said = {"holder": 9999, "kind": "proxy", "until": "2000-01-01T00:00", "key": "k"}
    unknown = client.post(form, said)
    assert unknown.status_code == 422
    late = client.post(form, said | {"holder": town.members["m1"].number})
    assert late.status_code == 422
    assert not Delegation.objects.exists()


def test_both_sides_see_a_word_and_nobody_else_can_end_it() -> None:
    town = make_crowd(3)
    row = name(town, "m0", "m1")
    listed = reverse("governance:delegations")
    assert list(page(town, "m0").get(listed).context["given"]) == [row]
    assert list(page(town, "m1").get(listed).context["held"]) == [row]
    end = reverse("governance:revoke_delegation", args=[row.pk])
    assert page(town, "m2").post(end).status_code == 404
    assert page(town, "m1").post(end).status_code == 303


def test_the_page_of_a_vote_shows_a_member_the_way_and_the_ballot_at_its_end() -> None:
    town = make_crowd(3)
    motion = open_motion(town)
    name(town, "m0", "m1")
    vote(town, motion, m2="for")
    name(town, "m1", "m2")
    before_all()
    panels = (
        page(town, "m0").get(reverse("governance:decision", args=[motion.pk])).context["panels"]
    )
    shown = dict(panels)["governance/panels/delegations.html"]
    assert [person.name for person in shown["ways"][0].people] == ["m0", "m1", "m2"]
    assert [(read.name, read.answers) for read in shown["read"]] == [("m2", [("users", "For")])]
    public = Client().get(reverse("governance:decision", args=[motion.pk]))
    assert dict(public.context["panels"])["governance/panels/delegations.html"] == {}


def test_a_client_names_reads_and_revokes() -> None:
    town = make_crowd(2)
    motion = open_motion(town)
    client = page(town, "m0")
    listed = reverse("governance:api_delegations")
    said = {"holder": town.members["m1"].number, "proposal": motion.pk, "directed": "against"}
    made = [
        client.post(listed, json.dumps(said), "application/json", headers={"Idempotency-Key": "x"})
        for _twice in range(2)
    ]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert [row["id"] for row in client.get(listed).json()["given"]] == [made[0].json()["id"]]
    move(motion, "notice_at = notice_at - interval '2 days'")
    before_all()
    in_vote = client.get(reverse("governance:api_delegations_in_vote", args=[motion.pk])).json()
    assert (in_vote["ways"][0]["lost"], in_vote["ballots"], in_vote["carried"]) == ("end", [], None)
    end = reverse("governance:api_revoke_delegation", args=[made[0].json()["id"]])
    assert page(town, "ana").post(end).status_code == 404
    assert client.post(end).json()["revoked_at"] is not None
    assert Client().post(listed, json.dumps(said), "application/json").status_code in (401, 403)


def test_a_client_reads_why_it_is_refused() -> None:
    town = make_crowd(2)
    motion = open_motion(town)
    proxy(town, "m0", "m1", motion)
    client = page(town, "m0")
    said = {"holder": town.members["m1"].number, "scope": "all"}
    answer = client.post(
        reverse("governance:api_delegations"), json.dumps(said), "application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "end_needed")
