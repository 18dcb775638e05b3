"""Simulations in real workers: one is killed in its middle, Redis is emptied, it goes again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection

from coop.models import SimulationRun
from coop.scenarios.throwaway import databases, drop
from coop.simulations import services
from coop.simulations.changes import Changes
from tests.makers import make_steward

pytestmark = [pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]
State = SimulationRun.State


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts a worker with a clock on the test's own database; whatever still runs is ended."""
    started: list[subprocess.Popen[bytes]] = []
    url = urlsplit(os.environ["DATABASE_URL"])
    mine = url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()

    def run() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "coop", "worker", "--pool", "solo"]
        with (tmp_path / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, "--beat", "--schedule", str(tmp_path / f"beat{len(started)}")],
                cwd=ROOT,
                env=os.environ | {"DATABASE_URL": mine, "C_FORCE_ROOT": "1"},
                stdout=log,
                stderr=log,
            )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
    for name in databases():
        if name.startswith(("coop_play", "coop_draft")):
            drop(name)


def until(fact: Callable[[], object]) -> None:
    """Wait for a fact; the limit on the test ends what never comes true."""
    while not fact():
        Event().wait(0.05)


def test_a_killed_simulation_is_found_marked_and_played_again(
    start: Callable[[], subprocess.Popen[bytes]],
) -> None:
    steward = make_steward()
    run = services.begin(source="library:from-user-to-owner", actor=steward, key="k")
    services.queue(run_id=run.pk, name="long", changes=Changes(months=15), actor=steward)

    def now() -> SimulationRun:
        return SimulationRun.objects.get(pk=run.pk)

    worker = start()
    until(lambda: now().months_done >= 2)
    assert now().state == State.RUNNING
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert now().state == State.RUNNING
    redis.Redis.from_url(settings.REDIS_URL).flushall()
    start()
    until(lambda: now().state == State.LOST)
    assert now().result is None
    services.run_again(run_id=run.pk, actor=steward)
    until(lambda: now().state == State.DONE)
    found = now().result
    assert found is not None
    assert (len(found["periods"]), found["final"]["invariants"]) == (15, "ok")
