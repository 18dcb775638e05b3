"""A small valley with an open period, and a node in it."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from assets.models import Pool, Resource
from assets.services import add_cost_line, create_pool, create_resource, place_asset
from members.models import Member, User
from metering import services
from metering.models import Meter
from tests.makers import agree, make_member, make_steward
from tests.metering.machine import TX, Machine
from titles.services import issue_founding_units
from tokens.models import Period
from tokens.services import open_period

UNITS = {"bandwidth": "GB", "storage": "GB·day", "cpu": "core·hour"}


@dataclass
class Valley:
    """One pool of 1 000 tokens of each resource, half of them Ana's; Ben owns nothing."""

    pool: Pool
    ana: Member
    ben: Member
    steward: User
    period: Period
    machine: Machine

    def resource(self, code: str) -> Resource:
        return Resource.objects.get(code=code)

    def meter(self, name: str) -> Meter:
        return Meter.objects.get(node=self.machine.row, name=name)

    def assign(self, member: Member, name: str = TX, code: str = "bandwidth") -> None:
        """The meter measures this member's use from the machine's first record on."""
        services.assign_meter(
            actor=self.steward,
            meter=self.meter(name),
            member=member,
            pool=self.pool,
            resource=self.resource(code),
            since=self.machine.clock,
        )


def make_valley() -> Valley:
    """A pool with units, prices and an open period around now; a node with three meters."""
    steward, ana, ben = make_steward(), make_member("Ana"), make_member("Ben")
    for position, (code, unit) in enumerate(UNITS.items()):
        create_resource(code=code, name=code.title(), unit=unit, position=position)
    pool = make_stocked_pool()
    issue_founding_units(
        member=ana, pool=pool, units=500, actor=None, key="ana", from_treasury=True
    )
    now = timezone.now()
    period = open_period(
        start=now - timedelta(days=10), end=now + timedelta(days=20), code="now", actor=None
    )
    machine = Machine().enrolled().described()
    return Valley(pool, ana, ben, steward, period, machine)


def make_stocked_pool() -> Pool:
    """1 000 units in the treasury, 1 000 tokens of each resource a period, at 0.50 and 0.80."""
    pool = create_pool(code="backbone", name="Valley backbone", actor=None)
    start = date(2020, 1, 1)
    place_asset(
        pool=pool,
        name="Hill mast",
        kind="mast",
        cost=100_000,
        in_service=start,
        paid_from="grant",
        actor=None,
        key="mast",
        capacity=dict.fromkeys(UNITS, 1_000_000),
    )
    for code in UNITS:
        weights = {code: 1}
        add_cost_line(
            pool=pool,
            name=f"Cost of {code}",
            amount=50_000,
            weights=weights,
            since=start,
            source="bill",
            actor=None,
        )
        agree("posted_price", 80_000_000, scope=f"backbone:{code}")
    return pool
