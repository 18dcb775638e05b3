"""The form of a correction: what it says of its fields, and which moments it takes."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from ledger.corrections.queries import began, replaced_by
from ledger.models import Transaction
from ledger.services import Leg, Posting, ensure_commodity, post
from tests.makers import account, make_steward

pytestmark = pytest.mark.django_db
BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def by_hand(key: str, effective_at: datetime | None = None) -> Transaction:
    """Ten euros of cost, booked now."""
    ensure_commodity(code="EUR", kind="money", exponent=2)
    cost, cash = account("expense", "pool/a"), account("cash:operating", "pool/a")
    legs = [Leg(cost, 1_000), Leg(cash, -1_000)]
    posting = Posting("test", key, "journal entry", legs, effective_at=effective_at)
    return Transaction.objects.get(pk=post(posting))


def moved_to(txn: Transaction, moment: str) -> str:
    """What the page says, or "" where the correction was booked."""
    client = Client()
    client.force_login(make_steward())
    amounts = {f"amount_{e.version}_{e.account_id}": e.amount // 100 for e in txn.entries.all()}
    data = {"effective_at": moment, "reason": "typed wrongly", "confirm": "1", **amounts}
    answer = client.post(f"/books/transactions/{txn.pk}/correct/", data)
    assert answer.status_code in (303, 422)
    return "" if answer.status_code == 303 else answer.content.decode()


@pytest.mark.parametrize("moment", ["2026-02-28T12:00", "1899-12-31T12:00", "0026-06-01T12:00"])
def test_a_moment_before_the_books_is_refused_at_its_field(moment: str) -> None:
    by_hand("first", BEGUN)
    txn = by_hand("second")
    page = moved_to(txn, moment)
    assert 'href="#id_effective_at"' in page
    assert "The books begin on 1 March 2026." in page
    assert replaced_by(txn) is None


def test_any_moment_since_the_books_began_is_taken() -> None:
    by_hand("first", BEGUN)
    txn = by_hand("second")
    assert moved_to(txn, "2026-03-01T13:00") == ""
    assert Transaction.objects.get(pk=replaced_by(txn) or 0).effective_at == BEGUN


def test_the_books_begin_with_what_counts_first() -> None:
    assert began() is None
    first = by_hand("now")
    assert began() == first.effective_at
    by_hand("before", BEGUN)
    assert began() == BEGUN < timezone.now()


def test_the_form_says_who_can_read_the_reason() -> None:
    client = Client()
    client.force_login(make_steward())
    page = client.get(f"/books/transactions/{by_hand('1').pk}/correct/").content.decode()
    assert "Everybody can read it, unless a member&#x27;s account is concerned." in page
