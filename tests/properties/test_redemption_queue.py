"""The queue of redemption against a simple model: order, limit, and sums, whatever happens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.errors import DomainError
from members.models import Member
from tests.makers import agree, all_wrong, make_pool
from tests.titles.leaving import no_notice, owners, payable, serve
from tests.valley import taken_back
from titles.models import Redemption, RedemptionRequest
from titles.queries import units_of
from titles.redeeming import RANKS, Budget, Price, Waiting, least_that
from titles.redeeming import serve as serve_purely
from titles.services import request_redemption, set_class, withdraw_redemption

NAMES = ("Ana", "Ben", "Chloe")
HELD, LIMIT, PRICE = 20, 10, 100
CLASSES = ("hardship", "leaving", "partial")
names = st.sampled_from(NAMES)


@dataclass
class Wish:
    """A request as the model knows it."""

    pk: int
    name: str
    left: int
    klass: str = "partial"


class Queue(RuleBasedStateMachine):
    """Members ask, withdraw and are given turns; months pass; the queue is served."""

    @initialize()
    def found(self) -> None:
        """A pool of a hundred shares, ten of which may come back in a month."""
        self.undo = taken_back()
        self.undo.__enter__()
        no_notice()
        agree("redemption_limit", [LIMIT, 100])
        self.pool = make_pool(treasury=100, price=PRICE)
        self.people: dict[str, Member] = owners(self.pool, **dict.fromkeys(NAMES, HELD))
        self.held = dict.fromkeys(NAMES, HELD)
        self.got = dict.fromkeys(NAMES, 0)
        self.wishes: list[Wish] = []
        self.left, self.at, self.count = LIMIT, timezone.now(), 0

    def teardown(self) -> None:
        """Forget everything."""
        if hasattr(self, "undo"):
            self.undo.__exit__(None, None, None)

    @rule(name=names, units=st.integers(-1, 25))
    def ask(self, name: str, units: int) -> None:
        """Somebody asks; more than what is free is refused."""
        self.count += 1
        free = self.held[name] - sum(w.left for w in self.wishes if w.name == name)
        values: dict[str, Any] = {"pool": self.pool, "actor": None, "key": f"ask {self.count}"}
        if not 1 <= units <= free:
            with pytest.raises(DomainError):
                request_redemption(member=self.people[name], units=units, **values)
            return
        made = request_redemption(member=self.people[name], units=units, **values)
        self.wishes.append(Wish(made.pk, name, units))

    @rule(place=st.integers(0, 5))
    def withdraw(self, place: int) -> None:
        """Somebody who waits withdraws."""
        if place < len(self.wishes):
            withdraw_redemption(request_id=self.wishes.pop(place).pk, actor=None)

    @rule(place=st.integers(0, 5), klass=st.sampled_from(CLASSES))
    def turn(self, place: int, klass: str) -> None:
        """A steward gives somebody another turn."""
        if place < len(self.wishes):
            self.wishes[place].klass = klass
            set_class(request_id=self.wishes[place].pk, klass=klass, reason="x", actor=None)

    @rule()
    def pass_a_month(self) -> None:
        """A new month, a new limit."""
        self.at = _first_of_next(self.at)
        self.left = LIMIT

    @rule(again=st.booleans())
    def run(self, again: bool) -> None:
        """The queue is served, and perhaps the message comes twice."""
        self.count += 1
        key = f"run {self.count}"
        for _ in range(2 if again else 1):
            serve(self.pool, key, self.at)
        ranks = RANKS["need_first"]
        for wish in sorted(self.wishes, key=lambda w: (ranks[w.klass], w.pk)):
            part = min(wish.left, self.left)
            wish.left -= part
            self.left -= part
            self.held[wish.name] -= part
            self.got[wish.name] += part * PRICE
        self.wishes = [wish for wish in self.wishes if wish.left]

    @invariant()
    def holds(self) -> None:
        """The site shows what the model says, and the books are sound."""
        if not hasattr(self, "wishes"):
            return
        waiting = RedemptionRequest.objects.filter(state="waiting")
        assert {r.pk: r.left for r in waiting} == {w.pk: w.left for w in self.wishes}
        for name, member in self.people.items():
            assert units_of(member, self.pool) == self.held[name]
            assert payable(member) == self.got[name]
        brought = Redemption.objects.aggregate(n=Sum("gross"))["n"] or 0
        assert brought == sum(self.got.values())

    def check(self) -> None:
        """Every invariant of the lower apps."""
        assert all_wrong() == []


def _first_of_next(at: datetime) -> datetime:
    return at.replace(day=1) + timedelta(days=40)


@pytest.mark.django_db
def test_the_queue_does_what_the_model_says() -> None:
    class Checked(Queue):
        def teardown(self) -> None:
            if hasattr(self, "undo"):
                self.check()
            super().teardown()

    run_state_machine_as_test(
        Checked,
        settings=settings(
            max_examples=15,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


prices = st.builds(Price, st.integers(-500, 10**6), st.integers(0, 500), st.integers(1, 2000))
budgets = st.builds(
    Budget, st.integers(-10, 10**6), st.none() | st.integers(-10, 10**5), st.integers(0, 10**6)
)
queues = st.lists(st.tuples(st.integers(1, 1000), st.booleans()), max_size=8)


def test_a_run_is_a_prefix_of_the_queue_within_every_limit_and_stops_for_a_reason() -> None:
    from hypothesis import given

    @given(queue=queues, price=prices, budget=budgets)
    def check(queue: list[tuple[int, bool]], price: Price, budget: Budget) -> None:
        waiting = [Waiting(n, left, credit) for n, (left, credit) in enumerate(queue)]
        served = serve_purely(waiting, price, budget)
        assert [part.pk for part in served] == list(range(len(served)))
        assert all(part.amount == waiting[part.pk].left for part in served[:-1])
        assert sum(part.nominal for part in served) <= max(0, budget.nominal)
        assert sum(part.gross for part in served) <= max(0, budget.payable)
        for part in served:
            one = waiting[part.pk]
            if one.is_credit:
                part_of, whole = price.part
                assert part.gross * whole <= part.amount * part_of < (part.gross + 1) * whole
            else:
                assert part.gross == part.amount * price.per_unit
                assert part.gross <= part.nominal
        assert_no_more_was_possible(waiting, served, price, budget)

    check()


def assert_no_more_was_possible(
    waiting: list[Waiting], served: list[Any], price: Price, budget: Budget
) -> None:
    """Whoever stands first now could not be given one share, or one cent of credit, more."""
    left = budget
    for part in served:
        left = left.after(part)
    place = len(served) - 1 if served and served[-1].amount < waiting[served[-1].pk].left else None
    place = len(served) if place is None else place
    if place >= len(waiting) or waiting[place].is_credit:
        return
    unit = price.per_unit
    assert not unit or left.nominal < price.issue_price or left.payable < unit


def test_the_least_number_is_found() -> None:
    from hypothesis import given

    @given(most=st.integers(0, 500), edge=st.integers(1, 600))
    def check(most: int, edge: int) -> None:
        assert least_that(most, lambda n: n >= edge) == (min(most, edge) if most else 0)

    check()
