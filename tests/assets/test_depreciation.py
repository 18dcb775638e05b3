"""Assets lose their value by the day, members bear it as cost, and the cash is put aside."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.depreciation import Plan, months_later
from assets.errors import AlreadyDisposed, BelowDepreciation, BillEntered, PlanTooEarly
from assets.models import Asset, Depreciation
from assets.money import book_values, depreciation_at
from assets.queries import backing, cost_at
from assets.services import dispose, enter_bill, place_asset, plan_depreciation
from ledger.queries import balance
from members.models import Member
from tests.makers import all_wrong
from tests.valley import JULY, Valley, make_valley
from titles.services import settle_charges
from tokens.models import Yield
from tokens.services import run_step

pytestmark = pytest.mark.django_db
DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@given(
    st.integers(0, 10**12),
    DAYS,
    st.integers(1, 600),
    st.lists(DAYS, max_size=8),
    st.dictionaries(st.sampled_from(["cpu", "storage"]), st.integers(1, 9), min_size=1),
)
def test_whatever_the_periods_the_parts_sum_to_the_whole(
    base: int, since: date, months: int, cuts: list[date], weights: dict[str, int]
) -> None:
    plan = Plan(base, since, months, weights)
    end = months_later(since, months)
    days = [date(1999, 1, 1), *sorted(cuts), end]
    parts = [plan.between(a, b) for a, b in pairwise(days) if a <= b]
    assert all(amount >= 0 for part in parts for amount in part.values())
    assert sum(plan.written_off(end).values()) == base
    if all(cut <= end for cut in cuts):
        assert sum(amount for part in parts for amount in part.values()) == base


def test_months_end_where_the_calendar_ends_them() -> None:
    assert months_later(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert months_later(date(2026, 11, 30), 3) == date(2027, 2, 28)


def server(valley: Valley, *, cost: int = 12_000, since: date = date(2026, 6, 1)) -> Asset:
    """A server of the worked period's pool, written off over a year from a day on."""
    asset = place_asset(
        pool=valley.pool, name="Server", kind="server", cost=cost, in_service=since,
        paid_from="grant", actor=None, key=f"server {cost} {since}",
    )  # fmt: skip
    plan_depreciation(asset=asset, weights={"bandwidth": 1}, source="bill 7", actor=None, months=12)
    return asset


def the_yield(valley: Valley) -> Yield:
    return Yield.objects.get(period=valley.period)


def settle(valley: Valley, actual: dict[tuple[str, str], int] | None = None) -> None:
    run_step(period_id=valley.period.pk, step="settle", actor=None, at=JULY, actual=actual)


def test_a_month_costs_its_days_and_the_cash_goes_to_the_reserve() -> None:
    valley = make_valley()
    asset = server(valley)
    before = backing(valley.pool)
    settle(valley)
    lost = 12_000 * 30 // 365
    assert Depreciation.objects.get().amount == lost == 986
    assert balance("EUR", "depreciation", "pool/backbone") == -lost
    assert balance("EUR", "cash:reserve", "pool/backbone") == lost
    after = backing(valley.pool)
    assert (after.assets, after.reserve) == (before.assets - lost, before.reserve + lost)
    values = {v.asset: v.left for v in book_values(valley.pool, date(2026, 6, 30))}
    assert values[asset] == 12_000 - lost
    assert {v.asset: v.left for v in book_values(valley.pool, date(2026, 6, 29))}[asset] == 12_000
    assert all_wrong() == []


def test_settling_twice_writes_off_once() -> None:
    valley = make_valley()
    server(valley)
    settle(valley)
    settle(valley)
    assert Depreciation.objects.count() == 1


def test_the_budget_of_a_month_holds_what_its_assets_lose() -> None:
    valley = make_valley()
    without = cost_at(valley.pool, date(2026, 7, 1))["bandwidth"]
    server(valley)
    assert depreciation_at(valley.pool, date(2026, 7, 1)) == {"bandwidth": 12_000 * 61 // 365 - 986}
    assert cost_at(valley.pool, date(2026, 7, 1))["bandwidth"] == without + 1_019
    assert depreciation_at(valley.pool, date(2027, 6, 1)) == {}


def test_days_that_no_period_saw_are_no_cost_of_this_one() -> None:
    valley = make_valley()
    server(valley, since=date(2026, 1, 1))
    settle(valley)
    own, earlier = Depreciation.objects.order_by("-is_cost")
    assert (own.is_cost, own.amount) == (True, 5_951 - 4_964)
    assert earlier.amount == 4_964
    assert balance("EUR", "asset_losses", "pool/backbone") == earlier.amount
    assert the_yield(valley).actual == 50_000
    assert all_wrong() == []


def test_the_actual_cost_cannot_be_less_than_what_was_lost() -> None:
    valley = make_valley()
    server(valley)
    with pytest.raises(BelowDepreciation):
        settle(valley, {("backbone", "bandwidth"): 985})
    assert not Depreciation.objects.exists()
    settle(valley, {("backbone", "bandwidth"): 986})
    assert the_yield(valley).actual == 986


def test_a_later_plan_spreads_what_is_left_and_rewrites_nothing() -> None:
    valley = make_valley()
    asset = server(valley)
    settle(valley)
    with pytest.raises(PlanTooEarly):
        plan_depreciation(
            asset=asset, weights={"bandwidth": 1}, source="vote", actor=None,
            since=date(2026, 6, 15), months=48,
        )  # fmt: skip
    plan = plan_depreciation(
        asset=asset, weights={"bandwidth": 1}, source="vote", actor=None,
        since=date(2026, 7, 1), months=48,
    )  # fmt: skip
    assert plan.base == 12_000 - 986
    assert depreciation_at(valley.pool, date(2026, 7, 1)) == {
        "bandwidth": round(plan.base * 31 / (months_later(plan.since, 48) - plan.since).days)
    }


def test_a_sale_takes_what_is_left_out_of_the_books() -> None:
    valley = make_valley()
    asset = server(valley)
    settle(valley)
    sold = dispose(asset=asset, on=date(2026, 7, 3), proceeds=4_000, actor=None)
    assert sold.result == 4_000 - (12_000 - 986)
    assert dispose(asset=asset, on=date(2026, 7, 3), proceeds=4_000, actor=None) == sold
    with pytest.raises(AlreadyDisposed):
        dispose(asset=asset, on=date(2026, 7, 3), proceeds=5_000, actor=None)
    assert balance("EUR", "asset_losses", "pool/backbone") == -sold.result
    assert balance("EUR", "depreciation", "pool/backbone") == 0
    assert depreciation_at(valley.pool, date(2026, 7, 1)) == {}
    assert asset not in {v.asset for v in book_values(valley.pool, date(2026, 7, 3))}
    assert asset in {v.asset for v in book_values(valley.pool, date(2026, 7, 2))}
    assert all_wrong() == []


def test_the_whole_close_stands_with_assets_that_lose_value() -> None:
    valley = make_valley()
    server(valley)
    valley.used_as_in_the_worked_period()
    valley.close()
    valley.open_july()
    assert Member.objects.count() == 3
    assert settle_charges(period_code=valley.period.code, actor=None) == []
    assert all_wrong() == []


def test_a_bill_is_entered_once() -> None:
    valley = make_valley()
    facts = {
        "pool": valley.pool, "supplier": "Hill Power", "number": "2026-118",
        "issued_on": date(2026, 6, 30), "amount": 50_000, "actor": None,
    }  # fmt: skip
    bill = enter_bill(**facts)  # type: ignore[arg-type]
    assert enter_bill(**facts) == bill  # type: ignore[arg-type]
    with pytest.raises(BillEntered):
        enter_bill(**facts | {"amount": 60_000})  # type: ignore[arg-type]
    assert bill.issued_on + timedelta(days=1) == date(2026, 7, 1)
