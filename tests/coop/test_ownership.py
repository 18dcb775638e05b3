"""The ownership path, against the worked period of the economics and by hand from there."""

from dataclasses import replace
from itertools import pairwise

from coop.charts import PathPoint, columns, nice_top, ownership
from coop.ownership import LONGEST, Covered, Stake, Use, ahead, covered, valued

BANDWIDTH = Use(capacity=1_000_000, used=120_000, cost=50_000_000, price=80_000_000)
CHLOE = Stake(units=0, all_units=1000, room=200, issue_price=100, credit=0, uses=(BANDWIDTH,))


def test_the_worked_period_turns_36_euros_above_cost_into_36_shares() -> None:
    later = CHLOE.after_a_period()
    assert (later.units, later.credit, later.room) == (36, 0, 164)


def test_the_second_month_pays_less_above_cost_and_keeps_the_odd_cents() -> None:
    # 120 − 36 = 84 GB over, 84 × 0.30 = 25.20: 25 shares and 20 cents of credit.
    later = CHLOE.after_a_period().after_a_period()
    assert (later.units, later.credit) == (61, 20)


def test_the_path_rises_to_all_that_is_used_and_ends_there() -> None:
    path = ahead([CHLOE])
    assert path[0] == Covered(36_000 * 80_000_000, 120_000 * 80_000_000)
    assert all(a.owned <= b.owned for a, b in pairwise(path))
    assert path[-1].is_all
    assert not path[-2].is_all


def test_whoever_owns_all_they_use_has_no_path_ahead() -> None:
    assert ahead([replace(CHLOE, units=120)]) == []


def test_without_profit_nothing_moves() -> None:
    at_cost = replace(BANDWIDTH, price=BANDWIDTH.cost)
    assert ahead([replace(CHLOE, uses=(at_cost,))]) == []


def test_the_path_stops_where_no_shares_are_left() -> None:
    path = ahead([replace(CHLOE, room=50)])
    assert path[-1].owned == 50_000 * 80_000_000
    assert len(path) == 2


def test_a_path_that_never_arrives_is_cut() -> None:
    dear = replace(CHLOE, issue_price=10**7, room=10**9)
    assert len(ahead([dear])) <= LONGEST


def test_resources_are_added_at_their_price() -> None:
    assert valued([(10, 20, 3), (5, 4, 2)]) == Covered(10 * 3 + 4 * 2, 20 * 3 + 4 * 2)
    assert covered([CHLOE]) == Covered(0, 120_000 * 80_000_000)


def test_a_picture_places_nothing_at_the_floor_and_all_at_the_top() -> None:
    past = [PathPoint("May", 0, 10), PathPoint("June", 5, 10)]
    chart = ownership(past, [PathPoint("July", 10, 10)], True, 640, 236)
    assert chart.line.startswith(f"{chart.left},{chart.floor} ")
    assert chart.now[1] == chart.floor - (chart.floor - chart.top) // 2
    assert chart.goal == (chart.right, chart.top)


def test_columns_never_leave_their_canvas() -> None:
    chart = columns([(str(day), 1000 * day, 500) for day in range(1, 32)])
    assert all(c.over_y >= 16 and c.x + c.width <= chart.width for c in chart.columns)
    assert all(c.within_y + c.within_height == chart.floor for c in chart.columns)
    assert [nice_top(v) for v in (0, 1000, 1001, 5500, 31_500)] == [1000, 1000, 2000, 8000, 40_000]
