"""Applying, admitting, refusing, in the browser's words."""

import pytest
from django.test import Client

from members.models import Member
from tests.makers import make_cooperative, make_member, make_steward, make_user

pytestmark = pytest.mark.django_db

APPLICATION = {
    "name": "Chloe Ferrer",
    "kind": "person",
    "address": "Mill Lane 4",
    "bylaws": "on",
    "conversion": "on",
}


@pytest.fixture
def visitor(client: Client) -> Client:
    make_cooperative()
    client.force_login(make_user())
    return client


@pytest.fixture
def steward(client: Client) -> Client:
    client.force_login(make_steward())
    return client


@pytest.fixture
def applicant(visitor: Client) -> Member:
    visitor.post("/join/", APPLICATION)
    return Member.objects.get()


def test_an_application_waits_for_the_stewards(visitor: Client) -> None:
    assert "Apply for membership" in visitor.get("/join/").text
    response = visitor.post("/join/", APPLICATION)
    assert (response.status_code, response["Location"]) == (303, "/join/")
    member = Member.objects.get()
    assert (member.name, member.state, member.consents_to_conversion) == (
        "Chloe Ferrer",
        "applicant",
        True,
    )
    assert "with the stewards" in visitor.get("/join/").text


@pytest.mark.parametrize("missing", ["name", "bylaws", "kind"])
def test_what_is_missing_is_said_and_what_was_typed_is_kept(visitor: Client, missing: str) -> None:
    response = visitor.post("/join/", {k: v for k, v in APPLICATION.items() if k != missing})
    assert response.status_code == 422
    assert "Mill Lane 4" in response.text
    assert not Member.objects.exists()


def test_applying_twice_changes_nothing(visitor: Client, applicant: Member) -> None:
    visitor.post("/join/", APPLICATION | {"name": "Other"})
    applicant.refresh_from_db()
    assert applicant.name == "Chloe Ferrer"


def test_a_visitor_is_led_to_the_login(client: Client) -> None:
    make_cooperative()
    for address in ("/join/", "/stewardship/applications/", "/stewardship/register/"):
        assert client.get(address).status_code == 302
    assert client.get("/bylaws/").status_code == 200


def test_a_steward_admits_an_applicant(applicant: Member, client: Client) -> None:
    client.force_login(make_steward())
    listed = client.get("/stewardship/applications/").text
    assert "Chloe Ferrer" in listed
    page = f"/stewardship/applications/{applicant.pk}/admit/"
    assert "becomes member 2" in client.get(page).text
    response = client.post(page)
    assert (response.status_code, response["Location"]) == (303, "/stewardship/applications/")
    applicant.refresh_from_db()
    assert (applicant.number, applicant.state) == (2, "active")
    assert client.post(page).status_code == 303
    assert "Chloe Ferrer" in client.get("/stewardship/register/").text
    assert "not waiting any more" in client.get(page).text


def test_a_refusal_needs_a_reason_that_the_applicant_reads(
    applicant: Member, client: Client
) -> None:
    chloe = applicant.user
    assert chloe is not None
    client.force_login(make_steward())
    page = f"/stewardship/applications/{applicant.pk}/refuse/"
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "Not in the valley."}).status_code == 303
    client.force_login(chloe)
    assert "Not in the valley." in client.get("/join/").text


def test_admitting_a_refused_applicant_is_refused(applicant: Member, client: Client) -> None:
    client.force_login(make_steward())
    base = f"/stewardship/applications/{applicant.pk}"
    client.post(f"{base}/refuse/", {"reason": "No."})
    assert client.post(f"{base}/admit/").status_code == 422


@pytest.mark.parametrize("verb", ["admit", "refuse"])
def test_only_stewards_decide(applicant: Member, visitor: Client, verb: str) -> None:
    page = f"/stewardship/applications/{applicant.pk}/{verb}/"
    assert visitor.post(page, {"reason": "me"}).status_code == 403
    applicant.refresh_from_db()
    assert applicant.state == "applicant"


def test_an_unknown_applicant_is_not_found(steward: Client) -> None:
    assert steward.get("/stewardship/applications/999/admit/").status_code == 404
    assert steward.post("/stewardship/applications/999/refuse/").status_code == 404


def test_wrong_methods_are_refused(steward: Client) -> None:
    assert steward.post("/stewardship/applications/").status_code == 405
    assert steward.put("/join/").status_code == 405
    assert steward.get("/join/consent/").status_code == 405


def test_a_member_takes_consent_back_and_gives_it_again(client: Client) -> None:
    member = make_member()
    assert member.user is not None
    client.force_login(member.user)
    assert "You are member 1" in client.get("/join/").text
    client.post("/join/consent/")
    member.refresh_from_db()
    assert not member.consents_to_conversion
    client.post("/join/consent/", {"consents": "on"})
    member.refresh_from_db()
    assert member.consents_to_conversion


def test_an_applicant_has_no_member_pages(visitor: Client, applicant: Member) -> None:
    assert visitor.get("/titles/")["Location"] == "/join/"
    assert visitor.get("/api/v1/me").status_code == 403


def test_the_api_says_who_asks(client: Client) -> None:
    member = make_member("Ana")
    assert client.get("/api/v1/me").status_code == 403
    assert member.user is not None
    client.force_login(member.user)
    answer = client.get("/api/v1/me").json()
    assert (answer["number"], answer["name"], answer["state"]) == (1, "Ana", "active")
