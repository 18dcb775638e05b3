"""The pages of a membership's life: one's own, the file, the register, and how it grows."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members.models import Member, Role, User
from members.queries import contact_of, nominee_of
from members.services import (
    Former,
    change_state,
    grant_role,
    publish_bylaws,
    suspend,
    take_over,
    void_numbers,
)
from tests.makers import agree, make_cooperative, make_member, make_steward, make_user
from tests.members.lives import applicant, days_ago, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def steward(client: Client) -> Client:
    client.force_login(make_steward())
    return client


def signed_in(member: Member) -> Client:
    client = Client()
    assert member.user is not None
    client.force_login(member.user)
    return client


def file(member: Member, rest: str = "") -> str:
    return f"/stewardship/register/{member.pk}/{rest}"


def test_my_membership_shows_what_the_register_holds() -> None:
    me = make_member("Ana Ortiz")
    page = signed_in(me).get("/membership/").text
    for words in ("You are member 1", "Ana Ortiz", "admission", "2026-06", str(me.user)):
        assert words in page


def test_i_move_and_say_how_to_reach_me_and_whom_my_shares_go_to() -> None:
    me = make_member()
    client = signed_in(me)
    moved = {"address": "Mill Lane 4", "valid_from": today().isoformat()}
    assert client.post("/membership/address/", moved)["Location"] == "/membership/"
    reach = {"way": "phone", "phone": "+34 600", "language": "en"}
    assert client.post("/membership/contact/", reach).status_code == 303
    assert client.post("/membership/nominee/", {"name": "Nico"}).status_code == 303
    me.refresh_from_db()
    contact, nominee = contact_of(me), nominee_of(me)
    assert (me.address, contact and contact.phone) == ("Mill Lane 4", "+34 600")
    assert nominee is not None
    assert "Nico" in client.get("/membership/").text
    assert client.post("/membership/nominee/nobody/").status_code == 303
    assert "Nobody is named" in client.get("/membership/").text


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("address", {"address": "", "valid_from": "2026-01-01"}),
        ("address", {"address": "Mill", "valid_from": "2199-01-01"}),
        ("contact", {"way": "pigeon", "language": "en"}),
        ("nominee", {"name": "Nico", "number": "99"}),
        ("appeal", {"text": "No decision to appeal against."}),
    ],
)
def test_what_cannot_be_recorded_comes_back_as_it_was_typed(
    path: str, data: dict[str, str]
) -> None:
    response = signed_in(make_member()).post(f"/membership/{path}/", data)
    assert response.status_code == 422
    assert 'role="alert"' in response.text


def test_a_suspended_member_reads_and_cannot_act() -> None:
    me = make_member()
    suspend(member_id=me.pk, text="Three charges unpaid.", actor=None)
    client = signed_in(me)
    page = client.get("/membership/").text
    assert "suspended" in page
    assert "Three charges unpaid." in page
    assert client.get("/titles/").status_code == 200
    assert client.get("/api/v1/me").status_code == 200
    assert client.post("/join/consent/").status_code == 403
    assert client.post("/membership/appeal/", {"text": "I have paid."}).status_code == 303
    assert "I have paid." in client.get("/membership/").text


def test_an_applicant_takes_the_application_back_and_applies_again() -> None:
    make_cooperative()
    user = make_user()
    me = applicant(user=user)
    client = signed_in(me)
    client.post("/membership/withdraw/")
    me.refresh_from_db()
    assert me.state == "refused"
    again = {"name": "Ana", "kind": "person", "bylaws": "on"}
    assert client.post("/join/", again).status_code == 303
    me.refresh_from_db()
    assert me.state == "applicant"


def test_who_left_applies_again_from_their_page() -> None:
    me = make_member()
    change_state(member_id=me.pk, to="left", reason="resignation", actor=None)
    client = signed_in(me)
    assert "Apply again" in client.get("/membership/").text
    assert "you keep this number" in client.get("/join/?again=1").text
    client.post("/join/", {"name": "Ana", "kind": "person", "bylaws": "on"})
    me.refresh_from_db()
    assert (me.state, me.number) == ("applicant", 1)


def test_new_bylaws_are_published_and_accepted(steward: Client) -> None:
    me = make_member()
    assert "change_bylaws" in steward.get("/stewardship/bylaws/").text
    assert steward.post("/stewardship/bylaws/", {}).status_code == 403
    agree("bylaws_by_vote", False)
    said = {
        "version": "2027-01",
        "valid_from": today().isoformat(),
        "text": "One.\nTwo.",
        "source": "General meeting",
    }
    assert steward.post("/stewardship/bylaws/", said)["Location"] == "/bylaws/"
    assert steward.post("/stewardship/bylaws/", said | {"text": "Else."}).status_code == 422
    client = signed_in(me)
    assert "The bylaws have changed" in client.get("/membership/").text
    client.post("/bylaws/accept/", {"version": "2027-01"})
    assert "The bylaws have changed" not in client.get("/membership/").text
    assert "Two." in client.get("/bylaws/").text
    assert "not the one in force" in client.get("/bylaws/versions/2026-06/").text


def test_a_steward_records_what_happened_with_the_reason(steward: Client) -> None:
    member = make_member("Ben")
    page = file(member, "state/")
    assert "suspended: default" in steward.get(page).text
    said = {"change": "suspended:default", "effective_on": today().isoformat()}
    assert steward.post(page, said).status_code == 422
    assert steward.post(page, said | {"text": "Unpaid."})["Location"] == file(member)
    member.refresh_from_db()
    assert member.state == "suspended"
    assert steward.post(page, said | {"change": "refused:refusal"}).status_code == 422
    shown = steward.get(file(make_member("Cara"), "state/")).text
    assert "suspended: suspension (takes a vote)" in shown
    back = {**said, "change": "active:reinstatement", "text": "Paid."}
    assert steward.post(page, back).status_code == 303
    for_good = {**said, "change": "suspended:suspension", "text": "Rude."}
    assert "by vote" in steward.post(page, for_good).text
    out = {**said, "change": "expelled:expulsion", "text": "Unpaid."}
    assert "by vote" in steward.post(page, out).text
    agree("expulsion_by_vote", False)
    assert steward.post(page, out).status_code == 303
    assert "Unpaid." in steward.get(file(member)).text


def test_offices_are_granted_and_ended_by_page(steward: Client) -> None:
    member = make_member("Ben")
    said = {"name": "treasurer", "source": "Meeting", "until": days_ago(-30).isoformat()}
    assert "grant_office" in steward.get(file(member, "office/")).text
    assert steward.post(file(member, "office/"), said).status_code == 403
    assert not Role.objects.filter(user=member.user).exists()
    agree("offices_by_vote", False)
    assert steward.post(file(member, "office/"), said).status_code == 303
    role = Role.objects.get(user=member.user)
    assert role.until is not None
    assert "Treasurer" in steward.get(file(member)).text.title()
    end = file(member, f"office/{role.pk}/end/")
    assert steward.post(end, {"source": "Letter"}).status_code == 303
    assert steward.post(end, {"source": "Letter"}).status_code == 422
    mine = Role.objects.get(name="steward")
    last = file(mine.user.member, f"office/{mine.pk}/end/")
    assert "only steward" in steward.post(last, {"source": "x"}).text


def test_links_names_and_representatives_are_recorded_by_page(steward: Client) -> None:
    ben, carla = make_member("Ben"), make_member("Carla")
    link = {"number": str(carla.number), "reason": "one household"}
    assert steward.post(file(ben, "link/"), link).status_code == 303
    assert "one household" in steward.get(file(carla)).text
    assert steward.post(file(ben, "link/"), link | {"number": "77"}).status_code == 422
    name = {"name": "Ben Fischer", "address": "Hill 2", "valid_from": today().isoformat()}
    assert steward.post(file(ben, "particulars/"), name).status_code == 303
    assert "Ben Fischer" in steward.get(file(ben)).text
    user = {"email": str(carla.user), "source": "Register"}
    assert steward.post(file(ben, "representative/"), user).status_code == 422
    mill = applicant("Mill GmbH", kind="organisation")
    assert steward.post(file(mill, "representative/"), user).status_code == 303
    assert str(carla.user) in steward.get(file(mill)).text


def test_a_steward_answers_an_appeal(steward: Client) -> None:
    me = make_member("Ben")
    suspend(member_id=me.pk, text="Unpaid.", actor=None)
    signed_in(me).post("/membership/appeal/", {"text": "I have paid."})
    assert "Ben appeals" in steward.get("/stewardship/").text
    page = f"/stewardship/appeals/{me.events.latest('pk').answered.pk}/"
    assert "I have paid." in steward.get(page).text
    assert steward.post(page, {"text": "So you have."}).status_code == 303
    assert "So you have." in signed_in(me).get("/membership/").text


@pytest.mark.parametrize(
    "path", ["", "state/", "particulars/", "contact/", "office/", "link/", "representative/"]
)
def test_a_file_is_for_stewards_and_auditors_and_acting_for_stewards(path: str) -> None:
    member, auditor = make_member("Ben"), make_member("Otto")
    assert auditor.user is not None
    assert signed_in(member).get(file(member, path)).status_code == 403
    grant_role(user=auditor.user, name="auditor", actor=None, source="meeting")
    assert signed_in(auditor).get(file(member, path)).status_code == (403 if path else 200)
    assert Client().get(file(member, path)).status_code == 302


def test_the_register_is_searched_and_filtered(steward: Client) -> None:
    ben, carla = make_member("Ben Fischer"), make_member("Carla Conti")
    change_state(member_id=carla.pk, to="left", reason="transfer", actor=None)
    refused = applicant("Dario")
    for query, found, not_found in (
        ("search=fisch", ben, carla),
        (f"search={carla.number}", carla, ben),
        (f"search={ben.user}", ben, carla),
        ("state=left", carla, ben),
        ("state=applicant", refused, ben),
    ):
        page = steward.get(f"/stewardship/register/?{query}").text
        assert found.name in page
        assert not_found.name not in page
    assert "Nobody fits" in steward.get("/stewardship/register/?search=nobody").text


def test_the_public_sees_counts_and_no_names(client: Client) -> None:
    make_member("Ben Fischer")
    page = client.get("/register/").text
    assert "there was 1 member" in page
    assert "Ben Fischer" not in page
    for path in ("/register/list.csv", "/register/list.pdf"):
        assert client.get(path).status_code == 302
        assert signed_in(make_member()).get(path).status_code == 403


def test_the_register_of_a_day_as_page_csv_and_pdf(steward: Client) -> None:
    make_cooperative()
    rows = [
        Former(number=2, name="Old, Ben", admitted_on=days_ago(400), address="Hill 2\nValley"),
        Former(number=3, name="Gone", admitted_on=days_ago(400), ended_on=days_ago(100)),
    ]
    take_over(rows=rows, source="import:1", actor=None)
    then = f"day={days_ago(200).isoformat()}"
    assert "there were 2 members" in steward.get(f"/register/?{then}").text
    assert "Gone" not in steward.get("/register/").text
    assert "Gone" in steward.get("/register/?whom=all").text
    lines = steward.get(f"/register/list.csv?{then}").text.splitlines()
    assert len(lines) == 3
    assert '"Old, Ben",person,"Hill 2, Valley"' in lines[1]
    pdf = steward.get(f"/register/list.pdf?{then}")
    assert pdf.content.startswith(b"%PDF-")
    assert pdf["Content-Type"] == "application/pdf"


def test_no_name_on_the_register_is_a_formula_to_a_spreadsheet(steward: Client) -> None:
    make_cooperative()
    make_member("=HYPERLINK(0)")
    rows = steward.get("/register/list.csv").text.splitlines()
    assert any(",'=HYPERLINK(0)," in row for row in rows)


def test_the_reason_of_an_admission_admits_to_nothing_else(steward: Client) -> None:
    make_cooperative()
    waiting = applicant()
    asked = {"to": "left", "reason": "admission"}
    url = f"/api/v1/members/{waiting.pk}/state"
    answer = steward.post(url, asked, content_type="application/json")
    waiting.refresh_from_db()
    assert (answer.json()["code"], waiting.state) == ("state_refused", "applicant")


def counted(read: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        read()
    return len(queries)


@pytest.mark.parametrize(
    "path",
    [
        "/stewardship/register/",
        "/stewardship/register/?search=member",
        "/register/",
        "/register/?whom=all",
        "/stewardship/applications/",
        "/api/v1/members",
    ],
)
def test_the_number_of_queries_does_not_grow_with_the_register(steward: Client, path: str) -> None:
    def fill(first: int) -> None:
        rows = [
            Former(number=n, name=f"Member {n}", admitted_on=days_ago(n), email="m@example.org")
            for n in range(first, first + 30)
        ]
        take_over(rows=rows, source="import", actor=None)
        for n in range(5):
            applicant(f"Waiting {first} {n}")

    fill(2)
    steward.get(path)
    few = counted(lambda: steward.get(path))
    fill(32)
    assert counted(lambda: steward.get(path)) == few


def test_every_page_of_a_large_register_is_reached(steward: Client) -> None:
    rows = [Former(number=n, name=f"Member {n}", admitted_on=today()) for n in range(3, 130)]
    take_over(rows=rows, source="import", actor=None)
    void_numbers(kind="member", numbers=[2], reason="torn", source="import", actor=None)
    for start, step in (("/stewardship/register/", 50), ("/register/", 50)):
        after, seen = 0, set()
        while True:
            page = steward.get(f"{start}?after={after}").text
            seen |= {n for n in range(3, 130) if f">Member {n}<" in page}
            if "after=" not in page or 'rel="next"' not in page:
                break
            after = int(page.split('rel="next"')[1].split("after=")[1].split('"')[0])
            assert step <= after
        assert seen == set(range(3, 130))


def test_the_api_gives_the_register_of_a_day_the_file_and_counts(steward: Client) -> None:
    ben = make_member("Ben")
    page = steward.get("/api/v1/members").json()
    assert [row["name"] for row in page["results"]] == ["Stella", "Ben"]
    assert page["next_after"] is None
    assert steward.get(f"/api/v1/members?day={days_ago(1)}").json()["results"] == []
    assert steward.get("/api/v1/members?day=soon").status_code == 400
    assert steward.get(f"/api/v1/members/{ben.pk}").json()["events"][1]["to_state"] == "active"
    assert steward.get("/api/v1/members/999999").status_code == 404
    assert Client().get("/api/v1/members/counts").json()["members"] == 2
    for path in ("/api/v1/members", f"/api/v1/members/{ben.pk}"):
        assert Client().get(path).status_code == 403
        assert signed_in(ben).get(path).status_code == 403


def test_the_api_records_what_stewards_decide(steward: Client) -> None:
    waiting = applicant("Dario")
    admitted = steward.post(f"/api/v1/members/{waiting.pk}/admit").json()
    assert (admitted["number"], admitted["state"]) == (2, "active")
    state = f"/api/v1/members/{waiting.pk}/state"
    said = {"to": "suspended", "reason": "default"}
    refused = steward.post(state, said, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "reason_missing")
    done = steward.post(state, said | {"text": "Unpaid."}, content_type="application/json")
    assert done.json()["member"]["state"] == "suspended"
    late = steward.post(
        f"/api/v1/members/{waiting.pk}/refuse",
        {"reason": "No."},
        content_type="application/json",
    )
    assert late.json()["code"] == "not_an_applicant"
    other = signed_in(make_member("Ben"))
    assert other.post(f"/api/v1/members/{waiting.pk}/admit").status_code == 403


def test_the_api_lets_me_change_what_is_mine() -> None:
    me = make_member("Ana")
    client, kind = signed_in(me), "application/json"
    client.put("/api/v1/me/address", {"address": "Mill Lane 4"}, content_type=kind)
    client.put("/api/v1/me/contact", {"way": "post", "phone": "1"}, content_type=kind)
    client.put("/api/v1/me/nominee", {"name": "Nico"}, content_type=kind)
    mine = client.get("/api/v1/me/file").json()
    assert mine["particulars"][0]["address"] == "Mill Lane 4"
    assert mine["contact"]["way"] == "post"
    assert mine["nominee"]["name"] == "Nico"
    assert client.delete("/api/v1/me/nominee").status_code == 204
    assert client.delete("/api/v1/me/nominee").status_code == 409
    assert Client().get("/api/v1/me/file").status_code == 403


def test_a_bylaws_paragraph_of_the_software_is_read_in_german(client: Client) -> None:
    make_cooperative()
    publish_bylaws(version="x", text="Ein Satz.", actor=None, source="m", valid_from=days_ago(-9))
    page = client.get("/bylaws/", headers={"accept-language": "de"}).text
    assert "The members own" not in page
    assert User.objects.count() == 0
