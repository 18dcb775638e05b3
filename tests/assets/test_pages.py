"""The pages of the register: what visitors see, what stewards do, and how much each one asks."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.deeds import DEEDS
from assets.models import Asset, AssetCustody, AssetFile
from assets.services import answer_custody, offer_custody, report_faulty
from tests.assets.things import days_ago, ordered, picture, serving, the_pool
from tests.makers import agree, make_member, make_steward

pytestmark = pytest.mark.django_db
SECRET = ("SER-123", "Loft of the old mill", "Wire & Co", "BILL-9")


@pytest.fixture
def steward() -> Client:
    client = Client()
    client.force_login(make_steward())
    return client


def well_known() -> Asset:
    return serving(
        serial=SECRET[0],
        location=SECRET[1],
        supplier=SECRET[2],
        bill=SECRET[3],
        place="Mill",
        manufacturer="Routix",
        model_name="R5",
    )


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_visitor_sees_what_it_is_and_nothing_of_where_exactly_or_who() -> None:
    asset, ana = well_known(), make_member("Ana Ortiz")
    custody = offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)
    assert ana.user is not None
    answer_custody(custody_id=custody.pk, accepts=True, actor=ana.user)
    for path in ("/assets/", f"/assets/{asset.pk}/", "/assets/on/"):
        text = page_of(Client(), path)
        assert "Core router" in text and "Mill" in text and asset.code in text
        assert not [word for word in (*SECRET, "Ana Ortiz") if word in text]
    assert "a member" in page_of(Client(), f"/assets/{asset.pk}/")


def test_a_steward_sees_all_of_it(steward: Client) -> None:
    asset = well_known()
    text = page_of(steward, f"/assets/{asset.pk}/")
    assert all(word.replace("&", "&amp;") in text for word in SECRET)


def test_stewards_pages_are_shut_to_others() -> None:
    asset, member = serving(), make_member("Ana")
    client = Client()
    assert member.user is not None
    paths = ["/assets/new/", "/assets/labels/", "/assets/import/", "/assets/export.csv"]
    paths += [f"/assets/{asset.pk}/{name}/" for name in (*DEEDS, "label")]
    assert {client.get(path).status_code for path in paths} == {302}
    client.force_login(member.user)
    assert {client.get(path).status_code for path in paths} == {403}
    assert {client.post(path).status_code for path in paths} <= {403, 405}


def test_the_life_of_a_thing_through_the_forms(steward: Client) -> None:
    pool = the_pool()
    new = {
        "key": "0" * 32,
        "pool": pool.pk,
        "name": "Ridge router",
        "kind": "router",
        "code": "R-7",
        "on": days_ago(9),
        "cost": "250.00",
        "salvage": "10",
        "useful_months": 48,
        "place": "Ridge",
    }
    answer = steward.post("/assets/new/", new)
    assert answer.status_code == 303
    asset = Asset.objects.get(code="R-7")
    assert answer["Location"] == f"/assets/{asset.pk}/"
    assert (asset.cost, asset.salvage, asset.state) == (25_000, 1_000, "ordered")
    steward.post("/assets/new/", new)
    assert Asset.objects.count() == 1
    steps: list[tuple[str, dict[str, Any]]] = [
        ("take", {"paid_from": "grant"}),
        ("serve", {"on": days_ago(8), "capacity_bandwidth": "1.5"}),
        ("fault", {"on": days_ago(5), "reason": "storm", "capacity_bandwidth": "1.5"}),
        ("repair", {"on": days_ago(4), "reason": "new fuse"}),
        ("move", {"on": days_ago(3), "place": "Mill", "location": "Loft"}),
        ("upkeep", {"on": days_ago(2), "what": "New fuse", "cost": "12.50", "minutes": "30"}),
        ("keep", {"member": make_member("Ben").pk}),
        ("end", {"on": days_ago(1), "to": "sold", "reason": "too slow", "proceeds": "80"}),
    ]
    agree("retirement_by_vote", False)
    for number, (name, data) in enumerate(steps, 1):
        path = f"/assets/{asset.pk}/{name}/"
        assert steward.get(path).status_code == 200
        answer = steward.post(path, {"key": f"{number:032x}", **data})
        assert answer.status_code == 303, (name, answer.content.decode())
    asset.refresh_from_db()
    assert (asset.state, asset.units_created, asset.place) == ("sold", 250, "Mill")
    assert list(asset.events.order_by("pk").values_list("to_state", flat=True)) == [
        "ordered",
        "in_service",
        "faulty",
        "in_service",
        "sold",
    ]
    changes = asset.capacity_changes.order_by("pk").values_list("change", flat=True)
    assert list(changes) == [1500, -1500, 1500, -1500]
    assert "New fuse" in page_of(steward, f"/assets/{asset.pk}/")


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("fault", {"on": "2999-01-01", "reason": "x"}, "from"),
        ("fault", {"on": "", "reason": ""}, "id_reason"),
        ("end", {"on": "2020-01-01", "to": "sold", "reason": "x"}, "from"),
        ("move", {"on": "no day", "place": "x"}, "id_on"),
        ("upkeep", {"on": "", "what": "x", "cost": "1,234.5"}, "id_cost"),
        ("attach", {"kind": "photo"}, "id_file"),
        ("facts", {"name": "x", "cost": "1", "salvage": "2"}, "id_salvage"),
    ],
)
def test_a_form_that_is_wrong_says_so_and_changes_nothing(
    steward: Client, name: str, data: dict[str, str], field: str
) -> None:
    asset = serving()
    answer = steward.post(f"/assets/{asset.pk}/{name}/", {"key": "1" * 32, **data})
    assert answer.status_code == 422
    assert field in answer.content.decode()
    before = (asset.state, asset.name, asset.place)
    asset.refresh_from_db()
    assert (asset.state, asset.name, asset.place) == before


def test_a_file_comes_in_by_its_form_and_goes_by_its_page(steward: Client) -> None:
    asset = serving()
    sent = SimpleUploadedFile("x.html", picture(), "text/html")
    data = {"file": sent, "kind": "photo", "title": "Front", "public": "on"}
    assert steward.post(f"/assets/{asset.pk}/attach/", data).status_code == 303
    row = AssetFile.objects.get()
    assert (row.content_type, row.public) == ("image/jpeg", True)
    assert "Front" in page_of(Client(), f"/assets/{asset.pk}/")
    steward.post(f"/assets/files/{row.pk}/show/", {"public": "no"})
    assert "Front" not in page_of(Client(), f"/assets/{asset.pk}/")
    assert "removed for good" in page_of(steward, f"/assets/files/{row.pk}/remove/")
    assert steward.post(f"/assets/files/{row.pk}/remove/").status_code == 303
    assert not AssetFile.objects.exists()


def test_a_member_answers_on_their_own_page() -> None:
    asset, ana = serving(), make_member("Ana")
    offer = offer_custody(asset_id=asset.pk, member_id=ana.pk, actor=None)
    client, other = Client(), Client()
    assert ana.user is not None
    client.force_login(ana.user)
    other.force_login(make_steward())
    path = f"/assets/custody/{offer.pk}/answer/"
    assert other.post(path, {"answer": "accept"}).status_code == 404
    assert "You were asked" in page_of(client, "/assets/mine/")
    assert client.get(path).status_code == 405
    assert client.post(path, {"answer": "accept"}).status_code == 303
    assert "With me now" in page_of(client, "/assets/mine/")
    assert AssetCustody.objects.get().since == days_ago(0)


def test_filters_find_by_words_pool_type_and_state() -> None:
    one, two = serving("Ridge router", place="Ridge"), serving("Mill mast", kind="mast")
    report_faulty(asset_id=two.pk, on=days_ago(1), reason="x", actor=None)
    gone = ordered("Old cable", kind="fibre")

    def found(query: str) -> list[str]:
        rows = Client().get(f"/assets/?{query}").context["rows"]
        return sorted(row.name for row, _yields in rows)

    assert found("") == ["Mill mast", "Old cable", "Ridge router"]
    assert found("q=ridge+router") == [one.name]
    assert found("kind=mast") == found("state=faulty") == [two.name]
    assert found("state=ordered") == [gone.name]
    assert found("pool=backbone&kind=fibre") == [gone.name]
    assert found("q=SER") == []


def test_the_register_asks_as_much_for_many_as_for_one(steward: Client) -> None:
    first = well_known()
    paths = ("/assets/", "/assets/on/", "/assets.jsonld", f"/assets/{first.pk}/", "/assets/labels/")

    def asked(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert steward.get(path).status_code == 200
        return len(queries)

    before = {path: asked(path) for path in paths}
    for number in range(12):
        serving(f"Router {number}", place=f"Place {number}")
    assert {path: asked(path) for path in paths} == before
    assert max(before.values()) <= 22


def test_a_label_carries_a_code_for_the_things_own_page(steward: Client) -> None:
    asset = serving()
    text = page_of(steward, f"/assets/{asset.pk}/label/")
    assert text.count("<svg") > page_of(steward, "/assets/new/").count("<svg")
    assert asset.code in text


def test_the_export_is_what_the_import_takes(steward: Client) -> None:
    well_known()
    text = steward.get("/assets/export.csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["serial"] for row in rows] == [SECRET[0]]
    sent = SimpleUploadedFile("assets.csv", text.encode(), "text/csv")
    preview = steward.post("/assets/import/", {"file": sent})
    assert preview.status_code == 200
    assert "1 is on the register already" in preview.content.decode()
    more = text + text.splitlines()[1].replace(rows[0]["code"], "NEW-1") + "\n"
    preview = steward.post("/assets/import/", {"text": more})
    assert "1 asset would be added" in preview.content.decode()
    assert not Asset.objects.filter(code="NEW-1").exists()
    assert steward.post("/assets/import/", {"text": more, "do": "yes"}).status_code == 303
    assert Asset.objects.filter(code="NEW-1").exists()
    broken = steward.post("/assets/import/", {"text": "nothing,of\nthe,kind\n"})
    assert broken.status_code == 422
    not_text = SimpleUploadedFile("x.csv", b"\xff\xfe\0", "text/csv")
    assert steward.post("/assets/import/", {"file": not_text}).status_code == 422


def test_who_asks_for_linked_data_gets_it_at_the_same_address() -> None:
    asset = serving()
    for path in ("/assets/", reverse("assets:asset", args=[asset.pk])):
        page = Client().get(path, headers={"accept": "text/html,*/*;q=0.8"})
        assert page["Content-Type"].startswith("text/html")
        data = Client().get(path, headers={"accept": "application/ld+json"})
        assert data["Content-Type"] == "application/ld+json"
        assert "Accept" in data["Vary"]
        assert "@context" in json.loads(data.content)
