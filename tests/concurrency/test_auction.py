"""The last moment of an auction, on twenty connections: what is in is exact, the rest is told."""

from collections.abc import Callable
from functools import partial

import pytest

from coop.invariants import all_broken
from members.models import Member
from members.services import enrol_member, link_members
from tests.at_once import run_at_once
from tests.makers import agree
from tests.races import at_once
from tests.tokens.market import ask, bid, bought, call, sold
from tests.valley import Valley, make_valley
from tokens.auction import Bid as Wish
from tokens.auction import clear
from tokens.errors import AuctionCleared, BeyondCredit, BothSides
from tokens.models import Ask, Bid
from tokens.services import clear_auction, place_ask, place_bid

pytestmark = pytest.mark.django_db(transaction=True)

PRICES = (80_000_000, 85_000_000, 90_000_000)


def crowd(count: int) -> list[Member]:
    return [enrol_member(name=f"n{n}", actor=None) for n in range(count)]


def test_what_came_in_time_is_cleared_exactly_and_the_rest_is_refused() -> None:
    valley = make_valley()
    auction, people = call(valley, pool_tokens=30_000), crowd(19)
    ask(valley, auction, "ana", 50_000)

    def wish(at: int) -> Bid:
        return place_bid(
            auction_id=auction.pk,
            member=people[at],
            price=PRICES[at % 3],
            amount=7001 + at,
            actor=None,
        )

    jobs: list[Callable[[], object]] = [partial(wish, at) for at in range(19)]
    jobs.insert(12, partial(clear_auction, auction_id=auction.pk, actor=None))
    outcomes = run_at_once(jobs)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {type(error) for error in refused} <= {AuctionCleared}
    taken = list(auction.bids.order_by("pk"))
    assert len(taken) + len(refused) == 19
    result = clear(
        asks=[50_000],
        pool=30_000,
        bids=[Wish(row.price, row.amount) for row in taken],
        floor=80_000_000,
    )
    auction.refresh_from_db()
    assert [row.bought for row in taken] == result.bids
    assert [row for row, _ in sold(auction)] == result.asks
    assert (auction.pool_sold, auction.volume) == (result.pool, sum(result.bids))
    assert all_broken() == []


def test_bids_at_the_moment_of_the_opening_are_in_it_or_refused() -> None:
    valley = make_valley()
    auction, people = call(valley, before=True), crowd(19)
    ask(valley, auction, "ana", 60_000)
    valley.close()

    def wish(at: int) -> Bid:
        return place_bid(
            auction_id=auction.pk,
            member=people[at],
            price=PRICES[at % 3],
            amount=7001 + at,
            actor=None,
        )

    jobs: list[Callable[[], object]] = [partial(wish, at) for at in range(19)]
    jobs.insert(2, valley.open_july)
    outcomes = run_at_once(jobs)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {type(error) for error in refused} <= {AuctionCleared}
    taken = list(auction.bids.order_by("pk"))
    assert len(taken) + len(refused) == 19
    wishes = [Wish(row.price, row.amount) for row in taken]
    result = clear(asks=[60_000], pool=0, bids=wishes, floor=80_000_000)
    assert [row.bought for row in taken] == result.bids
    assert all_broken() == []


def test_twenty_who_clear_at_once_clear_once() -> None:
    valley = make_valley()
    auction = call(valley, pool_tokens=10_000)
    bid(valley, auction, "chloe", 6000)
    cleared = at_once(*[lambda: clear_auction(auction_id=auction.pk, actor=None)] * 20)
    assert len({row.txn_id for row in cleared}) == 1
    assert bought(auction) == [(6000, "")]
    assert all_broken() == []


def linked_pair(valley: Valley) -> tuple[Member, Member]:
    ana, chloe = valley.members["ana"], valley.members["chloe"]
    link_members(member_id=ana.pk, other_id=chloe.pk, reason="one household", actor=None)
    return ana, chloe


def test_linked_accounts_at_the_same_moment_stand_on_one_side() -> None:
    valley = make_valley()
    ana, chloe = linked_pair(valley)
    auction = call(valley)

    def asking() -> Ask:
        return place_ask(auction_id=auction.pk, member=ana, amount=1000, actor=None)

    def bidding() -> Bid:
        return place_bid(
            auction_id=auction.pk, member=chloe, price=80_000_000, amount=1000, actor=None
        )

    outcomes = run_at_once([asking, bidding] * 10)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {type(error) for error in refused} == {BothSides}
    assert (auction.asks.exists(), auction.bids.exists()) in [(True, False), (False, True)]
    assert len(refused) == 10


def test_one_members_bids_in_two_auctions_share_one_limit() -> None:
    valley = make_valley()
    agree("credit_limit", 8000)
    places = [call(valley, "a"), call(valley, "b")]

    def wish(at: int) -> Bid:
        return bid(valley, places[at % 2], "chloe", 25_000)

    outcomes = run_at_once([partial(wish, at) for at in range(20)])
    refused = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {type(error) for error in refused} == {BeyondCredit}
    assert Bid.objects.count() == 4
    assert len(refused) == 16
