"""How far a close is: its steps, and the run that does them."""

from dataclasses import dataclass

from tokens.models import CloseRun, Period
from tokens.queries import StepState, steps_of


@dataclass(frozen=True)
class Progress:
    """A close as it stands: every step, and the last run, if any was ordered."""

    period: Period
    steps: list[StepState]
    run: CloseRun | None

    @property
    def done(self) -> int:
        """Steps that are done."""
        return sum(step.is_done for step in self.steps)

    @property
    def upcoming(self) -> str:
        """The step that comes next, "" where none is left."""
        return next((step.name for step in self.steps if step.is_next), "")

    @property
    def is_running(self) -> bool:
        """Whether a run does steps now, or will as soon as a worker looks."""
        return self.run is not None and self.run.state == CloseRun.State.RUNNING

    @property
    def is_stopped(self) -> bool:
        """Whether the last run waits for a person."""
        return self.run is not None and self.run.state == CloseRun.State.STOPPED


def progress_of(period: Period) -> Progress:
    """The steps of a period's close and its last run."""
    run = CloseRun.objects.filter(period=period).select_related("started_by").last()
    return Progress(period, steps_of(period), run)
