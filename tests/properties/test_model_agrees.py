"""The services against the model: random economies come out the same, to the cent.

The model (tests/model) was written from the economics alone. Small scenarios are drawn anew in
every run and look for corners; the large one is the same each time and looks for what only many
members show: ties, equal bids, rounding that adds up, a cap that binds some.
"""

from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings

from coop.scenarios.errors import ScenarioError
from coop.scenarios.parse import parse
from coop.scenarios.play import play
from tests.model import economy
from tests.model.agree import both_ways
from tests.model.scenarios import (
    Scenario,
    as_toml,
    is_possible,
    large,
    made_possible,
    scenarios,
)
from tests.valley import taken_back

pytestmark = pytest.mark.django_db


def played(scenario: Scenario) -> dict[str, Any]:
    """What the services make of a scenario, in a transaction that is taken back."""
    with taken_back():
        return play(parse(as_toml(scenario)))


@settings(
    max_examples=16,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenario=scenarios().map(made_possible))
def test_model_and_services_agree(scenario: Scenario) -> None:
    assert both_ways(economy.play(scenario), played(scenario)) == []


@settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)
@given(scenario=scenarios().filter(lambda scenario: not is_possible(scenario)))
def test_what_the_model_refuses_the_services_refuse(scenario: Scenario) -> None:
    with pytest.raises(ScenarioError):
        played(scenario)


def test_a_village_of_three_hundred_comes_out_the_same() -> None:
    scenario = made_possible(large(5, members=300, months=6))
    told = economy.play(scenario)
    assert shows_what_it_is_for(told)
    with taken_back():
        came = play(parse(as_toml(scenario)), count_rows)
    assert both_ways(told, came) == []


def count_rows(_months: int) -> None:
    """Let the planner know what there is: it looks by itself, but not into an open transaction.

    What earlier tests took back may stand in its books as tables that are always empty.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def shows_what_it_is_for(told: dict[str, Any]) -> bool:
    """Things are bought, sold, left unbacked and carried on; many become owners, some in part."""
    pools = [pool for month in told["periods"] for pool in month["pools"].values()]
    resources = [row for pool in pools for row in pool["resources"].values()]
    members = [row for pool in pools for row in pool["members"].values()]
    return all(
        (
            any(row["overage_matched"] for row in resources),
            any(row["overage_unbacked"] and row["to_reserve"] for row in resources),
            any(row["vacancy"] for row in resources),
            any(row["variance"] < 0 for row in resources),
            any(row["variance"] > 0 for row in resources),
            sum(bool(row["units_converted"]) for row in members) > 300,
            any(row["equity_credit"] > 137 for row in members),
        )
    )
