"""Named reads of the market: prices as they were, auctions, what is mine, what a bid would cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from assets.models import Pool, Resource
from ledger.arithmetic import charge, rhe
from ledger.queries import balance_of
from members.models import Member
from policies.queries import policy
from tokens.credit import credit_room
from tokens.models import Ask, Auction, Bid, Book, Offer, Period, Yield
from tokens.services.market import asked_of

SHOWN = 12
"""periods in a price history, and auctions in the list of past ones"""


@dataclass(frozen=True)
class BidPreview:
    """What a bid would come to if all of it is served: cents, whole units, cents of credit left.

    `is_estimate` where the period has not opened: then cost is that of the latest one.
    `room` is None where there is no credit limit.
    """

    amount: int
    price: int
    total: int
    cost: int
    equity: int
    issue_price: int
    shares: int
    rest: int
    floor: int | None
    is_estimate: bool
    room: int | None

    @property
    def is_covered(self) -> bool:
        """Whether the credit limit leaves room for it."""
        return self.room is None or self.total <= self.room

    @property
    def is_served(self) -> bool:
        """Whether it reaches the posted price, as far as that is known."""
        return self.floor is None or self.price >= self.floor


@dataclass(frozen=True)
class Level:
    """All bids at one price: micro-cents per token; millitokens wanted, served, of it mine."""

    price: int
    wanted: int
    served: int
    mine: int


@dataclass(frozen=True)
class Totals:
    """What was put into an auction, the pool's included; of it mine, and what of that sold."""

    asked: int
    mine_asked: int
    mine_sold: int


@dataclass(frozen=True)
class PricePoint:
    """P of a period and v, in micro-cents per token, with what its auctions came to."""

    row: Yield
    volume: int
    average: int | None


def price_history(pool: Pool, resource: Resource) -> list[PricePoint]:
    """The latest periods of a pool's resource, oldest first."""
    rows = Yield.objects.filter(pool=pool, resource=resource).select_related("period")
    latest = rows.order_by("-period__start").prefetch_related("auctions")[:SHOWN]
    return [_point(row) for row in reversed(latest)]


def _point(row: Yield) -> PricePoint:
    sold = [auction for auction in row.auctions.all() if auction.average is not None]
    volume = sum(auction.volume for auction in sold)
    value = sum(auction.volume * (auction.average or 0) for auction in sold)
    return PricePoint(row, volume, rhe(value, volume) if volume else None)


def auctions() -> QuerySet[Auction]:
    """Every auction, with its pool, resource and period."""
    return Auction.objects.select_related("pool", "resource", "yields__period")


def open_auctions() -> QuerySet[Auction]:
    """Auctions that collect, those that clear first before those of the coming period."""
    return auctions().filter(state=Auction.State.COLLECTING).order_by("closes_at", "pk")


def past_auctions() -> QuerySet[Auction]:
    """Auctions that are over, newest first."""
    over = auctions().exclude(state=Auction.State.COLLECTING)
    return over.order_by("-cleared_at", "-pk")


def asks_of(member: Member) -> QuerySet[Ask]:
    """A member's asks that were not withdrawn, newest first."""
    mine = Ask.objects.filter(member=member, withdrawn_at=None).order_by("-pk")
    return mine.select_related("auction__pool", "auction__resource", "auction__yields__period")


def bids_of(member: Member) -> QuerySet[Bid]:
    """A member's bids that were not withdrawn, newest first."""
    mine = Bid.objects.filter(member=member, withdrawn_at=None).order_by("-pk")
    return mine.select_related("auction__pool", "auction__resource", "auction__yields__period")


def standing_offers_of(member: Member) -> QuerySet[Offer]:
    """A member's offers for the close that hold now or in every period."""
    running = Period.objects.exclude(state=Period.State.CLOSED)
    mine = Offer.objects.filter(member=member, withdrawn_at=None)
    held = mine.filter(Q(period=None) | Q(period__in=running))
    return held.select_related("pool", "resource", "period").order_by("pk")


def asked_in(auction: Auction) -> int:
    """Millitokens that members and the pool ask in an auction, as it stands."""
    standing = auction.asks.filter(withdrawn_at=None)
    return auction.pool_tokens + (standing.aggregate(n=Sum("amount"))["n"] or 0)


def totals_of(auction: Auction, member: Member | None) -> Totals:
    """What was asked in all, and what the member asked and sold; nobody else is told apart."""
    sums = auction.asks.filter(withdrawn_at=None).aggregate(
        all_asked=Sum("amount", default=0),
        mine_asked=Sum("amount", filter=Q(member=member), default=0),
        mine_sold=Sum("sold", filter=Q(member=member), default=0),
    )
    return Totals(
        asked=sums["all_asked"] + auction.pool_tokens,
        mine_asked=sums["mine_asked"],
        mine_sold=sums["mine_sold"],
    )


def levels_of(auction: Auction, member: Member | None) -> list[Level]:
    """What a cleared auction's bids came to, price by price from the highest; no names.

    What was left out of the clearing is not among them.
    """
    taken = auction.bids.filter(withdrawn_at=None, left_out="")
    rows = taken.values("price").annotate(
        wanted=Sum("amount"),
        served=Sum("bought"),
        mine=Sum("amount", filter=Q(member=member), default=0),
    )
    return [Level(**row) for row in rows.order_by("-price")]


def own_left(auction: Auction, member: Member) -> int:
    """Millitokens of their own that a member can still ask; before the period what is unknown."""
    if auction.yields is None:
        return 0
    book = Book.objects.filter(yields=auction.yields, member=member).first()
    return 0 if book is None else max(0, balance_of(book.own_account) - asked_of(book))


def rates_for(auction: Auction) -> Yield | None:
    """The yield whose rates hold for an auction, or the latest one as an estimate of them."""
    if auction.yields is not None:
        return auction.yields
    rows = Yield.objects.filter(pool=auction.pool, resource=auction.resource)
    return rows.order_by("-period__start").first()


def bid_preview(auction: Auction, member: Member, price: int, amount: int) -> BidPreview:
    """What a bid would cost if it is served whole, and what of it becomes the bidder's equity."""
    row, now = rates_for(auction), timezone.now()
    cost_rate = 0 if row is None else min(row.sale_cost, price)
    cost, equity = charge(amount, cost_rate), charge(amount, price - cost_rate)
    issue_price = int(policy("issue_price", now, auction.pool.code))
    return BidPreview(
        amount=amount,
        price=price,
        total=cost + equity,
        cost=cost,
        equity=equity,
        issue_price=issue_price,
        shares=equity // issue_price,
        rest=equity % issue_price,
        floor=None if auction.yields is None else auction.yields.price,
        is_estimate=auction.yields is None,
        room=credit_room(member, now),
    )


def relief(auction: Auction, amount: int) -> int:
    """Cents of own cost that a member no longer owes when so many of their tokens are sold."""
    row = rates_for(auction)
    return 0 if row is None else charge(amount, row.unit_cost)


def is_over(auction: Auction, at: datetime) -> bool:
    """Whether an auction takes nothing more, cleared or about to be."""
    due = auction.closes_at is not None and auction.closes_at <= at
    return due or auction.state != Auction.State.COLLECTING


def latest_yields() -> Sequence[Yield]:
    """What each pool yields in the running period, or in the latest one."""
    period = Period.objects.order_by("-start").first()
    rows = Yield.objects.filter(period=period).select_related("pool", "resource", "period")
    return list(rows.order_by("pool__code", "resource__position", "resource__code"))
