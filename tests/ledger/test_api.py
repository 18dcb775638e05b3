"""The books over the API: open, exact, pseudonymous."""

import pytest
from django.test import Client

from ledger.models import Transaction
from ledger.queries import account_id
from tests.valley import make_valley
from tokens.services import record_usage

pytestmark = pytest.mark.django_db


def test_a_visitor_reads_transactions_that_sum_to_zero() -> None:
    make_valley()
    newest = Client().get("/api/v1/transactions").json()["results"][0]
    detail = Client().get(f"/api/v1/transactions/{newest['id']}").json()
    sums: dict[str, int] = {}
    for entry in detail["entries"]:
        sums[entry["commodity"]] = sums.get(entry["commodity"], 0) + entry["amount"]
    assert sums
    assert set(sums.values()) == {0}


def test_pages_follow_a_cursor_to_the_first_transaction() -> None:
    valley = make_valley()
    for number in range(60):
        record_usage(rows=[valley.use("ana", 1, f"u{number}")], actor=None)
    seen, address = [], "/api/v1/transactions"
    while address:
        page = Client().get(address).json()
        seen += [row["id"] for row in page["results"]]
        address = page["next"]
    assert seen == list(Transaction.objects.order_by("-pk").values_list("pk", flat=True))


def test_entries_of_an_account_run_to_its_balance() -> None:
    make_valley()
    account = account_id("unit:backbone", "treasury", "pool/backbone")
    rows = Client().get(f"/api/v1/accounts/{account}/entries").json()["results"]
    accounts = Client().get("/api/v1/accounts").json()["results"]
    assert rows[0]["balance_after"] == 200
    assert next(row["balance"] for row in accounts if row["id"] == account) == 200


def test_visitors_see_no_member_by_number() -> None:
    valley = make_valley()
    found = Client().get("/api/v1/accounts").json()["results"]
    owners = [row["owner"] for row in found if row["kind"] == "holding"]
    assert len(owners) == 2
    numbers = [str(member.number) for member in valley.members.values()]
    assert all(owner.startswith("holder") for owner in owners)
    assert not any(f"member {number}" in owner for owner in owners for number in numbers)


@pytest.mark.parametrize("path", ["accounts/0/entries", "transactions/0"])
def test_what_does_not_exist_is_a_problem(path: str) -> None:
    answer = Client().get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_the_books_cannot_be_written_over_the_api() -> None:
    assert Client().post("/api/v1/transactions", {}).status_code in (403, 405)
