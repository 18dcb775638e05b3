"""The period that comes next, as its opening would fix it today: for the stewards' page."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple

from django.utils import timezone

from assets.models import Pool
from assets.money import depreciation_at
from assets.queries import cost_lines_at
from ledger.arithmetic import largest_remainder
from tokens.calendar import month_start, next_code, next_end, part_of_month
from tokens.models import Period
from tokens.plan import Plan, plan_yields


@dataclass(frozen=True)
class CostPart:
    """What one cost line puts on one resource, in cents of a whole month; "" is depreciation."""

    name: str
    amount: int


class Planned(NamedTuple):
    """A yield to come, with what makes its stated cost."""

    plan: Plan
    parts: list[CostPart]


@dataclass(frozen=True)
class Coming:
    """The next period with what it would open with; `part` is how much of a month it covers."""

    code: str
    start: datetime
    end: datetime
    part: Fraction
    running: Period | None
    plans: list[Planned]


def coming_period(at: datetime | None = None) -> Coming:
    """What would open after the running period (or now, where none runs), as things stand.

    The rates come from the code that opens a period. What is carried is what the books carry now:
    the close that comes first may change it.
    """
    running = Period.objects.exclude(state=Period.State.CLOSED).first()
    start = start_of_next(running)
    end = next_end(start)
    part = part_of_month(start, end)
    day, parts = timezone.localtime(start).date(), dict[int, dict[str, list[CostPart]]]()
    rows = []
    for plan in plan_yields(start=start, part=part, at=at):
        by_resource = parts.setdefault(plan.pool.pk, cost_parts(plan.pool, day))
        rows.append(Planned(plan, by_resource.get(plan.resource.code, [])))
    return Coming(next_code(start), start, end, part, running, rows)


def start_of_next(running: Period | None) -> datetime:
    """Where the next period begins: at the end of the last, or of this month where none was."""
    last = running or Period.objects.order_by("-start").first()
    return last.end if last is not None else month_start(timezone.now())


def cost_parts(pool: Pool, day: date) -> dict[str, list[CostPart]]:
    """Per resource what each cost line in force puts on it, and what its assets lose.

    Split as `assets.queries.cost_at` splits; their sum per resource is what that gives.
    """
    found: dict[str, list[CostPart]] = {}
    for line in cost_lines_at(pool, day):
        codes = sorted(line.weights)
        parts = largest_remainder(line.amount, [line.weights[code] for code in codes])
        for code, amount in zip(codes, parts, strict=True):
            found.setdefault(code, []).append(CostPart(line.name, amount))
    for code, amount in depreciation_at(pool, day).items():
        if amount:
            found.setdefault(code, []).append(CostPart("", amount))
    return found
