"""Founding the cooperative of a scenario: its members, pools, units, prices and rules."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from assets.services import create_pool, create_resource, place_asset, set_capacity
from coop.scenarios.cast import Cast, first_day, refusals
from coop.scenarios.shapes import Member, Pool, Scenario
from members.services import Former, found_cooperative, take_over
from policies.services import set_policy
from titles.services import issue_founding_units_to_many

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
    enrol(cast, scenario.members)
    month = scenario.periods[0].month if scenario.periods else START
    for pool in scenario.pools:
        with refusals(pool.at, "", month):
            found_pool(cast, pool, first_day(month), scenario.members)
    return cast


def enrol(cast: Cast, members: Iterable[Member]) -> None:
    """Everybody at once; the numbers follow the order of the file."""
    rows = [
        Former(number, member.name, first_day(START), consents_to_conversion=member.convert)
        for number, member in enumerate(members, 1)
    ]
    found = take_over(rows=rows, source=SOURCE, actor=None)
    cast.members.update({row.name: row for row in found})


def found_pool(cast: Cast, pool: Pool, since: date, members: Iterable[Member]) -> None:
    """A pool with its rules and all its units, those that members hold handed out."""
    row = create_pool(code=pool.code, name=pool.code, actor=None)
    cast.pools[pool.code] = row
    rules = {"issue_price": pool.issue_price, "vesting": pool.vesting, "holding_cap": [*pool.cap]}
    for key, value in rules.items():
        set_policy(
            actor=None, key=key, value=value, scope=pool.code, valid_from=ALWAYS, source=SOURCE
        )
    for code in pool.resources:
        yield_from_the_start(cast, pool, code, since)
    held = {
        cast.members[one.name].pk: units for one in members if (units := one.units.get(pool.code))
    }
    if units := pool.treasury + sum(held.values()):
        place_asset(
            pool=row,
            name="What was there at the start",
            kind="founding",
            cost=units * pool.issue_price,
            in_service=since,
            paid_from="grant",
            actor=None,
            key=f"{SOURCE}:{pool.code}",
        )
    if held:
        issue_founding_units_to_many(pool=row, units=held, actor=None, key=f"{SOURCE}:{pool.code}")


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
