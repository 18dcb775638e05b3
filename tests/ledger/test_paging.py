"""Pages by a cursor: every row once, forwards and back, also while rows are added."""

import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger import queries
from ledger.models import Entry, Transaction
from ledger.paging import PER_PAGE, CursorPage, page_by
from ledger.services import Leg, Posting, ensure_commodity, open_account, post, post_many

pytestmark = pytest.mark.django_db


@pytest.fixture
def euros() -> tuple[int, int]:
    ensure_commodity(code="EUR", kind="money", exponent=2)
    cash, income = (
        open_account(commodity="EUR", kind=kind) for kind in ("cash:operating", "cost_income")
    )
    return cash, income


def payment(accounts: tuple[int, int], key: str) -> Posting:
    legs = [Leg(accounts[0], 5), Leg(accounts[1], -5)]
    return Posting(source="test", key=key, kind="payment", legs=legs)


def page(account: int, cursor: str = "") -> CursorPage[Entry]:
    query = QueryDict(mutable=True)
    query["cursor"] = cursor
    return page_by(queries.entries_of(account), queries.IN_TIME, query)


def versions(found: CursorPage[Entry]) -> list[int]:
    return [entry.version for entry in found]


@pytest.mark.parametrize("at_once", [True, False])
def test_every_entry_comes_once_in_either_direction(euros: tuple[int, int], at_once: bool) -> None:
    """Also where all of them were recorded in the same microsecond."""
    postings = [payment(euros, str(n)) for n in range(130)]
    if at_once:
        post_many(postings)
    else:
        for posting in postings:
            post(posting)
    first = page(euros[0])
    second = page(euros[0], first.older)
    third = page(euros[0], second.older)
    assert versions(first) + versions(second) + versions(third) == list(range(130, 0, -1))
    assert (first.newer, third.older) == ("", "")
    assert page(euros[0], third.newer) == second
    assert page(euros[0], second.newer) == first


def test_rows_that_are_added_move_nothing(euros: tuple[int, int]) -> None:
    post_many([payment(euros, str(n)) for n in range(PER_PAGE + 1)])
    first = page(euros[0])
    post(payment(euros, "later"))
    assert versions(page(euros[0], first.older)) == [1]
    assert versions(page(euros[0]))[0] == PER_PAGE + 2


def test_as_many_rows_as_fit_have_no_other_page(euros: tuple[int, int]) -> None:
    post_many([payment(euros, str(n)) for n in range(PER_PAGE)])
    first = page(euros[0])
    assert (len(first), first.newer, first.older) == (PER_PAGE, "", "")


@pytest.mark.parametrize(
    "cursor",
    ["", "older", "older.1", "older.1.2.3", "older.x.1", "older.-1.1", "older.².1",
     "earlier.1.1", "older." + "9" * 30 + ".1", "newer.0.0"],
)  # fmt: skip
def test_a_cursor_that_makes_no_sense_gives_the_newest(euros: tuple[int, int], cursor: str) -> None:
    post_many([payment(euros, str(n)) for n in range(3)])
    assert versions(page(euros[0], cursor)) == [3, 2, 1]


def test_a_time_beyond_all_calendars_is_later_than_everything(euros: tuple[int, int]) -> None:
    post(payment(euros, "1"))
    assert versions(page(euros[0], f"older.{2**63 - 1}.5")) == [1]


def test_pages_and_the_api_lead_from_page_to_page(euros: tuple[int, int]) -> None:
    post_many([payment(euros, str(n)) for n in range(120)])
    client = Client()
    for address, mark in (
        (f"/books/accounts/{euros[0]}/", r'data-label="Entry">(\d+)<'),
        ("/books/transactions/?kind=payment", r'/books/transactions/(\d+)/">\d+<'),
    ):
        path, seen, link = address.partition("?")[0], [], address
        while link:
            text = client.get(link).content.decode()
            seen += [int(number) for number in re.findall(mark, text)]
            onward = re.search(r'rel="next" href="([^"]+)"', text)
            link = path + onward[1].replace("&amp;", "&") if onward else ""
        assert len(seen) == 120 and seen == sorted(set(seen), reverse=True)
    answer = client.get(f"/api/v1/accounts/{euros[0]}/entries").json()
    last = client.get(client.get(answer["next"]).json()["next"]).json()
    assert [row["version"] for row in last["results"]] == list(range(20, 0, -1))
    assert (answer["previous"], last["next"]) == (None, None)
    assert client.get(last["previous"]).json()["results"][0]["version"] == 70


def test_a_list_counts_nothing_and_skips_nothing(euros: tuple[int, int]) -> None:
    post_many([payment(euros, str(n)) for n in range(120)])
    for address in (f"/books/accounts/{euros[0]}/", "/books/transactions/"):
        with CaptureQueriesContext(connection) as asked:
            Client().get(address)
        said = [query["sql"].upper() for query in asked.captured_queries]
        assert said and not any("COUNT(" in sql or " OFFSET " in sql for sql in said)
    assert Transaction.objects.count() == 120
