"""The books at any moment of either time, held against a naive replay of every entry."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.asof import (
    TICK,
    BeforeTheCut,
    Moment,
    Movement,
    Window,
    balance,
    balances,
    movements,
)
from ledger.models import Cut, Document, Entry
from ledger.reports.entries import every_row, listing
from ledger.reports.shape import Rows
from ledger.services import Leg, Posting, ensure_commodity, open_account, post, reverse
from tests.valley import taken_back

pytestmark = pytest.mark.django_db(transaction=True)
OFFSETS = [None, None, -400, -31, -1, 1, 45]
"""days between the posting and the moment from which it counts; None: they are one"""


@dataclass(frozen=True)
class Fact:
    """One entry, as a naive reader of the books has it."""

    account: int
    amount: int
    effective: datetime
    recorded: datetime
    version: int


@dataclass(frozen=True)
class Plan:
    """What to post: from, to, amount, days of difference, and whether to take it back."""

    giver: int
    taker: int
    amount: int
    days: int | None
    undone: bool


PLANS = st.builds(
    Plan,
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(1, 900),
    st.sampled_from(OFFSETS),
    st.booleans(),
)


def book(plans: list[Plan]) -> list[int]:
    """Three accounts with what the plans move between them."""
    ensure_commodity(code="EUR", kind="money", exponent=2)
    accounts = [open_account(commodity="EUR", kind="cash:operating", owner=n) for n in "abc"]
    for n, plan in enumerate(plans):
        taker = plan.taker if plan.taker != plan.giver else (plan.giver + 1) % 3
        legs = [Leg(accounts[plan.giver], -plan.amount), Leg(accounts[taker], plan.amount)]
        counts = None if plan.days is None else timezone.now() + timedelta(days=plan.days)
        posting = Posting(source="test", key=str(n), kind="moved", legs=legs, effective_at=counts)
        txn = post(posting)
        if plan.undone:
            reverse(txn_id=txn, source="undo", key=str(n), actor=None, memo="wrong")
    return accounts


def facts(accounts: list[int]) -> list[Fact]:
    """All entries, in the order in which they count."""
    found = Entry.objects.filter(account_id__in=accounts).select_related("txn")
    rows = [Fact(e.account_id, e.amount, e.txn.effective_at, e.recorded_at, e.version)
            for e in found]  # fmt: skip
    return sorted(rows, key=lambda f: (f.effective, f.recorded, f.account, f.version))


def moments(known: list[Fact]) -> list[datetime | None]:
    """Every moment at which anything happens, and those right beside it; None for no limit."""
    times = {time for fact in known for time in (fact.effective, fact.recorded)}
    return [None, *sorted(t + step for t in times for step in (-TICK, timedelta(0), TICK))]


def by(time: datetime, limit: datetime | None) -> bool:
    return limit is None or time <= limit


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(plans=st.lists(PLANS, min_size=1, max_size=7), data=st.data())
def test_a_balance_at_a_moment_is_the_sum_of_what_counted_and_was_known(
    plans: list[Plan], data: st.DataObject
) -> None:
    with taken_back():
        accounts = book(plans)
        all_facts = facts(accounts)
        choice = st.sampled_from(moments(all_facts))
        for _ in range(8):
            effective, known = data.draw(choice), data.draw(choice)
            replayed = {
                account: sum(
                    f.amount
                    for f in all_facts
                    if f.account == account and by(f.effective, effective) and by(f.recorded, known)
                )
                for account in accounts
            }
            assert balances(accounts, Moment(effective, known)) == replayed


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(plans=st.lists(PLANS, min_size=1, max_size=7), data=st.data())
def test_movements_between_moments_are_the_entries_between_them(
    plans: list[Plan], data: st.DataObject
) -> None:
    with taken_back():
        accounts = book(plans)
        all_facts = facts(accounts)
        choice = st.sampled_from(moments(all_facts))
        for by_recorded in (False, True):
            start, end, known = data.draw(choice), data.draw(choice), data.draw(choice)
            window = Window(start, end, known, by_recorded)
            inside = [f for f in all_facts if counts_in(f, window)]
            expected = {
                account: Movement(
                    sum(f.amount for f in inside if f.account == account and f.amount > 0),
                    sum(f.amount for f in inside if f.account == account and f.amount < 0),
                )
                for account in {f.account for f in inside}
            }
            assert movements(accounts, window) == expected
            check_window(accounts, window)


def check_window(accounts: list[int], window: Window) -> None:
    """What was there, and what moved, is what is there."""
    if window.start and window.end and window.end < window.start:
        return
    before = balances(accounts, window.opening) if window.opening else {}
    after, moved = balances(accounts, window.closing), movements(accounts, window)
    for account in accounts:
        net = moved.get(account, Movement()).net
        assert before.get(account, 0) + net == after[account]


def counts_in(fact: Fact, window: Window) -> bool:
    time = fact.recorded if window.by_recorded else fact.effective
    begun = window.start is None or time >= window.start
    return begun and (window.end is None or time < window.end) and by(fact.recorded, window.known)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(plans=st.lists(PLANS, min_size=1, max_size=7), size=st.integers(1, 4), data=st.data())
def test_a_statement_runs_through_all_pages_to_the_opening_balance(
    plans: list[Plan], size: int, data: st.DataObject
) -> None:
    with taken_back():
        accounts = book(plans)
        all_facts = facts(accounts)
        choice = st.sampled_from(moments(all_facts))
        window = Window(data.draw(choice), data.draw(choice), data.draw(choice))
        if window.start and window.end and window.end < window.start:
            return
        which = Rows(window=window, accounts=(accounts[0],))
        opening = sum(balances(accounts[:1], window.opening).values()) if window.opening else 0
        expected, running = [], opening
        for fact in all_facts:
            if fact.account == accounts[0] and counts_in(fact, window):
                running += fact.amount
                expected.append((fact.version, fact.amount, running))
        pages, before = [], None
        while True:
            page = listing(which, before, size)
            pages += [(row.version, row.amount, row.balance) for row in page.rows]
            before = page.older
            if before is None:
                break
        assert pages == expected[::-1]
        assert [(r.version, r.amount, r.balance) for r in every_row(which)] == pages


def test_a_late_correction_changes_the_past_only_for_those_who_know_of_it() -> None:
    with taken_back():
        a, b, _c = book([])
        early = datetime(2026, 3, 10, tzinfo=UTC)
        first = post(
            Posting(source="test", key="1", kind="moved", legs=[Leg(a, -500), Leg(b, 500)],
                    effective_at=early)
        )  # fmt: skip
        knew = timezone.now()
        reverse(txn_id=first, source="test", key="2", actor=None, memo="wrong")
        assert balance(b, Moment(early - TICK)) == 0
        assert balance(b, Moment(early)) == 0
        assert balance(b, Moment(early, knew)) == 500
        assert balance(b, Moment(known=knew)) == 500
        assert balance(b, Moment(early, early)) == 0


def test_what_counts_at_a_moment_may_be_more_than_a_balance_can_hold() -> None:
    most = 9 * 10**18
    accounts = book([Plan(0, 1, most, None, False), Plan(1, 0, most, 45, False)] * 2)
    today = Moment(effective=timezone.now() + TICK)
    assert balances(accounts, today) == dict(zip(accounts, (-2 * most, 2 * most, 0), strict=True))
    assert movements(accounts[1:2], Window())[accounts[1]] == Movement(2 * most, -2 * most)


def test_an_account_that_does_not_exist_holds_nothing() -> None:
    assert balance(0, Moment()) == 0


def test_what_was_detached_is_not_guessed() -> None:
    with taken_back():
        accounts = book([Plan(0, 1, 100, None, False)])
        now = timezone.now()
        document = Document.objects.create(kind="balances", digest=b"c" * 32)
        Cut.objects.create(through=now, document=document)
        assert balance(accounts[1], Moment(known=now)) == 100
        with pytest.raises(BeforeTheCut):
            balance(accounts[1], Moment(known=now - timedelta(days=1)))
        with pytest.raises(BeforeTheCut):
            movements(accounts, Window(None, now))
