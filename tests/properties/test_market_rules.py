"""The call auction and the price rules against second, plainer ways to say the same."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens import pricing
from tokens.auction import Bid, Clearing, clear
from tokens.pricing import Traded, by_auction, by_cost, by_stewards, within

AMOUNTS = st.integers(min_value=0, max_value=50)
ASKS = st.lists(AMOUNTS, max_size=4)
BIDS = st.lists(
    st.builds(Bid, st.integers(min_value=0, max_value=5), st.integers(min_value=1, max_value=50)),
    max_size=5,
)
PRICES = st.integers(min_value=0, max_value=10**12)
SHARES = st.integers(min_value=1, max_value=100).flatmap(
    lambda whole: st.tuples(st.integers(min_value=0, max_value=whole), st.just(whole))
)


def dealt(total: int, weights: list[int]) -> list[int]:
    """The fairest way to deal `total` out: of all ways to round every exact part up or down that
    sum to it, the one that rounds up the greatest remainders; among equals the earliest places.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [Fraction(total * weight, whole) for weight in weights]
    ways = product(*([int(part)] if part.denominator == 1 else [int(part) + 1, int(part)]
                     for part in exact))  # fmt: skip
    fitting = [way for way in ways if sum(way) == total]
    best = max(
        sorted(
            (part - int(part) for part, got in zip(exact, way, strict=True) if got > part),
            reverse=True,
        )
        for way in fitting
    )

    def rests(way: tuple[int, ...]) -> list[Fraction]:
        up = [p - int(p) for p, got in zip(exact, way, strict=True) if got > p]
        return sorted(up, reverse=True)

    return list(next(way for way in fitting if rests(way) == best))


def plainly(asks: list[int], pool: int, bids: list[Bid], floor: int) -> Clearing:
    """Section 7, read aloud: price after price, then the asks by what was sold."""
    left, bought = sum(asks) + pool, [0] * len(bids)
    for price in range(5, floor - 1, -1):
        level = [at for at, bid in enumerate(bids) if bid.price == price]
        wanted = [bids[at].amount for at in level]
        sold = min(left, sum(wanted))
        for at, part in zip(level, dealt(sold, wanted), strict=True):
            bought[at] = part
        left -= sold
    given = dealt(sum(bought), [*asks, pool])
    return Clearing(given[:-1], given[-1], bought)


@given(ASKS, AMOUNTS, BIDS, st.integers(min_value=0, max_value=5))
def test_an_auction_clears_as_a_plain_reading_says(
    asks: list[int], pool: int, bids: list[Bid], floor: int
) -> None:
    assert clear(asks=asks, pool=pool, bids=bids, floor=floor) == plainly(asks, pool, bids, floor)


@given(ASKS, AMOUNTS, BIDS, st.integers(min_value=0, max_value=5))
def test_what_is_sold_is_bought_and_no_more_than_was_meant(
    asks: list[int], pool: int, bids: list[Bid], floor: int
) -> None:
    result = clear(asks=asks, pool=pool, bids=bids, floor=floor)
    wanted = sum(bid.amount for bid in bids if bid.price >= floor)
    assert sum(result.asks) + result.pool == sum(result.bids) == min(sum(asks) + pool, wanted)
    assert all(0 <= sold <= asked for sold, asked in zip(result.asks, asks, strict=True))
    assert all(0 <= got <= bid.amount for got, bid in zip(result.bids, bids, strict=True))
    assert 0 <= result.pool <= pool


@given(ASKS, AMOUNTS, BIDS, st.integers(min_value=0, max_value=5))
def test_nobody_is_served_before_who_pays_more(
    asks: list[int], pool: int, bids: list[Bid], floor: int
) -> None:
    result = clear(asks=asks, pool=pool, bids=bids, floor=floor)
    for bid, got in zip(bids, result.bids, strict=True):
        for other, others in zip(bids, result.bids, strict=True):
            if got and other.price > bid.price:
                assert others == other.amount


@given(BIDS, AMOUNTS, st.integers(min_value=1, max_value=50))
def test_a_lower_bid_takes_nothing_from_a_higher_one(
    bids: list[Bid], pool: int, amount: int
) -> None:
    """A straw that bids low changes nothing for those who bid more."""
    before = clear(asks=[], pool=pool, bids=bids, floor=1)
    after = clear(asks=[], pool=pool, bids=[*bids, Bid(0, amount)], floor=0)
    higher = [at for at, bid in enumerate(bids) if bid.price >= 1]
    assert [after.bids[at] for at in higher] == [before.bids[at] for at in higher]


def test_equal_remainders_go_to_the_earlier_and_the_pool_comes_last() -> None:
    equal = [Bid(1, 1), Bid(1, 1), Bid(1, 1)]
    assert clear(asks=[], pool=2, bids=equal, floor=1).bids == [1, 1, 0]
    asked = clear(asks=[1, 1], pool=1, bids=[Bid(1, 2)], floor=1)
    assert (asked.asks, asked.pool) == ([1, 1], 0)


@given(PRICES, SHARES)
def test_no_step_leaves_the_stewards_price_as_it_is(posted: int, step: tuple[int, int]) -> None:
    none = by_stewards(posted=posted, last=posted // 2, unsold=True, step=(0, step[1]))
    assert none == pricing.Price(posted, pricing.STEWARDS)
    first = by_stewards(posted=posted, last=None, unsold=True, step=step)
    assert first == pricing.Price(posted, pricing.STEWARDS)


@given(PRICES, PRICES, st.booleans(), SHARES)
def test_the_stewards_price_falls_by_the_step_and_never_rises_by_itself(
    posted: int, last: int, unsold: bool, step: tuple[int, int]
) -> None:
    found = by_stewards(posted=posted, last=last, unsold=unsold, step=step)
    base = posted if step[0] == 0 else min(posted, last)
    exact = base * (1 - Fraction(*step)) if unsold else Fraction(base)
    assert found.price <= posted
    assert abs(found.price - exact) <= Fraction(1, 2)


@given(PRICES, st.integers(min_value=0, max_value=500), st.integers(min_value=1, max_value=100))
def test_cost_plus_is_cost_and_an_exact_fraction(cost: int, part: int, whole: int) -> None:
    found = by_cost(sale_cost=cost, markup=(part, whole)).price
    assert abs(found - cost * (1 + Fraction(part, whole))) <= Fraction(1, 2)
    assert found >= cost


@given(PRICES, PRICES, SHARES)
def test_an_auction_moves_the_price_no_further_than_it_may(
    average: int, last: int, most: tuple[int, int]
) -> None:
    found = within(average, last, most)
    assert abs(found - last) <= last * Fraction(*most)
    assert min(average, last) <= found <= max(average, last)
    if abs(average - last) <= last * Fraction(*most):
        assert found == average


@given(PRICES, PRICES, PRICES, st.integers(min_value=1, max_value=10**6))
def test_a_straw_trade_sets_no_price(posted: int, last: int, average: int, least: int) -> None:
    straw = Traded(least - 1, average)
    found = by_auction(posted=posted, last=last, traded=straw, least=least, most=(1, 1))
    assert found == pricing.Price(last, pricing.KEPT)
    enough = Traded(least, average)
    moved = by_auction(posted=posted, last=last, traded=enough, least=least, most=(1, 1))
    assert moved.price == min(average, 2 * last)


@pytest.mark.parametrize("traded", [None, Traded(10, None), Traded(10**9, 5)])
def test_before_the_first_period_what_is_posted_holds(traded: Traded | None) -> None:
    found = by_auction(posted=7, last=None, traded=traded, least=1, most=(1, 1))
    assert found == pricing.Price(7, pricing.STEWARDS)
