"""The pages and the API of offices: everything a member or steward does, by its forms."""

import pytest
from django.test import Client
from django.utils.html import escape

from governance.models import Candidate, Emergency, Petition, Proposal
from governance.services import publish
from metering.models import Node
from tests.governance.offices.people import EVIDENCE, REASON, a_node, as_user, full_town
from tests.governance.offices.test_elections import an_election
from tests.governance.votes import make_town

pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"


def test_offices_are_for_members_and_auditors_to_read() -> None:
    town, _stewards = full_town()
    visitor = Client().get("/offices/")
    assert (visitor.status_code, Client().get("/api/v1/offices/").status_code) == (302, 403)
    page = as_user(town.members["chloe"].user).get("/offices/").text
    assert "stella" in page and "Petition for a recall" in page
    assert "Nobody holds this office." in page  # no auditor
    [first, *others] = as_user(town.members["chloe"].user).get("/api/v1/offices/").json()
    assert (first["office"], first["decided_by"], len(others)) == ("steward", "founding", 4)


def test_members_stand_and_name_one_another_on_the_page_of_a_draft() -> None:
    town = make_town()
    election = an_election(town)
    chloe, ana = as_user(town.members["chloe"].user), as_user(town.members["ana"].user)
    at = f"/decisions/{election.pk}/candidates/"
    assert "Nobody stands yet." in chloe.get(f"/decisions/{election.pk}/").text
    assert chloe.post(f"{at}stand/", {"statement": "I have time."}).status_code == 303
    assert chloe.post(f"{at}name/", {"number": town.members["ana"].number}).status_code == 303
    page = ana.get(f"/decisions/{election.pk}/").text
    assert "You are asked to stand." in page and "I have time." in page
    ana.post(f"{at}stand/", {"statement": ""})
    assert Candidate.objects.filter(accepted_at__isnull=False).count() == 2
    ana.post(f"{at}withdraw/")
    assert Candidate.objects.filter(withdrawn_at=None).get().member == town.members["chloe"]
    wrong = chloe.post(f"{at}name/", {"number": 9999}, follow=True)
    assert "Nobody has this member number." in wrong.text
    assert Client().get(f"/decisions/{election.pk}/").status_code == 404
    stands = ana.post(f"/api/v1{at}", {"statement": "After all."}, JSON)
    assert (stands.status_code, stands.json()["statement"]) == (201, "After all.")
    assert ana.delete(f"/api/v1{at}").status_code == 204
    assert len(ana.get(f"/api/v1{at}").json()) == 2
    publish(proposal_id=election.pk, actor=town.steward)
    public = Client().get(f"/decisions/{election.pk}/").text
    assert "Who stands" in public and "I have time." not in public
    assert chloe.get("/decisions/new/elect_auditors/").status_code == 200
    assert "recall_steward" not in chloe.get("/decisions/new/").text


def test_a_petition_by_its_forms_until_it_calls_the_vote() -> None:
    town, _stewards = full_town(stewards=2)
    for_petition = f"/offices/steward/petitions/{town.members['stella'].number}/new/"
    chloe = as_user(town.members["chloe"].user)
    assert chloe.post(for_petition, {"text": " "}).status_code == 422
    assert chloe.get("/offices/treasurer/petitions/1/new/").status_code == 404
    made = chloe.post(for_petition, {"text": "The desk is closed."})
    petition = Petition.objects.get()
    assert made.headers["Location"] == f"/petitions/{petition.pk}/"
    # Of five users one is a tenth: it has called its vote by itself.
    page = chloe.get(f"/petitions/{petition.pk}/").text
    assert "has called its vote" in page and "The desk is closed." in page
    vote = chloe.get(f"/decisions/{petition.proposal_id}/").text
    assert "One member signed the petition that called this vote." in vote
    assert chloe.get("/offices/").status_code == 200
    over = chloe.post(f"/petitions/{petition.pk}/sign/", {"withdraw": "1"}, follow=True)
    assert "This petition is over" in over.text
    told = chloe.get(f"/api/v1/petitions/{petition.pk}/").json()
    assert (told["proposal"], told["users"]) == (petition.proposal_id, [1, 1])
    refused = chloe.post(
        "/api/v1/petitions/",
        {"member": town.members["ana"].number, "office": "steward", "text": "W"},
        JSON,
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_office")


def test_an_emergency_by_its_forms_and_by_programs() -> None:
    town, stewards = full_town()
    node = a_node()
    Node.objects.filter(pk=node.pk).update(owner=town.members["ana"])
    first, ana = as_user(stewards[0]), as_user(town.members["ana"].user)
    assert ana.get("/emergencies/new/").status_code == 403
    assert f'value="{node.uuid}" selected' in first.get(f"/emergencies/new/?node={node.uuid}").text
    said = {"node": str(node.uuid), "reason": REASON, "evidence": EVIDENCE}
    assert first.post("/emergencies/new/", said | {"evidence": ""}).status_code == 422
    assert first.post("/emergencies/new/", said).status_code == 303
    emergency = Emergency.objects.get()
    at = f"/emergencies/{emergency.pk}/"
    assert "1 of 3 needed" in first.get(at).text
    second = as_user(stewards[1])
    assert "Sign the emergency" in second.get(at).text
    assert second.post(f"{at}sign/").status_code == 303
    signed = as_user(stewards[2]).post(f"/api/v1{at}").json()
    assert (signed["emergency_state"], len(signed["signatures"])) == ("in_force", 3)
    page = ana.get(at).text
    assert escape(EVIDENCE) in page and "Put it on the record" in page
    assert ana.post(f"{at}answer/", {"text": ""}).status_code == 422
    assert ana.post(f"{at}answer/", {"text": "Its clock was wrong."}).status_code == 303
    vote = Proposal.objects.get(because="ratification")
    read = ana.get(f"/decisions/{vote.pk}/").text
    assert "Its clock was wrong." in read and "whatever becomes of this vote" in read
    public = Client().get(f"/decisions/{vote.pk}/").text
    assert emergency.evidence_sha256 in public and "Its clock was wrong." not in public
    assert Client().get(at).status_code == 302
    same = first.post("/api/v1/emergencies/", said, JSON)
    assert (same.status_code, same.json()["id"]) == (201, emergency.pk)
    again = first.post("/api/v1/emergencies/", said | {"evidence": "More."}, JSON)
    assert (again.status_code, again.json()["code"]) == (422, "not_possible_now")
    assert len(ana.get("/api/v1/emergencies/").json()) == 1
    answered = ana.post(f"/api/v1{at}answer/", {"text": "Other."}, JSON)
    assert (answered.status_code, answered.json()["code"]) == (409, "answered_already")


def test_stepping_down_by_its_form() -> None:
    _town, stewards = full_town(stewards=2)
    client = as_user(stewards[1])
    assert "Only an election" in client.get("/offices/steward/step-down/").text
    assert client.post("/offices/steward/step-down/").status_code == 303
    assert client.delete("/api/v1/offices/steward/mine/").status_code == 409
