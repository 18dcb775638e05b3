"""What a steward changes in a scenario: pure, exact, and bounded."""

from dataclasses import replace
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError

from coop import charts
from coop.scenarios.parse import parse
from coop.scenarios.write import text_of
from coop.simulations import bounds
from coop.simulations.changes import Changes, changed, from_json, size_of
from coop.simulations.errors import TooManyBooks, TooManyMembers, TooManyMonths
from coop.simulations.forms import fraction_from
from coop.simulations.library import STORIES, story
from tests.coop.test_scenarios_files import GOOD

ALL = Changes(
    months=5,
    capacity={"backbone": {"bandwidth": 700_000}},
    cost={"backbone": {"bandwidth": 60_000}},
    posted_price={"backbone": {"bandwidth": 95_500_000}},
    newcomers=2,
    newcomer_use={"backbone": {"bandwidth": 10_000}},
    growth=Fraction(1, 10),
)


def test_no_change_says_the_same() -> None:
    scenario = parse(story("winter-outage").text)
    assert changed(scenario, Changes()).periods == scenario.periods
    assert changed(scenario, Changes()).pools == scenario.pools


def test_changed_values_hold_in_every_month_whatever_a_period_said() -> None:
    scenario = changed(parse(GOOD), ALL)
    (pool,) = scenario.pools
    assert (pool.capacity["bandwidth"], pool.cost["bandwidth"]) == (700_000, 60_000)
    assert (pool.cost["cpu"], pool.posted_price["bandwidth"]) == (700, 95_500_000)
    assert all(not period.capacity for period in scenario.periods)


def test_an_override_of_what_is_not_changed_stays() -> None:
    scenario = changed(parse(GOOD), replace(ALL, capacity={}))
    assert scenario.periods[0].capacity == {"backbone": {"bandwidth": 900_000}}


def test_the_last_month_goes_on_and_a_shorter_time_cuts() -> None:
    scenario = parse(GOOD)
    months = [month for month, _period in changed(scenario, Changes(months=4)).months()]
    assert months == ["2026-06", "2026-07", "2026-08", "2026-09"]
    assert [period.repeat for period in changed(scenario, Changes(months=4)).periods] == [1, 3]
    assert len(list(changed(scenario, Changes(months=1)).months())) == 1


def test_newcomers_join_month_by_month_and_use_grows_exactly() -> None:
    text = GOOD.replace(
        ', { member = "ben", pool = "backbone", resource = "bandwidth", amount = "-20" }', ""
    )
    scenario = changed(parse(text), ALL)
    assert [one.name for one in scenario.members][2:5] == ["new 1", "new 2", "new 3"]
    assert len(scenario.members) == 2 + 5 * 2
    first, second, *_ = scenario.periods
    assert [(use.member, use.amount) for use in first.usage] == [
        ("ben", 20_000),
        ("new 1", 10_000),
        ("new 2", 10_000),
    ]
    assert [use.amount for use in second.usage] == [11_000] * 4
    assert [use.amount for use in scenario.periods[4].usage] == [14_641] * 10


def test_a_taken_name_is_passed_over() -> None:
    scenario = changed(parse(GOOD.replace('"ben"', '"new 1"')), ALL)
    names = [one.name for one in scenario.members]
    assert len(names) == len(set(names))


def test_changes_survive_the_database_and_what_is_played_is_a_file() -> None:
    assert from_json(ALL.as_json()) == ALL
    assert from_json({}) == Changes()
    played = changed(parse(GOOD), ALL)
    assert size_of(parse(text_of(played))) == size_of(played)


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = changed(parse(GOOD), ALL)
    bounds.require_bounded(scenario)
    for name, most, error in (
        ("MOST_MEMBERS", 11, TooManyMembers),
        ("MOST_MONTHS", 4, TooManyMonths),
        ("MOST_BOOKS", 119, TooManyBooks),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(bounds, name, most)
            with pytest.raises(error, match=str(most)):
                bounds.require_bounded(scenario)


@pytest.mark.parametrize(
    ("text", "growth"),
    [
        ("1/50", Fraction(1, 50)),
        ("2 %", Fraction(1, 50)),
        ("-0,5%", Fraction(-1, 200)),
        ("", Fraction(0)),
        ("0", Fraction(0)),
        ("100 %", Fraction(1)),
        ("−1/2", Fraction(-1, 2)),
    ],
)
def test_growth_is_read_exactly(text: str, growth: Fraction) -> None:
    assert fraction_from(text) == growth


@pytest.mark.parametrize("text", ["much", "1/0", "0.02", "200 %", "-3/4", "1e3 %"])
def test_growth_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        fraction_from(text)


@pytest.mark.parametrize("name", [one.name for one in STORIES])
def test_every_story_of_the_library_is_a_scenario_within_the_bounds(name: str) -> None:
    bounds.require_bounded(parse(story(name).text))


def test_lines_have_gaps_where_there_is_nothing() -> None:
    chart = charts.line_chart(["a", "b", "c", "d"], [[None, 3, None, 4], [0, 1, 2, 4]])
    first, second = chart.lines
    assert (chart.top, first.stretches, len(first.dots)) == (4, (), 2)
    assert len(second.stretches) == 1
    assert second.end == (chart.right, chart.head)
    assert charts.line_chart([], [[]]).lines[0].end is None
