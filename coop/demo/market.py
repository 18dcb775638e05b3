"""The demo's market: a price that changed, an auction that cleared, and two that collect."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from assets.models import Pool, Resource
from members.models import Member
from policies.models import PolicyValue
from policies.services import set_policy
from tokens.models import Auction, Period
from tokens.services import call_auction, clear_auction, place_ask, place_bid

LOWER = ("storage:cpu", 11_000_000)
"""scope, micro-cents per token from this month on"""
CLEARED_BIDS = (("eva", 12_000, 95_000_000), ("dario", 15_000, 86_000_000))
STANDING_BIDS = (("chloe", 150_000, 4_000_000), ("dario", 200_000, 3_800_000))
RUNS = timedelta(days=4)


def lower_a_price(since: datetime) -> None:
    """The stewards lowered one price with the month that runs."""
    scope, price = LOWER
    if PolicyValue.objects.filter(key="posted_price", scope=scope).count() == 1:
        set_policy(
            actor=None,
            key="posted_price",
            scope=scope,
            value=price,
            valid_from=since,
            source="founding",
        )


def hold_auctions(people: Mapping[str, Member]) -> None:
    """One of the running month is over, one collects, and so does one for the coming month."""
    if Auction.objects.exists():
        return
    done = called("backbone", "bandwidth", "cleared", pool_tokens=20_000)
    bids(done, people, CLEARED_BIDS)
    clear_auction(auction_id=done.pk, actor=None)
    end = Period.objects.latest("start").end
    closes_at = min(timezone.now() + RUNS, end)
    standing = called("storage", "storage", "standing", pool_tokens=100_000, closes_at=closes_at)
    asked(standing, people["ana"], 250_000)
    bids(standing, people, STANDING_BIDS)
    coming = called("backbone", "bandwidth", "coming", before=True)
    asked(coming, people["ben"], 60_000)
    bids(coming, people, (("chloe", 40_000, 84_000_000),))


def called(
    pool: str,
    resource: str,
    key: str,
    *,
    pool_tokens: int = 0,
    closes_at: datetime | None = None,
    before: bool = False,
) -> Auction:
    """An auction of the demo."""
    return call_auction(
        pool=Pool.objects.get(code=pool),
        resource=Resource.objects.get(code=resource),
        key=f"demo:{key}",
        pool_tokens=pool_tokens,
        closes_at=closes_at,
        before=before,
        actor=None,
    )


def asked(auction: Auction, member: Member, amount: int) -> None:
    """An ask in millitokens."""
    place_ask(auction_id=auction.pk, member=member, amount=amount, actor=member.user)


def bids(
    auction: Auction, people: Mapping[str, Member], wanted: tuple[tuple[str, int, int], ...]
) -> None:
    """Bids of millitokens at micro-cents per token, by first name."""
    for name, amount, price in wanted:
        member = people[name]
        place_bid(
            auction_id=auction.pk,
            member=member,
            price=price,
            amount=amount,
            actor=member.user,
        )
