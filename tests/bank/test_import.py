"""A file comes in once, whole, and the books equal the bank."""

from datetime import date

import pytest
from django.utils import timezone

from bank.errors import BadFile, ForeignAccount, ForeignCurrency, InTheFuture, StatementChanged
from bank.models import BankFile, Line, Statement
from bank.queries import cash_in_books, reconciled
from bank.services import import_file, match_all
from ledger.models import Transaction
from payments.models import Charge, Payment
from tests.bank.books import all_wrong, balance_of, own_charge
from tests.bank.camt_file import Entry, Page, Tx, camt, credit, debit
from tests.makers import make_cooperative, make_member, make_pool, reserve

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
STATE = Line.State


def take(*pages: Page, version: str = "08") -> BankFile:
    """Import a file and look at its lines."""
    file = import_file(data=camt(*pages, version=version), name="day.xml", actor=None)
    match_all()
    return file


def states() -> list[str]:
    return list(Line.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize("version", ["02", "08"])
def test_an_exact_payment_gives_the_title_at_once(version: str) -> None:
    member, pool = make_member(), make_pool(treasury=100)
    charge = reserve(member, pool, 3).charge
    take(Page([credit(300, TODAY, "A1", reference=charge.reference)], day=TODAY), version=version)
    charge.refresh_from_db()
    line = Line.objects.get()
    assert (line.state, line.name, charge.state) == (STATE.MATCHED, "Somebody", "paid")
    assert (charge.payment.source, charge.subscription.title is not None) == ("bank", True)
    assert (balance_of("cash:growth"), balance_of("cash:bank"), balance_of("unassigned")) == (
        300,
        0,
        0,
    )
    assert all_wrong() == []


def test_a_reference_in_free_text_is_found() -> None:
    charge = own_charge(make_member(), make_pool(), cost=500)
    words = f"bill june {charge.reference[:4]} {charge.reference[4:8]} {charge.reference[8:]} ta"
    take(Page([credit(500, TODAY, "A1", text=words)], day=TODAY))
    assert states() == [STATE.MATCHED]


def test_what_differs_is_never_booked_by_guess() -> None:
    member, pool = make_member(), make_pool()
    ref = own_charge(member, pool, cost=500).reference
    other = own_charge(member, pool, cost=700, code="2026-07").reference
    take(
        Page(
            [
                credit(499, TODAY, "A1", reference=ref),
                credit(501, TODAY, "A2", reference=ref),
                credit(500, TODAY, "A3", text="rent"),
                credit(1200, TODAY, "A4", text=f"{ref} and {other}"),
                debit(900, TODAY, "A5", text="power"),
                credit(500, TODAY, "A6", reference="RF00123"),
            ],
            day=TODAY,
        )
    )
    assert states() == ["partly", "over", "unknown", "by_hand", "by_hand", "unknown"]
    assert Payment.objects.count() == 0
    assert balance_of("unassigned") == -(499 + 501 + 500 + 1200 - 900 + 500)
    assert all_wrong() == []


def test_the_second_payment_of_a_charge_is_a_duplicate() -> None:
    ref = own_charge(make_member(), make_pool(), cost=500).reference
    entries = [credit(500, TODAY, name, reference=ref) for name in ("A1", "A2")]
    take(Page(entries, day=TODAY))
    later = Page([credit(500, TODAY, "A3", reference=ref)], "2", 1000, TODAY)
    take(later)
    assert states() == ["matched", "duplicate", "duplicate"]
    assert all_wrong() == []


def test_the_same_file_twice_changes_nothing() -> None:
    ref = own_charge(make_member(), make_pool(), cost=500).reference
    page = Page([credit(500, TODAY, "A1", reference=ref), debit(90, TODAY, "A2")], day=TODAY)
    first, booked = take(page), Transaction.objects.count()
    assert take(page) == first
    # The bank's other writing of the same statement.
    assert take(page, version="02").added == 0
    assert (Line.objects.count(), Transaction.objects.count()) == (2, booked)


def test_an_overlapping_file_adds_what_is_new() -> None:
    make_cooperative()
    monday = [credit(100, date(2026, 6, 1), "A1"), credit(200, date(2026, 6, 2), "A2")]
    tuesday = [credit(200, date(2026, 6, 2), "A2"), credit(300, date(2026, 6, 3), "A3")]
    take(Page(monday, "S1", 0, date(2026, 6, 1)))
    second = take(Page(tuesday, "S2", 100, date(2026, 6, 2)))
    assert (second.entries, second.added) == (2, 1)
    assert sum(Line.objects.values_list("amount", flat=True)) == 600
    assert (Statement.objects.latest("pk").known, all_wrong()) == (1, [])


def test_two_equal_lines_without_a_name_are_two() -> None:
    make_cooperative()
    page = Page(
        [credit(100, TODAY, "", text="cash"), credit(100, TODAY, "", text="cash")], day=TODAY
    )
    take(page)
    assert Line.objects.count() == 2
    assert take(Page(page.entries, "another name", 0, TODAY)).added == 0


def test_a_batch_is_divided_into_its_transactions() -> None:
    member, pool = make_member(), make_pool()
    charges = [own_charge(member, pool, cost=c, code=f"2026-0{c // 100}") for c in (100, 200)]
    parts = [Tx(c.amount, reference=c.reference) for c in charges]
    take(Page([Entry(300, TODAY, "B1", parts)], day=TODAY))
    assert states() == ["matched", "matched"]
    assert all_wrong() == []


def test_a_batch_that_does_not_add_up_stays_whole() -> None:
    ref = own_charge(make_member(), make_pool(), cost=100).reference
    parts = [Tx(100, reference=ref), Tx(100, text="x")]
    take(Page([Entry(190, TODAY, "B1", parts)], day=TODAY))
    line = Line.objects.get()
    assert (line.amount, line.state) == (190, STATE.UNKNOWN)


def test_what_is_only_announced_is_passed_over() -> None:
    make_cooperative()
    take(Page([Entry(100, TODAY, "A1", [Tx(100)], pending=True)], day=TODAY))
    assert Line.objects.count() == 0


@pytest.mark.parametrize(
    ("page", "error"),
    [
        (Page([credit(100, TODAY, "A1")], iban="DE89370400440532013000"), ForeignAccount),
        (Page([], currency="USD"), ForeignCurrency),
        (Page([credit(100, TODAY, "A1")], off=1), BadFile),
        (Page([Entry(100, TODAY, "A1", [Tx(100)], currency="USD")]), BadFile),
        (Page([credit(100, date(2126, 6, 1), "A1")]), InTheFuture),
    ],
)
def test_what_is_not_ours_or_wrong_is_refused_whole(page: Page, error: type[Exception]) -> None:
    make_cooperative()
    with pytest.raises(error, match="imported"):
        take(Page([credit(1, date(2026, 6, 1), "A0")], "fine"), page)
    assert (BankFile.objects.count(), Line.objects.count(), Transaction.objects.count()) == (
        0,
        0,
        0,
    )


def test_a_statement_that_says_something_else_now_is_refused() -> None:
    make_cooperative()
    take(Page([credit(100, TODAY, "A1")], day=TODAY))
    with pytest.raises(StatementChanged):
        take(Page([credit(101, TODAY, "A1")], day=TODAY))
    assert Line.objects.count() == 1


def test_the_difference_to_the_bank_is_shown_with_its_reasons() -> None:
    member, pool = make_member(), make_pool(treasury=100)
    from tests.makers import pay

    pay(reserve(member, pool, 3))
    take(Page([credit(500, date(2026, 6, 1), "A1")], "S1", 10_000, date(2026, 6, 1)))
    take(Page([credit(50, date(2026, 6, 9), "A9")], "S3", 10_700, date(2026, 6, 9)))
    found = reconciled()
    assert found is not None
    assert (found.bank, found.books, cash_in_books()) == (10_750, 850, 850)
    assert (found.before, found.gap, found.elsewhere) == (10_000, 200, 300)
    assert found.difference == found.before + found.gap - found.elsewhere


def test_a_charge_of_another_kind_is_paid_too() -> None:
    from payments.services import ask_for_prepaid, prepaid_balance

    member = make_member()
    charge = ask_for_prepaid(member=member, amount=2500, actor=None, key="top up")
    take(Page([credit(2500, TODAY, "A1", reference=charge.reference)], day=TODAY))
    charge.refresh_from_db()
    assert (charge.state, prepaid_balance(member)) == (Charge.State.PAID, 2500)
    assert (balance_of("cash:bank"), all_wrong()) == (2500, [])
