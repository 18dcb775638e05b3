"""The page of the ownership path, and its numbers over the API."""

import re

import pytest
from django.test import Client

from tests.makers import make_user
from tests.valley import make_valley

pytestmark = pytest.mark.django_db


def client_of(name: str) -> Client:
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    valley.close()
    valley.open_july()
    client = Client()
    member = valley.members[name]
    member.user = make_user()
    member.save(update_fields=["user"])
    client.force_login(member.user)
    return client


def text_of(content: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", content)).replace("\u202f", " ")


def test_chloe_sees_what_she_owns_needs_and_lacks() -> None:
    client = client_of("chloe")
    shown = text_of(client.get("/overview/path/").text)
    # 36 of the 120 shares that her 120 GB need; 84 missing at 1.00, 0.30 a GB saved.
    assert "36 120 84" in shown
    assert "With the 84 missing shares it would cost €60.00" in shown
    assert "save €25.20 a period and have paid for themselves after 4 periods" in shown
    assert "without any share would cost €96.00" in shown


def test_ana_owns_more_than_she_uses() -> None:
    client = client_of("ana")
    shown = text_of(client.get("/overview/path/").text)
    assert "50 to spare" in shown
    assert "missing shares" not in shown


def test_the_numbers_come_over_the_api() -> None:
    client = client_of("chloe")
    found = client.get("/api/v1/me/path").json()
    pool = found["pools"][0]
    assert (pool["units"], pool["needed"], pool["missing"]) == (36, 120, 84)
    assert pool["rest"] == {
        "units": 120, "cost": 8_400, "before": 8_520, "after": 6_000, "periods": 4,
    }  # fmt: skip
    assert pool["yields"][0]["gap"] == 84_000
    assert found["past"]


def test_the_page_is_for_members() -> None:
    assert Client().get("/overview/path/").status_code == 302
    assert Client().get("/api/v1/me/path").status_code in (401, 403)
