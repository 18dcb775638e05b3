"""Random lives of assets: the register as of each day is what was shown on that day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from assets import register
from assets.models import Asset, Resource
from assets.queries import capacity_at
from assets.services import (
    answer_custody,
    end_asset,
    give_back,
    move_asset,
    offer_custody,
    put_in_service,
    register_asset,
    report_faulty,
    report_repaired,
    take_into_pool,
)
from ledger.errors import DomainError
from members.models import Member
from tests.assets.things import the_pool
from tests.makers import all_wrong, make_member

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
ASSETS, MEMBERS = 3, 2
STEPS = ("order", "take", "serve", "fault", "repair", "move", "keep", "return", "end")
lives = st.lists(
    st.tuples(
        st.sampled_from(STEPS),
        st.integers(0, ASSETS - 1),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    max_size=40,
)
"""what is done, to which asset, how many days back it is dated, how many days pass after it"""

Shown = tuple[str, str, str, str, int | None, date | None]


@dataclass
class World:
    """Three assets that may come to be, and two members who may keep them."""

    members: list[Member]
    capacity: Resource

    def do(self, step: str, number: int, back: int) -> None:
        """Take a step where the services let it; what they refuse changes nothing."""
        on = timezone.localdate() - timedelta(back)
        asset = Asset.objects.filter(code=f"T-{number}").first()
        try:
            if asset is None:
                self.order(number, on)
            elif step != "order":
                getattr(self, step)(asset, on)
        except DomainError:
            pass

    def order(self, number: int, on: date) -> None:
        register_asset(
            pool=the_pool(),
            on=on,
            key=f"T-{number}",
            actor=None,
            code=f"T-{number}",
            name=f"Thing {number}",
            kind="router",
            cost=1000,
            place="Store",
        )

    def take(self, asset: Asset, on: date) -> None:
        take_into_pool(asset_id=asset.pk, paid_from="grant", actor=None, key=asset.code)

    def serve(self, asset: Asset, on: date) -> None:
        put_in_service(asset_id=asset.pk, on=on, capacity={"bandwidth": 700}, actor=None)

    def fault(self, asset: Asset, on: date) -> None:
        report_faulty(asset_id=asset.pk, on=on, reason="x", lost={"bandwidth": 300}, actor=None)

    def repair(self, asset: Asset, on: date) -> None:
        report_repaired(asset_id=asset.pk, on=on, reason="x", actor=None)

    def move(self, asset: Asset, on: date) -> None:
        place = f"Place {timezone.now():%j %H}"
        move_asset(asset_id=asset.pk, on=on, place=place, location="Loft", reason="", actor=None)

    def keep(self, asset: Asset, on: date) -> None:
        member = self.members[on.day % MEMBERS]
        offer = offer_custody(asset_id=asset.pk, member_id=member.pk, actor=None)
        assert member.user is not None
        answer_custody(custody_id=offer.pk, accepts=True, actor=member.user)

    # `return` is a word of the language
    def _return(self, asset: Asset, on: date) -> None:
        give_back(asset_id=asset.pk, actor=None)

    def end(self, asset: Asset, on: date) -> None:
        end_asset(asset_id=asset.pk, to=Asset.State.RETIRED, on=on, reason="x", actor=None)


setattr(World, "return", World._return)


def shown() -> dict[str, Shown]:
    """What the pages show now: from the rows as they stand, not from their history."""
    kept = {a.pk: register.custodian_of(a) for a in Asset.objects.all()}
    found = {}
    for asset in Asset.objects.order_by("code"):
        custody = kept[asset.pk]
        keeper = custody.member_id if custody else None
        found[asset.code] = (
            asset.state,
            asset.name,
            asset.place,
            asset.location,
            keeper,
            asset.in_service,
        )
    return found


def as_of(day: date, known: datetime) -> dict[str, Shown]:
    rows = register.register_at(day, known)
    return {r.code: (r.state, r.name, r.place, r.location, r.custodian, r.in_service) for r in rows}


def expected_capacity() -> int:
    serving = Asset.objects.filter(state=Asset.State.IN_SERVICE).count()
    faulty = Asset.objects.filter(state=Asset.State.FAULTY).count()
    return 700 * serving + 400 * faulty


@settings(max_examples=25)
@given(life=lives)
def test_the_register_as_of_each_day_is_what_was_shown_on_it(life: list[Any]) -> None:
    with time_machine.travel(START, tick=False) as clock, transaction.atomic():
        live(life, clock)
        transaction.set_rollback(True)


def live(life: list[Any], clock: time_machine.Traveller) -> None:
    """Play a life, write down what each day showed last, and ask the register afterwards."""
    the_pool()
    members = [make_member(f"Member {n}") for n in range(MEMBERS)]
    world = World(members, Resource.objects.get(code="bandwidth"))
    seen: dict[date, tuple[datetime, dict[str, Shown]]] = {}
    for step, number, back, days in life:
        world.do(step, number, back)
        clock.shift(timedelta(minutes=1))
        seen[timezone.localdate()] = (timezone.now(), shown())
        yielding, _normal = capacity_at(the_pool(), world.capacity, timezone.localdate())
        assert yielding == expected_capacity()
        clock.shift(timedelta(days=days))
    for day, (known, snapshot) in seen.items():
        assert as_of(day, known) == snapshot
    assert as_of(timezone.localdate(), timezone.now()) == shown()
    assert all_wrong() == []
