"""Own, need, gap and break-even, by hand from the worked period (economics, section 12)."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from coop.need import Need, Standing, Step

BANDWIDTH = Need(capacity=1_000_000, used=120_000, own_cost=50_000_000, price=80_000_000)
CHLOE = Standing(units=0, all_units=1000, issue_price=100, room=200, needs=(BANDWIDTH,))


def test_chloe_needs_120_shares_and_they_pay_for_themselves_in_four_periods() -> None:
    # 120 GB: 96.00 at the price, 60.00 at cost; 120 shares cost 120.00; 120 / 36 = 3.33.
    assert (CHLOE.needed, CHLOE.missing) == (120, 120)
    assert CHLOE.rest == Step(120, 12_000, 9_600, 6_000)
    assert (CHLOE.rest.saved, CHLOE.rest.periods) == (3_600, 4)
    assert CHLOE.from_nothing == CHLOE.rest


def test_with_36_shares_the_rest_costs_84_and_the_whole_comparison_stays() -> None:
    later = replace(CHLOE, units=36)
    assert later.missing == 84
    assert later.rest == Step(120, 8_400, 36 * 50 + 84 * 80, 6_000)
    assert later.rest.periods == 4
    assert later.from_nothing.periods == 4


def test_who_owns_enough_misses_nothing() -> None:
    enough = replace(CHLOE, units=150)
    assert enough.missing == 0
    assert enough.rest == Step(150, 0, 7_500, 7_500)
    assert enough.rest.periods == 0


def test_where_the_price_is_the_cost_shares_never_pay_for_themselves() -> None:
    at_cost = replace(CHLOE, needs=(replace(BANDWIDTH, price=50_000_000),))
    assert at_cost.rest.periods is None


def test_more_may_be_missing_than_can_be_had() -> None:
    assert replace(CHLOE, room=119).is_beyond_reach
    assert not CHLOE.is_beyond_reach


def test_an_empty_pool_needs_no_shares() -> None:
    nothing = replace(CHLOE, all_units=0, needs=(replace(BANDWIDTH, capacity=0),))
    assert (nothing.needed, nothing.rest.before) == (0, 9_600)


@given(
    st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9),
    st.integers(1, 10**6), st.integers(0, 10**6),
)  # fmt: skip
def test_what_is_needed_is_the_least_that_brings_all(
    capacity: int, used: int, cost: int, more: int, all_units: int, units: int
) -> None:
    need = Need(capacity, used, cost, cost + more)
    standing = Standing(units, all_units, 100, 0, (need,))
    assert need.allotted(standing.needed, all_units) >= used
    if standing.needed:
        assert need.allotted(standing.needed - 1, all_units) < used
    step = standing.rest
    if step.periods:
        assert step.periods * step.saved >= step.cost > (step.periods - 1) * step.saved
