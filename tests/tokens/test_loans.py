"""Gift caps, and loans that return: by the borrower, at their moment, before the close."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from coop.invariants import all_broken
from ledger.errors import KeyConflict
from ledger.queries import balance_of
from tests.makers import agree
from tests.valley import JULY, Valley, make_valley
from tokens.errors import (
    BadReturnMoment,
    GiftCapReached,
    GiftDecided,
    LoanDecided,
    LoanToOneself,
    NoOpenPeriod,
    NotEnoughTokens,
    NothingToReturn,
    NotLent,
)
from tokens.models import Book, Gift, Loan, Period, Settlement
from tokens.services import (
    accept_gift,
    accept_loan,
    decline_loan,
    give,
    lend,
    record_usage,
    return_due_loans,
    return_loan,
    withdraw_gift,
    withdraw_loan,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley(monkeypatch: pytest.MonkeyPatch) -> Valley:
    """The worked June, in the middle of which we are."""
    monkeypatch.setattr(timezone, "now", lambda: JULY - timedelta(days=15))
    return make_valley()


def give_to(valley: Valley, name: str, amount: int, key: str) -> Gift:
    return give(
        giver=valley.members["ana"],
        receiver=valley.members[name],
        pool=valley.pool,
        resource=valley.resource,
        amount=amount,
        actor=None,
        key=key,
    )


def lent(valley: Valley, amount: int, *, lender: str = "ana", borrower: str = "ben", key: str = "l",
         days: int = 1) -> Loan:  # fmt: skip
    loan = lend(
        lender=valley.members[lender],
        borrower=valley.members[borrower],
        pool=valley.pool,
        resource=valley.resource,
        amount=amount,
        due_at=timezone.now() + timedelta(days=days),
        actor=None,
        key=key,
    )
    return accept_loan(loan_id=loan.pk, actor=None)


def held(valley: Valley, name: str) -> tuple[int, int, int, int]:
    """own, received, redeemed, overage"""
    book = Book.objects.get(member=valley.members[name], yields__period=valley.period)
    received = 0 if book.received_account is None else balance_of(book.received_account)
    return balance_of(book.own_account), received, book.redeemed, book.overage


def test_no_more_than_the_cap_is_given_counting_what_waits(valley: Valley) -> None:
    agree("gift_cap", [1, 10], scope="backbone")
    first = give_to(valley, "chloe", 30_000, "a")
    accept_gift(gift_id=first.pk, actor=None)
    give_to(valley, "ben", 15_000, "b")
    with pytest.raises(GiftCapReached) as refusal:
        give_to(valley, "ben", 5_001, "c")
    assert (refusal.value.cap, refusal.value.possible) == (50_000, 5_000)
    give_to(valley, "ben", 5_000, "c")
    with pytest.raises(GiftCapReached):
        lent(valley, 1)


def test_a_withdrawn_gift_and_a_returned_loan_make_room_again(valley: Valley) -> None:
    agree("gift_cap", [1, 10], scope="backbone")
    gift = give_to(valley, "ben", 50_000, "a")
    withdraw_gift(gift_id=gift.pk, actor=None)
    withdraw_gift(gift_id=gift.pk, actor=None)
    with pytest.raises(GiftDecided):
        accept_gift(gift_id=gift.pk, actor=None)
    loan = lent(valley, 50_000)
    with pytest.raises(GiftCapReached):
        give_to(valley, "ben", 1, "b")
    return_loan(loan_id=loan.pk, actor=None)
    assert give_to(valley, "ben", 50_000, "b").amount == 50_000


def test_without_a_cap_all_of_the_issue_can_be_given_once(valley: Valley) -> None:
    give_to(valley, "ben", 400_000, "a")
    with pytest.raises(GiftCapReached):
        give_to(valley, "ben", 100_001, "b")


def test_borrowed_tokens_are_used_like_received_ones_and_the_rest_returns(valley: Valley) -> None:
    loan = lent(valley, 50_000)
    record_usage(rows=[valley.use("ben", 20_000, "u")], actor=None)
    assert held(valley, "ben") == (300_000, 30_000, 20_000, 0)
    done = return_loan(loan_id=loan.pk, actor=None)
    assert (done.state, done.returned, done.repaid, done.outstanding) == ("back", 30_000, 20_000, 0)
    assert held(valley, "ana") == (480_000, 20_000, 0, 0)
    assert held(valley, "ben") == (280_000, 0, 20_000, 0)
    assert return_loan(loan_id=loan.pk, actor=None).state == "back"
    assert all_broken() == []


def test_what_cannot_be_returned_stays_outstanding_and_can_follow(valley: Valley) -> None:
    loan = lent(valley, 50_000, borrower="chloe")
    record_usage(rows=[valley.use("chloe", 40_000, "u")], actor=None)
    done = return_loan(loan_id=loan.pk, actor=None)
    assert (done.state, done.returned, done.outstanding) == ("running", 10_000, 40_000)
    # What was borrowed and used is Chloe's use all the same: nothing was over.
    assert held(valley, "chloe") == (0, 0, 40_000, 0)
    with pytest.raises(NothingToReturn):
        return_loan(loan_id=loan.pk, actor=None)
    record_usage(rows=[valley.use("chloe", -5_000, "v", "read twice")], actor=None)
    assert return_loan(loan_id=loan.pk, actor=None).outstanding == 35_000
    assert all_broken() == []


def test_a_loan_returns_at_its_moment(valley: Valley, monkeypatch: pytest.MonkeyPatch) -> None:
    early, late = lent(valley, 10_000), lent(valley, 20_000, key="m", days=2)
    assert return_due_loans(now=early.due_at - timedelta(seconds=1)) == 0
    monkeypatch.setattr(timezone, "now", lambda: early.due_at)
    assert return_due_loans(now=early.due_at) == 1
    assert return_due_loans(now=early.due_at) == 0
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.state, late.state) == ("back", "running")
    assert held(valley, "ana")[:2] == (480_000, 0)


def test_several_loans_of_one_borrower_are_served_in_order(valley: Valley) -> None:
    first = lent(valley, 30_000, borrower="chloe")
    second = lent(valley, 20_000, lender="ben", borrower="chloe", key="m")
    record_usage(rows=[valley.use("chloe", 15_000, "u")], actor=None)
    assert return_due_loans(now=first.due_at) == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.returned, second.returned) == (30_000, 5_000)
    assert held(valley, "ben")[:2] == (285_000, 0)
    assert all_broken() == []


def test_all_loans_end_with_the_period_and_the_close_sees_them_back(valley: Valley) -> None:
    loan = lent(valley, 50_000, days=10)
    owing = lent(valley, 30_000, borrower="chloe", key="m", days=10)
    record_usage(rows=[valley.use("chloe", 25_000, "u")], actor=None)
    valley.run("settle", "match", "charge", "expire")
    loan.refresh_from_db()
    owing.refresh_from_db()
    assert (loan.state, owing.state, owing.outstanding) == ("back", "owing", 25_000)
    ana = Settlement.objects.get(book__member=valley.members["ana"])
    assert (ana.expired, ana.own_cost) == (475_000, 25_000)
    with pytest.raises(NoOpenPeriod):
        return_loan(loan_id=owing.pk, actor=None)
    assert all_broken() == []


def test_a_lender_who_went_over_is_relieved_when_tokens_return(valley: Valley) -> None:
    loan = lent(valley, 100_000, days=3)
    record_usage(rows=[valley.use("ana", 450_000, "u")], actor=None)
    assert held(valley, "ana") == (0, 0, 400_000, 50_000)
    return_loan(loan_id=loan.pk, actor=None)
    assert held(valley, "ana") == (50_000, 0, 450_000, 0)
    assert all_broken() == []


def test_borrowed_tokens_cannot_be_lent_on_or_given(valley: Valley) -> None:
    lent(valley, 50_000, borrower="chloe")
    with pytest.raises(NotEnoughTokens):
        lent(valley, 1, lender="chloe", borrower="ben", key="m")


def test_the_same_loan_twice_is_one_and_another_under_its_key_is_refused(valley: Valley) -> None:
    loan = lent(valley, 50_000)
    assert lent(valley, 50_000).pk == loan.pk
    assert Loan.objects.count() == 1
    with pytest.raises(KeyConflict):
        lent(valley, 49_999)


def test_what_a_loan_refuses(valley: Valley, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LoanToOneself):
        lent(valley, 1, borrower="ana")
    with pytest.raises(BadReturnMoment):
        lent(valley, 1, days=-1)
    with pytest.raises(BadReturnMoment):
        lent(valley, 1, days=16)
    with pytest.raises(NotEnoughTokens):
        lent(valley, 500_001)
    offered = lend(
        lender=valley.members["ana"], borrower=valley.members["ben"], pool=valley.pool,
        resource=valley.resource, amount=5, due_at=JULY, actor=None, key="x",
    )  # fmt: skip
    with pytest.raises(NotLent):
        return_loan(loan_id=offered.pk, actor=None)
    decline_loan(loan_id=offered.pk, actor=None)
    for decide in (accept_loan, withdraw_loan):
        with pytest.raises(LoanDecided):
            decide(loan_id=offered.pk, actor=None)
    running = lent(valley, 5)
    with pytest.raises(LoanDecided):
        decline_loan(loan_id=running.pk, actor=None)
    Period.objects.update(state="closing")
    with pytest.raises(NoOpenPeriod):
        lent(valley, 1, key="y")


def test_the_database_keeps_loans_going_forward(valley: Valley) -> None:
    loan = lent(valley, 50_000)
    for change in ({"amount": 1}, {"state": "offered"}, {"returned": 50_001}, {"state": "back"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Loan.objects.filter(pk=loan.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        loan.delete()
