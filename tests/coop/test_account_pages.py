"""What pages say of a member's month, how the books are narrowed down, where the API is told."""

import pytest
from django.test import Client

from ledger.models import Transaction
from members.models import Member, User
from tests.valley import Valley, make_valley
from tokens.services import record_usage

pytestmark = pytest.mark.django_db(transaction=True)
PAID = "all of it became your own equity"
UNPAID = "once paid, all of it is your own equity"


def used() -> Valley:
    valley = make_valley()
    reading = valley.use("chloe", 100_000, "june")
    by_hand = valley.use("chloe", 20_000, "by hand", "The meter stood still")
    record_usage(rows=[reading, by_hand], actor=None)
    return valley


def reader(valley: Valley, name: str = "chloe") -> Client:
    user = User.objects.create_user(f"{name}@example.org", "a long enough pass phrase")
    Member.objects.filter(pk=valley.members[name].pk).update(user=user)
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


def test_an_unpaid_charge_needs_the_member_and_is_owed_alike_on_both_pages() -> None:
    valley = used()
    valley.run("settle", "match", "charge")
    client = reader(valley)
    overview = text(client, "/overview/")
    assert UNPAID in overview
    assert "€96.00 for 2026-06, due " in overview
    for page in (overview, text(client, "/statement/")):
        assert 'data-label="Owed after it">€96.00<' in page


def test_what_is_paid_is_no_longer_promised() -> None:
    valley = used()
    valley.close()
    overview = text(reader(valley), "/overview/")
    assert UNPAID not in overview
    assert PAID in overview


def test_a_closed_month_says_what_was_booked_by_hand_and_nothing_so_far() -> None:
    valley = used()
    client = reader(valley)
    running = text(client, "/usage/")
    assert "So far" in running
    valley.close()
    closed = text(client, "/usage/?period=2026-06")
    assert "The meter stood still" in closed
    assert "Behind every number" not in closed
    assert "So far" not in closed
    assert "above cost, my own equity" in closed
    assert "every 5s" not in closed


def test_days_that_no_meter_saw_lead_to_no_readings() -> None:
    valley = make_valley()
    record_usage(rows=[valley.use("chloe", 1_000, "by hand", "The meter stood still")], actor=None)
    page = text(reader(valley), "/usage/?period=2026-06")
    assert "The meter stood still" in page
    assert "The readings behind a day" not in page


def test_only_metered_use_is_said_to_be_signed() -> None:
    valley = make_valley()
    record_usage(rows=[valley.use("chloe", 1_000, "june")], actor=None)
    assert "Behind every number" in text(reader(valley), "/usage/")


def test_a_period_that_never_was_has_no_page() -> None:
    text(reader(make_valley()), "/usage/?period=banana", 404)


def test_transactions_can_be_narrowed_to_a_kind() -> None:
    used()
    kinds = "/books/transactions/?kind="
    everything = text(Client(), "/books/transactions/")
    assert everything.count('<td class="what">') == Transaction.objects.count() < 50
    rated = Transaction.objects.filter(kind="usage rated").count()
    others = Transaction.objects.exclude(kind="usage rated").count()
    assert rated and others
    assert 'class="what">Usage rated<' not in text(Client(), f"{kinds}-usage rated")
    only = text(Client(), f"{kinds}usage rated")
    assert only.count('class="what">Usage rated<') == rated
    assert "No transaction of this kind" in text(Client(), f"{kinds}reversal")
    text(Client(), f"{kinds}banana", 404)
    assert 'class="what">Usage rated<' not in text(Client(), "/books/")


def test_the_books_say_how_to_verify_them() -> None:
    page = text(Client(), "/books/")
    assert 'id="verify"' in page
    assert ".venv/bin/python manage.py verify" in page


def test_a_reader_can_learn_what_stands_behind_a_share() -> None:
    make_valley()
    assert "What members still have to pay does not count" in text(Client(), "/")


def test_the_login_page_books_nothing_and_has_one_way_to_a_new_password() -> None:
    page = Client().post("/account/login/", {"login": "a@example.org", "password": "wrong"})
    shown = page.content.decode()
    assert "Nothing was booked" not in shown
    assert shown.count("/account/password/reset/") == 1


def test_programs_find_the_description_of_the_api() -> None:
    response = Client().get("/api/v1/schema")
    assert response.status_code == 200
    assert "openapi: 3" in response.content.decode()
    assert 'href="/api/v1/schema"' in text(Client(), "/")


def test_a_problem_names_its_code_and_no_dead_page() -> None:
    problem = Client().get("/api/v1/nowhere").json()
    assert (problem["type"], problem["title"]) == ("about:blank", "Not Found")
    assert problem["code"] == "not_found"
