"""The stewards' pages of costs, bills, depreciation and book values."""

import re
from datetime import date

import pytest
from django.test import Client

from assets.models import Asset, Bill, CostLine, DepreciationPlan, Pool
from assets.services import create_resource, place_asset
from tests.makers import make_member, make_pool, make_steward

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool() -> Pool:
    create_resource(code="bandwidth", name="Bandwidth", unit="GB")
    create_resource(code="storage", name="Storage", unit="GB·day", position=1)
    return make_pool(treasury=1000)


@pytest.fixture
def stella(pool: Pool) -> Client:
    client = Client()
    client.force_login(make_steward())
    return client


def text(content: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content))


def test_a_cost_is_entered_with_its_bill_shown_and_ended(pool: Pool, stella: Client) -> None:
    bill = {
        "supplier": "Hill Power", "number": "118", "issued_on": "2026-06-30",
        "amount": "500,00", "purpose": "running",
    }  # fmt: skip
    assert stella.post("/stewardship/costs/backbone/bill/", bill).status_code == 303
    line = {
        "name": "Power", "amount": "500", "since": "2026-07-01", "weight_bandwidth": "3",
        "weight_storage": "1", "bill": Bill.objects.get().pk,
    }  # fmt: skip
    assert stella.post("/stewardship/costs/backbone/add/", line).status_code == 303
    made = CostLine.objects.get()
    assert (made.amount, made.weights) == (50_000, {"bandwidth": 3, "storage": 1})
    shown = text(stella.get("/stewardship/costs/backbone/").text)
    assert "Hill Power 118" in shown
    assert "Bandwidth 3, Storage 1" in shown
    early = stella.post(f"/stewardship/costs/lines/{made.pk}/end/", {"until": "2026-06-01"})
    assert early.status_code == 422
    ended = stella.post(f"/stewardship/costs/lines/{made.pk}/end/", {"until": "2026-12-31"})
    assert ended.status_code == 303
    made.refresh_from_db()
    assert made.until == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight_bandwidth": "0"}, "give at least one a weight"),
        ({"weight_bandwidth": "1.5"}, "whole number"),
        ({"source": ""}, "Name the bill or the decision"),
        ({"until": "2026-07-01"}, "It ends after it begins"),
    ],
)
def test_a_cost_that_says_too_little_is_refused(
    stella: Client, change: dict[str, str], said: str
) -> None:
    line = {
        "name": "Power", "amount": "500", "since": "2026-07-01", "weight_bandwidth": "3",
        "source": "vote 3",
    }  # fmt: skip
    answer = stella.post("/stewardship/costs/backbone/add/", line | change)
    assert answer.status_code == 422
    assert said in answer.text
    assert not CostLine.objects.exists()


def test_an_asset_is_written_off_from_its_page_and_valued_as_of_a_day(
    pool: Pool, stella: Client
) -> None:
    asset = Asset.objects.get()
    assert "Not written off yet" in stella.get("/stewardship/costs/backbone/").text
    plan = {
        "since": "2026-07-01", "months": "60", "source": "bill 7", "weight_bandwidth": "1",
    }  # fmt: skip
    made = stella.post(f"/stewardship/costs/assets/{asset.pk}/plan/", plan)
    assert made.status_code == 303
    assert DepreciationPlan.objects.get().base == asset.cost
    values = text(stella.get("/stewardship/values/?day=2026-07-31").text)
    assert "Hill mast" in values
    assert "1 000.00" in values.replace("\u202f", " ")
    assert "Nothing was in the books then" in stella.get("/stewardship/values/?day=2019-01-01").text
    assert stella.get("/stewardship/values/?day=soon").status_code == 422


def test_the_pages_are_for_those_who_read_the_books_by_name(pool: Pool) -> None:
    client = Client()
    assert client.get("/stewardship/costs/backbone/").status_code == 302
    ana = make_member()
    assert ana.user is not None
    client.force_login(ana.user)
    for path in ("costs/backbone/", "values/", "costs/backbone/add/"):
        assert client.get(f"/stewardship/{path}").status_code == 403


def test_more_assets_need_no_more_queries(
    pool: Pool, stella: Client, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    for n in range(8):
        place_asset(
            pool=pool, name=f"Router {n}", kind="router", cost=100, in_service=date(2026, 1, 1),
            paid_from="grant", actor=None, key=f"router {n}",
        )  # fmt: skip
    with django_assert_max_num_queries(45):  # type: ignore[operator]
        stella.get("/stewardship/costs/backbone/")
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        stella.get("/stewardship/values/")
