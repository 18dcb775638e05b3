"""The life of an asset: every step there is, every step there is not, and what each one brings."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from assets.errors import (
    AlreadyPlaced,
    CodeTaken,
    CostsNothing,
    NotInPool,
    WrongCapacity,
    WrongDay,
    WrongStep,
    WrongValue,
)
from assets.models import Asset, AssetEvent, AssetMove, CapacityChange, Resource
from assets.queries import capacity_at, total_units
from assets.services import (
    correct_facts,
    end_asset,
    move_asset,
    put_in_service,
    register_asset,
    report_faulty,
    report_repaired,
    take_into_pool,
)
from assets.services.steps import STEPS
from ledger.errors import KeyConflict
from tests.assets.things import days_ago, ordered, serving, the_pool
from tests.makers import all_wrong

pytestmark = pytest.mark.django_db
State = Asset.State


def bandwidth(on: date) -> tuple[int, int]:
    return capacity_at(the_pool(), Resource.objects.get(code="bandwidth"), on)


def test_what_is_ordered_brings_nothing_until_it_is_in_its_pool_and_serves() -> None:
    asset = ordered(cost=1050, serial="S1", supplier="Wire & Co")
    assert (asset.state, asset.units_created, total_units(the_pool())) == (State.ORDERED, 0, 0)
    assert asset.code == f"A-{asset.pk:05d}"
    with pytest.raises(NotInPool, match="Core router"), transaction.atomic():
        put_in_service(asset_id=asset.pk, on=days_ago(1), actor=None)
    take_into_pool(asset_id=asset.pk, paid_from="grant", actor=None, key="take")
    assert (total_units(the_pool()), bandwidth(days_ago(0))) == (10, (0, 0))
    put_in_service(asset_id=asset.pk, on=days_ago(2), actor=None, capacity={"bandwidth": 900})
    assert [bandwidth(days_ago(n)) for n in (3, 2, 0)] == [(0, 0), (900, 900), (900, 900)]
    asset.refresh_from_db()
    assert (asset.state, asset.in_service) == (State.IN_SERVICE, days_ago(2))
    assert all_wrong() == []


def test_the_same_key_registers_once_and_takes_once() -> None:
    first, again = ordered(), ordered()
    assert first == again
    for _ in range(2):
        take_into_pool(asset_id=first.pk, paid_from="grant", actor=None, key="take")
    assert total_units(the_pool()) == 250
    with pytest.raises(AlreadyPlaced), transaction.atomic():
        take_into_pool(asset_id=first.pk, paid_from="grant", actor=None, key="another")
    with pytest.raises(KeyConflict), transaction.atomic():
        ordered(cost=1)
    assert Asset.objects.count() == 1


def test_an_inventory_code_is_given_once() -> None:
    ordered("One", code="R-1")
    with pytest.raises(CodeTaken, match="R-1"), transaction.atomic():
        ordered("Two", code="R-1")
    two = ordered("Two")
    with pytest.raises(CodeTaken), transaction.atomic():
        correct_facts(
            asset_id=two.pk, actor=None, name="Two", kind="mast", cost=two.cost, code="R-1"
        )


@pytest.mark.parametrize("salvage", [-1, 25_001])
def test_a_residual_value_is_within_the_cost(salvage: int) -> None:
    with pytest.raises(WrongValue):
        ordered(salvage=salvage)


def test_a_fault_takes_from_the_capacity_and_the_repair_gives_it_back() -> None:
    asset = serving()
    for ago in (12, 6):
        report_faulty(
            asset_id=asset.pk,
            on=days_ago(ago),
            reason="storm",
            lost={"bandwidth": 300},
            actor=None,
        )
        report_repaired(asset_id=asset.pk, on=days_ago(ago - 2), reason="new fuse", actor=None)
    seen = [bandwidth(days_ago(n)) for n in (13, 12, 10, 6, 5, 4, 0)]
    assert seen == [(900, 900), (600, 900), (900, 900), (600, 900), (600, 900), *[(900, 900)] * 2]
    assert AssetEvent.objects.filter(asset=asset).count() == 6


@pytest.mark.parametrize("to", [State.RETIRED, State.SOLD, State.LOST])
def test_the_end_ends_all_that_it_brought_and_leaves_the_units(to: State) -> None:
    asset, other = serving(), serving("Other", bandwidth=100)
    report_faulty(
        asset_id=asset.pk, on=days_ago(9), reason="x", lost={"bandwidth": 900}, actor=None
    )
    end_asset(asset_id=asset.pk, to=to, on=days_ago(5), reason="beyond repair", actor=None)
    asset.refresh_from_db()
    assert (asset.state, asset.ended_on) == (to, days_ago(5))
    assert [bandwidth(days_ago(n)) for n in (10, 9, 5, 0)] == [
        (1000, 1000),
        (100, 1000),
        (100, 100),
        (100, 100),
    ]
    assert total_units(the_pool()) == asset.units_created + other.units_created
    assert all_wrong() == []


def take(asset: Asset, to: str) -> Any:
    """Send an asset to a state by the service that leads there."""
    how: dict[str, Any] = {"asset_id": asset.pk, "on": days_ago(0), "actor": None}
    if to == State.IN_SERVICE:
        return put_in_service(**how)
    if to == State.FAULTY:
        return report_faulty(reason="x", **how)
    return end_asset(to=State(to), reason="x", **how)


@pytest.mark.parametrize("to", [state for state in State if state != State.ORDERED])
@pytest.mark.parametrize(("state", "allowed"), STEPS.items())
def test_steps_in_the_list_are_taken_and_no_others(
    state: str, allowed: tuple[str, ...], to: str
) -> None:
    asset = ordered() if state == State.ORDERED else serving()
    if state == State.ORDERED:
        take_into_pool(asset_id=asset.pk, paid_from="grant", actor=None, key="take")
    elif state != State.IN_SERVICE:
        take(asset, state)
    if to in allowed:
        take(asset, to)
    else:
        with pytest.raises(WrongStep), transaction.atomic():
            take(asset, to)
    asset.refresh_from_db()
    assert asset.state == (to if to in allowed else state)
    assert all_wrong() == []


def test_days_ahead_and_days_before_the_last_step_are_refused() -> None:
    asset = serving(ago=10)
    for on in (days_ago(11), days_ago(-1)):
        with pytest.raises(WrongDay), transaction.atomic():
            report_faulty(asset_id=asset.pk, on=on, reason="x", actor=None)
    with pytest.raises(WrongDay), transaction.atomic():
        register_asset(
            pool=the_pool(), on=days_ago(-1), actor=None, key="k", name="x", kind="x", cost=1
        )


def test_capacity_of_a_resource_that_nobody_knows_is_refused_and_nothing_changes() -> None:
    asset = ordered()
    take_into_pool(asset_id=asset.pk, paid_from="grant", actor=None, key="take")
    with pytest.raises(WrongCapacity), transaction.atomic():
        put_in_service(asset_id=asset.pk, on=days_ago(1), actor=None, capacity={"water": 1})
    asset.refresh_from_db()
    assert (asset.state, CapacityChange.objects.count()) == (State.ORDERED, 0)


def test_a_step_under_the_same_key_is_taken_once() -> None:
    asset = serving()
    for _ in range(2):
        report_faulty(asset_id=asset.pk, on=days_ago(3), reason="x", actor=None, key="once")
    with pytest.raises(KeyConflict), transaction.atomic():
        report_repaired(asset_id=asset.pk, on=days_ago(2), reason="x", actor=None, key="once")
    assert AssetEvent.objects.filter(asset=asset).count() == 3


def test_what_is_placed_keeps_its_cost_and_may_get_its_name_mended() -> None:
    asset = serving(place="School")
    facts = {"name": "Router", "kind": "router", "serial": "S-9", "place": "elsewhere"}
    with pytest.raises(AlreadyPlaced), transaction.atomic():
        correct_facts(asset_id=asset.pk, actor=None, cost=1, **facts)
    correct_facts(asset_id=asset.pk, actor=None, cost=asset.cost, **facts)
    asset.refresh_from_db()
    assert (asset.name, asset.serial, asset.place) == ("Router", "S-9", "School")


def test_a_gift_serves_without_shares_and_without_a_booking() -> None:
    asset = ordered(cost=0)
    with pytest.raises(CostsNothing), transaction.atomic():
        take_into_pool(asset_id=asset.pk, paid_from="grant", actor=None, key="take")
    put_in_service(asset_id=asset.pk, on=days_ago(1), capacity={"bandwidth": 5}, actor=None)
    end_asset(asset_id=asset.pk, to=State.LOST, on=days_ago(0), reason="x", actor=None)
    assert (total_units(the_pool()), bandwidth(days_ago(1))) == (0, (5, 5))
    assert all_wrong() == []


def test_a_move_is_written_once_and_not_backwards() -> None:
    asset = serving(place="School", location="Room 4")
    where = {"place": "Mill", "location": "Loft", "reason": "", "actor": None}
    for _ in range(2):
        move_asset(asset_id=asset.pk, on=days_ago(2), **where)
    with pytest.raises(WrongDay), transaction.atomic():
        move_asset(asset_id=asset.pk, on=days_ago(3), **{**where, "place": "School"})
    moves = list(AssetMove.objects.filter(asset=asset).values_list("place", "on"))
    assert moves == [("School", days_ago(20)), ("Mill", days_ago(2))]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE assets_assetevent SET reason = 'x'",
        "DELETE FROM assets_assetevent",
        "TRUNCATE assets_assetmove",
        "UPDATE assets_assetmove SET place = 'x'",
        "DELETE FROM assets_assetcustody",
        "DELETE FROM assets_upkeepentry",
    ],
)
def test_the_database_keeps_history_as_it_was(change: str) -> None:
    serving(place="School")
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        transaction.get_connection().cursor() as c,
    ):
        c.execute(change)


def test_the_database_refuses_steps_that_no_service_would_take() -> None:
    asset = serving()
    for wrong in (
        {"from_state": "ordered", "to_state": "in_service"},
        {"from_state": "in_service", "to_state": "ordered"},
        {"from_state": "in_service", "to_state": "faulty", "on": days_ago(40)},
    ):
        fields = {"on": timezone.localdate(), **wrong}
        with pytest.raises(IntegrityError), transaction.atomic():
            AssetEvent.objects.create(asset=asset, **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Asset.objects.filter(pk=asset.pk).update(state="sold")
    with pytest.raises(IntegrityError), transaction.atomic():
        Asset.objects.filter(pk=asset.pk).update(units_created=5, txn_id=None)


def test_proceeds_belong_to_a_sale() -> None:
    asset = serving()
    with pytest.raises(WrongValue), transaction.atomic():
        end_asset(
            asset_id=asset.pk,
            to=State.LOST,
            on=days_ago(0),
            reason="x",
            proceeds=1,
            actor=None,
        )
    end_asset(
        asset_id=asset.pk, to=State.SOLD, on=days_ago(0), reason="x", proceeds=500, actor=None
    )
    assert timezone.localdate() - timedelta(0) == Asset.objects.get(pk=asset.pk).ended_on
