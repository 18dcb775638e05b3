"""Playing queued simulations, one at a time on the whole site, in a process of the worker.

Whoever plays holds a lock of PostgreSQL on a connection of its own to the real database. The
lock goes with the process, however it ends: so what is marked as running while the lock can be
had is lost. Progress is written on that same connection, because while a scenario is played
"default" is the throw-away database.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import close_old_connections, connections
from django.utils import timezone, translation
from psycopg import Connection, connect

from coop.models import SimulationRun
from coop.scenarios.errors import ScenarioError
from coop.scenarios.parse import parse
from coop.scenarios.play import play
from coop.scenarios.throwaway import throw_away_database
from coop.simulations import bounds
from coop.simulations.services import played_text
from ledger.errors import DomainError
from policies.queries import policy

State = SimulationRun.State
LOCK = 0x53494D55  # "SIMU"
TOOK_TOO_LONG = "took_too_long"
DRAFTS_LAST = timedelta(days=2)
TAKE = "SELECT pg_try_advisory_lock(%s)"
LOST = "UPDATE coop_simulationrun SET state = 'lost', finished_at = now() WHERE state = 'running'"
CLAIM = """
UPDATE coop_simulationrun SET state = 'running', started_at = now(), months_done = 0
WHERE id = (
    SELECT id FROM coop_simulationrun WHERE state = 'queued'
    ORDER BY queued_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id"""
PROGRESS = """
UPDATE coop_simulationrun SET months_done = %s WHERE id = %s AND state = 'running'"""

log = logging.getLogger(__name__)


class Stopped(Exception):
    """A steward has stopped this run, or it counts as lost."""


class TookTooLong(Exception):
    """The run is beyond its time."""


def play_queued() -> int:
    """Play what is queued, oldest first, and mark what was lost; return how many were played.

    Returns 0 at once where another process plays.
    """
    played = 0
    with keeper() as real:
        if real is None:
            return 0
        real.execute(LOST)
        while (found := real.execute(CLAIM).fetchone()) is not None:
            play_one(found[0], real)
            played += 1
    return played


@contextmanager
def keeper() -> Iterator[Connection[Any] | None]:
    """A connection to the real database that holds the lock; None where another has it."""
    parameters = connections["default"].get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with connect(**{**parameters, "autocommit": True}) as real:
        taken = real.execute(TAKE, [LOCK]).fetchone()
        yield real if taken and taken[0] else None


def play_one(run_id: int, real: Connection[Any]) -> None:
    """Play one run that was claimed and keep its result, or why there is none."""
    run = SimulationRun.objects.get(pk=run_id)
    try:
        result = result_of(run, real)
    except Stopped:
        return
    except ScenarioError as error:
        keep(run, state=State.FAILED, error=str(error)[:500])
    except TookTooLong:
        keep(run, state=State.FAILED, error=TOOK_TOO_LONG)
    except Exception:
        log.exception("simulation %s failed", run_id)
        keep(run, state=State.FAILED, error="")
    else:
        keep(run, state=State.DONE, result=result, months_done=run.months)


def result_of(run: SimulationRun, real: Connection[Any]) -> dict[str, Any]:
    """What the run comes to. Raises ScenarioError, Stopped, TookTooLong."""
    began = time.monotonic()

    def tell(months_done: int) -> None:
        if not real.execute(PROGRESS, [months_done, run.pk]).rowcount:
            raise Stopped
        if time.monotonic() - began > bounds.MOST_SECONDS:
            raise TookTooLong

    scenario = parse(played_text(run))
    with translation.override("en"), throw_away_database():
        try:
            return play(scenario, tell)
        except DomainError as error:
            raise ScenarioError(1, "", str(error)) from error


def keep(run: SimulationRun, **values: object) -> None:
    """Write how a run ended, unless it was stopped meanwhile."""
    close_old_connections()
    rows = SimulationRun.objects.filter(pk=run.pk, state=State.RUNNING)
    rows.update(finished_at=timezone.now(), **values)


def forget_old() -> int:
    """Delete runs older than the policy says, and drafts that nobody sent off; how many went."""
    now = timezone.now()
    days = timedelta(days=policy("simulation_days", now))
    old = SimulationRun.objects.filter(asked_at__lt=now - DRAFTS_LAST, state=State.DRAFT)
    ended = SimulationRun.objects.filter(finished_at__lt=now - days)
    ended = ended.exclude(state__in=[State.QUEUED, State.RUNNING])
    return old.delete()[0] + ended.delete()[0]
