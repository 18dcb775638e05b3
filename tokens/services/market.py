"""The call auction collects: it is called, asks and bids are placed and withdrawn."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from assets.models import Pool, Resource
from assets.queries import resources_of
from ledger.arithmetic import charge
from ledger.errors import AmountTooLarge, KeyConflict
from ledger.queries import balance_of
from members.models import Member
from members.services import need_free_hands
from policies.queries import policy
from titles.limits import linked_ids
from tokens.credit import credit_room
from tokens.errors import (
    AuctionCleared,
    AuctionStands,
    BeyondCredit,
    BidBelowPrice,
    BidTooLarge,
    BidTooSmall,
    BothSides,
    NotEnoughTokens,
    UnknownYield,
    WrongMoment,
)
from tokens.models import Ask, Auction, Bid, Book
from tokens.services.books import books_for
from tokens.services.gifts import open_yield, same
from tokens.services.given import need_own
from tokens.services.usage import open_period_shared

MOST_CENTS = MOST_MILLITOKENS = 10**15
"""No bid may come to more, and nobody ask or want more, so that every sum fits into the books."""

Order = TypeVar("Order", Ask, Bid)


@transaction.atomic
def call_auction(
    *,
    pool: Pool,
    resource: Resource,
    key: str,
    pool_tokens: int = 0,
    closes_at: datetime | None = None,
    before: bool = False,
    actor: AbstractBaseUser | None,
) -> Auction:
    """Open an auction of tokens of the open period, or (`before`) of the one that comes next.

    The pool asks `pool_tokens` itself. It clears at `closes_at`, or when it is told to; one for
    the coming period clears at its opening. Raises NoOpenPeriod, UnknownYield, NotEnoughTokens,
    WrongMoment, AuctionStands, KeyConflict.
    """
    _need_fits(pool_tokens)
    row = None if before else open_yield(pool, resource)
    wanted = {
        "pool_id": pool.pk,
        "resource_id": resource.pk,
        "yields_id": None if row is None else row.pk,
        "pool_tokens": pool_tokens,
        "closes_at": closes_at,
    }
    if row is None:
        Pool.objects.select_for_update(no_key=True).get(pk=pool.pk)
    earlier = Auction.objects.filter(key=key).first()
    if earlier is not None:
        return _same_call(earlier, wanted)
    if row is None:
        _need_one_at_a_time(pool, resource, closes_at)
    else:
        need_pool_tokens(row.pool_account, pool_tokens)
        _need_moment(closes_at, row.period.end)
    return Auction.objects.create(key=key, called_by_id=actor.pk if actor else None, **wanted)


def _same_call(earlier: Auction, wanted: Mapping[str, object]) -> Auction:
    """The auction called under a key before; what it has become since does not count."""
    if any(getattr(earlier, name) != value for name, value in wanted.items()):
        raise KeyConflict
    return earlier


def _need_one_at_a_time(pool: Pool, resource: Resource, closes_at: datetime | None) -> None:
    if resource not in resources_of(pool):
        raise UnknownYield
    if closes_at is not None:
        raise WrongMoment
    standing = Auction.objects.filter(pool=pool, resource=resource, yields=None)
    if standing.filter(state=Auction.State.COLLECTING).exists():
        raise AuctionStands


def _need_moment(closes_at: datetime | None, end: datetime) -> None:
    if closes_at is not None and not timezone.now() < closes_at <= end:
        raise WrongMoment


def _need_fits(amount: int) -> None:
    if amount > MOST_MILLITOKENS:
        raise AmountTooLarge


def need_pool_tokens(account: int, amount: int) -> None:
    """Raise NotEnoughTokens unless a pool has so many unsold millitokens."""
    left = balance_of(account)
    if amount > left:
        raise NotEnoughTokens(left=left, asked=amount)


@transaction.atomic
def ask_for_pool(*, auction_id: int, amount: int, actor: AbstractBaseUser | None) -> Auction:
    """Let the pool ask so many of its own tokens, in place of what it asked before; 0 is none.

    Raises AuctionCleared, NotEnoughTokens.
    """
    _need_fits(amount)
    auction = collecting(auction_id)
    if auction.yields is not None:
        need_pool_tokens(auction.yields.pool_account, amount)
    auction.pool_tokens = amount
    auction.save(update_fields=["pool_tokens"])
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

    Before the period any amount is taken: what is own then limits it. Raises AuctionCleared,
    BothSides, NotEnoughTokens, KeyConflict.
    """
    _need_fits(amount)
    auction = collecting(auction_id, member)
    earlier = Ask.objects.filter(key=key).exclude(key=None).first()
    if earlier is not None:
        return same(earlier, auction_id=auction.pk, member_id=member.pk, amount=amount)
    need_free_hands(member)
    _need_one_side(member, auction.bids.filter(withdrawn_at=None))
    book = _book(auction, member)
    if book is not None:
        need_own(book, asked_of(book) + amount)
    return Ask.objects.create(auction=auction, member=member, book=book, amount=amount, key=key)


def asked_of(book: Book) -> int:
    """Millitokens of a book that stand in auctions which still collect."""
    standing = book.asks.filter(withdrawn_at=None, auction__state=Auction.State.COLLECTING)
    return standing.aggregate(n=Sum("amount"))["n"] or 0


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
    posted one is taken but not served), BidTooLarge, BeyondCredit, KeyConflict.
    """
    auction = collecting(auction_id, member)
    need_size(auction, price, amount)
    earlier = Bid.objects.filter(key=key).exclude(key=None).first()
    if earlier is not None:
        wanted = {"member_id": member.pk, "price": price, "amount": amount}
        return same(earlier, auction_id=auction.pk, **wanted)
    _need_one_side(member, auction.asks.filter(withdrawn_at=None))
    need_credit(member, charge(amount, price))
    return Bid.objects.create(
        auction=auction,
        member=member,
        book=_book(auction, member),
        price=price,
        amount=amount,
        key=key,
    )


def need_size(auction: Auction, price: int, amount: int) -> None:
    """Raise BidTooSmall or BidTooLarge for a bid that no auction takes."""
    least = policy("bid_minimum", timezone.now(), auction.pool.code)
    if amount < least or price < 0:
        raise BidTooSmall(size=least)
    if amount > MOST_MILLITOKENS or charge(amount, price) > MOST_CENTS:
        raise BidTooLarge


def need_price(auction: Auction, price: int) -> None:
    """Raise BidBelowPrice where P is known and a bid is below it: it would never be served.

    Pages and the API ask this first; `place_bid` itself takes such a bid, as scenarios say.
    """
    if auction.yields is not None and price < auction.yields.price:
        raise BidBelowPrice(price=auction.yields.price)


def need_credit(member: Member, cents: int) -> None:
    """Raise BeyondCredit where a locked member may not run up so many cents more."""
    room = credit_room(member, timezone.now())
    if room is not None and cents > room:
        raise BeyondCredit(room=room, cost=cents)


def _need_one_side(member: Member, others: QuerySet[Ask] | QuerySet[Bid]) -> None:
    """Raise BothSides where the member, or who counts as one with them, is among the others."""
    if others.filter(member_id__in=linked_ids(member)).exists():
        raise BothSides


def _book(auction: Auction, member: Member) -> Book | None:
    """The member's book in the auction's period, locked; None before it opens."""
    if auction.yields is None:
        return None
    return books_for(auction.yields, [member.pk])[member.pk]


def collecting(auction_id: int, member: Member | None = None) -> Auction:
    """The auction, locked, its period and the member who acts before it.

    Raises AuctionCleared where it takes nothing more.
    """
    open_period_shared()
    if member is not None:
        Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    auction = locked(auction_id)
    over = auction.closes_at is not None and auction.closes_at <= timezone.now()
    if auction.state != Auction.State.COLLECTING or over:
        raise AuctionCleared
    if auction.yields is not None and auction.yields.period.state != "open":
        raise AuctionCleared
    return auction


def locked(auction_id: int) -> Auction:
    """The auction as it stands, its row locked."""
    found = Auction.objects.select_related("pool", "resource", "yields__period")
    return found.select_for_update(of=("self",)).get(pk=auction_id)


@transaction.atomic
def withdraw_ask(*, ask_id: int, actor: AbstractBaseUser | None) -> Ask:
    """Take an ask back while the auction collects; a second call changes nothing.

    Raises AuctionCleared.
    """
    return _withdraw(Ask.objects.get(pk=ask_id))


@transaction.atomic
def withdraw_bid(*, bid_id: int, actor: AbstractBaseUser | None) -> Bid:
    """Take a bid back while the auction collects; a second call changes nothing.

    Raises AuctionCleared.
    """
    return _withdraw(Bid.objects.get(pk=bid_id))


def _withdraw(order: Order) -> Order:
    collecting(order.auction_id, order.member)
    order.refresh_from_db()
    if order.withdrawn_at is None:
        order.withdrawn_at = timezone.now()
        order.save(update_fields=["withdrawn_at"])
    return order
