"""What a close may have to wait for: apps above this one say so, each with a function in `WAITS`.

A close that is told not to wait (`early`) does not. Nothing that comes afterwards is lost: it is
booked late, in the period that is open then.
"""

from collections.abc import Callable
from datetime import datetime

from ledger.errors import DomainError
from tokens.models import Period

Wait = Callable[[Period, datetime], DomainError | None]
WAITS: list[Wait] = []


def wait_for(period: Period, moment: datetime) -> DomainError | None:
    """What speaks against closing an open period at a moment after its end, if anything does."""
    if period.state != Period.State.OPEN or moment < period.end:
        return None
    found = (wait(period, moment) for wait in WAITS)
    return next((error for error in found if error is not None), None)


def require_nothing_awaited(period: Period, moment: datetime) -> None:
    """Raises what speaks against closing the period at this moment."""
    error = wait_for(period, moment)
    if error is not None:
        raise error
