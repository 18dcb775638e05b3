"""Playing a scenario through the real services, in the database at hand.

Call it in an empty, migrated database (`throwaway`), or in a test's. Every step is what members
and stewards do, by the same service; charges are paid on the day of the close.
"""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from coop.scenarios import report
from coop.scenarios.cast import Cast, refusals
from coop.scenarios.found import found
from coop.scenarios.month import (
    agree,
    buy_assets,
    buy_units,
    give_tokens,
    hold_auctions,
    offer_tokens,
    use,
)
from coop.scenarios.shapes import Period, Scenario
from titles.services import settle_charges
from tokens.models import Period as PeriodRow
from tokens.services import open_period, run_step

BEFORE_PAYING = ("settle", "match", "charge", "expire")


def play(scenario: Scenario, tell: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Play every month; return what `simulate --json` prints. Raises ScenarioError.

    `tell` hears how many months are played, after each of them and before the first.
    """
    heard = tell or (lambda _done: None)
    with timezone.override(scenario.timezone):
        cast = found(scenario)
        heard(0)
        months: list[dict[str, Any]] = []
        for month, period in scenario.months():
            months.append(play_month(cast, scenario, month, period))
            heard(len(months))
        return {"periods": months, "final": report.final(cast)}


def play_month(cast: Cast, scenario: Scenario, month: str, period: Period) -> dict[str, Any]:
    """One month from its acquisitions to its close, and what came of it."""
    with refusals(period.at, "", month):
        buy_assets(cast, month, period.acquire)
        buy_units(cast, month, period.buy)
        for pool in scenario.pools:
            agree(cast, month, pool, period)
        row = open_period(
            start=cast.start_of(month),
            end=cast.end_of(month),
            code=month,
            actor=None,
            at=cast.start_of(month),
        )
        give_tokens(cast, month, period.give)
        hold_auctions(cast, month, period.auctions)
        offer_tokens(cast, month, period.offers)
        use(cast, row, period.usage)
        close(scenario, row, period)
    return {"month": month, "pools": report.pools(cast, scenario, month)}


def close(scenario: Scenario, row: PeriodRow, period: Period) -> None:
    """Close the month at its actual cost; what it charges is paid at once."""
    actual = {
        (pool.code, code): actual_cost(period, pool.code, code, pool.cost[code])
        for pool in scenario.pools
        for code in pool.resources
    }
    for step in BEFORE_PAYING:
        run_step(period_id=row.pk, step=step, actor=None, at=row.end, actual=actual)
    settle_charges(period_code=row.code, actor=None)
    run_step(period_id=row.pk, step="convert", actor=None, at=row.end)


def actual_cost(period: Period, pool: str, resource: str, cost: int) -> int:
    budget = period.cost.get(pool, {}).get(resource, cost)
    return period.actual_cost.get(pool, {}).get(resource, budget)
