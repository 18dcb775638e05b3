"""Equity credit becomes units in the books."""

from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from assets.errors import GrowthFundTooSmall
from assets.models import Pool
from ledger.errors import KeyConflict
from ledger.queries import balance
from members.models import Member
from members.services import set_conversion_consent
from tests.makers import agree, all_wrong, buy, earn_credit, make_member, make_pool
from titles.models import Conversion, Title
from titles.queries import credit_lots, equity_credit, facts_of, units_of
from titles.services import acquire, convert_credit

pytestmark = pytest.mark.django_db

JULY = date(2026, 7, 1)


def close(pool: Pool, code: str = "2026-06") -> Conversion | None:
    with transaction.atomic():
        return convert_credit(pool=pool, period_code=code, actor=None, key=f"{pool.code} {code}")


def test_credit_becomes_units_with_a_title_and_the_rest_stays() -> None:
    chloe, pool = make_member("Chloe"), make_pool(treasury=200)
    earn_credit(chloe, pool, 3650, code="2026-06")
    conversion = close(pool)
    assert conversion is not None
    assert (conversion.units, conversion.price) == (36, 100)
    assert units_of(chloe, pool) == 36
    assert equity_credit(chloe, pool) == 50
    assert balance("unit:backbone", "treasury", "pool/backbone") == 164
    assert balance("EUR", "capital", f"backbone/member/{chloe.pk}") == -3600
    title = Title.objects.get()
    assert facts_of(title)["origin"] == "conversion"
    assert title.conversion_share.conversion == conversion
    assert all_wrong() == []


def test_converting_again_under_the_same_key_changes_nothing() -> None:
    chloe, pool = make_member("Chloe"), make_pool(treasury=200)
    earn_credit(chloe, pool, 3600, code="2026-06")
    first = close(pool)
    earn_credit(chloe, pool, 3600, code="2026-07")
    assert close(pool) == first
    assert units_of(chloe, pool) == 36
    other = make_pool("storage")
    with pytest.raises(KeyConflict), transaction.atomic():
        convert_credit(pool=other, period_code="2026-06", actor=None, key="backbone 2026-06")


def test_where_there_is_nothing_to_convert_nothing_is_booked() -> None:
    pool = make_pool(treasury=200)
    earn_credit(make_member("Ana"), pool, 99, code="2026-06")
    assert close(pool) is None
    assert not Conversion.objects.exists()


def test_without_consent_credit_stays_credit() -> None:
    chloe, pool = make_member("Chloe", consents=False), make_pool(treasury=200)
    earn_credit(chloe, pool, 3600, code="2026-06")
    assert close(pool) is None
    set_conversion_consent(member_id=chloe.pk, consents=True, actor=None)
    assert close(pool, "2026-07") is not None
    assert units_of(chloe, pool) == 36


def test_members_who_are_leaving_get_no_units() -> None:
    chloe, pool = make_member("Chloe"), make_pool(treasury=200)
    earn_credit(chloe, pool, 3600, code="2026-06")
    Member.objects.update(state=Member.State.LEAVING)
    assert close(pool) is None


def test_the_oldest_credit_is_served_first_and_lots_are_used_oldest_first() -> None:
    ana, whale, pool = make_member("Ana"), make_member("Whale"), make_pool(treasury=10)
    earn_credit(ana, pool, 300, code="2026-05")
    earn_credit(ana, pool, 300, code="2026-06")
    earn_credit(whale, pool, 100_000, code="2026-06")
    close(pool)
    # May: 3 for Ana. June: 7 are left, she wants 3 more, the whale 10 (the cap): 7·3/13 = 1.6.
    assert (units_of(ana, pool), units_of(whale, pool)) == (5, 5)
    assert [lot.left for lot in credit_lots(ana, pool)] == [0, 100]
    assert all_wrong() == []


def test_the_cap_holds_in_a_conversion() -> None:
    chloe, pool = make_member("Chloe"), make_pool(treasury=100)
    agree("holding_cap", [1, 10], scope="backbone")
    buy(chloe, pool, 4)
    earn_credit(chloe, pool, 3600, code="2026-06")
    close(pool)
    assert units_of(chloe, pool) == 10
    assert equity_credit(chloe, pool) == 3000
    assert all_wrong() == []


def test_the_growth_fund_buys_an_asset_and_credit_is_served_before_the_treasury() -> None:
    chloe, pool = make_member("Chloe"), make_pool()
    earn_credit(chloe, pool, 3600, code="2026-06")
    asset = acquire(
        pool=pool, name="Router", cost=3600, capacity={}, since=JULY, actor=None, key="router"
    )
    assert asset.units_created == 36
    assert units_of(chloe, pool) == 36
    assert balance("EUR", "cash:growth", "pool/backbone") == 0
    assert facts_of(Title.objects.get())["backing"] == [{"name": "Router", "kind": "acquisition"}]
    assert all_wrong() == []


def test_acquiring_again_under_the_same_key_changes_nothing() -> None:
    chloe, pool = make_member("Chloe"), make_pool(treasury=100)
    earn_credit(chloe, pool, 3600, code="2026-06")
    first = acquire(pool=pool, name="A", cost=1000, capacity={}, since=JULY, actor=None, key="a")
    earn_credit(chloe, pool, 500, code="2026-07")
    again = acquire(pool=pool, name="A", cost=1000, capacity={}, since=JULY, actor=None, key="a")
    assert again == first
    assert units_of(chloe, pool) == 36


def test_on_acquisition_only_the_new_units_serve_credit() -> None:
    chloe, pool = make_member("Chloe"), make_pool(treasury=100)
    agree("vesting", "on_acquisition", scope="backbone")
    earn_credit(chloe, pool, 3600, code="2026-06")
    assert close(pool) is None
    acquire(pool=pool, name="Disk", cost=1000, capacity={}, since=JULY, actor=None, key="disk")
    assert units_of(chloe, pool) == 10
    assert balance("unit:backbone", "treasury", "pool/backbone") == 100
    assert equity_credit(chloe, pool) == 2600
    assert all_wrong() == []


def test_a_round_takes_as_many_statements_for_many_members_as_for_few() -> None:
    counts = []
    for code, number in (("backbone", 2), ("storage", 12)):
        pool = make_pool(code, treasury=500)
        for n in range(number):
            member = make_member(f"{code} {n}")
            buy(member, pool, 1)
            earn_credit(member, pool, 200, code="2026-06")
        with CaptureQueriesContext(connection) as queries:
            close(pool)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert Title.objects.filter(origin=Title.Origin.CONVERSION).count() == 14
    assert all_wrong() == []


def test_an_acquisition_beyond_the_growth_fund_is_refused() -> None:
    pool = make_pool(treasury=100)
    with pytest.raises(GrowthFundTooSmall):
        acquire(pool=pool, name="Mast", cost=1, capacity={}, since=JULY, actor=None, key="mast")
    assert all_wrong() == []
