"""The desk's pages and its API: works, wrong method, wrong person, bad input, missing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from bank.models import BankFile, Line, TableShape
from members.models import Role, User
from members.services import grant_role
from payments.services import prepaid_balance
from tests.bank.books import all_wrong, own_charge
from tests.bank.camt_file import Page, camt, credit, debit
from tests.makers import make_member, make_pool, make_steward, make_user

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
DESK = "/stewardship/bank/"
PAGES = ("", "import/", "statements/", "lines/", "reconciliation/", "tables/")


def window(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def auditor() -> User:
    user = make_user()
    grant_role(user=user, name=Role.Name.AUDITOR, actor=None, source="founding")
    return user


def a_file(data: bytes = b"") -> SimpleUploadedFile:
    page = Page([credit(500, TODAY, "A1", text="a gift"), debit(90, TODAY, "A2")], day=TODAY)
    return SimpleUploadedFile("day.xml", data or camt(page))


def test_a_file_is_taken_and_its_lines_wait() -> None:
    client = window(make_steward())
    answer = client.post(f"{DESK}import/", {"file": a_file(), "shape": ""})
    assert (answer.status_code, answer["Location"]) == (
        303, f"{DESK}files/{BankFile.objects.get().pk}/",
    )  # fmt: skip
    assert client.get(answer["Location"]).status_code == 200
    line = Line.objects.earliest("pk")
    for kind in ("charges", "prepaid", "refund", "in_books", "fee", "return", "not_ours"):
        assert client.get(f"{DESK}lines/{line.pk}/{kind}/").status_code == 200
    assert client.get(f"{DESK}lines/?state=all&q=gift&statement=1").status_code == 200
    assert client.get(f"{DESK}lines/?statement=99999999999999999999").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_only_the_offices_of_the_books_see_the_desk(page: str) -> None:
    steward, reader, member = make_steward(), auditor(), make_member().user
    writes = page in ("import/", "tables/")
    assert window(steward).get(DESK + page).status_code == 200
    assert window(reader).get(DESK + page).status_code == (403 if writes else 200)
    assert window(member).get(DESK + page).status_code == 403
    assert window(None).get(DESK + page).status_code == 302


@pytest.mark.parametrize("data", [b"no statement", camt(Page([], iban="DE89370400440532013000"))])
def test_a_file_that_cannot_be_taken_says_why(data: bytes) -> None:
    answer = window(make_steward()).post(f"{DESK}import/", {"file": a_file(data)})
    assert answer.status_code == 422
    assert "Nothing was imported" in answer.content.decode()
    assert BankFile.objects.count() == 0


def test_a_table_is_described_once_and_read_by_it() -> None:
    client, member = window(make_steward()), make_member()
    charge = own_charge(member, make_pool(), cost=1234)
    given = {
        "name": "Ours", "delimiter": ";", "decimal_mark": ",", "date_format": "%d.%m.%Y",
        "encoding": "cp1252", "skip": "1", "booked_on": "Tag", "money_in": "Soll", "text": "Zweck",
    }  # fmt: skip
    assert client.post(f"{DESK}tables/", given).status_code == 422
    given |= {"money_in": "Haben", "money_out": "Soll"}
    assert client.post(f"{DESK}tables/", given).status_code == 303
    rows = f"Konto 1\nTag;Soll;Haben;Zweck\n{TODAY:%d.%m.%Y};;12,34;für Juni {charge.reference}\n"
    shape = TableShape.objects.get()
    data = a_file(rows.encode("cp1252"))
    assert client.post(f"{DESK}import/", {"file": data, "shape": shape.pk}).status_code == 303
    charge.refresh_from_db()
    assert (charge.state, Line.objects.get().state, all_wrong()) == ("paid", "matched", [])


def test_missing_things_and_wrong_methods() -> None:
    client = window(make_steward())
    for path in ("files/77/", "lines/77/", "decisions/77/undo/", "tables/77/"):
        assert client.get(DESK + path).status_code == 404
    assert client.get(f"{DESK}look/").status_code == 405
    assert client.post(DESK).status_code == 405


def test_a_program_imports_decides_and_takes_back() -> None:
    client, member = window(make_steward()), make_member()
    base = "/api/v1/bank"
    made = client.post(f"{base}/files", {"file": a_file()})
    assert (made.status_code, made.json()["added"]) == (201, 2)
    assert client.post(f"{base}/files", {"file": a_file()}).json()["id"] == made.json()["id"]
    waiting = client.get(f"{base}/lines?state=waiting").json()["results"]
    line = next(one for one in waiting if one["amount"] == 500)
    where, keyed = f"{base}/lines/{line['id']}/decisions", {"HTTP_IDEMPOTENCY_KEY": "one"}
    wish = {"kind": "prepaid", "member": member.pk}
    how = {"content_type": "application/json"}
    assert client.post(where, wish, **how).status_code == 400
    first = client.post(where, wish, **how, **keyed)
    again = client.post(where, wish, **how, **keyed)
    assert (first.status_code, again.json()) == (201, first.json())
    assert prepaid_balance(member) == 500
    back = f"{base}/decisions/{first.json()['id']}/undo"
    keyed = {"HTTP_IDEMPOTENCY_KEY": "two"}
    assert client.post(back, {"reason": "a slip"}, **how, **keyed).status_code == 201
    told = client.get(f"{base}/lines/{line['id']}").json()
    assert [step["kind"] for step in told["decisions"]] == ["looked", "prepaid", "undone"]
    assert client.get(f"{base}/reconciliation").json()["unassigned"] == 410
    nobody = {"kind": "prepaid", "member": 10**9}
    keyed = {"HTTP_IDEMPOTENCY_KEY": "three"}
    assert client.post(where, nobody, **how, **keyed).status_code == 422
    assert window(member.user).get(f"{base}/lines").status_code == 403
    assert window(auditor()).post(where, wish, **how, **keyed).status_code == 403
    assert all_wrong() == []
