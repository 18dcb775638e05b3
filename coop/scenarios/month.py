"""What members and stewards do in one month of a scenario, each by its service."""

from collections.abc import Iterable

from django.utils import timezone

from assets.queries import capacity_at
from assets.services import add_cost_line, set_capacity
from coop.scenarios.cast import Cast, first_day, next_first_day, refusals
from coop.scenarios.found import SOURCE
from coop.scenarios.shapes import Acquisition, Auction, Gift, Offer, Period, Pool, Purchase, Usage
from policies.services import set_policy
from titles.services import accept_payment, acquire, subscribe
from tokens.models import Period as PeriodRow
from tokens.services import (
    UsageRow,
    accept_gift,
    call_auction,
    clear_auction,
    give,
    offer_surplus,
    place_ask,
    place_bid,
    record_usage,
)


def buy_assets(cast: Cast, month: str, acquisitions: Iterable[Acquisition]) -> None:
    """The growth fund buys; a thing that costs nothing only adds its capacity."""
    for index, entry in enumerate(acquisitions):
        with refusals(entry.at, "cost", month):
            if entry.cost:
                acquire(
                    pool=cast.pools[entry.pool],
                    name=f"Acquisition {index + 1} of {month}",
                    cost=entry.cost,
                    capacity=entry.capacity,
                    since=first_day(month),
                    actor=None,
                    key=f"{SOURCE}:{month}:{index}",
                )
            else:
                add_capacity(cast, month, entry)


def add_capacity(cast: Cast, month: str, entry: Acquisition) -> None:
    for code, change in entry.capacity.items():
        set_capacity(
            pool=cast.pools[entry.pool],
            resource=cast.resources[code],
            since=first_day(month),
            change=change,
            source=SOURCE,
            actor=None,
        )


def buy_units(cast: Cast, month: str, purchases: Iterable[Purchase]) -> None:
    for index, entry in enumerate(purchases):
        if not entry.units:
            continue
        with refusals(entry.at, "units", month):
            subscription = subscribe(
                member=cast.members[entry.member],
                pool=cast.pools[entry.pool],
                count=entry.units,
                actor=None,
                key=f"{SOURCE}:{month}:{index}",
            )
            accept_payment(
                reference=subscription.charge.reference,
                amount=subscription.charge.amount,
                received_on=timezone.localdate(),
                actor=None,
                key=f"{SOURCE}:{month}:{index}",
            )


def agree(cast: Cast, month: str, pool: Pool, period: Period) -> None:
    """Put in force what holds for this month: cost, posted price, capacity."""
    for code in pool.resources:
        add_cost_line(
            pool=cast.pools[pool.code],
            name=code,
            amount=period.cost.get(pool.code, {}).get(code, pool.cost[code]),
            weights={code: 1},
            since=first_day(month),
            until=next_first_day(month),
            source=SOURCE,
            actor=None,
        )
        price = period.posted_price.get(pool.code, {}).get(code, pool.posted_price[code])
        post_price(cast, month, (pool.code, code), price)
    for code, tokens in period.capacity.get(pool.code, {}).items():
        limit_capacity(cast, month, (pool.code, code), tokens)


def post_price(cast: Cast, month: str, scope: tuple[str, str], price: int) -> None:
    if cast.posted.get(scope, 0) != price:
        set_policy(
            actor=None,
            key="posted_price",
            value=price,
            scope=":".join(scope),
            valid_from=cast.start_of(month),
            source=SOURCE,
        )
        cast.posted[scope] = price


def limit_capacity(cast: Cast, month: str, scope: tuple[str, str], tokens: int) -> None:
    """Make the whole issue of this month so many millitokens; the normal capacity stays."""
    pool, resource = cast.pools[scope[0]], cast.resources[scope[1]]
    otherwise, _normal = capacity_at(pool, resource, first_day(month))
    set_capacity(
        pool=pool,
        resource=resource,
        since=first_day(month),
        until=next_first_day(month),
        change=tokens - otherwise,
        normal=False,
        source=SOURCE,
        actor=None,
    )


def give_tokens(cast: Cast, month: str, gifts: Iterable[Gift]) -> None:
    for index, entry in enumerate(gifts):
        if not entry.tokens:
            continue
        with refusals(entry.at, "tokens", month):
            gift = give(
                giver=cast.members[entry.giver],
                receiver=cast.members[entry.receiver],
                pool=cast.pools[entry.pool],
                resource=cast.resources[entry.resource],
                amount=entry.tokens,
                actor=None,
                key=f"{SOURCE}:{month}:{index}",
            )
            accept_gift(gift_id=gift.pk, actor=None)


def hold_auctions(cast: Cast, month: str, auctions: Iterable[Auction]) -> None:
    for index, entry in enumerate(auctions):
        with refusals(entry.at, "pool_tokens", month):
            auction = call_auction(
                pool=cast.pools[entry.pool],
                resource=cast.resources[entry.resource],
                key=f"{SOURCE}:{month}:{index}",
                pool_tokens=entry.pool_tokens,
                actor=None,
            )
        collect(cast, month, auction.pk, entry)
        with refusals(entry.at, "", month):
            clear_auction(auction_id=auction.pk, actor=None)


def collect(cast: Cast, month: str, auction_id: int, entry: Auction) -> None:
    for ask in entry.asks:
        with refusals(ask.at, "tokens", month):
            if ask.tokens:
                place_ask(
                    auction_id=auction_id,
                    member=cast.members[ask.member],
                    amount=ask.tokens,
                    actor=None,
                )
    for bid in entry.bids:
        with refusals(bid.at, "price", month):
            if bid.tokens:
                place_bid(
                    auction_id=auction_id,
                    member=cast.members[bid.member],
                    price=bid.price,
                    amount=bid.tokens,
                    actor=None,
                )


def offer_tokens(cast: Cast, month: str, offers: Iterable[Offer]) -> None:
    for entry in offers:
        with refusals(entry.at, "tokens", month):
            if entry.tokens:
                offer_surplus(
                    member=cast.members[entry.member],
                    pool=cast.pools[entry.pool],
                    resource=cast.resources[entry.resource],
                    amount=entry.tokens,
                    actor=None,
                )


def use(cast: Cast, period: PeriodRow, usage: Iterable[Usage]) -> None:
    """Record a month's usage as one batch: its order does not matter, nor that one entry alone
    would take back more than was used yet.
    """
    rows = [
        UsageRow(
            member_id=cast.members[entry.member].pk,
            pool_id=cast.pools[entry.pool].pk,
            resource_id=cast.resources[entry.resource].pk,
            used_at=period.start,
            amount=entry.amount,
            key=f"{SOURCE}:{period.code}:{index}",
            kind="reading" if entry.amount >= 0 else "correction",
            reason="" if entry.amount >= 0 else "as the scenario says",
        )
        for index, entry in enumerate(usage)
        if entry.amount
    ]
    if rows:
        record_usage(rows=rows, actor=None)
