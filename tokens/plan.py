"""What a period opens with, worked out and not written: its opening books exactly this."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from django.utils import timezone

from assets.accounts import MONEY
from assets.models import Pool, Resource
from assets.queries import capacity_at, cost_at, resources_of, total_units
from ledger.arithmetic import rhe
from ledger.queries import balance
from policies.queries import policy
from tokens.bands import Stated, bound
from tokens.calendar import part_of_month
from tokens.models import BudgetApproval, Yield
from tokens.price_rules import posted_price
from tokens.pricing import COST
from tokens.rates import Opening, opening


@dataclass(frozen=True)
class Plan:
    """What one pool will yield of one resource: millitokens, cents, and the rates."""

    pool: Pool
    resource: Resource
    capacity: int
    normal: int
    issued: int
    owned: bool
    stated: Stated
    carried: int
    rates: Opening
    price_source: str
    price_rule: str


def plan_yields(
    *, start: datetime, part: Fraction = Fraction(1), at: datetime | None = None
) -> list[Plan]:
    """The yields of a period that begins at `start`, in the order in which they are issued.

    `at` is the moment whose policy counts (default: now); `part` scales capacity and cost of a
    period that is shorter than those they are stated for. Reads only.
    """
    day, moment = timezone.localtime(start).date(), at or timezone.now()
    plans = []
    for pool in Pool.objects.order_by("pk"):
        costs = cost_at(pool, day)
        for resource in resources_of(pool):
            stated = stated_cost(pool, resource, scaled(costs.get(resource.code, 0), part), start,
                                 part, moment)  # fmt: skip
            plans.append(plan_yield(pool, resource, stated, day, part, moment))
    return plans


def plan_yield(
    pool: Pool, resource: Resource, stated: Stated, day: date, part: Fraction, at: datetime
) -> Plan:
    """One yield of a period that begins on a day, with the cost that may be budgeted for it."""
    capacity, normal = (scaled(n, part) for n in capacity_at(pool, resource, day))
    owned = total_units(pool) > 0
    issued = capacity if owned else 0
    carried = carried_now(pool, resource)
    counted = {"cost": stated.cost, "carried": carried, "issued": issued, "normal": normal}
    bare = opening(**counted, posted=0)
    posted = posted_price(pool, resource, at, bare.sale_cost if bare.basis else None)
    rates = opening(**counted, posted=posted.price)
    rule = posted.rule if rates.price == posted.price else COST
    return Plan(pool, resource, capacity, normal, issued, owned, stated, carried, rates,
                posted.source, rule)  # fmt: skip


def stated_cost(
    pool: Pool, resource: Resource, cost: int, start: datetime, part: Fraction, at: datetime
) -> Stated:
    """The cost of a period within the band that policy draws around the last actual cost."""
    share = policy("budget_band", at, pool.code)
    if share == "off":
        return Stated(cost, cost, last_actual(pool, resource, start, part))
    approved = approval_at(pool, resource, timezone.localtime(start).date())
    allowed = None if approved is None else (scaled(approved.amount, part), approved.source)
    return bound(cost, last_actual(pool, resource, start, part), share, allowed)


def last_actual(pool: Pool, resource: Resource, before: datetime, part: Fraction) -> int | None:
    """Cents that the last settled period cost, scaled to this part of a month; None before any."""
    rows = Yield.objects.filter(pool=pool, resource=resource, period__start__lt=before)
    row = rows.exclude(actual=None).select_related("period").order_by("-period__start").first()
    if row is None or row.actual is None:
        return None
    return scaled(row.actual, part / part_of_month(row.period.start, row.period.end))


def approval_at(pool: Pool, resource: Resource, day: date) -> BudgetApproval | None:
    """The vote on a budget that counts on a day: the one with the latest day not after it."""
    rows = BudgetApproval.objects.filter(pool=pool, resource=resource, since__lte=day)
    return rows.order_by("-since", "-pk").first()


def carried_now(pool: Pool, resource: Resource) -> int:
    """Cents over-recovered so far, from the books; negative where too little came in."""
    return -balance(MONEY, "stabilisation", f"{pool.code}/{resource.code}")


def scaled(number: int, part: Fraction) -> int:
    """A part of a whole number, rounded half to even."""
    return rhe(number * part.numerator, part.denominator)
