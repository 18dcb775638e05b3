"""Buying in, paying and checking titles, in the browser's words."""

import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from ledger.queries import balance
from members.models import Member
from tests.makers import agree, buy, charge_period, make_member, make_pool, make_steward, reserve
from titles.models import Subscription, Title
from titles.queries import units_of

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture
def ana() -> Member:
    return make_member("Ana Serra")


@pytest.fixture
def browser(client: Client, ana: Member) -> Client:
    assert ana.user is not None
    client.force_login(ana.user)
    return client


@pytest.fixture
def steward(client: Client) -> Client:
    client.force_login(make_steward())
    return client


def confirm(browser: Client, count: object, key: uuid.UUID | None = None) -> Any:
    form = {"count": count, "key": (key or uuid.uuid4()).hex}
    return browser.post("/buy-in/backbone/review/", form)


def test_from_the_pool_to_the_pay_page(browser: Client, ana: Member) -> None:
    make_pool(treasury=100)
    assert "€1.00" in browser.get("/buy-in/").text
    assert "How many shares" in browser.get("/buy-in/backbone/").text
    review = browser.get("/buy-in/backbone/review/", {"count": 40}).text
    assert "Reserve and pay €40.00" in review
    response = confirm(browser, 40)
    subscription = Subscription.objects.get()
    assert (response.status_code, response["Location"]) == (
        303,
        f"/purchases/{subscription.pk}/",
    )
    page = browser.get(response["Location"]).text
    reference = subscription.charge.reference
    assert f"{reference[:4]} {reference[4:8]}" in page
    assert "ES91 2100 0418 4502 0005 1332" in page
    assert "40.00" in page
    assert "<svg" in page


def test_a_login_in_between_loses_no_purchase(browser: Client, ana: Member) -> None:
    make_pool(treasury=100)
    browser.logout()
    to_login = confirm(browser, 17)
    assert to_login.status_code == 302
    back = parse_qs(urlsplit(to_login["Location"]).query)["next"][0]
    assert back == "/buy-in/backbone/?count=17"
    assert ana.user is not None
    browser.force_login(ana.user)
    assert 'value="17"' in browser.get(back).text
    lost = browser.get("/buy-in/backbone/review/")
    assert (lost.status_code, lost["Location"]) == (302, "/buy-in/backbone/")
    assert not Subscription.objects.exists()


def test_the_review_tells_what_is_reserved_already(browser: Client, ana: Member) -> None:
    pool = make_pool(treasury=100)
    review = "/buy-in/backbone/review/?count=5"
    assert "already reserved" not in browser.get(review).text
    reserve(ana, pool, 7)
    assert "7 shares are already reserved for you" in browser.get(review).text


def test_the_live_part_answers_alone_for_htmx_and_whole_without(browser: Client) -> None:
    make_pool(treasury=100)
    address, count = "/buy-in/backbone/", {"count": 25}
    part = browser.get(address, count, headers={"HX-Request": "true"})
    assert "€25.00" in part.text
    assert "<html" not in part.text
    assert "HX-Request" in part["Vary"]
    whole = browser.get(address, count)
    assert "€25.00" in whole.text
    assert "<html" in whole.text


@pytest.mark.parametrize("count", ["", "0", "-3", "ten", "2.5", "101", "9" * 30])
def test_a_bad_count_is_said_at_the_field_and_kept(browser: Client, count: str) -> None:
    make_pool(treasury=100)
    for response in (
        browser.get("/buy-in/backbone/review/", {"count": count}),
        confirm(browser, count),
    ):
        assert response.status_code == 422
        assert 'id="id_count_error"' in response.text
        assert f'value="{count}"' in response.text or not count
    assert not Subscription.objects.exists()
    assert browser.get("/buy-in/backbone/", {"count": count}).status_code == 200


def test_the_cap_is_said_with_what_is_possible(browser: Client) -> None:
    make_pool(treasury=100)
    agree("holding_cap", [1, 10], scope="backbone")
    response = browser.get("/buy-in/backbone/review/", {"count": 11})
    assert response.status_code == 422
    assert "10 more are possible" in response.text


def test_a_second_click_leads_to_the_same_purchase(browser: Client) -> None:
    make_pool(treasury=100)
    key = uuid.uuid4()
    first, second = confirm(browser, 5, key), confirm(browser, 5, key)
    assert first["Location"] == second["Location"]
    assert Subscription.objects.count() == 1
    assert confirm(browser, 6, key).status_code == 422
    assert browser.post("/buy-in/backbone/review/", {"count": 5}).status_code == 422


def test_a_purchase_belongs_to_its_member(browser: Client, client: Client) -> None:
    other = reserve(make_member("Ben"), make_pool(treasury=100), 5)
    assert browser.get(f"/purchases/{other.pk}/").status_code == 404
    assert browser.post(f"/purchases/{other.pk}/cancel/").status_code == 404
    assert browser.get(f"/statement/{other.charge_id}/").status_code == 404
    other.refresh_from_db()
    assert other.state == Subscription.State.RESERVED


def test_a_reservation_can_be_let_go_once(browser: Client, ana: Member) -> None:
    subscription = reserve(ana, make_pool(treasury=100), 5)
    assert browser.get(f"/purchases/{subscription.pk}/cancel/").status_code == 405
    page = browser.post(f"/purchases/{subscription.pk}/cancel/", follow=True)
    assert "cancelled" in page.text
    bought = buy(ana, make_pool(), 5)
    page = browser.post(f"/purchases/{bought.pk}/cancel/", follow=True)
    assert "not waiting for payment" in page.text


def test_missing_pools_purchases_and_titles_are_not_found(browser: Client) -> None:
    for address in (
        "/buy-in/nowhere/",
        "/buy-in/nowhere/review/?count=1",
        "/purchases/999/",
        "/titles/999/",
        "/verify/999/",
        "/verify/999/file",
        "/statement/999/",
    ):
        assert browser.get(address).status_code == 404, address


def test_the_holder_sees_titles_and_certificate(browser: Client, ana: Member) -> None:
    assert "own no shares yet" in browser.get("/titles/").text
    subscription = buy(ana, make_pool(treasury=100), 20)
    assert "No. 0001" in browser.get("/titles/").text
    page = browser.get("/titles/1/").text
    assert "certifies that Ana Serra holds 20 shares" in page
    assert bytes(Title.objects.get().salt).hex() in page
    assert "See title No. 0001" in browser.get(f"/purchases/{subscription.pk}/").text


def test_nobody_else_sees_the_certificate_but_anyone_can_check_it(
    client: Client, ana: Member
) -> None:
    buy(ana, make_pool(treasury=100), 20)
    ben = make_member("Ben").user
    assert ben is not None
    client.force_login(ben)
    assert client.get("/titles/1/").status_code == 404
    client.logout()
    assert client.get("/titles/1/").status_code == 302
    page = client.get("/verify/1/").text
    assert "valid" in page
    assert "Ana" not in page
    assert client.get("/verify/1/file").content == bytes(Title.objects.get().envelope)
    assert client.get("/verify/", {"number": " No. 0001 "})["Location"] == "/verify/1/"
    assert client.get("/verify/", {"number": "x1"}).status_code == 422
    for number in ("9" * 16, "9" * 4000):
        unknown = client.get("/verify/", {"number": number})
        assert unknown.status_code == 422
        assert "No title has this number" in unknown.text
        assert "Nothing was booked" not in unknown.text
    assert client.get("/verify/", {"number": "0" * 20 + "1"})["Location"] == "/verify/1/"
    assert "No title has the number 7" in client.get("/verify/7/").text
    assert len(client.get("/verify/key").text.strip()) == 64


def test_a_cancelled_title_says_so(client: Client, ana: Member) -> None:
    buy(ana, make_pool(treasury=100), 20)
    now = timezone.now()
    Title.objects.update(
        state=Title.State.CANCELLED, ended_at=now, end_recorded_at=now, end_txn_id=1
    )
    assert "cancelled" in client.get("/verify/1/").text


def test_only_those_who_may_name_the_holder_are_led_from_a_title_to_the_books(
    client: Client, ana: Member
) -> None:
    buy(ana, make_pool(treasury=100), 20)
    booked = f"/books/transactions/{Title.objects.get().txn_id}/"
    assert ana.user is not None
    for user, is_led in (
        (ana.user, True),
        (make_steward(), True),
        (make_member("Ben").user, False),
    ):
        client.force_login(user)
        assert (booked in client.get("/verify/1/").text) is is_led
    client.logout()
    assert booked not in client.get("/verify/1/").text
    api = client.get("/api/v1/titles/1").text
    assert "transaction" not in api
    assert "subscription" not in api


def test_a_steward_marks_a_payment_as_received(steward: Client, ana: Member) -> None:
    pool = make_pool(treasury=100)
    charge = reserve(ana, pool, 20).charge
    assert charge.reference in steward.get("/stewardship/payments/").text
    assert charge.reference in steward.get("/stewardship/payments/?q=serra").text
    assert charge.reference not in steward.get("/stewardship/payments/?q=nobody").text
    page = f"/stewardship/payments/{charge.pk}/"
    assert "signs a title" in steward.get(page).text
    received = {"received_on": str(TODAY), "amount": "20,00"}
    response = steward.post(page, received)
    assert (response.status_code, response["Location"]) == (303, "/stewardship/payments/")
    assert units_of(ana, pool) == 20
    assert steward.post(page, received).status_code == 303
    assert balance("EUR", "cash:growth", "pool/backbone") == 2000
    assert "It was paid on" in steward.get(page).text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "19.99"),
        ("amount", "2000"),
        ("amount", "-20"),
        ("amount", "20.001"),
        ("amount", "twenty"),
        ("amount", ""),
        ("received_on", "2999-01-01"),
        ("received_on", "1999-01-01"),
        ("received_on", "yesterday"),
        ("received_on", ""),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_booked(
    steward: Client, ana: Member, field: str, value: str
) -> None:
    charge = reserve(ana, make_pool(treasury=100), 20).charge
    form = {"received_on": str(TODAY), "amount": "20.00"} | {field: value}
    response = steward.post(f"/stewardship/payments/{charge.pk}/", form)
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.text
    assert not value or f'value="{value}"' in response.text
    assert not Title.objects.exists()


def test_only_stewards_receive_payments(browser: Client, ana: Member) -> None:
    charge = reserve(ana, make_pool(treasury=100), 20).charge
    page = f"/stewardship/payments/{charge.pk}/"
    form = {"received_on": str(TODAY), "amount": "20.00"}
    assert browser.get("/stewardship/payments/").status_code == 403
    assert browser.post(page, form).status_code == 403
    assert not Title.objects.exists()


def test_a_periods_charge_shows_its_derivation(browser: Client, ana: Member) -> None:
    charge = charge_period(ana, make_pool(), cost=6000, profit=3600, code="2026-06")
    page = browser.get("/statement/").text
    assert "You owe €96.00" in page
    assert "€60.00 at cost + €36.00 my own equity" in page
    page = browser.get(f"/statement/{charge.pk}/").text
    assert "120 GB × €0.80, of which €0.50 is cost" in page
    assert "<svg" in page
    sums = page.partition("<tfoot>")[2].partition("</tfoot>")[0]
    assert [amount in sums for amount in ("€60.00", "€36.00", "€96.00")] == [True] * 3


def test_the_statement_runs_to_the_balance_of_the_books(browser: Client, ana: Member) -> None:
    assert "Nothing was charged yet" in browser.get("/statement/").text
    charge_period(ana, make_pool(treasury=100), cost=6000, profit=3600, code="2026-06")
    buy(ana, make_pool(), 20)
    lines = browser.get("/statement/statement.csv").text.splitlines()
    assert len(lines) == 3
    assert lines[0] == "Date,What,Reference,Charged,Paid,Owed after it"
    assert {line.split(",")[1] for line in lines[1:]} == {
        "Use and cost of 2026-06",
        "20 shares of Valley backbone",
    }
    assert lines[-1].endswith(",96.00,0.00,96.00") or lines[-1].endswith(",20.00,20.00,96.00")
