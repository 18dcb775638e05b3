"""Which price is posted for a period that opens: what policy says, and what the last one showed."""

from dataclasses import dataclass
from datetime import datetime

from assets.models import Pool, Resource
from policies.models import PolicyValue
from policies.queries import in_force, policy
from tokens import pricing
from tokens.models import Auction, Yield


@dataclass(frozen=True)
class Posted:
    """A price in micro-cents per token, the rule that made it, and its source in words."""

    price: int
    rule: str
    source: str


@dataclass(frozen=True)
class Past:
    """What counts of the time before: the stewards' word, the last yield, the last auction.

    The last yield counts only where the stewards have not posted anew since it began.
    """

    posted: int
    source: str
    last: Yield | None
    auction: Auction | None


def posted_price(pool: Pool, resource: Resource, at: datetime, sale_cost: int | None) -> Posted:
    """P by the rule in force at a moment, before it is raised to v.

    `sale_cost` is v, None where the basis is 0: then there is no cost to add to, and what the
    stewards posted holds.
    """
    past = _past(pool, resource, at)
    rule = policy("price_rule", at, pool.code)
    if rule == "cost_plus" and sale_cost is not None:
        return _by_cost(pool, at, sale_cost)
    if rule == "last_auction":
        return _by_auction(pool, at, past)
    return _by_stewards(pool, at, past)


def _by_stewards(pool: Pool, at: datetime, past: Past) -> Posted:
    step = _share("price_step_down", pool, at)
    made = (pricing.STEWARDS, pricing.LOWERED, pricing.COST)
    last = past.last if past.last is not None and past.last.price_rule in made else None
    found = pricing.by_stewards(
        posted=past.posted,
        last=None if last is None else last.price,
        unsold=last is not None and bool(last.offers_unsold),
        step=step,
    )
    if found.rule == pricing.STEWARDS:
        return Posted(found.price, found.rule, past.source)
    return _named(found, f"lowered by {step[0]}/{step[1]}: offers stayed unsold")


def _by_cost(pool: Pool, at: datetime, sale_cost: int) -> Posted:
    markup = _share("price_markup", pool, at)
    found = pricing.by_cost(sale_cost=sale_cost, markup=markup)
    return _named(found, f"cost and {markup[0]}/{markup[1]} of it")


def _by_auction(pool: Pool, at: datetime, past: Past) -> Posted:
    most = _share("price_max_change", pool, at)
    auction = past.auction
    found = pricing.by_auction(
        posted=past.posted,
        last=None if past.last is None else past.last.price,
        traded=None if auction is None else pricing.Traded(auction.volume, auction.average),
        least=policy("price_min_volume", at, pool.code),
        most=most,
    )
    if found.rule == pricing.STEWARDS:
        return Posted(found.price, found.rule, past.source)
    if found.rule == pricing.KEPT:
        return _named(found, "as before: no auction sold enough")
    limit = "" if found.rule == pricing.AUCTION else f", at most {most[0]}/{most[1]} at a time"
    return _named(found, f"auction {auction.pk if auction else ''}{limit}")


def _named(found: pricing.Price, source: str) -> Posted:
    return Posted(found.price, found.rule, source)


def _share(key: str, pool: Pool, at: datetime) -> pricing.Share:
    numerator, denominator = policy(key, at, pool.code)
    return numerator, denominator


def _past(pool: Pool, resource: Resource, at: datetime) -> Past:
    row = in_force("posted_price", at, f"{pool.code}:{resource.code}", pool.code)
    last = _last_yield(pool, resource, row)
    cleared = Auction.objects.filter(pool=pool, resource=resource, state=Auction.State.CLEARED)
    auction = cleared.order_by("-cleared_at", "-pk").first()
    posted, source = (0, "") if row is None else (int(row.value), row.source)
    return Past(posted, source, last, auction)


def _last_yield(pool: Pool, resource: Resource, row: PolicyValue | None) -> Yield | None:
    rows = Yield.objects.filter(pool=pool, resource=resource).select_related("period")
    last = rows.order_by("-period__start").first()
    if last is not None and row is not None and row.valid_from > last.period.start:
        return None
    return last
