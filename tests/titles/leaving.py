"""What the tests of the ways out have in common: dates, requests, runs."""

import itertools
from datetime import datetime, timedelta

from django.utils import timezone

from assets.models import Pool
from ledger.queries import balance
from members.models import Member
from tests.makers import agree, buy, make_member, make_pool
from titles.models import RedemptionRequest, RedemptionRun
from titles.services import request_redemption, serve_queue

_numbers = itertools.count(1)


def no_notice() -> None:
    """Requests can be served on the day they are made."""
    agree("redemption_notice_days", 0)


def all_of_it() -> None:
    """No limit but the money."""
    agree("redemption_limit", [1, 1])


def owners(pool: Pool, **units: int) -> dict[str, Member]:
    """Members by name who bought so many units of a pool."""
    found = {name: make_member(name) for name in units}
    for name, count in units.items():
        buy(found[name], pool, count)
    return found


def bought_pool(units: int = 100, price: int = 100) -> Pool:
    """A pool with so many units in its treasury; what is bought fills its growth fund."""
    return make_pool(treasury=units, price=price)


def ask(member: Member, pool: Pool, units: int, **more: object) -> RedemptionRequest:
    """A request for redemption."""
    key = f"ask {next(_numbers)}"
    return request_redemption(
        member=member,
        pool=pool,
        units=units,
        actor=member.user,
        key=key,
        **more,  # type: ignore[arg-type]
    )


def serve(pool: Pool, key: str = "", at: datetime | None = None) -> RedemptionRun:
    """A run of the queue, under a key of its own where none is given."""
    key = key or f"serve {next(_numbers)}"
    return serve_queue(pool=pool, at=at or timezone.now(), actor=None, key=key)


def next_month(at: datetime | None = None) -> datetime:
    """A moment in the month after."""
    first = (at or timezone.now()).replace(day=1)
    return first + timedelta(days=40)


def payable(member: Member) -> int:
    """Cents owed to a member."""
    return -balance("EUR", "payable", f"member/{member.pk}")


def served(*requests: RedemptionRequest) -> list[int]:
    """How much of each request is served now."""
    found = RedemptionRequest.objects.in_bulk([request.pk for request in requests])
    return [found[request.pk].served for request in requests]
