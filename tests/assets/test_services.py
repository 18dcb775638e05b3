"""Assets, capacity, costs and backing: what is booked, what is refused, how things are split."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from assets.errors import CodeTaken, GrowthFundTooSmall, WrongWeights
from assets.models import Asset, CapacityChange, Pool
from assets.queries import backing, capacity_at, cost_at, total_units, treasury_units
from assets.services import (
    Details,
    add_cost_line,
    create_pool,
    create_resource,
    place_asset,
    set_capacity,
)
from ledger.errors import InsufficientBalance
from ledger.models import Account
from ledger.services import Leg, Posting, post
from tests.makers import IN_SERVICE, all_wrong, buy, earn_credit, make_member, make_pool
from titles.accounts import holding_accounts

pytestmark = pytest.mark.django_db

JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


def mast(pool: Pool, *, cost: int = 1050, paid_from: str = "grant", key: str = "mast") -> Asset:
    create_resource(code="bandwidth", name="Bandwidth", unit="GB")
    details = Details(
        name="Mast", kind="mast", cost=cost, in_service=IN_SERVICE, paid_from=paid_from
    )
    return place_asset(pool=pool, capacity={"bandwidth": 900}, actor=None, key=key, **details)


def test_an_asset_brings_whole_units_and_its_capacity() -> None:
    pool = make_pool(price=100)
    asset = mast(pool)
    assert (asset.units_created, treasury_units(pool), total_units(pool)) == (10, 10, 10)
    assert capacity_at(pool, CapacityChange.objects.get().resource, IN_SERVICE) == (900, 900)
    assert all_wrong() == []


def test_a_repeated_key_gives_the_same_asset_and_nothing_more() -> None:
    pool = make_pool(price=100)
    first, again = mast(pool), mast(pool)
    assert first == again
    assert (Asset.objects.count(), CapacityChange.objects.count()) == (1, 1)
    assert total_units(pool) == 10
    assert mast(pool, key="another") != first
    assert total_units(pool) == 20


def test_the_growth_fund_pays_only_what_it_holds() -> None:
    pool = make_pool(treasury=100)
    buy(make_member(), pool, 10)
    with pytest.raises(GrowthFundTooSmall, match="1000"), transaction.atomic():
        mast(pool, cost=1001, paid_from="growth")
    assert Asset.objects.filter(pool=pool).count() == 1
    mast(pool, cost=1000, paid_from="growth")
    assert backing(pool).growth_fund == 0
    assert all_wrong() == []


def test_a_pools_code_is_taken_by_another_name_only() -> None:
    pool = make_pool()
    assert create_pool(code=pool.code, name=pool.name, actor=None) == pool
    with pytest.raises(CodeTaken, match=pool.code):
        create_pool(code=pool.code, name="Another", actor=None)


@pytest.mark.parametrize(
    "weights", [{}, {"bandwidth": 0}, {"bandwidth": -1}, {"water": 1}, {"bandwidth": 1, "water": 1}]
)
def test_weights_name_resources_and_are_above_zero(weights: dict[str, int]) -> None:
    pool = make_pool()
    create_resource(code="bandwidth", name="Bandwidth", unit="GB")
    with pytest.raises(WrongWeights):
        add_cost_line(
            pool=pool, name="Power", amount=1, weights=weights, since=JUNE, source="x", actor=None
        )
    assert not pool.cost_lines.exists()


def test_capacity_counts_changes_from_their_first_day_to_the_day_before_their_last() -> None:
    pool, cpu = make_pool(), create_resource(code="cpu", name="CPU", unit="core·hour")
    for change, since, until, normal in (
        (1000, JUNE, None, True),
        (-400, JULY, AUGUST, False),
        (-300, AUGUST, None, True),
    ):
        set_capacity(
            pool=pool,
            resource=cpu,
            since=since,
            until=until,
            change=change,
            normal=normal,
            source="test",
            actor=None,
        )
    found = [capacity_at(pool, cpu, day) for day in (IN_SERVICE, JUNE, JULY, date(2026, 7, 31))]
    assert found == [(0, 0), (1000, 1000), (600, 1000), (600, 1000)]
    assert capacity_at(pool, cpu, AUGUST) == (700, 700)
    set_capacity(pool=pool, resource=cpu, since=AUGUST, change=-900, source="fire", actor=None)
    assert capacity_at(pool, cpu, AUGUST) == (0, 0)


def test_a_cost_is_split_by_largest_remainder_with_ties_to_the_first_code() -> None:
    pool = make_pool()
    for code in ("bandwidth", "cpu", "storage"):
        create_resource(code=code, name=code, unit="x")
    for name, amount, weights, since, until in (
        ("Power", 100, {"storage": 1, "cpu": 1, "bandwidth": 1}, JUNE, None),
        ("Rent", 10, {"storage": 2, "cpu": 1}, JUNE, JULY),
    ):
        add_cost_line(
            pool=pool,
            name=name,
            amount=amount,
            weights=weights,
            since=since,
            until=until,
            source="test",
            actor=None,
        )
    assert cost_at(pool, JULY) == {"bandwidth": 34, "cpu": 33, "storage": 33}
    assert cost_at(pool, JUNE) == {"bandwidth": 34, "cpu": 36, "storage": 40}
    assert cost_at(pool, IN_SERVICE) == {}


def test_backing_is_what_the_books_hold_less_what_is_owed() -> None:
    ana, pool = make_member("Ana"), make_pool(treasury=100)
    mast(pool, cost=5000, paid_from="loan")
    buy(ana, pool, 20)
    earn_credit(ana, pool, 300, code="2026-06")
    found = backing(pool)
    assert (found.assets, found.loans, found.units) == (15000, 5000, 150)
    assert (found.growth_fund, found.operating, found.reserve) == (2300, 300, 0)
    assert (found.equity_credit, found.over_recovered) == (300, 0)
    assert found.total == 15000 + 2300 + 300 - 5000 - 300


def test_first_holdings_are_opened_in_as_many_statements_for_one_as_for_many() -> None:
    pool = make_pool()
    members = [make_member(f"Member {n}").pk for n in range(5)]
    with CaptureQueriesContext(connection) as for_one:
        holding_accounts(pool, members[:1])
    with CaptureQueriesContext(connection) as for_many:
        accounts = holding_accounts(pool, members)
    assert len(for_one) == len(for_many)
    assert set(accounts) == set(members)
    assert set(Account.objects.filter(kind="holding").values_list("floor", flat=True)) == {0}
    created = Account.objects.get(kind="created", commodity__code="unit:backbone").pk
    legs = [Leg(accounts[members[0]], -1), Leg(created, 1)]
    with pytest.raises(InsufficientBalance):
        post(Posting(source="test", key="below", kind="below", legs=legs))
