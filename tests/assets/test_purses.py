"""What pays for an asset: the reserve pays in cash, the growth fund by a passed decision only."""

from datetime import date

import pytest
from django.test import Client

from assets.errors import NeedsDecision, ReserveTooSmall
from assets.models import Asset, Pool
from assets.queries import backing
from assets.services import dispose, place_asset, register_asset, take_into_pool
from ledger.queries import balance
from members.models import Role
from members.services import grant_role
from tests.makers import all_wrong, make_member, make_pool

pytestmark = pytest.mark.django_db


def ordered(pool: Pool) -> Asset:
    return register_asset(
        pool=pool, name="Router", kind="router", cost=4_000, on=date(2026, 6, 1), actor=None,
        key="router",
    )  # fmt: skip


def with_reserve(pool: Pool, cents: int) -> None:
    """Cash in the replacement reserve, from the sale of a thing."""
    sold = place_asset(
        pool=pool, name="Old mast", kind="mast", cost=cents, in_service=date(2026, 1, 1),
        paid_from="grant", actor=None, key="old",
    )  # fmt: skip
    dispose(asset=sold, on=date(2026, 5, 1), proceeds=cents, actor=None)


def test_a_replacement_takes_its_cost_out_of_the_reserve() -> None:
    pool = make_pool()
    with_reserve(pool, 10_000)
    before = backing(pool).total
    take_into_pool(asset_id=ordered(pool).pk, paid_from="reserve", actor=None, key="k")
    assert balance("EUR", "cash:reserve", f"pool/{pool.code}") == 6_000
    assert backing(pool).total == before
    assert all_wrong() == []


def test_the_reserve_pays_no_more_than_it_holds() -> None:
    pool = make_pool()
    with_reserve(pool, 3_999)
    asset = ordered(pool)
    with pytest.raises(ReserveTooSmall):
        take_into_pool(asset_id=asset.pk, paid_from="reserve", actor=None, key="k")


def test_the_growth_fund_buys_by_a_passed_decision_only() -> None:
    asset = ordered(make_pool())
    with pytest.raises(NeedsDecision):
        take_into_pool(asset_id=asset.pk, paid_from="growth", actor=None, key="k")


def test_a_treasurer_who_is_no_steward_finds_the_desk() -> None:
    ben, client = make_member("Ben"), Client()
    assert ben.user is not None
    client.force_login(ben.user)
    assert client.get("/stewardship/").status_code == 403
    grant_role(user=ben.user, name=Role.Name.TREASURER, actor=None, source="founding")
    page = client.get("/stewardship/")
    assert page.status_code == 200
    assert "/stewardship/bank/" in page.text
    assert "Applications" not in page.text
