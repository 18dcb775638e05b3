"""Founding the cooperative of a scenario: its members, pools, units, prices and rules."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from assets.services import create_pool, create_resource, place_asset, set_capacity
from coop.scenarios.cast import Cast, first_day, refusals
from coop.scenarios.shapes import Member, Pool, Scenario
from members.services import enrol_member, found_cooperative
from policies.services import set_policy
from titles.services import issue_founding_units

SOURCE = "scenario"
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
START = "1970-01"
UNITS_OF_MEASURE = {"bandwidth": "GB", "storage": "GB·day", "cpu": "core·hour"}


def found(scenario: Scenario) -> Cast:
    """Bring what stands before the first month into an empty database."""
    cast = Cast(zone=ZoneInfo(scenario.timezone))
    found_cooperative(
        name="Scenario",
        legal_name="Scenario",
        currency=scenario.currency,
        timezone=scenario.timezone,
    )
    for member in scenario.members:
        cast.members[member.name] = enrol_member(
            name=member.name, actor=None, consents_to_conversion=member.convert
        )
    month = scenario.periods[0].month if scenario.periods else START
    for pool in scenario.pools:
        with refusals(pool.at, "", month):
            found_pool(cast, pool, first_day(month))
    for member in scenario.members:
        with refusals(member.at, "units", month):
            hand_out(cast, member)
    return cast


def found_pool(cast: Cast, pool: Pool, since: date) -> None:
    row = create_pool(code=pool.code, name=pool.code, actor=None)
    cast.pools[pool.code] = row
    rules = {"issue_price": pool.issue_price, "vesting": pool.vesting, "holding_cap": [*pool.cap]}
    for key, value in rules.items():
        set_policy(
            actor=None, key=key, value=value, scope=pool.code, valid_from=ALWAYS, source=SOURCE
        )
    for code in pool.resources:
        yield_from_the_start(cast, pool, code, since)
    if pool.treasury:
        place_asset(
            pool=row,
            name="What nobody has bought yet",
            kind="founding",
            cost=pool.treasury * pool.issue_price,
            in_service=since,
            paid_from="grant",
            actor=None,
            key=f"{SOURCE}:{pool.code}",
        )


def yield_from_the_start(cast: Cast, pool: Pool, code: str, since: date) -> None:
    """What the pool yields of a resource; a capacity of nought still says that it has it."""
    resource = create_resource(
        code=code,
        name=code,
        unit=UNITS_OF_MEASURE.get(code, "unit"),
        position=len(cast.resources),
    )
    cast.resources.setdefault(code, resource)
    set_capacity(
        pool=cast.pools[pool.code],
        resource=resource,
        since=since,
        change=pool.capacity[code],
        source=SOURCE,
        actor=None,
    )


def hand_out(cast: Cast, member: Member) -> None:
    for code, units in member.units.items():
        if units:
            issue_founding_units(
                member=cast.members[member.name],
                pool=cast.pools[code],
                units=units,
                actor=None,
                key=f"{SOURCE}:{code}:{cast.members[member.name].pk}",
            )
