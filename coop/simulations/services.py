"""What stewards do with simulations: begin one, send it off, stop it, run it again, delete it.

Nothing here touches the books. Where a run's row is needed alone it is locked and read again;
whoever queues one holds their own user's row, so that the bound on runs at once is kept.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from coop.models import SimulationRun
from coop.scenarios.errors import ScenarioError
from coop.scenarios.parse import parse
from coop.scenarios.shapes import ByPool, Scenario
from coop.scenarios.write import text_of
from coop.simulations import bounds
from coop.simulations.changes import Changes, changed, from_json
from coop.simulations.errors import (
    BadScenario,
    NoMonth,
    NotInThisState,
    TextTooLong,
    TooManyMembers,
    TooManyMonths,
    TooManyRuns,
    UnknownScenario,
    UnknownYieldChanged,
)
from coop.simulations.library import story
from coop.simulations.today import today
from ledger.errors import KeyConflict
from members.models import User

State = SimulationRun.State
UNDER_WAY = (State.QUEUED, State.RUNNING)
CAN_GO_AGAIN = (State.FAILED, State.LOST, State.STOPPED)


@transaction.atomic
def begin(
    *, source: str, actor: User, key: str, text: str = "", name: str = "", base: int | None = None
) -> SimulationRun:
    """A draft from "today", "library:<name>", or a "text"; `base` is the run it was made from.

    The same key with the same content gives the first draft. Raises BadScenario, NoMonth,
    TextTooLong, TooMany…, UnknownScenario, KeyConflict.
    """
    _one_at_a_time(actor)
    earlier = SimulationRun.objects.filter(key=own(actor, key)).first()
    if earlier is not None:
        if earlier.source != source or (source == "text" and earlier.text != text):
            raise KeyConflict
        return earlier
    content = _content(source, text, name)
    readable(content["text"])
    _let_old_drafts_go(actor)
    return SimulationRun.objects.create(
        source=source, asked_by=actor, key=own(actor, key), base_id=base, **content
    )


def _content(source: str, text: str, name: str) -> dict[str, Any]:
    """Name, text and what is left out, by where the scenario comes from."""
    if source == "today":
        found = today(most=bounds.MOST_MEMBERS)
        words = _("From today’s state")
        return {
            "name": name or words,
            "text": text_of(found.scenario),
            "left_out": list(found.left_out),
        }
    if source.startswith("library:"):
        told = story(source.removeprefix("library:"))
        return {"name": name or str(told.title), "text": told.text}
    if source != "text":
        raise UnknownScenario
    return {"name": name or _("From a text"), "text": text}


def readable(text: str) -> Scenario:
    """The scenario that a text says; raises BadScenario, NoMonth, TextTooLong, TooMany…"""
    if len(text.encode()) > bounds.MOST_BYTES:
        raise TextTooLong(most=bounds.MOST_BYTES)
    try:
        scenario = parse(text)
    except ScenarioError as error:
        what = f"{error.key}: {error.reason}" if error.key else error.reason
        raise BadScenario(line=error.line, what=what) from error
    if not scenario.periods:
        raise NoMonth
    bounds.require_bounded(scenario)
    return scenario


def played_text(run: SimulationRun) -> str:
    """The file that is played: the run's text with its changes. The same for ever."""
    return text_of(changed(parse(run.text), from_json(run.changes)))


@transaction.atomic
def vary(*, run_id: int, actor: User, key: str) -> SimulationRun:
    """A draft with the text and the changes of a run, to be changed and compared with it."""
    _one_at_a_time(actor)
    earlier = SimulationRun.objects.filter(key=own(actor, key)).first()
    source = f"run:{run_id}"
    if earlier is not None:
        if earlier.source != source:
            raise KeyConflict
        return earlier
    run = SimulationRun.objects.get(pk=run_id)
    _let_old_drafts_go(actor)
    return SimulationRun.objects.create(
        name=_("%(name)s, changed") % {"name": run.name[:60]},
        source=source,
        text=run.text,
        left_out=run.left_out,
        changes=run.changes,
        base=run,
        asked_by=actor,
        key=own(actor, key),
    )


def _let_old_drafts_go(actor: User) -> None:
    """Keep no more drafts of somebody than they will ever come back to."""
    drafts = SimulationRun.objects.filter(asked_by=actor, state=State.DRAFT).order_by("-pk")
    kept = drafts.values("pk")[: bounds.MOST_DRAFTS - 1]
    SimulationRun.objects.filter(asked_by=actor, state=State.DRAFT).exclude(
        pk__in=list(kept.values_list("pk", flat=True))
    ).delete()


@transaction.atomic
def queue(*, run_id: int, name: str, changes: Changes, actor: User) -> SimulationRun:
    """Send a draft off with its changes; one that went already is left as it is.

    Raises NotInThisState, TooManyRuns, UnknownYieldChanged, BadScenario, TooMany…
    """
    _one_at_a_time(actor)
    run = _locked(run_id)
    if run.state != State.DRAFT:
        if run.name == name and from_json(run.changes) == changes:
            return run
        raise NotInThisState(state=run.get_state_display())
    scenario = parse(run.text)
    _require_known(scenario, changes)
    run.months = _months_of(scenario, changes)
    run.name, run.changes = name, changes.as_json()
    return _send_off(run, actor)


def _months_of(scenario: Scenario, changes: Changes) -> int:
    """How many months will be played; raises what makes the changed scenario impossible."""
    wanted = changes.months or sum(period.repeat for period in scenario.periods)
    if wanted > bounds.MOST_MONTHS:
        raise TooManyMonths(number=wanted, most=bounds.MOST_MONTHS)
    if (people := len(scenario.members) + wanted * changes.newcomers) > bounds.MOST_MEMBERS:
        raise TooManyMembers(number=people, most=bounds.MOST_MEMBERS)
    played = changed(scenario, changes)
    bounds.require_bounded(played)
    try:
        parse(text_of(played))
    except ScenarioError as error:
        raise BadScenario(line=error.line, what=f"{error.key}: {error.reason}") from error
    return wanted


def _require_known(scenario: Scenario, changes: Changes) -> None:
    """Raises UnknownYieldChanged unless the scenario has all that is changed."""
    there = {(pool.code, resource) for pool in scenario.pools for resource in pool.resources}
    for pool, resource in _places(
        (changes.capacity, changes.cost, changes.posted_price, changes.newcomer_use)
    ):
        if (pool, resource) not in there:
            raise UnknownYieldChanged(pool=pool, resource=resource)


def _places(changes: Iterable[ByPool]) -> set[tuple[str, str]]:
    return {(pool, resource) for one in changes for pool, row in one.items() for resource in row}


@transaction.atomic
def run_again(*, run_id: int, actor: User) -> SimulationRun:
    """Queue a run that failed, was lost or was stopped; one under way is left as it is.

    Raises NotInThisState, TooManyRuns.
    """
    _one_at_a_time(actor)
    run = _locked(run_id)
    if run.state in UNDER_WAY:
        return run
    if run.state not in CAN_GO_AGAIN:
        raise NotInThisState(state=run.get_state_display())
    return _send_off(run, actor)


def _one_at_a_time(actor: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)


def _send_off(run: SimulationRun, actor: User) -> SimulationRun:
    """Put a run into the queue; call with the actor's row held. Raises TooManyRuns."""
    under_way = SimulationRun.objects.filter(asked_by=actor, state__in=UNDER_WAY).count()
    if under_way >= bounds.MOST_AT_ONCE:
        raise TooManyRuns(most=bounds.MOST_AT_ONCE)
    run.state, run.asked_by, run.queued_at = State.QUEUED, actor, timezone.now()
    run.months_done, run.error, run.started_at, run.finished_at = 0, "", None, None
    run.save()
    return run


@transaction.atomic
def stop(*, run_id: int, actor: User) -> SimulationRun:
    """Stop a run that waits or runs; it ends with its month at the latest.

    Raises NotInThisState.
    """
    run = _locked(run_id)
    if run.state == State.STOPPED:
        return run
    if run.state not in UNDER_WAY:
        raise NotInThisState(state=run.get_state_display())
    run.state, run.finished_at = State.STOPPED, timezone.now()
    run.save(update_fields=["state", "finished_at"])
    return run


@transaction.atomic
def delete(*, run_id: int, actor: User) -> None:
    """Forget a run for good; one that waits or runs has to be stopped first. Idempotent.

    Raises NotInThisState.
    """
    run = SimulationRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        return
    if run.state in UNDER_WAY:
        raise NotInThisState(state=run.get_state_display())
    run.delete()


def _locked(run_id: int) -> SimulationRun:
    return SimulationRun.objects.select_for_update().get(pk=run_id)


def own(actor: User, key: str) -> str:
    """A key that only this person can use again."""
    return f"{actor.pk}:{key}"
