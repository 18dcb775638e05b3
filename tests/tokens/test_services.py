"""Usage, gifts, offers, auctions and the close: what they do and what they refuse."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from coop.invariants import all_broken
from ledger.errors import KeyConflict
from ledger.models import Transaction
from ledger.queries import balance, balance_of
from tests.valley import JULY, JUNE, Valley, make_valley
from tokens.errors import (
    BelowZero,
    BidTooSmall,
    BothSides,
    GiftDecided,
    GiftToOneself,
    NoOpenPeriod,
    NotEnoughTokens,
    PeriodNotOver,
    PeriodStillOpen,
    ReasonMissing,
    StepOutOfOrder,
    UnknownYield,
)
from tokens.models import Book, CloseStep, Gift, Period, Usage, Yield
from tokens.services import (
    UsageRow,
    accept_gift,
    call_auction,
    clear_auction,
    decline_gift,
    give,
    next_step,
    offer_surplus,
    open_period,
    place_ask,
    place_bid,
    record_usage,
    run_step,
    withdraw_offer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def valley() -> Valley:
    return make_valley()


def book_of(valley: Valley, name: str) -> Book:
    return Book.objects.get(member=valley.members[name])


def held(valley: Valley, name: str) -> tuple[int, int, int, int]:
    book = book_of(valley, name)
    received = 0 if book.received_account is None else balance_of(book.received_account)
    return balance_of(book.own_account), received, book.redeemed, book.overage


def gift(valley: Valley, amount: int, key: str = "g") -> Gift:
    return give(
        giver=valley.members["ana"],
        receiver=valley.members["chloe"],
        pool=valley.pool,
        resource=valley.resource,
        amount=amount,
        actor=None,
        key=key,
    )


def test_usage_within_the_tokens_costs_nothing_more(valley: Valley) -> None:
    record_usage(rows=[valley.use("ana", 450_000, "a")], actor=None)
    assert held(valley, "ana") == (50_000, 0, 450_000, 0)
    ana = valley.members["ana"].pk
    assert balance("EUR", "provisional_receivable", f"member/{ana}") == 0


def test_a_correction_takes_back_what_was_charged(valley: Valley) -> None:
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    record_usage(rows=[valley.use("chloe", -20_000, "d", "meter read twice")], actor=None)
    assert held(valley, "chloe") == (0, 0, 0, 100_000)
    chloe = valley.members["chloe"].pk
    assert balance("EUR", "provisional_receivable", f"member/{chloe}") == 8000
    assert all_broken() == []


def test_usage_never_falls_below_zero(valley: Valley) -> None:
    record_usage(rows=[valley.use("ana", 10, "a")], actor=None)
    before = Transaction.objects.count()
    with pytest.raises(BelowZero):
        record_usage(rows=[valley.use("ana", -11, "b", "typo")], actor=None)
    assert (Transaction.objects.count(), Usage.objects.count()) == (before, 1)


def test_a_correction_needs_a_reason(valley: Valley) -> None:
    row = valley.use("ana", -1, "a", "x")
    with pytest.raises(ReasonMissing):
        record_usage(rows=[UsageRow(**{**row.__dict__, "reason": ""})], actor=None)


def test_usage_of_a_resource_that_the_pool_lacks_is_refused(valley: Valley) -> None:
    row = valley.use("ana", 1, "a")
    with pytest.raises(UnknownYield):
        record_usage(rows=[UsageRow(**{**row.__dict__, "resource_id": 0})], actor=None)


def test_usage_before_and_after_the_period_comes_back_unrecorded(valley: Valley) -> None:
    row = valley.use("ana", 5, "a")
    early = UsageRow(**{**row.__dict__, "used_at": JUNE - timedelta(seconds=1)})
    later = UsageRow(**{**row.__dict__, "used_at": JULY})
    outcome = record_usage(rows=[early, later], actor=None)
    assert (outcome.late, outcome.waiting, outcome.recorded) == ([early], [later], [])
    assert Usage.objects.count() == 0


def test_usage_while_the_period_is_being_closed_waits(valley: Valley) -> None:
    valley.run("settle")
    outcome = record_usage(rows=[valley.use("ana", 5, "a")], actor=None)
    assert len(outcome.waiting) == 1


def test_a_gift_moves_when_it_is_accepted(valley: Valley) -> None:
    record_usage(rows=[valley.use("chloe", 120_000, "c")], actor=None)
    waiting = gift(valley, 50_000)
    assert held(valley, "chloe") == (0, 0, 0, 120_000)
    accept_gift(gift_id=waiting.pk, actor=None)
    accept_gift(gift_id=waiting.pk, actor=None)
    assert held(valley, "chloe") == (0, 0, 50_000, 70_000)
    assert held(valley, "ana") == (450_000, 0, 0, 0)
    assert all_broken() == []


@pytest.mark.parametrize(
    "change", [{"amount": 1}, {"state": "withdrawn"}, {"state": "accepted", "txn_id": None}]
)
def test_the_database_keeps_a_gift_that_was_answered(
    valley: Valley, change: dict[str, object]
) -> None:
    made = accept_gift(gift_id=gift(valley, 50_000).pk, actor=None)
    with pytest.raises(DatabaseError, match="answered once"), transaction.atomic():
        Gift.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Gift.objects.filter(pk=made.pk).delete()
    waiting = gift(valley, 1, "h")
    for state in ("accepted", "offered"):
        with pytest.raises(DatabaseError, match="answered once"), transaction.atomic():
            Gift.objects.filter(pk=waiting.pk).update(state=state)


def test_given_tokens_cannot_be_passed_on(valley: Valley) -> None:
    accept_gift(gift_id=gift(valley, 50_000).pk, actor=None)
    with pytest.raises(NotEnoughTokens):
        give(
            giver=valley.members["chloe"],
            receiver=valley.members["ben"],
            pool=valley.pool,
            resource=valley.resource,
            amount=1,
            actor=None,
            key="on",
        )


def test_only_unused_tokens_can_be_given(valley: Valley) -> None:
    record_usage(rows=[valley.use("ana", 450_000, "a")], actor=None)
    with pytest.raises(NotEnoughTokens):
        gift(valley, 50_001)
    assert gift(valley, 50_000).amount == 50_000


def test_a_gift_is_checked_again_when_it_is_accepted(valley: Valley) -> None:
    waiting = gift(valley, 50_001)
    record_usage(rows=[valley.use("ana", 450_000, "a")], actor=None)
    with pytest.raises(NotEnoughTokens):
        accept_gift(gift_id=waiting.pk, actor=None)
    assert all_broken() == []


def test_a_gift_to_oneself_is_refused(valley: Valley) -> None:
    ana = valley.members["ana"]
    with pytest.raises(GiftToOneself):
        give(
            giver=ana,
            receiver=ana,
            pool=valley.pool,
            resource=valley.resource,
            amount=1,
            actor=None,
            key="self",
        )


def test_a_declined_gift_cannot_be_accepted(valley: Valley) -> None:
    waiting = gift(valley, 5)
    decline_gift(gift_id=waiting.pk, actor=None)
    with pytest.raises(GiftDecided):
        accept_gift(gift_id=waiting.pk, actor=None)


def test_the_same_gift_twice_is_one_gift(valley: Valley) -> None:
    assert gift(valley, 5).pk == gift(valley, 5).pk


def test_the_giver_keeps_the_cost(valley: Valley) -> None:
    accept_gift(gift_id=gift(valley, 100_000).pk, actor=None)
    valley.close()
    assert book_of(valley, "ana").settlement.own_cost == 25_000
    assert book_of(valley, "chloe").settlement.expired == 100_000
    assert all_broken() == []


def test_an_auction_is_paid_as_bid(valley: Valley) -> None:
    auction = call_auction(
        pool=valley.pool, resource=valley.resource, key="a", pool_tokens=10_000, actor=None
    )
    place_ask(auction_id=auction.pk, member=valley.members["ana"], amount=10_000, actor=None)
    for price, amount in ((100_000_000, 12_000), (90_000_000, 20_000), (70_000_000, 5_000)):
        place_bid(
            auction_id=auction.pk,
            member=valley.members["chloe"],
            price=price,
            amount=amount,
            actor=None,
        )
    with pytest.raises(BothSides):
        place_ask(auction_id=auction.pk, member=valley.members["chloe"], amount=1, actor=None)
    with pytest.raises(BothSides):
        place_bid(
            auction_id=auction.pk,
            member=valley.members["ana"],
            price=90_000_000,
            amount=1,
            actor=None,
        )
    cleared = clear_auction(auction_id=auction.pk, actor=None)
    clear_auction(auction_id=auction.pk, actor=None)
    assert list(auction.bids.order_by("pk").values_list("bought", flat=True)) == [12_000, 8_000, 0]
    assert cleared.pool_sold == 10_000
    assert held(valley, "chloe") == (0, 20_000, 0, 0)
    assert all_broken() == []
    valley.close()
    done = book_of(valley, "chloe").settlement
    assert (done.cost_part, done.profit) == (600 + 400, 600 + 320)
    assert all_broken() == []


def test_a_bid_below_the_smallest_size_is_refused(valley: Valley) -> None:
    auction = call_auction(pool=valley.pool, resource=valley.resource, key="a", actor=None)
    with pytest.raises(BidTooSmall):
        place_bid(
            auction_id=auction.pk, member=valley.members["ben"], price=1, amount=0, actor=None
        )


def test_a_withdrawn_offer_sells_nothing(valley: Valley) -> None:
    offer = offer_surplus(
        member=valley.members["ben"],
        pool=valley.pool,
        resource=valley.resource,
        amount=None,
        standing=True,
        actor=None,
    )
    withdraw_offer(offer_id=offer.pk, actor=None)
    record_usage(rows=[valley.use("chloe", 300_000, "c")], actor=None)
    valley.close()
    assert book_of(valley, "ben").settlement.sold == 0
    row = Yield.objects.get()
    assert (row.matched, row.unbacked, row.to_reserve) == (200_000, 100_000, 5_000)
    assert balance("EUR", "cash:reserve", "pool/backbone") == 5_000
    assert all_broken() == []


def test_a_period_cannot_be_closed_before_its_end_unless_ended_early(valley: Valley) -> None:
    middle = JUNE + timedelta(days=10)
    with pytest.raises(PeriodNotOver):
        run_step(period_id=valley.period.pk, step="settle", actor=None, at=middle)
    run_step(period_id=valley.period.pk, step="settle", actor=None, at=middle, early=True)
    valley.period.refresh_from_db()
    assert valley.period.end == middle


def test_an_early_end_charges_no_cost_twice(valley: Valley) -> None:
    middle = JUNE + timedelta(days=10)
    run_step(period_id=valley.period.pk, step="settle", actor=None, at=middle, early=True)
    valley.run("match", "charge", "expire", "convert", "open")
    first, second = Yield.objects.order_by("period__start")
    assert (first.actual, first.unit_cost) == (16_667, 50_000_000)
    assert first.carried_next == 40_000 + (first.vacancy or 0) - 16_667
    assert (second.cost, second.issued) == (33_333, 666_667)
    assert second.budget == max(0, second.cost - (first.carried_next or 0))
    assert (first.actual or 0) + second.cost == 50_000
    assert all_broken() == []


def test_an_actual_cost_that_is_typed_counts_whole_also_when_ended_early(valley: Valley) -> None:
    run_step(
        period_id=valley.period.pk,
        step="settle",
        actor=None,
        at=JUNE + timedelta(days=10),
        early=True,
        actual={("backbone", "bandwidth"): 12_345},
    )
    assert Yield.objects.get().actual == 12_345


def test_a_period_that_follows_already_leaves_nothing_to_open(valley: Valley) -> None:
    valley.close()
    assert next_step(valley.period) == "open"
    valley.open_july()
    assert next_step(valley.period) is None


def test_an_offer_made_twice_counts_once(valley: Valley) -> None:
    def offer(amount: int) -> int:
        return offer_surplus(
            member=valley.members["ben"],
            pool=valley.pool,
            resource=valley.resource,
            amount=amount,
            actor=None,
            key="click",
        ).pk

    assert offer(100) == offer(100)
    with pytest.raises(KeyConflict):
        offer(101)


def test_a_gift_key_with_other_content_is_refused(valley: Valley) -> None:
    gift(valley, 5)
    with pytest.raises(KeyConflict):
        gift(valley, 6)


def test_an_offer_stays_while_the_period_is_being_closed(valley: Valley) -> None:
    made = offer_surplus(
        member=valley.members["ben"],
        pool=valley.pool,
        resource=valley.resource,
        amount=None,
        actor=None,
    )
    valley.run("settle")
    with pytest.raises(NoOpenPeriod):
        withdraw_offer(offer_id=made.pk, actor=None)


def test_a_bid_made_twice_counts_once(valley: Valley) -> None:
    auction = call_auction(pool=valley.pool, resource=valley.resource, key="a", actor=None)
    chloe = valley.members["chloe"]
    bids = {
        place_bid(
            auction_id=auction.pk, member=chloe, price=10**8, amount=5, actor=None, key="click"
        ).pk
        for _ in range(2)
    }
    assert len(bids) == 1
    with pytest.raises(KeyConflict):
        call_auction(pool=valley.pool, resource=valley.resource, key="a", pool_tokens=1, actor=None)


def test_what_is_missing_is_told_in_tokens(valley: Valley) -> None:
    with pytest.raises(NotEnoughTokens, match=r"Only 500 own .* 600.5 were asked"):
        gift(valley, 600_500)


def test_steps_come_in_order(valley: Valley) -> None:
    assert next_step(valley.period) == "settle"
    with pytest.raises(StepOutOfOrder):
        valley.run("charge")


def test_a_new_period_waits_for_the_old_one(valley: Valley) -> None:
    with pytest.raises(PeriodStillOpen):
        valley.open_july()
    again = open_period(start=JUNE, end=JULY, code="2026-06", actor=None)
    assert again.pk == valley.period.pk


def test_the_last_step_opens_the_period_that_follows(valley: Valley) -> None:
    valley.close()
    valley.run("open")
    running = Period.objects.exclude(state="closed").get()
    assert (running.code, running.start, running.end) == ("2026-07", JULY, JULY + timedelta(31))


def test_cost_below_budget_is_carried_on(valley: Valley) -> None:
    record_usage(rows=[valley.use("chloe", 100_000, "c")], actor=None)
    run_step(
        period_id=valley.period.pk,
        step="settle",
        actor=None,
        at=JULY,
        actual={("backbone", "bandwidth"): 40_000},
    )
    valley.run("match", "charge", "expire", "convert")
    row = Yield.objects.get()
    assert (row.settled_rate, row.settled_cost) == (40_000_000, 40_000_000)
    assert row.carried_next == 40_000 + 4_000 + 4_000 - 40_000
    assert Yield.objects.get(period=valley.open_july()).carried == row.carried_next
    assert all_broken() == []


def test_usage_and_settlements_cannot_be_rewritten(valley: Valley) -> None:
    record_usage(rows=[valley.use("chloe", 100_000, "c")], actor=None)
    with pytest.raises(DatabaseError, match="append-only"):
        Usage.objects.update(amount=1)


def test_a_closed_step_says_what_it_booked(valley: Valley) -> None:
    valley.close()
    step = CloseStep.objects.get(name="charge")
    assert Transaction.objects.filter(pk__in=step.transactions).count() == len(step.transactions)
    assert step.transactions
    assert step.done_at <= timezone.now()
