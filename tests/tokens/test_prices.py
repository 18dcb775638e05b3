"""The posted price from period to period, by each of its rules."""

import pytest

from policies.services import set_policy
from tests.makers import agree
from tests.tokens.market import PRICE, ask, bid, call, price_of
from tests.valley import AUGUST, JULY, SCOPE, Valley, make_valley
from tokens.models import Period, Yield
from tokens.services import clear_auction, offer_surplus, open_period, run_step

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def offer(valley: Valley, name: str) -> None:
    offer_surplus(
        member=valley.members[name],
        pool=valley.pool,
        resource=valley.resource,
        amount=None,
        standing=True,
        actor=None,
    )


def close(period: Period) -> None:
    for step in ("settle", "match", "charge", "expire", "convert"):
        run_step(period_id=period.pk, step=step, actor=None, at=period.end)


def august(july: Period) -> Period:
    close(july)
    end = AUGUST.replace(month=8, day=31)
    return open_period(start=AUGUST, end=end, code="2026-08", actor=None, at=AUGUST)


def trade(valley: Valley, price: int, amount: int = 10_000) -> None:
    """An auction in June in which Ana sells to Chloe."""
    auction = call(valley)
    ask(valley, auction, "ana", amount)
    bid(valley, auction, "chloe", amount, price)
    clear_auction(auction_id=auction.pk, actor=None)


def test_the_stewards_price_stands_by_default(valley: Valley) -> None:
    offer(valley, "ben")
    valley.close()
    assert price_of(valley.open_july()) == (PRICE, "stewards")


def test_the_price_falls_while_members_offer_in_vain(valley: Valley) -> None:
    agree("price_step_down", [1, 10])
    offer(valley, "ben")
    valley.close()
    assert Yield.objects.get().offers_unsold == 300_000
    july = valley.open_july()
    assert price_of(july) == (72_000_000, "lowered")
    assert price_of(august(july)) == (64_800_000, "lowered")


def test_what_the_treasury_does_not_sell_lowers_nothing(valley: Valley) -> None:
    agree("price_step_down", [1, 10])
    valley.close()
    assert Yield.objects.get().offers_unsold == 0
    assert price_of(valley.open_july()) == (PRICE, "stewards")


def test_a_new_word_of_the_stewards_counts_again(valley: Valley) -> None:
    agree("price_step_down", [1, 10])
    offer(valley, "ben")
    valley.close()
    july = valley.open_july()
    set_policy(
        actor=None, key="posted_price", scope=SCOPE, value=70_000_000, valid_from=AUGUST,
        source="proposal:9",
    )  # fmt: skip
    assert price_of(august(july)) == (70_000_000, "stewards")


def test_the_price_never_falls_below_cost(valley: Valley) -> None:
    agree("price_step_down", [1, 1])
    offer(valley, "ben")
    valley.close()
    assert price_of(valley.open_july()) == (50_000_000, "cost")


def test_cost_plus_follows_the_cost(valley: Valley) -> None:
    agree("price_rule", "cost_plus")
    agree("price_markup", [3, 2])
    valley.close()
    july = valley.open_july()
    assert price_of(july) == (125_000_000, "cost_plus")
    assert Yield.objects.get(period=july).price_source == "cost and 3/2 of it"


@pytest.mark.parametrize(
    ("bid_price", "most", "price", "rule"),
    [
        (88_000_000, [1, 10], 88_000_000, "auction"),
        (88_000_001, [1, 10], 88_000_000, "limited"),
        (800_000_000, [1, 10], 88_000_000, "limited"),
        (81_000_000, [0, 1], 80_000_000, "limited"),
    ],
)
def test_the_last_auction_moves_the_price_within_limits(
    valley: Valley, bid_price: int, most: list[int], price: int, rule: str
) -> None:
    agree("price_rule", "last_auction")
    agree("price_max_change", most)
    trade(valley, bid_price)
    valley.close()
    assert price_of(valley.open_july()) == (price, rule)


def test_a_straw_trade_moves_nothing(valley: Valley) -> None:
    agree("price_rule", "last_auction")
    agree("price_min_volume", 10_001)
    trade(valley, 88_000_000)
    valley.close()
    assert price_of(valley.open_july()) == (PRICE, "kept")


def test_without_an_auction_the_price_stays(valley: Valley) -> None:
    agree("price_rule", "last_auction")
    valley.close()
    assert price_of(valley.open_july()) == (PRICE, "kept")


def test_each_pool_has_its_rule(valley: Valley) -> None:
    agree("price_rule", "cost_plus", scope="elsewhere")
    valley.close()
    assert price_of(valley.open_july()) == (PRICE, "stewards")
    assert valley.period.start < JULY
