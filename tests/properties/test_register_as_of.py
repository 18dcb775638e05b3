"""Any lives of titles: the register of each day, and of each moment of knowing, is what was so."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
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
from members.models import Member
from members.services import change_state
from tests.makers import agree, all_wrong, earn_credit, make_member, make_pool, pay, reserve
from titles.models import Subscription, Title, Transfer, WaitingPlace
from titles.queries import units_of
from titles.register import AsOf, held_as_of
from titles.services import (
    accept_transfer,
    cancel_subscription,
    convert_credit,
    decline_transfer,
    issue_founding_units,
    join_waiting_list,
    offer_units,
    pass_on_estate,
    split_title,
    sweep_moves,
    take_offer,
    withdraw_transfer,
)

pytestmark = pytest.mark.django_db

WHO = st.integers(0, 3)
NAMES = ("Ana", "Ben", "Chloe", "Dario")
SHORT = timedelta(seconds=2)
Held = dict[tuple[int, int], int]


class Lives(RuleBasedStateMachine):
    """Four members and a pool in which everything runs out; a clock that the rules move."""

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.travel = time_machine.travel(timezone.now() + timedelta(hours=1), tick=False)
        self.clock = self.travel.start()
        self.pool = make_pool(treasury=20, price=70)
        agree("holding_cap", [1, 2], scope=self.pool.code)
        self.members = [make_member(name) for name in NAMES]
        issue_founding_units(
            member=self.members[0], pool=self.pool, units=12, actor=None, key="ana"
        )
        self.steps = 0
        self.days: dict[date, Held] = {}
        self.moments: list[tuple[datetime, Held]] = []

    def teardown(self) -> None:
        """Every day and every moment is told as it was; then the next run begins empty."""
        try:
            self.days[timezone.localdate()] = self.shown()
            for day, held in self.days.items():
                assert held_as_of(AsOf.day(day)) == held, day
            far = timezone.now() + timedelta(days=1)
            for moment, held in self.moments:
                assert held_as_of(AsOf(moment)) == held, moment
                assert held_as_of(AsOf(far, known=moment)) == held, moment
            assert all_wrong() == []
        finally:
            self.travel.stop()
            transaction.savepoint_rollback(self.before)

    def shown(self) -> Held:
        """What the services show now, from the balances of the books."""
        held = {(m.pk, self.pool.pk): units_of(m, self.pool) for m in self.members}
        return {key: units for key, units in held.items() if units}

    def attempt(self, task: Callable[[], object]) -> None:
        self.steps += 1
        with suppress(DomainError):
            task()

    def key(self) -> str:
        return f"step {self.steps}"

    @invariant()
    def note(self) -> None:
        self.moments.append((timezone.now(), self.shown()))
        self.clock.shift(SHORT)

    @rule(days=st.integers(1, 12), sweeps=st.booleans())
    def days_pass(self, days: int, sweeps: bool) -> None:
        for _day in range(days):
            self.days[timezone.localdate()] = self.shown()
            self.clock.shift(timedelta(days=1))
        if sweeps:
            sweep_moves()
            assert sweep_moves() == 0

    @rule(who=WHO, count=st.integers(1, 12))
    def reserve(self, who: int, count: int) -> None:
        self.attempt(lambda: reserve(self.members[who], self.pool, count))

    @precondition(lambda self: Subscription.objects.filter(state="reserved").exists())
    @rule(data=st.data(), cancels=st.booleans())
    def end_reservation(self, data: st.DataObject, cancels: bool) -> None:
        rows = Subscription.objects.filter(state="reserved").order_by("pk")
        row = data.draw(st.sampled_from(list(rows)))
        if cancels:
            cancel_subscription(subscription_id=row.pk, actor=None)
        else:
            pay(row)
            pay(row)

    @rule(who=WHO, wish=st.integers(1, 12), takes_part=st.booleans())
    def wait(self, who: int, wish: int, takes_part: bool) -> None:
        self.attempt(
            lambda: join_waiting_list(
                member=self.members[who], pool=self.pool, wish=wish, takes_part=takes_part,
                actor=None, key=self.key(),
            )
        )  # fmt: skip

    @precondition(lambda self: WaitingPlace.objects.filter(state="offered").exists())
    @rule()
    def take(self) -> None:
        place = WaitingPlace.objects.filter(state="offered").earliest("pk")
        self.attempt(lambda: take_offer(place_id=place.pk, actor=None))

    @precondition(lambda self: self.shown())
    @rule(
        data=st.data(),
        on=st.integers(1, 3),
        units=st.integers(1, 8),
        kind=st.sampled_from(["transfer", "gift"]),
    )
    def offer(self, data: st.DataObject, on: int, units: int, kind: str) -> None:
        owners = [n for n, m in enumerate(self.members) if units_of(m, self.pool)]
        giver = data.draw(st.sampled_from(owners))
        receiver = self.members[(giver + on) % len(self.members)]
        self.attempt(
            lambda: offer_units(
                giver=self.members[giver], pool=self.pool, units=units, actor=None,
                key=self.key(), to_number=receiver.number, kind=kind,
            )
        )  # fmt: skip

    @precondition(lambda self: Transfer.objects.filter(state="offered").exists())
    @rule(data=st.data(), answer=st.sampled_from(["accept", "accept", "decline", "withdraw"]))
    def answer(self, data: st.DataObject, answer: str) -> None:
        rows = Transfer.objects.filter(state="offered").select_related("receiver", "giver")
        row = data.draw(st.sampled_from(list(rows.order_by("pk"))))
        assert row.receiver is not None
        if answer == "withdraw":
            self.attempt(lambda: withdraw_transfer(transfer_id=row.pk, giver=row.giver, actor=None))
        else:
            receiver, say = (
                row.receiver,
                accept_transfer if answer == "accept" else decline_transfer,
            )
            for _twice in range(2):
                self.attempt(lambda: say(transfer_id=row.pk, receiver=receiver, actor=None))

    @precondition(lambda self: Title.objects.filter(state="live", units__gt=1).exists())
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        rows = Title.objects.filter(state="live", units__gt=1).select_related("member", "pool")
        title = data.draw(st.sampled_from(list(rows.order_by("number"))))
        part = data.draw(st.integers(1, title.units - 1))
        self.attempt(
            lambda: split_title(
                holder=title.member, title=title, parts=[part, title.units - part], actor=None,
                key=self.key(),
            )
        )  # fmt: skip

    @rule(who=WHO, cents=st.integers(1, 900))
    def earn(self, who: int, cents: int) -> None:
        self.steps += 1
        years, month = divmod(self.steps, 12)
        code = f"{2026 - years}-{month + 1:02}"  # each period is charged once
        self.attempt(lambda: earn_credit(self.members[who], self.pool, cents, code=code))

    @rule()
    def convert(self) -> None:
        self.steps += 1
        convert_credit(pool=self.pool, period_code="2026-12", actor=None, key=self.key())

    @rule(who=WHO, first=st.integers(1, 5), second=st.integers(1, 5))
    def die(self, who: int, first: int, second: int) -> None:
        gone = self.members[who]
        gone.refresh_from_db()
        living = Member.objects.filter(state="active").exclude(pk=gone.pk).order_by("pk")
        heirs = dict(zip(living[:2], (first, second), strict=False))
        if gone.state == "active" and len(heirs) == 2:
            change_state(member_id=gone.pk, to="deceased", reason="death", actor=None)
        self.attempt(
            lambda: pass_on_estate(
                deceased=gone, heirs=heirs, evidence="Will", actor=None, key=self.key()
            )
        )


def test_the_register_of_each_day_and_moment_is_what_was_so() -> None:
    run_state_machine_as_test(
        Lives, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )
