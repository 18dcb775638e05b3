"""Giving, lending, returning, taking out, presenting and using in any order, against a model.

The model is written from economics.md, sections 5 and 6, and docs/tokens.md; it shares nothing with
the services but the order in which things are asked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import DomainError
from ledger.queries import balance_of
from tests.valley import JULY, Valley, make_valley, taken_back
from tokens import services
from tokens.invariants import INVARIANTS
from tokens.models import Book, Period, Yield
from tokens.services.loans import end_loans
from tokens.services.vouchers import Terms, count_presented, lock_vouchers

NAMES = ("ana", "ben", "chloe")
MOMENT = (JULY - timedelta(days=15)).replace(microsecond=0)
ISSUED = {"ana": 500_000, "ben": 300_000, "chloe": 0}


@dataclass
class Lent:
    """A loan of the model."""

    lender: str
    borrower: str
    amount: int
    returned: int = 0
    repaid: int = 0

    @property
    def owed(self) -> int:
        return self.amount - self.returned - self.repaid


@dataclass
class Out:
    """A voucher of the model."""

    member: str
    amount: int
    presented: int = 0
    is_out: bool = True

    @property
    def used(self) -> int:
        return min(self.presented, self.amount) if self.is_out else 0


@dataclass
class Model:
    """What everybody has, from what was done; thousandths of tokens."""

    used: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    gifts: list[tuple[str, str, int]] = field(default_factory=list)
    loans: list[Lent] = field(default_factory=list)
    vouchers: list[Out] = field(default_factory=list)

    def held(self, name: str) -> tuple[int, int, int, int]:
        """own, received, redeemed, overage"""
        x = sum(a for _, to, a in self.gifts if to == name)
        x += sum(n.amount - n.returned for n in self.loans if n.borrower == name)
        x += sum(n.repaid for n in self.loans if n.lender == name)
        t = ISSUED[name] - sum(a for by, _, a in self.gifts if by == name)
        t -= sum(n.amount - n.returned for n in self.loans if n.lender == name)
        t -= sum(n.repaid for n in self.loans if n.borrower == name)
        t -= sum(v.amount for v in self.vouchers if v.member == name and v.is_out)
        via = sum(v.used for v in self.vouchers if v.member == name)
        other = self.used[name] - via
        received = min(other, x)
        own = min(other - received, t)
        return t - own, x - received, received + own + via, other - received - own

    def other_use(self, name: str) -> int:
        return self.used[name] - sum(v.used for v in self.vouchers if v.member == name)

    def given(self, name: str) -> int:
        return sum(a for by, _, a in self.gifts if by == name) + sum(
            n.owed for n in self.loans if n.lender == name
        )

    def may_give(self, name: str, amount: int) -> bool:
        fits = self.given(name) + amount <= ISSUED[name]
        return amount <= self.held(name)[0] and fits

    def give_back(self, loans: list[Lent]) -> bool:
        """First what is unused of received tokens, then own ones; whether anything moved."""
        before = [n.owed for n in loans]
        for place, column in ((1, "returned"), (0, "repaid")):
            left = {name: self.held(name)[place] for name in NAMES}
            parts = []
            for loan in loans:
                part = min(loan.owed, left[loan.borrower])
                left[loan.borrower] -= part
                parts.append(part)
            for loan, part in zip(loans, parts, strict=True):
                setattr(loan, column, getattr(loan, column) + part)
        return before != [n.owed for n in loans]


@dataclass
class Played:
    """Model and services side by side; each step says whether the services should refuse it."""

    valley: Valley
    model: Model = field(default_factory=Model)
    loans: list[Any] = field(default_factory=list)
    vouchers: list[Any] = field(default_factory=list)
    steps: int = 0

    def what(self, amount: int) -> dict[str, Any]:
        self.steps += 1
        names = {"pool": self.valley.pool, "resource": self.valley.resource}
        return {**names, "amount": amount, "actor": None, "key": f"k{self.steps}"}

    def give(self, by: str, to: str, amount: int) -> None:
        people = self.valley.members

        def act() -> None:
            gift = services.give(giver=people[by], receiver=people[to], **self.what(amount))
            services.accept_gift(gift_id=gift.pk, actor=None)

        if expect(act, by != to and self.model.may_give(by, amount)):
            self.model.gifts.append((by, to, amount))

    def lend(self, by: str, to: str, amount: int) -> None:
        people = self.valley.members

        def act() -> None:
            due = MOMENT + timedelta(days=1)
            what = self.what(amount)
            loan = services.lend(lender=people[by], borrower=people[to], due_at=due, **what)
            self.loans.append(services.accept_loan(loan_id=loan.pk, actor=None))

        if expect(act, by != to and self.model.may_give(by, amount)):
            self.model.loans.append(Lent(by, to, amount))

    def give_back(self, place: int) -> None:
        if not self.loans:
            return
        place %= len(self.loans)
        loan = self.model.loans[place]
        was_back = loan.owed == 0
        moved = self.model.give_back([loan])
        pk = self.loans[place].pk
        expect(lambda: services.return_loan(loan_id=pk, actor=None), moved or was_back)

    def end_all(self) -> None:
        self.model.give_back([n for n in self.model.loans if n.owed])
        with transaction.atomic():
            end_loans(Period.objects.get(), None)

    def take_out(self, name: str, amount: int) -> None:
        terms = Terms(amount, amount * 10**6, "By", MOMENT, MOMENT + timedelta(days=1),
                      asset=self.valley.pool.assets.get())  # fmt: skip

        def act() -> None:
            what = {k: v for k, v in self.what(amount).items() if k != "amount"}
            member = self.valley.members[name]
            self.vouchers.append(services.take_out(member=member, terms=terms, **what))

        if expect(act, amount <= self.model.held(name)[0]):
            self.model.vouchers.append(Out(name, amount))

    def present(self, place: int, amount: int) -> None:
        if not self.vouchers:
            return
        place %= len(self.vouchers)
        voucher, out = self.vouchers[place], self.model.vouchers[place]
        self.steps += 1
        row = self.valley.use(out.member, amount, f"voucher:t{self.steps}")
        with transaction.atomic():
            lock_vouchers([voucher.ticket])
            count_presented({voucher.pk: amount})
            services.record_usage(rows=[row], actor=None)
        out.presented += amount
        self.model.used[out.member] += amount

    def put_back(self, place: int) -> None:
        if not self.vouchers:
            return
        place %= len(self.vouchers)
        out, pk = self.model.vouchers[place], self.vouchers[place].pk
        fine = not out.is_out or out.presented == 0
        if expect(lambda: services.give_back_voucher(voucher_id=pk, actor=None), fine):
            out.is_out = False

    def use(self, name: str, amount: int) -> None:
        self.steps += 1
        reason = "" if amount >= 0 else "read twice"
        row = self.valley.use(name, amount, f"u{self.steps}", reason)
        fine = self.model.other_use(name) + amount >= 0
        if expect(lambda: services.record_usage(rows=[row], actor=None), fine):
            self.model.used[name] += amount

    def agree(self) -> None:
        for name in NAMES:
            book = Book.objects.filter(member=self.valley.members[name]).first()
            found = (0, 0, 0, 0) if book is None else held(book)
            assert found == self.model.held(name), name
        account = Yield.objects.get().vouchers_account
        out = sum(v.amount - v.used for v in self.model.vouchers if v.is_out)
        assert (0 if account is None else balance_of(account)) == out
        assert [line for check in INVARIANTS for line in check()] == []


def held(book: Book) -> tuple[int, int, int, int]:
    received = 0 if book.received_account is None else balance_of(book.received_account)
    return balance_of(book.own_account), received, book.redeemed, book.overage


def expect(act: Callable[[], object], fine: bool) -> bool:
    """Do it; it must be refused just where the model says so."""
    try:
        with transaction.atomic():
            act()
    except DomainError as error:
        refusal: DomainError | None = error
    else:
        refusal = None
    assert (refusal is None) == fine, refusal
    return refusal is None


names = st.sampled_from(NAMES)
amounts = st.one_of(st.integers(1, 600_000), st.sampled_from([100_000, 150_000, 300_000, 500_000]))
places = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("give"), names, names, amounts),
    st.tuples(st.just("lend"), names, names, amounts),
    st.tuples(st.just("lend"), names, names, amounts),
    st.tuples(st.just("give_back"), places),
    st.tuples(st.just("end_all")),
    st.tuples(st.just("take_out"), names, amounts),
    st.tuples(st.just("present"), places, amounts),
    st.tuples(st.just("put_back"), places),
    st.tuples(st.just("use"), names, st.integers(-300_000, 400_000)),
    st.tuples(st.just("use"), names, st.integers(0, 400_000)),
)


@pytest.mark.django_db
def test_services_and_model_agree_after_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: MOMENT)
    valley = make_valley()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(steps, min_size=1, max_size=12))
    def check(done: list[tuple[Any, ...]]) -> None:
        with taken_back():
            played = Played(valley)
            for name, *arguments in done:
                getattr(played, name)(*arguments)
                played.agree()

    check()
