"""A worker killed in the middle of rating, Redis emptied, everything posted again.

The books must end as those of a twin that nothing happened to, to the cent.
"""

import pytest
import redis
from django.conf import settings
from django.db.models import Sum

from coop.invariants import all_broken
from ledger.models import Balance
from members.models import Member
from metering import services
from metering.models import Envelope, Reading
from metering.tasks import rate_waiting
from tests.faults.workers import Workers, held, is_somebody_waiting, kill, until
from tests.makers import make_member
from tests.metering.machine import TX, Machine, post, statuses
from tests.metering.world import Valley, make_valley
from tokens.models import Book, RatingRun, Usage

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]
GB = 10**9
AMOUNTS = [0, 3 * GB, 123_456_789, 7, 2 * GB, 987_654_321, 39 * GB, 1, 999_999]
POINTS = {
    "readings taken, nothing booked": "SELECT FROM tokens_period FOR UPDATE",
    "usage recorded, nothing in the books": "SELECT FROM ledger_balance FOR UPDATE",
}


def twin_of(valley: Valley) -> tuple[Member, Machine]:
    """A member like Ben with a node like Ben's."""
    machine = Machine(clock=valley.machine.clock).enrolled().described()
    member = make_member("Carl")
    twin = Valley(valley.pool, valley.ana, member, valley.steward, valley.period, machine)
    twin.assign(member)
    return member, machine


def books_of(member: Member) -> dict[str, int]:
    """Everything that stands in a member's accounts."""
    rows = Balance.objects.filter(account__owner__contains=f"member/{member.pk}")
    return dict(rows.values_list("account__kind", "amount").order_by("account__kind"))


def used(member: Member) -> int:
    total = Usage.objects.filter(book__member=member).aggregate(n=Sum("amount"))["n"]
    return total or 0


def test_the_books_end_as_if_nothing_had_happened(start: Workers) -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    carl, machine = twin_of(valley)
    post(valley.machine.batches(*AMOUNTS))
    services.rate_waiting()
    batches = machine.batches(*AMOUNTS)
    post(batches)
    before = Reading.objects.count(), RatingRun.objects.count()
    for statement in POINTS.values():
        with held(statement):
            rate_waiting.delay()
            worker = start()
            until(is_somebody_waiting)
            kill(worker)
        until(lambda: not is_somebody_waiting())
        assert (Reading.objects.count(), RatingRun.objects.count()) == before
        assert used(carl) == 0
        assert Envelope.objects.filter(rated_at=None).count() == len(AMOUNTS)
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    for _ in range(3):
        assert statuses(post(batches)) == ["duplicate"] * len(AMOUNTS)
    start(beat=True)
    until(lambda: not Envelope.objects.filter(rated_at=None).exists())
    assert used(carl) == used(valley.ben) == sum(AMOUNTS) // 10**6
    assert books_of(carl) == books_of(valley.ben)
    assert books_of(carl)["provisional_receivable"] == owed(sum(AMOUNTS) // 10**6)
    assert all_broken() == []


def owed(millitokens: int) -> int:
    """0.50 of cost and 0.30 above it per GB, rounded apart."""
    return round(millitokens * 50 / 1000) + round(millitokens * 30 / 1000)


def test_what_redis_forgot_before_anybody_heard_of_it_is_rated_all_the_same(start: Workers) -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    post(valley.machine.batches(*AMOUNTS))
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    start(beat=True)
    until(lambda: not Envelope.objects.filter(rated_at=None).exists())
    assert used(valley.ben) == sum(AMOUNTS) // 10**6
    assert Book.objects.filter(member=valley.ben).count() == 1
    assert valley.meter(TX).readings.count() == len(AMOUNTS)
    assert all_broken() == []
