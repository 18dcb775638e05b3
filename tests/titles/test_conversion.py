"""The rule by which credit becomes units, without a database."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titles.conversion import Claimant, cap_units, convert, draw, periods_of, wanted

MONTHS = ("2026-01", "2026-02", "2026-03")
LOTS = st.dictionaries(st.sampled_from(MONTHS), st.integers(1, 5000), max_size=3)
CLAIMANTS = st.lists(st.tuples(st.integers(0, 40), LOTS), max_size=7).map(
    lambda rows: [
        Claimant(number, held, tuple(sorted(lots.items())))
        for number, (held, lots) in enumerate(rows, 1)
    ]
)
PRICE, CAP, AVAILABLE = st.integers(1, 700), st.integers(0, 60), st.integers(0, 80)


def test_whoever_paid_first_is_served_first_although_a_whale_pays_more_later() -> None:
    ana = Claimant(1, 0, (("2026-01", 300),))
    whale = Claimant(2, 0, (("2026-02", 100_000),))
    assert convert([whale, ana], price=100, cap=1000, available=10) == {1: 3, 2: 7}


def test_within_one_period_too_few_units_are_shared_out_by_what_each_wants() -> None:
    claimants = [Claimant(n, 0, (("2026-01", cents),)) for n, cents in ((1, 100), (2, 300))]
    assert convert(claimants, price=100, cap=1000, available=2) == {1: 1, 2: 1}


def test_equal_remainders_go_to_the_lower_member_number() -> None:
    claimants = [Claimant(n, 0, (("2026-01", 500),)) for n in (3, 2, 1)]
    assert convert(claimants, price=100, cap=1000, available=4) == {1: 2, 2: 1, 3: 1}


def test_the_round_ends_where_units_ran_out() -> None:
    first = Claimant(1, 0, (("2026-01", 900),))
    second = Claimant(2, 0, (("2026-01", 100), ("2026-02", 900)))
    assert convert([first, second], price=100, cap=1000, available=5) == {1: 5}


def test_small_lots_of_several_periods_add_up_to_a_unit() -> None:
    ana = Claimant(1, 0, (("2026-01", 60), ("2026-02", 60)))
    assert convert([ana], price=100, cap=10, available=10) == {1: 1}


def test_the_cap_binds_what_is_acquired_and_not_what_was_held_before() -> None:
    below = Claimant(1, 8, (("2026-01", 900),))
    above = Claimant(2, 30, (("2026-01", 900),))
    assert convert([below, above], price=100, cap=10, available=50) == {1: 2}


def test_lots_are_used_oldest_first() -> None:
    lots = [("2026-02", 500), ("2026-01", 120)]
    assert draw(lots, 300) == {"2026-01": 120, "2026-02": 180}
    with pytest.raises(ValueError, match="cover"):
        draw(lots, 621)


def test_the_cap_is_an_exact_fraction_rounded_down() -> None:
    assert cap_units([1, 3], 100) == 33
    assert cap_units([1, 1], 10**30 + 1) == 10**30 + 1


@given(CLAIMANTS, PRICE, CAP, AVAILABLE)
def test_nobody_gets_more_than_is_there_paid_for_or_allowed(
    claimants: list[Claimant], price: int, cap: int, available: int
) -> None:
    given_units = convert(claimants, price=price, cap=cap, available=available)
    assert sum(given_units.values()) <= available
    for claimant in claimants:
        units = given_units.get(claimant.number, 0)
        assert units * price <= sum(cents for _code, cents in claimant.lots)
        assert units == 0 or claimant.held + units <= cap
        assert sum(draw(claimant.lots, units * price).values()) == units * price


@given(CLAIMANTS, PRICE, CAP, AVAILABLE)
def test_nothing_is_left_over_while_somebody_can_still_take_it(
    claimants: list[Claimant], price: int, cap: int, available: int
) -> None:
    given_units = convert(claimants, price=price, cap=cap, available=available)
    last = max(MONTHS)
    able = sum(wanted(c, last, price, cap, 0) for c in claimants)
    assert sum(given_units.values()) == min(able, available)


@given(CLAIMANTS, PRICE, CAP, AVAILABLE)
def test_later_credit_takes_nothing_from_earlier_credit(
    claimants: list[Claimant], price: int, cap: int, available: int
) -> None:
    everything = convert(claimants, price=price, cap=cap, available=available)
    for month in periods_of(claimants):
        until = [
            Claimant(c.number, c.held, tuple(lot for lot in c.lots if lot[0] <= month))
            for c in claimants
        ]
        earlier = convert(until, price=price, cap=cap, available=available)
        assert all(everything.get(number, 0) >= units for number, units in earlier.items())


@given(CLAIMANTS, PRICE, CAP, AVAILABLE)
def test_the_order_in_which_members_are_named_does_not_matter(
    claimants: list[Claimant], price: int, cap: int, available: int
) -> None:
    turned = list(reversed(claimants))
    assert convert(claimants, price=price, cap=cap, available=available) == convert(
        turned, price=price, cap=cap, available=available
    )


@given(CLAIMANTS, PRICE, CAP, AVAILABLE)
def test_one_by_one_over_all_shares_the_rule_says_the_same(
    claimants: list[Claimant], price: int, cap: int, available: int
) -> None:
    assert convert(claimants, price=price, cap=cap, available=available) == by_hand(
        claimants, price, cap, available
    )


def by_hand(claimants: list[Claimant], price: int, cap: int, available: int) -> dict[int, int]:
    """The rule once more, handing out one unit at a time."""
    got = dict.fromkeys((c.number for c in claimants), 0)
    for month in sorted({code for c in claimants for code, _cents in c.lots}):
        wish = {}
        for c in claimants:
            buys = sum(cents for code, cents in c.lots if code <= month) // price
            wish[c.number] = max(0, min(buys, cap - c.held) - got[c.number])
        whole, left = sum(wish.values()), available - sum(got.values())
        if whole <= left:
            got = {number: got[number] + wish[number] for number in got}
            continue
        floors = {n: left * w // whole for n, w in wish.items()}
        spare = left - sum(floors.values())
        order = sorted(wish, key=lambda n: (-(left * wish[n] - floors[n] * whole), n))
        for number in itertools.islice(order, spare):
            floors[number] += 1
        got = {number: got[number] + floors[number] for number in got}
        break
    return {number: units for number, units in got.items() if units}
