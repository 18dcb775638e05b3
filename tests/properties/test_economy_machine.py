"""A state machine over the services: whatever members do in whatever order, everything holds.

Members use, correct, give, lend, take out, offer, ask, bid, buy, pass on and pay (early, late or
not at all); stewards call auctions, buy assets, change rules and close, step by step, twice, out
of turn, and killed in the middle. What may not be done is refused, and then nothing has changed.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count, permutations
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Max, QuerySet
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

import tokens.invariants
from assets.queries import treasury_units
from coop.invariants import all_broken
from ledger.errors import DomainError
from ledger.models import Balance
from members.models import Member
from members.services import link_members
from payments.models import Charge
from policies.services import set_policy
from tests.valley import Valley, make_valley, taken_back
from titles.services import (
    accept_payment,
    accept_transfer,
    acquire,
    offer_units,
    settle_charges,
    subscribe,
)
from tokens.calendar import month_start, next_end
from tokens.models import Ask, Auction, Bid, CloseStep, Gift, Loan, Offer, Period, Voucher
from tokens.services import (
    STEPS,
    Terms,
    UsageRow,
    accept_gift,
    accept_loan,
    ask_for_pool,
    call_auction,
    clear_auction,
    decline_gift,
    decline_loan,
    give,
    give_back_voucher,
    lend,
    next_step,
    offer_surplus,
    place_ask,
    place_bid,
    record_late,
    record_usage,
    return_due_loans,
    return_loan,
    run_step,
    take_out,
    withdraw_ask,
    withdraw_bid,
    withdraw_gift,
    withdraw_loan,
    withdraw_offer,
    write_off_debt,
)

NAMES = ("ana", "ben", "chloe")
names = st.sampled_from(NAMES)
pairs = st.sampled_from(list(permutations(NAMES, 2)))
amounts = st.integers(1, 400_000)
some = st.integers(0, 3)
SECOND = timedelta(seconds=1)
RULES = (
    ("credit_limit", 0),
    ("credit_limit", 9_000),
    ("gift_cap", [1, 4]),
    ("gift_cap", [1, 1]),
    ("linked", ("ben", "chloe")),
)


class Killed(Exception):
    """The worker was killed before its transaction was committed."""


class Economy(RuleBasedStateMachine):
    """The worked period's cooperative, with a period that is running now."""

    @initialize()
    def found(self) -> None:
        """Everything happens inside a transaction that is taken back."""
        self.undo = taken_back()
        self.undo.__enter__()
        start = month_start(timezone.now())
        self.valley: Valley = make_valley(start=start, end=next_end(start))
        self.place = {"pool": self.valley.pool, "resource": self.valley.resource}
        self.numbers = count(1)

    def teardown(self) -> None:
        """All that must always hold, and then forget everything."""
        if hasattr(self, "undo"):
            try:
                assert all_broken() == []
            finally:
                self.undo.__exit__(None, None, None)

    def key(self) -> str:
        return f"step {next(self.numbers)}"

    def period(self) -> Period:
        return Period.objects.latest("start")

    def member(self, name: str) -> Member:
        return self.valley.members[name]

    def try_it(self, act: Callable[..., Any], **values: Any) -> Any:
        """Do something that may be refused: then nothing has changed, which `holds` checks."""
        try:
            return act(actor=None, **values)
        except DomainError:
            return None

    def pick(self, rows: QuerySet[Any], place: int) -> Any:
        """One of the last rows, whatever became of it; None where there is none."""
        return next(iter(rows.order_by("-pk")[place : place + 1]), None)

    # --- using

    def usage(self, name: str, amount: int, back: bool, moment: datetime) -> UsageRow:
        row = self.valley.use(name, -amount if back else amount, self.key(), "x" if back else "")
        return UsageRow(**{**vars(row), "used_at": moment})

    @rule(name=names, amount=amounts, back=st.booleans())
    def use(self, name: str, amount: int, back: bool) -> None:
        """Somebody uses something, or a correction takes it back."""
        self.try_it(record_usage, rows=[self.usage(name, amount, back, self.period().start)])

    @rule(name=names, amount=amounts, back=st.booleans())
    def use_late(self, name: str, amount: int, back: bool) -> None:
        """Usage of the last closed period comes, or is taken back."""
        closed = Period.objects.filter(state=Period.State.CLOSED).last()
        if closed is not None:
            self.try_it(record_late, rows=[self.usage(name, amount, back, closed.start)])

    # --- units and money

    @rule(name=names, units=st.integers(1, 120), paid=st.booleans())
    def buy(self, name: str, units: int, paid: bool) -> None:
        """Somebody reserves units, and may pay."""
        found = self.try_it(
            subscribe,
            member=self.member(name),
            pool=self.valley.pool,
            count=units,
            key=self.key(),
        )
        if found is not None and paid:
            self.pay(found.charge, found.charge.amount)

    @rule(place=some, short=st.booleans())
    def pay_late(self, place: int, short: bool) -> None:
        """An open charge is paid, whenever; a part of it is not taken."""
        charge = self.pick(Charge.objects.filter(state=Charge.State.OPEN), place)
        if charge is not None:
            self.pay(charge, charge.amount - short)

    def pay(self, charge: Charge, amount: int) -> None:
        self.try_it(
            accept_payment,
            reference=charge.reference,
            amount=amount,
            received_on=timezone.localdate(charge.created_at),
            key=self.key(),
        )

    @rule(place=some)
    def give_up(self, place: int) -> None:
        """A debt is written off: what was bought with it goes back to those who sold it."""
        charge = self.pick(Charge.objects.filter(kind=Charge.Kind.PERIOD), place)
        if charge is not None:
            self.try_it(write_off_debt, charge_id=charge.pk, source="proposal:1")

    @rule(both=pairs, units=st.integers(1, 90))
    def pass_on(self, both: tuple[str, str], units: int) -> None:
        """Units go from one member to another, in the middle of everything."""
        giver, receiver = both
        number = self.member(receiver).number
        offered = self.try_it(
            offer_units,
            giver=self.member(giver),
            pool=self.valley.pool,
            units=units,
            to_number=number,
            key=self.key(),
        )
        if offered is not None:
            taken = {"transfer_id": offered.transfer.pk, "receiver": self.member(receiver)}
            self.try_it(accept_transfer, **taken)

    # --- tokens between members

    @rule(both=pairs, amount=amounts, accepted=st.booleans())
    def give_tokens(self, both: tuple[str, str], amount: int, accepted: bool) -> None:
        """Somebody gives tokens, which are accepted or wait."""
        people = {"giver": self.member(both[0]), "receiver": self.member(both[1])}
        gift = self.try_it(give, **self.place, **people, amount=amount, key=self.key())
        if gift is not None and accepted:
            self.try_it(accept_gift, gift_id=gift.pk)

    @rule(place=some, answer=st.sampled_from((accept_gift, decline_gift, withdraw_gift)))
    def answer_gift(self, place: int, answer: Callable[..., Gift]) -> None:
        """A gift, perhaps one that was decided long ago, is accepted, declined or withdrawn."""
        gift = self.pick(Gift.objects.all(), place)
        if gift is not None:
            self.try_it(answer, gift_id=gift.pk)

    @rule(both=pairs, amount=amounts, accepted=st.booleans())
    def lend_tokens(self, both: tuple[str, str], amount: int, accepted: bool) -> None:
        """Somebody lends tokens until a moment within the period."""
        people = {"lender": self.member(both[0]), "borrower": self.member(both[1])}
        due = {"due_at": self.period().end - SECOND, "key": self.key()}
        loan = self.try_it(lend, **self.place, **people, amount=amount, **due)
        if loan is not None and accepted:
            self.try_it(accept_loan, loan_id=loan.pk)

    @rule(
        place=some,
        answer=st.sampled_from((accept_loan, decline_loan, withdraw_loan, return_loan, None)),
    )
    def answer_loan(self, place: int, answer: Callable[..., Loan] | None) -> None:
        """A loan is answered or returned at whatever moment; or all that run come due."""
        loan = self.pick(Loan.objects.all(), place)
        if loan is not None and answer is not None:
            self.try_it(answer, loan_id=loan.pk)
        elif loan is not None:
            self.try_it(return_due_loans, now=self.period().end)

    @rule(name=names, amount=amounts)
    def take_out_voucher(self, name: str, amount: int) -> None:
        """Somebody takes tokens out, to use where the site cannot be reached."""
        period = self.period()
        terms = Terms(
            amount=amount,
            raw=amount * 10**6,
            unit="By",
            not_before=period.start,
            not_after=period.end,
            node=uuid.uuid4(),
        )
        values = {"member": self.member(name), "terms": terms, "key": self.key()}
        self.try_it(take_out, **self.place, **values)

    @rule(place=some)
    def bring_voucher_back(self, place: int) -> None:
        """A voucher's tokens go back into its book."""
        voucher = self.pick(Voucher.objects.all(), place)
        if voucher is not None:
            self.try_it(give_back_voucher, voucher_id=voucher.pk)

    # --- the market

    @rule(name=names, amount=st.none() | amounts, standing=st.booleans())
    def offer(self, name: str, amount: int | None, standing: bool) -> None:
        """Somebody offers what they will not use."""
        values = {"member": self.member(name), "amount": amount, "standing": standing}
        self.try_it(offer_surplus, **self.place, **values)

    @rule(place=some)
    def take_back(self, place: int) -> None:
        """An offer is taken back."""
        offer = self.pick(Offer.objects.all(), place)
        if offer is not None:
            self.try_it(withdraw_offer, offer_id=offer.pk)

    @rule(before=st.booleans(), own=st.integers(0, 250_000))
    def call(self, before: bool, own: int) -> None:
        """An auction is called, for this period or the coming one; the pool asks its own."""
        self.try_it(call_auction, **self.place, key=self.key(), pool_tokens=own, before=before)

    @rule(place=some, name=names, amount=amounts)
    def ask(self, place: int, name: str, amount: int) -> None:
        """Own tokens go into an auction."""
        auction = self.pick(Auction.objects.all(), place)
        if auction is not None:
            values = {"auction_id": auction.pk, "member": self.member(name), "amount": amount}
            self.try_it(place_ask, **values)

    @rule(place=some, name=names, amount=amounts, price=st.integers(0, 2 * 10**8))
    def bid(self, place: int, name: str, amount: int, price: int) -> None:
        """Somebody bids, high or low."""
        auction = self.pick(Auction.objects.all(), place)
        if auction is not None:
            values = {"auction_id": auction.pk, "member": self.member(name), "amount": amount}
            self.try_it(place_bid, price=price, **values)

    @rule(place=some, kind=st.sampled_from(("pool", "ask", "bid")), own=st.integers(0, 250_000))
    def change_mind(self, place: int, kind: str, own: int) -> None:
        """An ask or a bid is withdrawn, or the pool asks something else."""
        table: Any = {"pool": Auction, "ask": Ask, "bid": Bid}[kind]
        row = self.pick(table.objects.all(), place)
        if row is None:
            return
        if kind == "pool":
            self.try_it(ask_for_pool, auction_id=row.pk, amount=own)
        elif kind == "ask":
            self.try_it(withdraw_ask, ask_id=row.pk)
        else:
            self.try_it(withdraw_bid, bid_id=row.pk)

    @rule(both=pairs, amount=amounts, wanted=amounts, price=st.integers(5 * 10**7, 2 * 10**8))
    def trade(self, both: tuple[str, str], amount: int, wanted: int, price: int) -> None:
        """An auction is called, filled and cleared at once."""
        auction = self.try_it(call_auction, **self.place, key=self.key())
        if auction is None:
            return
        seller, buyer = (self.member(name) for name in both)
        here = {"auction_id": auction.pk}
        self.try_it(place_ask, **here, member=seller, amount=amount)
        self.try_it(place_bid, **here, member=buyer, price=price, amount=wanted)
        self.try_it(clear_auction, **here)

    @rule(place=some)
    def clear(self, place: int) -> None:
        """An auction clears, or is told to once more."""
        auction = self.pick(Auction.objects.all(), place)
        if auction is not None:
            self.try_it(clear_auction, auction_id=auction.pk)

    # --- stewards

    @rule(chosen=st.sampled_from(RULES))
    def change_rule(self, chosen: tuple[str, Any]) -> None:
        """A credit limit or a cap on gifts comes, or goes; two members turn out to be one."""
        key, value = chosen
        if key != "linked":
            self.try_it(set_policy, key=key, value=value, source="founding")
        else:
            ids = {"member_id": self.member(value[0]).pk, "other_id": self.member(value[1]).pk}
            self.try_it(link_members, **ids, reason="one household")

    @rule(
        steps=st.integers(1, 6),
        paid=st.booleans(),
        actual=st.integers(0, 90_000),
        killed=st.integers(0, 9),
    )
    def close(self, steps: int, paid: bool, actual: int, killed: int) -> None:
        """The close goes some steps on, one perhaps at its second try; charges are paid or not."""
        period = self.period()
        for number in range(steps):
            name = next_step(period)
            if name is None:
                break
            if killed == number:
                self.kill(period, name, actual)
            self.run(period, name, actual)
            if paid and name == "charge":
                settle_charges(period_code=period.code, actor=None)

    def kill(self, period: Period, name: str, actual: int) -> None:
        """Do the step and lose it: nothing of it is left."""
        before = balances()
        with pytest.raises(Killed):
            self.begin(period, name, actual)
        assert balances() == before

    def begin(self, period: Period, name: str, actual: int) -> None:
        """Do all of a step but its commit."""
        with transaction.atomic():
            self.run(period, name, actual)
            raise Killed

    def run(self, period: Period, name: str, actual: int) -> CloseStep:
        return run_step(
            period_id=period.pk,
            step=name,
            actor=None,
            at=period.end,
            actual={("backbone", "bandwidth"): actual},
        )

    @rule(name=st.sampled_from(STEPS), back=st.integers(0, 1))
    def any_step(self, name: str, back: int) -> None:
        """A step that is done is asked for again, or one out of turn: nothing changes."""
        period = self.pick(Period.objects.all(), back)
        if period is None or name == next_step(period):
            return
        before = balances()
        done = CloseStep.objects.filter(period=period, name=name).first()
        again = self.try_it(run_step, period_id=period.pk, step=name, at=period.end, actual={})
        assert again == done
        assert balances() == before

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
        """What the token economy must keep after every single step."""
        if hasattr(self, "valley"):
            checks = tokens.invariants.INVARIANTS
            assert [sentence for check in checks for sentence in check()] == []
            assert treasury_units(self.valley.pool) >= 0


def balances() -> tuple[int, list[tuple[int, int]]]:
    """Every balance that is not zero, and the newest account."""
    found = Balance.objects.exclude(amount=0).order_by("account_id")
    newest = Balance.objects.aggregate(n=Max("account_id"))["n"]
    return newest, list(found.values_list("account_id", "amount"))


@pytest.mark.django_db
def test_everything_holds_in_any_order() -> None:
    run_state_machine_as_test(
        Economy,
        settings=settings(
            max_examples=16,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
