"""Any order of buying, paying, cancelling, earning and acquiring keeps the books sound."""

from contextlib import suppress
from datetime import date

import pytest
from django.db import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.errors import DomainError
from ledger.queries import balance
from members.services import set_conversion_consent
from tests.makers import (
    agree,
    all_wrong,
    buy,
    earn_credit,
    make_member,
    make_pool,
    pay,
    reserve,
)
from titles.models import Subscription, Title
from titles.queries import equity_credit, holding_cap, units_of
from titles.services import acquire, cancel_subscription, convert_credit

pytestmark = pytest.mark.django_db

WHO = st.integers(0, 2)
MONTHS = st.sampled_from(["2026-01", "2026-02", "2026-03", "2026-04"])
PRICE = 70


class Ownership(RuleBasedStateMachine):
    """Three members and a pool of few units: everything runs out, caps bind, credit waits."""

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.pool = make_pool(treasury=20, price=PRICE)
        agree("holding_cap", [1, 2], scope=self.pool.code)
        self.members = [make_member(name) for name in ("Ana", "Ben", "Chloe")]
        self.steps = 0

    def teardown(self) -> None:
        """The next run begins with empty books."""
        transaction.savepoint_rollback(self.before)

    def key(self) -> str:
        self.steps += 1
        return f"step {self.steps}"

    def waiting(self) -> list[Subscription]:
        return list(Subscription.objects.filter(state=Subscription.State.RESERVED).order_by("pk"))

    @rule(who=WHO, count=st.integers(1, 12))
    def reserve(self, who: int, count: int) -> None:
        with suppress(DomainError):
            reserve(self.members[who], self.pool, count)

    @precondition(lambda self: self.waiting())
    @rule(data=st.data(), twice=st.booleans())
    def pay(self, data: st.DataObject, twice: bool) -> None:
        subscription = data.draw(st.sampled_from(self.waiting()))
        pay(subscription)
        if twice:
            pay(subscription)

    @precondition(lambda self: self.waiting())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        subscription = data.draw(st.sampled_from(self.waiting()))
        cancel_subscription(subscription_id=subscription.pk, actor=None)

    @rule(who=WHO, cents=st.integers(1, 900), month=MONTHS)
    def pay_profit(self, who: int, cents: int, month: str) -> None:
        earn_credit(self.members[who], self.pool, cents, code=self.key(), paid_in=month)

    @rule(month=MONTHS)
    def close(self, month: str) -> None:
        with transaction.atomic():
            convert_credit(pool=self.pool, period_code=month, actor=None, key=self.key())

    @rule(cost=st.integers(1, 2000))
    def acquire(self, cost: int) -> None:
        with suppress(DomainError):
            acquire(
                pool=self.pool,
                name="Router",
                cost=cost,
                capacity={},
                since=date(2026, 7, 1),
                actor=None,
                key=self.key(),
            )

    @rule(who=WHO, consents=st.booleans())
    def consent(self, who: int, consents: bool) -> None:
        set_conversion_consent(member_id=self.members[who].pk, consents=consents, actor=None)

    @invariant()
    def the_books_are_sound(self) -> None:
        assert all_wrong() == []

    @invariant()
    def nobody_is_beyond_the_cap(self) -> None:
        cap = holding_cap(self.pool)
        assert all(units_of(member, self.pool) <= cap for member in self.members)

    @invariant()
    def what_members_paid_for_shares_is_capital_credit_or_spent_on_assets(self) -> None:
        capital = sum(
            -balance("EUR", "capital", f"{self.pool.code}/member/{member.pk}")
            for member in self.members
        )
        credit = sum(equity_credit(member, self.pool) for member in self.members)
        fund = balance("EUR", "cash:growth", f"pool/{self.pool.code}")
        bought = self.pool.assets.filter(paid_from="growth")
        assert fund + sum(asset.cost for asset in bought) == capital + credit
        assert capital == PRICE * sum(title.units for title in Title.objects.all())


def test_any_order_of_actions_keeps_the_books_sound() -> None:
    run_state_machine_as_test(
        Ownership, settings=settings(max_examples=20, stateful_step_count=15, deadline=None)
    )


def test_the_machine_notices_a_purchase_that_is_not_paid_for() -> None:
    machine = Ownership()
    buy(machine.members[0], machine.pool, 1)
    machine.the_books_are_sound()
    Subscription.objects.update(state=Subscription.State.RESERVED)
    with pytest.raises(AssertionError):
        machine.the_books_are_sound()
