"""A state machine over the services: whatever members do in whatever order, everything holds."""

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assets.queries import treasury_units
from coop.invariants import all_broken
from ledger.errors import DomainError
from members.models import Member
from payments.models import Charge
from tests.valley import Valley, make_valley, taken_back
from titles.services import accept_payment, acquire, settle_charges, subscribe
from tokens.models import Gift, Period
from tokens.services import (
    accept_gift,
    call_auction,
    clear_auction,
    give,
    next_step,
    offer_surplus,
    place_ask,
    place_bid,
    record_usage,
    run_step,
)

names = st.sampled_from(("ana", "ben", "chloe"))
amounts = st.integers(1, 400_000)


class Economy(RuleBasedStateMachine):
    """Members buy, use, give, trade and pay; stewards close and open."""

    @initialize()
    def found(self) -> None:
        """The worked period's cooperative, inside a transaction that is taken back."""
        self.undo = taken_back()
        self.undo.__enter__()
        self.valley: Valley = make_valley()
        self.count = 0

    def teardown(self) -> None:
        """Forget everything."""
        if hasattr(self, "undo"):
            self.undo.__exit__(None, None, None)

    def key(self) -> str:
        self.count += 1
        return f"step {self.count}"

    def period(self) -> Period:
        return Period.objects.latest("start")

    def try_it(self, act: Any, **values: Any) -> Any:
        """Do something that may be refused: then nothing has changed, which `holds` checks."""
        try:
            return act(actor=None, **values)
        except DomainError:
            return None

    def is_open(self) -> bool:
        return self.period().state == Period.State.OPEN

    @rule(name=names, amount=amounts, back=st.booleans())
    def use(self, name: str, amount: int, back: bool) -> None:
        """Somebody uses something, or a correction takes it back."""
        row = self.valley.use(name, -amount if back else amount, self.key(), "x" if back else "")
        moved = type(row)(**{**row.__dict__, "used_at": self.period().start})
        self.try_it(record_usage, rows=[moved])

    @rule(name=names, count=st.integers(1, 120), paid=st.booleans())
    def buy(self, name: str, count: int, paid: bool) -> None:
        """Somebody reserves units, and may pay."""
        member, key = self.valley.members[name], self.key()
        pool = self.valley.pool
        found = self.try_it(subscribe, member=member, pool=pool, count=count, key=key)
        if found is not None and paid:
            self.pay(found.charge)

    def pay(self, charge: Charge) -> None:
        day = timezone.localdate(charge.created_at)
        accept_payment(
            reference=charge.reference,
            amount=charge.amount,
            received_on=day,
            actor=None,
            key=charge.reference,
        )

    @rule(giver=names, receiver=names, amount=amounts, taken=st.booleans())
    def give_tokens(self, giver: str, receiver: str, amount: int, taken: bool) -> None:
        """Somebody gives tokens, and they may be accepted."""
        found: Gift | None = self.try_it(
            give,
            giver=self.valley.members[giver],
            receiver=self.valley.members[receiver],
            pool=self.valley.pool,
            resource=self.valley.resource,
            amount=amount,
            key=self.key(),
        )
        if found is not None and taken:
            accept_gift(gift_id=found.pk, actor=None)

    @rule(name=names, amount=st.none() | amounts, standing=st.booleans())
    def offer(self, name: str, amount: int | None, standing: bool) -> None:
        """Somebody offers what they will not use."""
        self.try_it(
            offer_surplus,
            member=self.valley.members[name],
            pool=self.valley.pool,
            resource=self.valley.resource,
            amount=amount,
            standing=standing,
        )

    @rule(
        seller=names, buyer=names, amount=amounts, wanted=amounts, price=st.integers(0, 2 * 10**8)
    )
    def trade(self, seller: str, buyer: str, amount: int, wanted: int, price: int) -> None:
        """An auction is called, filled and cleared."""
        pool, resource = self.valley.pool, self.valley.resource
        auction = self.try_it(call_auction, pool=pool, resource=resource, key=self.key())
        if auction is None:
            return
        people: dict[str, Member] = self.valley.members
        self.try_it(place_ask, auction_id=auction.pk, member=people[seller], amount=amount)
        self.try_it(
            place_bid, auction_id=auction.pk, member=people[buyer], price=price, amount=wanted
        )
        clear_auction(auction_id=auction.pk, actor=None)

    @rule(paid=st.booleans(), actual=st.integers(0, 90_000))
    def step(self, paid: bool, actual: int) -> None:
        """The close goes one step on; charges are paid on the way, or stay open."""
        period = self.period()
        name = next_step(period)
        assert name is not None
        run_step(
            period_id=period.pk,
            step=name,
            actor=None,
            at=period.end,
            actual={("backbone", "bandwidth"): actual},
        )
        if paid and name == "charge":
            settle_charges(period_code=period.code, actor=None)

    @precondition(lambda self: self.period().state == Period.State.CLOSED)
    @rule(cost=st.integers(100, 5000), capacity=st.integers(0, 50_000))
    def buy_an_asset(self, cost: int, capacity: int) -> None:
        """The growth fund buys something."""
        self.try_it(
            acquire,
            pool=self.valley.pool,
            name="Radio",
            cost=cost,
            capacity={"bandwidth": capacity},
            since=self.period().end.date(),
            key=self.key(),
        )

    @invariant()
    def holds(self) -> None:
        """Everything that must always hold."""
        if hasattr(self, "valley"):
            assert all_broken() == []
            assert treasury_units(self.valley.pool) >= 0


@pytest.mark.django_db
def test_everything_holds_in_any_order() -> None:
    run_state_machine_as_test(
        Economy,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
