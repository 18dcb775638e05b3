"""Auctions: before their period and within it, withdrawn, covered, on one side, final."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from coop.invariants import all_broken
from ledger.errors import AmountTooLarge, KeyConflict
from ledger.queries import balance_of
from members.services import change_state, link_members
from policies.services import set_policy
from tests.makers import agree
from tests.tokens.market import ask, bid, bought, call, due, running_july, sold
from tests.valley import JULY, Valley, make_valley
from tokens.errors import (
    AuctionBeforePeriod,
    AuctionCleared,
    AuctionRuns,
    AuctionStands,
    BeyondCredit,
    BidBelowPrice,
    BidTooLarge,
    BothSides,
    NotEnoughTokens,
    WrongMoment,
)
from tokens.models import Auction, Bid, Book
from tokens.services import (
    ask_for_pool,
    clear_auction,
    record_usage,
    run_step,
    sweep_auctions,
    withdraw_ask,
    withdraw_bid,
)
from tokens.services.market import need_price

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def own(valley: Valley, name: str, code: str) -> int:
    book = Book.objects.get(member=valley.members[name], yields__period__code=code)
    return balance_of(book.own_account)


def test_what_was_bid_before_the_period_is_served_at_its_opening(valley: Valley) -> None:
    auction = call(valley, before=True, pool_tokens=10_000)
    ask(valley, auction, "ana", 100_000)
    bid(valley, auction, "chloe", 44_000, 90_000_000)
    valley.close()
    valley.open_july()
    auction.refresh_from_db()
    assert auction.state == "cleared"
    assert bought(auction) == [(44_000, "")]
    assert (sold(auction), auction.pool_sold) == ([(40_000, "")], 4_000)
    assert own(valley, "ana", "2026-07") == 460_000
    assert (auction.volume, auction.average) == (44_000, 90_000_000)
    assert all_broken() == []


def test_at_the_opening_asks_are_bound_by_what_is_own_and_bids_by_the_price(
    valley: Valley,
) -> None:
    auction = call(valley, before=True)
    ask(valley, auction, "ana", 900_000)
    bid(valley, auction, "chloe", 10_000, 79_999_999)
    bid(valley, auction, "chloe", 700_000, 80_000_000)
    valley.close()
    valley.open_july()
    auction.refresh_from_db()
    assert bought(auction) == [(0, "price"), (500_000, "")]
    assert sold(auction) == [(500_000, "tokens")]
    assert all_broken() == []


def test_one_auction_at_a_time_collects_for_the_coming_period(valley: Valley) -> None:
    first = call(valley, "a", before=True)
    assert call(valley, "a", before=True) == first
    with pytest.raises(AuctionStands):
        call(valley, "b", before=True)
    with pytest.raises(WrongMoment):
        call(valley, "c", before=True, closes_at=timezone.now() + timedelta(days=1))
    with pytest.raises(KeyConflict):
        call(valley, "a", before=True, pool_tokens=5)
    with pytest.raises(AuctionBeforePeriod):
        clear_auction(auction_id=first.pk, actor=None)


def test_an_auction_of_a_resource_that_is_no_more_lapses_at_the_opening(valley: Valley) -> None:
    auction = call(valley, before=True)
    ask(valley, auction, "ana", 1000)
    valley.close()
    valley.pool.cost_lines.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM assets_capacitychange")
    valley.open_july()
    auction.refresh_from_db()
    assert (auction.state, auction.txn_id) == ("lapsed", None)


def test_asks_and_bids_are_withdrawn_while_it_collects(valley: Valley) -> None:
    auction = call(valley)
    asked, wanted = ask(valley, auction, "ana", 500_000), bid(valley, auction, "chloe", 5000)
    with pytest.raises(NotEnoughTokens):
        ask(valley, auction, "ana", 1)
    withdraw_ask(ask_id=asked.pk, actor=None)
    assert withdraw_bid(bid_id=wanted.pk, actor=None).withdrawn_at is not None
    again = withdraw_bid(bid_id=wanted.pk, actor=None)
    assert again.withdrawn_at is not None
    ask(valley, auction, "ana", 1000)
    bid(valley, auction, "chloe", 600)
    clear_auction(auction_id=auction.pk, actor=None)
    assert bought(auction) == [(0, ""), (600, "")]
    assert sold(auction) == [(0, ""), (600, "")]
    with pytest.raises(AuctionCleared):
        withdraw_ask(ask_id=asked.pk, actor=None)
    assert all_broken() == []


def test_who_withdrew_may_change_sides(valley: Valley) -> None:
    auction = call(valley)
    withdraw_ask(ask_id=ask(valley, auction, "ana", 1000).pk, actor=None)
    assert bid(valley, auction, "ana", 1000).amount == 1000


def test_the_sweep_clears_what_is_due_and_nothing_else(valley: Valley) -> None:
    running_july(valley)
    soon = call(valley, "soon", closes_at=timezone.now() + timedelta(days=1))
    later = call(valley, "later", closes_at=timezone.now() + timedelta(days=2))
    ask(valley, soon, "ana", 1000)
    bid(valley, soon, "chloe", 700)
    due(soon)
    with pytest.raises(AuctionCleared):
        bid(valley, soon, "chloe", 1)
    assert sweep_auctions(at=timezone.now()) == 1
    assert sweep_auctions(at=timezone.now()) == 0
    soon.refresh_from_db()
    later.refresh_from_db()
    assert (soon.state, soon.volume, later.state) == ("cleared", 700, "collecting")
    assert all_broken() == []


def test_before_its_time_an_auction_clears_only_for_a_reason(valley: Valley) -> None:
    running_july(valley)
    auction = call(valley, closes_at=timezone.now() + timedelta(days=1))
    with pytest.raises(AuctionRuns):
        clear_auction(auction_id=auction.pk, actor=None)
    cleared = clear_auction(auction_id=auction.pk, actor=None, reason="the mast is down")
    assert (cleared.state, cleared.early_reason) == ("cleared", "the mast is down")


@pytest.mark.parametrize("days", [-1, 31])
def test_it_clears_after_now_and_within_its_period(valley: Valley, days: int) -> None:
    running_july(valley)
    with pytest.raises(WrongMoment):
        call(valley, closes_at=timezone.now() + timedelta(days=days))


def test_the_close_clears_what_is_due_and_ends_the_rest(valley: Valley) -> None:
    july = running_july(valley)
    moment = timezone.now() + timedelta(hours=1)
    over, standing = call(valley, "over", closes_at=moment), call(valley, "standing")
    for auction in (over, standing):
        ask(valley, auction, "ana", 1000)
        bid(valley, auction, "chloe", 1000)
    due(over)
    run_step(period_id=july.pk, step="settle", actor=None, early=True)
    over.refresh_from_db()
    standing.refresh_from_db()
    assert (over.state, standing.state) == ("cleared", "lapsed")
    assert bought(standing) == [(0, "")]
    assert all_broken() == []


def test_bids_add_up_within_the_credit_limit(valley: Valley) -> None:
    agree("credit_limit", 10_000)
    auction, other = call(valley, "a"), call(valley, "b")
    first = bid(valley, auction, "chloe", 100_000)
    with pytest.raises(BeyondCredit):
        bid(valley, other, "chloe", 25_010)
    assert bid(valley, other, "chloe", 25_000).amount == 25_000
    withdraw_bid(bid_id=first.pk, actor=None)
    assert bid(valley, other, "chloe", 100_000).amount == 100_000


def test_what_is_no_longer_covered_is_left_out_the_latest_first(valley: Valley) -> None:
    agree("credit_limit", 10_000)
    auction = call(valley, pool_tokens=200_000)
    bid(valley, auction, "chloe", 50_000)
    bid(valley, auction, "ben", 60_000)
    bid(valley, auction, "chloe", 60_000, 90_000_000)
    record_usage(rows=[valley.use("chloe", 10_000, "u")], actor=None)
    clear_auction(auction_id=auction.pk, actor=None)
    assert bought(auction) == [(50_000, ""), (60_000, ""), (0, "credit")]
    assert all_broken() == []


def test_what_is_left_out_for_another_reason_takes_no_credit(valley: Valley) -> None:
    auction = call(valley, pool_tokens=200_000)
    bid(valley, auction, "chloe", 100_000, 10_000_000)
    bid(valley, auction, "chloe", 100_000, 80_000_000)
    now = timezone.now()
    set_policy(actor=None, key="credit_limit", value=8000, valid_from=now, source="vote")
    clear_auction(auction_id=auction.pk, actor=None)
    assert bought(auction) == [(0, "price"), (100_000, "")]


def test_linked_accounts_stand_on_one_side(valley: Valley) -> None:
    ana, chloe = valley.members["ana"], valley.members["chloe"]
    link_members(member_id=ana.pk, other_id=chloe.pk, reason="one household", actor=None)
    auction = call(valley)
    ask(valley, auction, "ana", 1000)
    with pytest.raises(BothSides):
        bid(valley, auction, "chloe", 1000)
    with pytest.raises(BothSides):
        bid(valley, auction, "ana", 1000)
    bid(valley, auction, "ben", 1000)
    with pytest.raises(BothSides):
        ask(valley, auction, "ben", 1000)


@pytest.mark.parametrize("asks_first", [True, False])
def test_who_is_found_to_be_linked_later_stays_on_the_side_taken_first(
    valley: Valley, asks_first: bool
) -> None:
    auction = call(valley, pool_tokens=1000)
    if asks_first:
        ask(valley, auction, "ana", 1000)
    bid(valley, auction, "chloe", 500)
    if not asks_first:
        ask(valley, auction, "ana", 1000)
    bid(valley, auction, "ben", 400)
    ana, chloe = valley.members["ana"], valley.members["chloe"]
    link_members(member_id=ana.pk, other_id=chloe.pk, reason="one household", actor=None)
    cleared = clear_auction(auction_id=auction.pk, actor=None)
    if asks_first:
        assert bought(auction) == [(0, "linked"), (400, "")]
        assert (sold(auction), cleared.pool_sold) == ([(200, "")], 200)
    else:
        assert bought(auction) == [(500, ""), (400, "")]
        assert (sold(auction), cleared.pool_sold) == ([(0, "linked")], 900)
    assert all_broken() == []


def test_the_database_keeps_linked_accounts_apart(valley: Valley) -> None:
    ana, chloe = valley.members["ana"], valley.members["chloe"]
    auction = call(valley)
    ask(valley, auction, "ana", 1000)
    link_members(member_id=ana.pk, other_id=chloe.pk, reason="one household", actor=None)
    for member in (ana, chloe):
        with pytest.raises(DatabaseError), transaction.atomic():
            Bid.objects.create(auction=auction, member=member, price=1, amount=1)


def test_who_lost_their_rights_takes_no_part(valley: Valley) -> None:
    auction = call(valley, pool_tokens=1000)
    bid(valley, auction, "chloe", 600)
    bid(valley, auction, "ben", 600)
    change_state(member_id=valley.members["chloe"].pk, to="suspended", reason="default", actor=None)
    clear_auction(auction_id=auction.pk, actor=None)
    assert bought(auction) == [(0, "member"), (600, "")]


def test_what_was_used_meanwhile_is_not_sold(valley: Valley) -> None:
    auction = call(valley)
    ask(valley, auction, "ana", 400_000)
    ask(valley, auction, "ana", 100_000)
    bid(valley, auction, "chloe", 500_000)
    record_usage(rows=[valley.use("ana", 350_000, "u")], actor=None)
    clear_auction(auction_id=auction.pk, actor=None)
    assert sold(auction) == [(150_000, "tokens"), (0, "tokens")]
    assert bought(auction) == [(150_000, "")]
    assert all_broken() == []


def test_what_an_auction_came_to_cannot_be_changed(valley: Valley) -> None:
    auction = call(valley, pool_tokens=1000)
    bid(valley, auction, "chloe", 600)
    clear_auction(auction_id=auction.pk, actor=None)
    changes = (
        lambda: auction.bids.update(bought=500),
        lambda: auction.bids.all().delete(),
        lambda: Auction.objects.update(volume=5),
    )
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_pool_asks_what_it_has(valley: Valley) -> None:
    auction = call(valley)
    with pytest.raises(NotEnoughTokens):
        ask_for_pool(auction_id=auction.pk, amount=200_001, actor=None)
    ask_for_pool(auction_id=auction.pk, amount=200_000, actor=None)
    bid(valley, auction, "chloe", 250_000)
    assert clear_auction(auction_id=auction.pk, actor=None).pool_sold == 200_000
    with pytest.raises(AuctionCleared):
        ask_for_pool(auction_id=auction.pk, amount=1, actor=None)


def test_a_bid_below_the_posted_price_is_named_where_people_bid(valley: Valley) -> None:
    auction = call(valley)
    with pytest.raises(BidBelowPrice):
        need_price(auction, 79_999_999)
    need_price(auction, 80_000_000)
    need_price(call(valley, "b", before=True), 1)


def test_no_bid_is_more_than_the_books_can_hold(valley: Valley) -> None:
    with pytest.raises(BidTooLarge):
        bid(valley, call(valley), "chloe", 10**13, 10**15)
    coming = call(valley, "b", before=True)
    with pytest.raises(BidTooLarge):
        bid(valley, coming, "chloe", 10**30, 0)
    with pytest.raises(AmountTooLarge):
        ask(valley, coming, "ana", 10**30)
    with pytest.raises(AmountTooLarge):
        ask_for_pool(auction_id=coming.pk, amount=10**30, actor=None)


def test_the_moment_of_an_auction_is_no_part_of_what_a_period_settles(valley: Valley) -> None:
    """An auction called and left alone changes nothing of the close."""
    call(valley)
    valley.used_as_in_the_worked_period()
    valley.close()
    book = Book.objects.get(member=valley.members["ben"])
    assert book.settlement.matched == 47_273
    assert valley.period.end == JULY
    assert all_broken() == []
