"""Pages of loans, history and the report of gifts: what they show, and whom they let in."""

import csv
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from members.models import Role
from members.services import grant_role
from tests.makers import make_member, make_user
from tests.metering.world import Valley, make_valley
from tokens.models import Gift, Loan
from tokens.services import accept_gift, accept_loan, give, lend

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def signed_in(valley: Valley, name: str) -> Client:
    client = Client()
    user = {"ana": valley.ana.user, "ben": valley.ben.user, "steward": valley.steward}[name]
    assert user is not None
    client.force_login(user)
    return client


def posted(valley: Valley, **changes: str) -> dict[str, str]:
    due = timezone.localtime() + timedelta(days=3)
    row = valley.period.yields.get(resource__code="bandwidth")
    return {
        "yields": str(row.pk), "amount": "40", "borrower": str(valley.ben.number),
        "due_at": f"{due:%Y-%m-%dT%H:%M}", "key": "k", **changes,
    }  # fmt: skip


def a_loan(valley: Valley, amount: int = 40_000) -> Loan:
    return lend(
        lender=valley.ana, borrower=valley.ben, pool=valley.pool,
        resource=valley.resource("bandwidth"), amount=amount,
        due_at=timezone.now() + timedelta(days=3), actor=None, key=f"l{amount}",
    )  # fmt: skip


def a_gift(valley: Valley, amount: int = 10_000) -> Gift:
    gift = give(
        giver=valley.ana, receiver=valley.ben, pool=valley.pool,
        resource=valley.resource("bandwidth"), amount=amount, actor=None, key=f"g{amount}",
    )  # fmt: skip
    return accept_gift(gift_id=gift.pk, actor=None)


def test_lending_and_returning_on_the_pages(valley: Valley) -> None:
    ana, ben = signed_in(valley, "ana"), signed_in(valley, "ben")
    assert ana.get("/tokens/lend/").status_code == 200
    assert ana.post("/tokens/lend/", posted(valley)).status_code == 303
    assert ana.post("/tokens/lend/", posted(valley)).status_code == 303
    loan = Loan.objects.get()
    assert "lends you 40" in ben.get("/tokens/").content.decode()
    assert ben.post(f"/tokens/loans/{loan.pk}/accept/").status_code == 303
    page = ben.get("/tokens/").content.decode()
    assert "borrowed" in page
    assert f"/tokens/loans/{loan.pk}/return/" in page
    assert f"/tokens/loans/{loan.pk}/return/" not in ana.get("/tokens/").content.decode()
    assert ben.post(f"/tokens/loans/{loan.pk}/return/").status_code == 303
    loan.refresh_from_db()
    assert loan.state == "back"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount": "999999"}, "own tokens are unused"),
        ({"borrower": "99"}, "No active member has this number"),
        ({"due_at": "2020-01-01T00:00"}, "returns after now"),
        ({"amount": "x"}, "Write the amount"),
    ],
)
def test_a_wrong_loan_says_what_to_do(valley: Valley, changes: dict[str, str], words: str) -> None:
    answer = signed_in(valley, "ana").post("/tokens/lend/", posted(valley, **changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Loan.objects.exists()


def test_nobody_answers_for_another(valley: Valley) -> None:
    loan = a_loan(valley)
    ana, ben = signed_in(valley, "ana"), signed_in(valley, "ben")
    assert ana.post(f"/tokens/loans/{loan.pk}/accept/").status_code == 404
    assert ben.post(f"/tokens/loans/{loan.pk}/withdraw/").status_code == 404
    assert ana.post(f"/tokens/loans/{loan.pk}/withdraw/").status_code == 303
    loan.refresh_from_db()
    assert loan.state == "withdrawn"


def test_an_offered_gift_is_taken_back(valley: Valley) -> None:
    gift = give(
        giver=valley.ana, receiver=valley.ben, pool=valley.pool,
        resource=valley.resource("bandwidth"), amount=1, actor=None, key="g",
    )  # fmt: skip
    assert signed_in(valley, "ben").post(f"/tokens/gifts/{gift.pk}/withdraw/").status_code == 404
    assert signed_in(valley, "ana").post(f"/tokens/gifts/{gift.pk}/withdraw/").status_code == 303
    gift.refresh_from_db()
    assert gift.state == "withdrawn"


def test_history_shows_each_entry_with_its_transaction(valley: Valley) -> None:
    gift = a_gift(valley)
    client = signed_in(valley, "ana")
    page = client.get("/tokens/history/").content.decode()
    assert f"/books/transactions/{gift.txn_id}/" in page
    assert "Tokens given" in page
    rows = list(
        csv.DictReader(client.get("/tokens/history/history.csv").content.decode().split("\n"))
    )
    given = next(row for row in rows if row["kind"] == "tokens given")
    assert (given["amount"], given["balance"], given["account"]) == ("-10.000", "490.000", "own")
    issued = [row for row in rows if row["kind"] == "tokens issued"]
    assert [row["amount"] for row in issued] == ["500.000"] * 3
    mine = signed_in(valley, "ben").get("/tokens/history/history.csv").content.decode()
    assert mine.count("tokens given") == 1
    assert "10.000" in mine
    assert client.get("/tokens/history/?period=nowhere").status_code == 404


def test_auditors_and_stewards_read_the_report_of_gifts(valley: Valley) -> None:
    a_gift(valley)
    accept_loan(loan_id=a_loan(valley).pk, actor=None)
    auditor = make_user()
    make_member("Odo", user=auditor)
    grant_role(user=auditor, name=Role.Name.AUDITOR, actor=None, source="founding")
    reader = Client()
    reader.force_login(auditor)
    for client in (reader, signed_in(valley, "steward")):
        page = client.get("/stewardship/gifts/").content.decode()
        assert "1 gift" in page
        assert "1 loan" in page
        assert "50" in page
    text = reader.get("/stewardship/gifts/gifts.csv").content.decode()
    rows = list(csv.DictReader(text.split("\n")))
    assert [(r["way"], r["amount"], r["outstanding"]) for r in rows] == [
        ("gift", "10.000", "0.000"), ("loan", "40.000", "40.000"),
    ]  # fmt: skip
    for path in ("/stewardship/gifts/", "/stewardship/gifts/gifts.csv"):
        assert signed_in(valley, "ana").get(path).status_code == 403
        assert Client().get(path).status_code == 302
