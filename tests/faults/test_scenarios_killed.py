"""Simulations in real workers: one is killed in its middle, Redis is emptied, it goes again."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from coop.models import SimulationRun
from coop.scenarios.throwaway import databases, drop
from coop.simulations import services
from coop.simulations.changes import Changes
from tests.faults.workers import Workers, kill, until
from tests.makers import make_steward

pytestmark = [pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]
State = SimulationRun.State


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Drop what killed simulations have left."""
    yield
    for name in databases():
        if name.startswith(("coop_play", "coop_draft")):
            drop(name)


def test_a_killed_simulation_is_found_marked_and_played_again(start: Workers) -> None:
    steward = make_steward()
    run = services.begin(source="library:from-user-to-owner", actor=steward, key="k")
    services.queue(run_id=run.pk, name="long", changes=Changes(months=15), actor=steward)

    def now() -> SimulationRun:
        return SimulationRun.objects.get(pk=run.pk)

    worker = start(beat=True)
    until(lambda: now().months_done >= 2)
    assert now().state == State.RUNNING
    kill(worker)
    assert now().state == State.RUNNING
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    start(beat=True)
    until(lambda: now().state == State.LOST)
    assert now().result is None
    services.run_again(run_id=run.pk, actor=steward)
    until(lambda: now().state == State.DONE)
    found = now().result
    assert found is not None
    assert (len(found["periods"]), found["final"]["invariants"]) == (15, "ok")
