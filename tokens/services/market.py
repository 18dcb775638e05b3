"""The call auction: collecting asks and bids, clearing them once."""

from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from assets.accounts import MONEY, money_account
from assets.models import Pool, Resource
from ledger.arithmetic import charge
from ledger.errors import KeyConflict
from ledger.queries import balance_of
from ledger.services import Leg, Posting, actor_name, merge, open_account, post
from members.models import Member
from policies.queries import policy
from tokens import auction as rules
from tokens.calendar import counted_in
from tokens.errors import AuctionCleared, BidTooSmall, BothSides, NotEnoughTokens
from tokens.models import Ask, Auction, Bid, Yield
from tokens.services.books import books_for, rerate
from tokens.services.gifts import need_own, open_yield, same


@transaction.atomic
def call_auction(
    *,
    pool: Pool,
    resource: Resource,
    key: str,
    pool_tokens: int = 0,
    actor: AbstractBaseUser | None,
) -> Auction:
    """Open an auction of tokens of the open period; the pool asks `pool_tokens` itself.

    Raises NoOpenPeriod, UnknownYield, NotEnoughTokens.
    """
    row = open_yield(pool, resource)
    left = balance_of(row.pool_account)
    if pool_tokens > left:
        raise NotEnoughTokens(left=left, asked=pool_tokens)
    auction, _ = Auction.objects.get_or_create(
        key=key, defaults={"yields": row, "pool_tokens": pool_tokens}
    )
    if (auction.yields_id, auction.pool_tokens) != (row.pk, pool_tokens):
        raise KeyConflict
    return auction


@transaction.atomic
def place_ask(
    *,
    auction_id: int,
    member: Member,
    amount: int,
    actor: AbstractBaseUser | None,
    key: str | None = None,
) -> Ask:
    """Put own unused tokens into an auction; the same key gives the first ask.

    Raises AuctionCleared, BothSides, NotEnoughTokens, KeyConflict.
    """
    auction = _collecting(auction_id)
    book = books_for(auction.yields, [member.pk])[member.pk]
    earlier = Ask.objects.filter(key=key).exclude(key=None).first()
    if earlier is not None:
        return same(earlier, auction_id=auction.pk, book_id=book.pk, amount=amount)
    if auction.bids.filter(book=book).exists():
        raise BothSides
    asked = sum(auction.asks.filter(book=book).values_list("amount", flat=True))
    need_own(book, asked + amount)
    return Ask.objects.create(auction=auction, book=book, amount=amount, key=key)


@transaction.atomic
def place_bid(
    *,
    auction_id: int,
    member: Member,
    price: int,
    amount: int,
    actor: AbstractBaseUser | None,
    key: str | None = None,
) -> Bid:
    """Bid for tokens; what is served is paid at the bid's own price. Idempotent by key.

    Raises AuctionCleared, BothSides, BidTooSmall (below the smallest size; a price below the
    posted one is taken but not served).
    """
    auction = _collecting(auction_id)
    least = policy("bid_minimum", timezone.now(), auction.yields.pool.code)
    if amount < least:
        raise BidTooSmall(size=least)
    book = books_for(auction.yields, [member.pk])[member.pk]
    earlier = Bid.objects.filter(key=key).exclude(key=None).first()
    if earlier is not None:
        wanted = {"auction_id": auction.pk, "book_id": book.pk, "price": price, "amount": amount}
        return same(earlier, **wanted)
    if auction.asks.filter(book=book).exists():
        raise BothSides
    return Bid.objects.create(auction=auction, book=book, price=price, amount=amount, key=key)


def _collecting(auction_id: int) -> Auction:
    """The auction, locked; raises AuctionCleared where it takes nothing more."""
    found = Auction.objects.select_related("yields__pool", "yields__resource").get(pk=auction_id)
    open_yield(found.yields.pool, found.yields.resource)
    auction = Auction.objects.select_for_update().get(pk=auction_id)
    if auction.state != Auction.State.COLLECTING:
        raise AuctionCleared
    return auction


@transaction.atomic
def clear_auction(*, auction_id: int, actor: AbstractBaseUser | None) -> Auction:
    """Clear an auction: served bids get tokens and owe their own price.

    Clearing twice changes nothing more.
    """
    try:
        auction = _collecting(auction_id)
    except AuctionCleared:
        return Auction.objects.get(pk=auction_id)
    asks = list(auction.asks.select_related("book").order_by("created_at", "pk"))
    bids = list(auction.bids.select_related("book").order_by("created_at", "pk"))
    row = auction.yields
    books_for(row, [*(a.book.member_id for a in asks), *(b.book.member_id for b in bids)])
    _record_result(auction, asks, bids)
    legs = _tokens(row, auction, asks, bids) + _money(row, bids)
    if legs:
        auction.txn_id = post(_posting(auction, legs, actor))
    auction.state = Auction.State.CLEARED
    auction.cleared_at = timezone.now()
    auction.save()
    served = [bid.book_id for bid in bids if bid.bought]
    if served:
        rerate(row, served, actor)
    return auction


def _record_result(auction: Auction, asks: Sequence[Ask], bids: Sequence[Bid]) -> None:
    """Write into asks, bids and auction what each sold and bought."""
    available = _still_available(asks)
    result = rules.clear(
        asks=available,
        pool=min(auction.pool_tokens, balance_of(auction.yields.pool_account)),
        bids=[rules.Bid(bid.price, bid.amount) for bid in bids],
        floor=auction.yields.price,
    )
    for ask, sold in zip(asks, result.asks, strict=True):
        ask.sold = sold
    for bid, bought in zip(bids, result.bids, strict=True):
        bid.bought = bought
    auction.pool_sold = result.pool
    Ask.objects.bulk_update(asks, ["sold"])
    Bid.objects.bulk_update(bids, ["bought"])


def _still_available(asks: Sequence[Ask]) -> list[int]:
    """What each ask can still deliver: own tokens may have been used since it was made."""
    left = {ask.book_id: balance_of(ask.book.own_account) for ask in asks}
    available = []
    for ask in asks:
        part = min(ask.amount, left[ask.book_id])
        left[ask.book_id] -= part
        available.append(part)
    return available


def _tokens(row: Yield, auction: Auction, asks: Sequence[Ask], bids: Sequence[Bid]) -> list[Leg]:
    return merge(
        [
            *(Leg(ask.book.own_account, -ask.sold) for ask in asks),
            Leg(row.pool_account, -auction.pool_sold),
            *(Leg(bid.book.received_account, bid.bought) for bid in bids),
        ]
    )


def _money(row: Yield, bids: Sequence[Bid]) -> list[Leg]:
    """The provisional charges of the served bids; the close settles them."""
    legs = []
    for bid in bids:
        cost = charge(bid.bought, row.sale_cost)
        profit = charge(bid.bought, bid.price - row.sale_cost) if bid.bought else 0
        account = open_account(
            commodity=MONEY, kind="provisional_receivable", owner=f"member/{bid.book.member_id}"
        )
        legs.append(Leg(account, cost + profit))
        legs.append(Leg(money_account("provisional_cost", row.pool), -cost))
        legs.append(Leg(money_account("provisional_profit", row.pool), -profit))
    return merge(legs)


def _posting(auction: Auction, legs: Sequence[Leg], actor: AbstractBaseUser | None) -> Posting:
    return Posting(
        source="tokens.auction",
        key=str(auction.pk),
        kind="auction cleared",
        about=f"yield:{auction.yields_id}",
        actor=actor_name(actor),
        effective_at=counted_in(auction.yields.period),
        legs=legs,
    )
