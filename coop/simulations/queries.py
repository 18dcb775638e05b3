"""Named reads of simulations."""

from django.db.models import QuerySet

from coop.models import SimulationRun
from coop.scenarios.parse import parse
from coop.simulations.changes import changed, from_json
from coop.simulations.errors import NotFinished
from coop.simulations.numbers import Numbers, numbers_of


def runs() -> QuerySet[SimulationRun]:
    """Every run, newest first, without its texts and results."""
    rows = SimulationRun.objects.select_related("asked_by__member")
    return rows.defer("text", "result", "changes").order_by("-pk")


def finished() -> QuerySet[SimulationRun]:
    """The runs that have a result."""
    return runs().filter(state=SimulationRun.State.DONE)


def numbers_in(run: SimulationRun) -> Numbers:
    """The numbers of a finished run; raises NotFinished."""
    if run.result is None:
        raise NotFinished
    return numbers_of(changed(parse(run.text), from_json(run.changes)), run.result)
