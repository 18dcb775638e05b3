"""A whole close, step after step, carried on by whoever looks next.

Each step is one transaction that also notes how far the run is, so a worker that dies anywhere
leaves either a step that is done or one that is not begun; what was done once is not done again.
"""

import logging
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from ledger.errors import DomainError
from members.models import User
from tokens.errors import NothingToClose, PeriodNotOver, StepUnknown
from tokens.models import CloseRun, Period
from tokens.services.close import (
    STEPS,
    Actual,
    Preview,
    booked,
    charged,
    next_step,
    run_step,
)
from tokens.waits import require_nothing_awaited

MOST_FAILURES = 5
"""in a row, of a server that does not answer or of locks that others hold"""
UNEXPECTED = "unexpected"

log = logging.getLogger(__name__)


def start_close(
    *,
    period_id: int,
    actor: User | None,
    at: datetime | None = None,
    early: bool = False,
    actual: Actual | None = None,
    until: str = STEPS[-1],
) -> CloseRun:
    """Order what is left of a close, up to and with the step `until`.

    A run that is under way is given again as it is; one that stopped is carried on, with what is
    told now as long as the period has not been settled. `at` is the moment of closing (default
    now); `early` ends the period before its end, or waits for nothing after it. Raises
    StepUnknown, NothingToClose, PeriodNotOver, and what the close should wait for.
    """
    if until not in STEPS:
        raise StepUnknown(asked=until)
    period = Period.objects.get(pk=period_id)
    moment = at or timezone.now()
    _require_work(period, until, moment, early)
    if not early:
        require_nothing_awaited(period, moment)
    told = {"moment": moment, "early": early, "actual": _packed(actual or {}), "until": until}
    standing = CloseRun.objects.filter(period=period).exclude(state=CloseRun.State.DONE).first()
    if standing is not None:
        return _resumed(standing, period, actor, told)
    try:
        with transaction.atomic():
            return CloseRun.objects.create(period=period, started_by=actor, **told)
    except IntegrityError:
        return CloseRun.objects.exclude(state=CloseRun.State.DONE).get(period=period)


def _require_work(period: Period, until: str, moment: datetime, early: bool) -> None:
    step = next_step(period)
    if step is None or STEPS.index(step) > STEPS.index(until):
        raise NothingToClose(code=period.code)
    if period.state == Period.State.OPEN and moment < period.end and not early:
        raise PeriodNotOver(code=period.code, end=timezone.localtime(period.end).date())


@transaction.atomic
def _resumed(
    run: CloseRun, period: Period, actor: User | None, told: Mapping[str, object]
) -> CloseRun:
    """A stopped run, running again; who carries it on is who does what follows."""
    run = CloseRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    if run.state != CloseRun.State.STOPPED:
        return run
    fresh = told if period.state == Period.State.OPEN else {"until": told["until"]}
    for name, value in fresh.items():
        setattr(run, name, value)
    run.state, run.started_by = CloseRun.State.RUNNING, actor
    run.failures, run.error_code, run.error = 0, "", ""
    run.save()
    return run


def run_close(run_id: int) -> None:
    """Carry a run on until it is done, it stops, or somebody else is at it."""
    while carry_on(run_id):
        pass


def sweep_closes() -> int:
    """Carry on every run that nobody is at; how many were looked at."""
    running = list(
        CloseRun.objects.filter(state=CloseRun.State.RUNNING).values_list("pk", flat=True)
    )
    for run_id in running:
        run_close(run_id)
    return len(running)


def carry_on(run_id: int) -> bool:
    """Do the next step of a run; True where another follows.

    What a step refuses stops the run, with the reason for whoever started it. Where the database
    did not answer, or others held what the step needs, the run stays for the next look.
    """
    step = _begin(run_id)
    if step is None:
        return False
    try:
        return _do(run_id, step)
    except DomainError as error:
        _stop(run_id, error)
    except OperationalError:
        log.warning("step %s of close run %s was not possible now", step, run_id, exc_info=True)
        _count_failure(run_id)
    except Exception as error:
        log.exception("step %s of close run %s failed", step, run_id)
        _stop(run_id, error)
    return False


@transaction.atomic
def _begin(run_id: int) -> str | None:
    """Note which step comes now; None where there is none or somebody else is at it."""
    run = _taken(run_id)
    if run is None:
        return None
    step = _upcoming(run)
    if step is None:
        _finish(run)
        return None
    if run.step != step:
        run.failures = 0
    run.step, run.step_begun_at = step, timezone.now()
    run.save(update_fields=["step", "step_begun_at", "failures"])
    return step


@transaction.atomic
def _do(run_id: int, step: str) -> bool:
    run = _taken(run_id)
    if run is None:
        return False
    run_step(
        period_id=run.period_id,
        step=step,
        actor=run.started_by,
        at=run.moment,
        early=run.early,
        actual=_unpacked(run.actual),
    )
    if _upcoming(run) is None:
        _finish(run)
        return False
    return True


def _taken(run_id: int) -> CloseRun | None:
    """The run, held until the transaction ends; None where it is held or not running."""
    rows = CloseRun.objects.select_for_update(skip_locked=True, no_key=True, of=["self"])
    return (
        rows.filter(pk=run_id, state=CloseRun.State.RUNNING)
        .select_related("period", "started_by")
        .first()
    )


def _upcoming(run: CloseRun) -> str | None:
    run.period.refresh_from_db()
    step = next_step(run.period)
    return None if step is None or STEPS.index(step) > STEPS.index(run.until) else step


def _finish(run: CloseRun) -> None:
    run.state, run.finished_at = CloseRun.State.DONE, timezone.now()
    run.save(update_fields=["state", "finished_at"])


@transaction.atomic
def _stop(run_id: int, error: Exception) -> None:
    """Stop a run with its reason, unless somebody else has ended it meanwhile."""
    run = CloseRun.objects.select_for_update(no_key=True).get(pk=run_id)
    if run.state != CloseRun.State.RUNNING:
        return
    language = run.started_by.language if run.started_by else ""
    with override(language or None):
        if isinstance(error, DomainError):
            code, text = error.code, str(error)
        else:
            words = _("Something failed that nobody foresaw (%(what)s). Nothing of it was booked.")
            code, text = UNEXPECTED, words % {"what": type(error).__name__}
    run.state, run.error_code, run.error = CloseRun.State.STOPPED, code[:40], text[:500]
    run.save(update_fields=["state", "error_code", "error"])


def _count_failure(run_id: int) -> None:
    with transaction.atomic():
        run = CloseRun.objects.select_for_update(no_key=True).get(pk=run_id)
        run.failures += 1
        run.save(update_fields=["failures"])
    if run.failures >= MOST_FAILURES:
        _stop(run_id, OperationalError())


def preview_close(
    *,
    period_id: int,
    actor: User | None,
    at: datetime | None = None,
    early: bool = False,
    actual: Actual | None = None,
    until: str = STEPS[-1],
) -> list[tuple[str, Preview]]:
    """What each step that is left would book: all are run one after the other and taken back."""
    found = []
    with transaction.atomic():
        period = Period.objects.get(pk=period_id)
        for step in STEPS[: STEPS.index(until) + 1]:
            if next_step(period) != step:
                continue
            row = run_step(
                period_id=period_id, step=step, actor=actor, at=at, early=early, actual=actual
            )
            found.append((step, Preview(row.summary, booked(row.transactions), charged(row))))
            period.refresh_from_db()
        transaction.set_rollback(True)
    return found


def _packed(actual: Actual) -> dict[str, int]:
    return {f"{pool}:{resource}": cents for (pool, resource), cents in actual.items()}


def _unpacked(actual: Mapping[str, int]) -> dict[tuple[str, str], int]:
    pairs = ((place.partition(":"), cents) for place, cents in actual.items())
    return {(pool, resource): cents for (pool, _colon, resource), cents in pairs}
