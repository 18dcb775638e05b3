"""The market of the worked period's cooperative, in short words for tests."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.valley import JULY, Valley
from tokens.models import Ask, Auction, Bid, Period, Yield
from tokens.services import call_auction, open_period, place_ask, place_bid

PRICE = 80_000_000
"""P of the worked period, micro-cents per token"""


def call(valley: Valley, key: str = "a", **how: Any) -> Auction:
    """An auction of the valley's bandwidth."""
    return call_auction(pool=valley.pool, resource=valley.resource, key=key, actor=None, **how)


def ask(valley: Valley, auction: Auction, name: str, amount: int, key: str | None = None) -> Ask:
    """Millitokens asked by a member."""
    member = valley.members[name]
    return place_ask(auction_id=auction.pk, member=member, amount=amount, actor=None, key=key)


def bid(
    valley: Valley, auction: Auction, name: str, amount: int, price: int = PRICE, key: str = ""
) -> Bid:
    """A member's bid in millitokens and micro-cents per token."""
    return place_bid(
        auction_id=auction.pk,
        member=valley.members[name],
        price=price,
        amount=amount,
        actor=None,
        key=key or None,
    )


def running_july(valley: Valley) -> Period:
    """June closed, and a long July open that has not ended yet."""
    valley.close()
    end = timezone.now() + timedelta(days=30)
    return open_period(start=JULY, end=end, code="2026-07", actor=None, at=JULY)


def due(auction: Auction) -> None:
    """Let the moment of an auction have come."""
    past = timezone.now() - timedelta(seconds=1)
    Auction.objects.filter(pk=auction.pk).update(closes_at=past)


def bought(auction: Auction) -> list[tuple[int, str]]:
    """What each bid of an auction got, and why it was left out, in the order of time."""
    return list(auction.bids.order_by("pk").values_list("bought", "left_out"))


def sold(auction: Auction) -> list[tuple[int, str]]:
    """What each ask of an auction sold, and why less, in the order of time."""
    return list(auction.asks.order_by("pk").values_list("sold", "left_out"))


def price_of(period: Period) -> tuple[int, str]:
    """P of the one yield of a period, and the rule that made it."""
    row = Yield.objects.get(period=period)
    return row.price, row.price_rule
