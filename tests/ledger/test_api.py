"""The books over the API: open, exact, pseudonymous."""

import pytest
from django.test import Client

from ledger.models import Account, Transaction
from ledger.queries import account_id
from tests.makers import buy, make_member, make_pool, make_steward
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


# Whose business it is ------------------------------------------------------------------------


def read_by(client: Client, txn: int) -> tuple[str, str, bool]:
    """What a reader learns of a transaction's matter: the list, the detail, both pages."""
    listed = client.get("/api/v1/transactions").json()["results"]
    of_list = next(row["about"] for row in listed if row["id"] == txn)
    of_one = client.get(f"/api/v1/transactions/{txn}").json()["about"]
    matter = Transaction.objects.get(pk=txn).about
    pages = [f"/books/transactions/{txn}/", "/books/transactions/"]
    shown = [f">{matter}<" in client.get(page).content.decode() for page in pages]
    assert shown[0] == shown[1]
    return of_list, of_one, shown[0]


def bought_by(name: str) -> tuple[Client, Client, Transaction]:
    """Somebody bought shares: the buyer's browser, another member's, the transaction."""
    pool = make_pool("backbone", treasury=100)
    buyer, other = make_member(name), make_member("ben")
    buy(buyer, pool, 7)
    clients = [Client(), Client()]
    for client, member in zip(clients, (buyer, other), strict=True):
        assert member.user is not None
        client.force_login(member.user)
    bought = Transaction.objects.filter(about__startswith="subscription:").latest("pk")
    return clients[0], clients[1], bought


def test_whose_purchase_it_was_is_for_them_and_the_offices_to_read() -> None:
    buyer, other, bought = bought_by("ana")
    auditor = Client()
    auditor.force_login(make_steward("stella"))
    hidden, shown = ("", "", False), (bought.about, bought.about, True)
    assert read_by(Client(), bought.pk) == hidden
    assert read_by(other, bought.pk) == hidden
    assert read_by(buyer, bought.pk) == shown
    assert read_by(auditor, bought.pk) == shown


def test_no_charge_or_purchase_is_named_to_visitors() -> None:
    bought_by("ana")
    matters = {row["about"] for row in Client().get("/api/v1/transactions").json()["results"]}
    assert "pool:backbone" in matters
    assert {matter.partition(":")[0] for matter in matters} <= {"", "pool", "period", "yield"}


def test_accounts_are_listed_in_the_order_of_opening() -> None:
    pool = make_pool("backbone", treasury=100)
    members = [make_member(name) for name in ("ana", "ben", "chloe")]
    for member in reversed(members):
        buy(member, pool, 5)
    holdings = Account.objects.filter(kind="holding")
    opened = list(holdings.order_by("pk").values_list("pk", flat=True))
    assert opened != list(holdings.order_by("owner").values_list("pk", flat=True))
    over_api = Client().get("/api/v1/accounts").json()["results"]
    assert [row["id"] for row in over_api if row["kind"] == "holding"] == opened
    page = Client().get(f"/books/commodities/{holdings[0].commodity_id}/").content.decode()
    places = [page.index(f'"/books/accounts/{account}/"') for account in opened]
    assert places == sorted(places)
