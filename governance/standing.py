"""Which values of policy hold now, which only later, which no longer."""

from dataclasses import dataclass
from datetime import datetime

from governance import clock
from policies.models import PolicyValue
from policies.registry import PARAMETERS
from tokens.models import Period

FIXED_AT_OPENING = ("posted_price",)
NOW, LATER, EARLIER, NEVER = "now", "later", "earlier", "never"


@dataclass(frozen=True)
class Line:
    """One value of policy: `state` says when it holds, `since` from when it holds or held."""

    row: PolicyValue
    state: str
    since: datetime


def standing() -> dict[str, list[Line]]:
    """Every parameter with the values ever set, newest first.

    A period keeps the prices that were fixed when it opened: a price set since holds from the
    end of the running period on, and not at all where another was set after it.
    """
    running = Period.objects.exclude(state=Period.State.CLOSED).first()
    now = clock.now()
    lines: dict[str, list[Line]] = {key: [] for key in PARAMETERS}
    seen: dict[tuple[str, str], set[object]] = {}
    for row in PolicyValue.objects.order_by("-valid_from", "-id"):
        known = seen.setdefault((row.key, row.scope), set())
        lines.setdefault(row.key, []).append(_line(row, known, now, running))
    return lines


def _line(row: PolicyValue, known: set[object], now: datetime, running: Period | None) -> Line:
    waits = running if row.key in FIXED_AT_OPENING else None
    if row.valid_from <= (now if waits is None else waits.opened_at):
        state = EARLIER if NOW in known else NOW
        known.add(NOW)
        return Line(row, state, row.valid_from)
    since = row.valid_from if waits is None else max(row.valid_from, waits.end)
    state = NEVER if since in known else LATER
    known.add(since)
    return Line(row, state, since)


def line_of(policy_value: int) -> Line | None:
    """The line of one row of policy."""
    every = (line for lines in standing().values() for line in lines)
    return next((line for line in every if line.row.pk == policy_value), None)
