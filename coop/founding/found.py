"""Bringing a founding file into an empty site, all of it or nothing."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.utils import timezone

from assets.models import Pool as PoolRow
from assets.services import add_cost_line, create_pool, create_resource, place_asset
from coop.founding.shapes import Asset, Cost, Founding, Pool, Steward
from coop.scenarios.errors import Place
from ledger.errors import DomainError
from members.errors import AlreadyFounded
from members.models import Cooperative
from members.services import enrol_member, found_cooperative, grant_role, register_user
from policies.services import set_policy
from titles.services import issue_founding_units
from tokens.calendar import next_code, next_end, part_of_month
from tokens.models import Period
from tokens.services import open_period

SOURCE = "founding"
PASSWORD_BYTES = 15


@transaction.atomic
def found(founding: Founding) -> dict[str, str]:
    """Make the cooperative that a file describes; the stewards' first passwords by e-mail.

    All or nothing. Raises AlreadyFounded where the site has a cooperative, `ScenarioError` for
    what the services refuse.
    """
    standing = Cooperative.objects.first()
    if standing is not None:
        raise AlreadyFounded(name=standing.name)
    now = timezone.now()
    found_cooperative(**founding.charter)
    place_things(founding, now)
    passwords = {steward.email: welcome(steward) for steward in founding.stewards}
    if founding.open_period:
        with refusals(founding.at):
            open_first_period(now)
    return passwords


def open_first_period(now: datetime) -> Period:
    """The period from now to the end of the month, at that part of capacity and cost."""
    end = next_end(now)
    return open_period(
        start=now, end=end, code=next_code(now), actor=None, part=part_of_month(now, end)
    )


def place_things(founding: Founding, now: datetime) -> None:
    """Resources, pools, policies, assets and costs, in this order."""
    for position, thing in enumerate(founding.resources, 1):
        create_resource(code=thing.code, name=thing.name, unit=thing.unit, position=position)
    for key, value in founding.policies.items():
        set_policy(actor=None, key=key, value=value, valid_from=now, source=SOURCE)
    pools = {pool.code: make_pool(pool, now) for pool in founding.pools}
    for number, asset in enumerate(founding.assets, 1):
        with refusals(asset.at):
            place(pools[asset.pool], asset, f"{SOURCE}:asset:{number}", now)
    for cost in founding.costs:
        with refusals(cost.at):
            add_cost(pools[cost.pool], cost, now)


def make_pool(pool: Pool, now: datetime) -> PoolRow:
    """A pool with what was agreed for it."""
    row = create_pool(code=pool.code, name=pool.name, about=pool.about, actor=None)
    agreed = [(key, pool.code, value) for key, value in pool.policies.items()]
    agreed += [
        ("posted_price", f"{pool.code}:{r}", price) for r, price in pool.posted_price.items()
    ]
    for key, scope, value in agreed:
        with refusals(pool.at):
            set_policy(actor=None, key=key, scope=scope, value=value, valid_from=now, source=SOURCE)
    return row


def place(pool: PoolRow, asset: Asset, key: str, now: datetime) -> None:
    place_asset(
        pool=pool,
        name=asset.name,
        kind=asset.kind,
        serial=asset.serial,
        place=asset.place,
        cost=asset.cost,
        in_service=timezone.localtime(now).date(),
        paid_from=asset.paid_from,
        capacity=asset.capacity,
        actor=None,
        key=key,
    )


def add_cost(pool: PoolRow, cost: Cost, now: datetime) -> None:
    add_cost_line(
        pool=pool,
        name=cost.name,
        amount=cost.amount,
        weights=cost.weights,
        since=timezone.localtime(now).date(),
        source=SOURCE,
        actor=None,
    )


def welcome(steward: Steward) -> str:
    """A member who holds the office and their founding units; the password they begin with."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    with refusals(steward.at):
        user = register_user(email=steward.email, password=password, language=steward.language)
        member = enrol_member(name=steward.name, actor=None, user=user)
        grant_role(user=user, name="steward", actor=None, source=SOURCE)
        for code, units in steward.units.items():
            issue_founding_units(
                member=member,
                pool=PoolRow.objects.get(code=code),
                units=units,
                actor=None,
                key=f"{SOURCE}:{code}:{member.number}",
                from_treasury=True,
            )
    return password


@contextmanager
def refusals(place: Place) -> Iterator[None]:
    """Show what the services refuse as an error at this place of the file."""
    try:
        yield
    except DomainError as error:
        place.refuse("", str(error))
    except ValidationError as error:
        place.refuse("", " ".join(error.messages))
    except DataError:
        place.refuse("", "the numbers are too large for the books; write smaller ones")
