"""A worker killed in the middle of rating, Redis emptied, everything posted again.

The books must end as those of a twin that nothing happened to, to the cent.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum

from coop.invariants import all_broken
from ledger.models import Balance
from members.models import Member
from metering import services
from metering.models import Envelope, Reading
from metering.tasks import rate_waiting
from tests.makers import make_member
from tests.metering.machine import TX, Machine, post, statuses
from tests.metering.world import Valley, make_valley
from tokens.models import Book, RatingRun, Usage

pytestmark = [pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]
GB = 10**9
AMOUNTS = [0, 3 * GB, 123_456_789, 7, 2 * GB, 987_654_321, 39 * GB, 1, 999_999]
# Within a transaction PostgreSQL shows the activity as it was when first looked at.
LOOK_AGAIN = "SELECT pg_stat_clear_snapshot()"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'"""
POINTS = {
    "readings taken, nothing booked": "SELECT FROM tokens_period FOR UPDATE",
    "usage recorded, nothing in the books": "SELECT FROM ledger_balance FOR UPDATE",
}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts Celery workers on the test's own database; whatever still runs is ended."""
    started: list[subprocess.Popen[bytes]] = []
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()

    def run(*options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "coop", "worker", "--pool", "solo"]
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *options],
                cwd=ROOT,
                env=os.environ | {"DATABASE_URL": url, "C_FORCE_ROOT": "1"},
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


@contextmanager
def held(statement: str) -> Iterator[None]:
    """Hold rows that rating needs, so that it stands still in its middle; then let go."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement)
        yield
        transaction.set_rollback(True)


def until(fact: Callable[[], object]) -> None:
    """Wait for a fact; the limit on the test ends what never comes true."""
    while not fact():
        Event().wait(0.1)


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(LOOK_AGAIN)
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


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


def test_the_books_end_as_if_nothing_had_happened(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
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
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        until(lambda: not is_somebody_waiting())
        assert (Reading.objects.count(), RatingRun.objects.count()) == before
        assert used(carl) == 0
        assert Envelope.objects.filter(rated_at=None).count() == len(AMOUNTS)
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    for _ in range(3):
        assert statuses(post(batches)) == ["duplicate"] * len(AMOUNTS)
    start("--beat", "--schedule", str(tmp_path / "beat"))
    until(lambda: not Envelope.objects.filter(rated_at=None).exists())
    assert used(carl) == used(valley.ben) == sum(AMOUNTS) // 10**6
    assert books_of(carl) == books_of(valley.ben)
    assert books_of(carl)["provisional_receivable"] == owed(sum(AMOUNTS) // 10**6)
    assert all_broken() == []


def owed(millitokens: int) -> int:
    """0.50 of cost and 0.30 above it per GB, rounded apart."""
    return round(millitokens * 50 / 1000) + round(millitokens * 30 / 1000)


def test_what_redis_forgot_before_anybody_heard_of_it_is_rated_all_the_same(
    start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    valley = make_valley()
    valley.assign(valley.ben)
    post(valley.machine.batches(*AMOUNTS))
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    start("--beat", "--schedule", str(tmp_path / "beat"))
    until(lambda: not Envelope.objects.filter(rated_at=None).exists())
    assert used(valley.ben) == sum(AMOUNTS) // 10**6
    assert Book.objects.filter(member=valley.ben).count() == 1
    assert valley.meter(TX).readings.count() == len(AMOUNTS)
    assert all_broken() == []
