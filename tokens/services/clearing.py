"""The call auction clears: once, by its time, at the opening of its period, or told to."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from assets.accounts import MONEY, money_account
from ledger.arithmetic import charge, rhe
from ledger.errors import DomainError
from ledger.queries import balance_of
from ledger.services import Leg, Posting, actor_name, merge, open_account, post
from tokens import auction as rules
from tokens.calendar import counted_in
from tokens.errors import AuctionBeforePeriod, AuctionRuns, NoOpenPeriod
from tokens.models import Ask, Auction, Bid, LeftOut, Period, Yield
from tokens.services.admitting import leave_out
from tokens.services.books import books_for, received_accounts, rerate
from tokens.services.market import locked
from tokens.services.usage import open_period_shared

COLLECTING = Auction.State.COLLECTING
log = logging.getLogger(__name__)


@transaction.atomic
def clear_auction(*, auction_id: int, actor: AbstractBaseUser | None, reason: str = "") -> Auction:
    """Clear an auction: served bids get tokens and owe their own price.

    Clearing twice changes nothing more. Before its moment it needs a reason. Raises NoOpenPeriod,
    AuctionBeforePeriod, AuctionRuns.
    """
    period = open_period_shared()
    auction = locked(auction_id)
    if auction.state != COLLECTING:
        return auction
    if auction.yields is None:
        raise AuctionBeforePeriod
    if period is None or auction.yields.period_id != period.pk:
        raise NoOpenPeriod
    if auction.closes_at is not None and auction.closes_at > timezone.now():
        if not reason:
            raise AuctionRuns
        auction.early_reason = reason
    return _clear(auction, auction.yields, actor)


def clear_waiting(period: Period, actor: AbstractBaseUser | None) -> None:
    """Clear what collected for a period that opens now, right after the issue.

    Call inside the transaction that opens it, which holds all pools.
    """
    waiting = Auction.objects.filter(state=COLLECTING, yields=None).order_by("pk")
    held = list(waiting.select_for_update(of=("self",)).select_related("pool", "resource"))
    rows = Yield.objects.filter(period=period).select_related("period", "pool") if held else []
    yields = {(row.pool_id, row.resource_id): row for row in rows}
    for auction in held:
        auction.yields = yields.get((auction.pool_id, auction.resource_id))
        if auction.yields is None:
            _lapse(auction)
        else:
            auction.save(update_fields=["yields"])
            _clear(auction, auction.yields, actor)


def end_auctions(period: Period, at: datetime, actor: AbstractBaseUser | None) -> None:
    """Clear the auctions of a period whose moment has come; those still to come end unsold.

    The close calls it before anything is settled, inside a transaction that holds the period.
    """
    standing = Auction.objects.filter(state=COLLECTING, yields__period=period).order_by("pk")
    for auction_id in standing.values_list("pk", flat=True):
        auction = locked(auction_id)
        if auction.yields and auction.closes_at is not None and auction.closes_at <= at:
            _clear(auction, auction.yields, actor)
        else:
            _lapse(auction)


def sweep_auctions(*, at: datetime) -> int:
    """Clear every auction whose moment has come, each by itself; how many."""
    period = Period.objects.filter(state=Period.State.OPEN)
    due = Auction.objects.filter(state=COLLECTING, closes_at__lte=at, yields__period__in=period)
    found = list(due.order_by("closes_at", "pk").values_list("pk", flat=True))
    return sum(_swept(auction_id) for auction_id in found)


def _swept(auction_id: int) -> bool:
    """Whether an auction was cleared; one that cannot be does not hold up the others."""
    try:
        clear_auction(auction_id=auction_id, actor=None)
    except DomainError:
        log.exception("auction %s waits for the next sweep", auction_id)
        return False
    return True


def _lapse(auction: Auction) -> None:
    auction.state = Auction.State.LAPSED
    auction.cleared_at = timezone.now()
    auction.save()


def _clear(auction: Auction, row: Yield, actor: AbstractBaseUser | None) -> Auction:
    """Clear a locked auction that collects, in the period of its yield."""
    asks = list(auction.asks.filter(withdrawn_at=None).select_related("member").order_by("pk"))
    bids = list(auction.bids.filter(withdrawn_at=None).select_related("member").order_by("pk"))
    orders: list[Ask | Bid] = [*asks, *bids]
    books = books_for(row, [order.member_id for order in orders])
    for order in orders:
        order.book = books[order.member_id]
    leave_out(asks, bids, floor=row.price)
    _record_result(auction, row, asks, bids)
    legs = _tokens(row, auction, asks, bids) + _money(row, bids)
    if legs:
        auction.txn_id = post(_posting(auction, row, legs, actor))
    auction.state = Auction.State.CLEARED
    auction.cleared_at = timezone.now()
    auction.save()
    served = sorted({bid.book_id for bid in bids if bid.bought and bid.book_id})
    if served:
        rerate(row, served, actor)
    return auction


def _record_result(auction: Auction, row: Yield, asks: Sequence[Ask], bids: Sequence[Bid]) -> None:
    """Write into asks, bids and auction what each sold and bought; those left out have none."""
    result = rules.clear(
        asks=_still_available(asks),
        pool=min(auction.pool_tokens, balance_of(row.pool_account)),
        bids=[rules.Bid(bid.price, 0 if bid.left_out else bid.amount) for bid in bids],
        floor=row.price,
    )
    for ask, sold in zip(asks, result.asks, strict=True):
        ask.sold = sold
    for bid, bought in zip(bids, result.bids, strict=True):
        bid.bought = bought
    auction.pool_sold, auction.volume = result.pool, sum(result.bids)
    value = sum(bid.price * bid.bought for bid in bids)
    auction.average = rhe(value, auction.volume) if auction.volume else None
    Ask.objects.bulk_update(asks, ["book", "sold", "left_out"])
    Bid.objects.bulk_update(bids, ["book", "bought", "left_out"])


def _still_available(asks: Sequence[Ask]) -> list[int]:
    """What each ask can still deliver: own tokens may have been used since it was made."""
    left = {ask.book.pk: balance_of(ask.book.own_account) for ask in asks if ask.book}
    available = []
    for ask in asks:
        part = 0
        if ask.book and not ask.left_out:
            part = min(ask.amount, left[ask.book.pk])
            left[ask.book.pk] -= part
            ask.left_out = LeftOut.TOKENS if part < ask.amount else ""
        available.append(part)
    return available


def _tokens(row: Yield, auction: Auction, asks: Sequence[Ask], bids: Sequence[Bid]) -> list[Leg]:
    served = [bid for bid in bids if bid.bought and bid.book_id]
    received = received_accounts([bid.book_id for bid in served if bid.book_id])
    return merge(
        [
            *(Leg(ask.book.own_account, -ask.sold) for ask in asks if ask.book and ask.sold),
            Leg(row.pool_account, -auction.pool_sold),
            *(Leg(received[bid.book_id], bid.bought) for bid in served if bid.book_id),
        ]
    )


def _money(row: Yield, bids: Sequence[Bid]) -> list[Leg]:
    """The provisional charges of the served bids; the close settles them."""
    legs = []
    for bid in bids:
        if not bid.bought:
            continue
        cost = charge(bid.bought, row.sale_cost)
        profit = charge(bid.bought, bid.price - row.sale_cost)
        account = open_account(
            commodity=MONEY, kind="provisional_receivable", owner=f"member/{bid.member_id}"
        )
        legs.append(Leg(account, cost + profit))
        legs.append(Leg(money_account("provisional_cost", row.pool), -cost))
        legs.append(Leg(money_account("provisional_profit", row.pool), -profit))
    return merge(legs)


def _posting(
    auction: Auction, row: Yield, legs: Sequence[Leg], actor: AbstractBaseUser | None
) -> Posting:
    return Posting(
        source="tokens.auction",
        key=str(auction.pk),
        kind="auction cleared",
        about=f"yield:{row.pk}",
        actor=actor_name(actor),
        effective_at=counted_in(row.period),
        legs=legs,
    )
