"""The posted price by its rule, exact (economics, section 7). No Django.

Prices are micro-cents per token, shares (numerator, denominator), volumes millitokens. What is
made here is raised to v where it is below (`tokens.rates.opening`).
"""

from dataclasses import dataclass

from ledger.arithmetic import rhe

STEWARDS, LOWERED, COST_PLUS = "stewards", "lowered", "cost_plus"
AUCTION, LIMITED, KEPT, COST = "auction", "limited", "kept", "cost"
"""what made a price: the stewards; lowered where offers stayed unsold; cost and a fraction; an
auction; an auction, as far as one step may go; the last price; the cost, which was above it"""

Share = tuple[int, int]


@dataclass(frozen=True)
class Price:
    """A price and what made it."""

    price: int
    rule: str


@dataclass(frozen=True)
class Traded:
    """What an auction came to: its volume, and the price by volume (None where nothing sold)."""

    volume: int
    average: int | None


def by_stewards(*, posted: int, last: int | None, unsold: bool, step: Share) -> Price:
    """As posted; lowered by a step where what members offered in the last period stayed unsold.

    `last` is P of that period; None where there was none, or stewards posted anew since. A price
    that was lowered stays so until they do.
    """
    if not step[0] or last is None:
        return Price(posted, STEWARDS)
    base = min(posted, last)
    if unsold:
        return Price(rhe(base * (step[1] - step[0]), step[1]), LOWERED)
    return Price(base, STEWARDS if base == posted else LOWERED)


def by_cost(*, sale_cost: int, markup: Share) -> Price:
    """v and an exact fraction of it, rounded once."""
    return Price(rhe(sale_cost * (markup[0] + markup[1]), markup[1]), COST_PLUS)


def by_auction(
    *, posted: int, last: int | None, traded: Traded | None, least: int, most: Share
) -> Price:
    """The price by volume of the last auction, where it sold at least `least`.

    One period changes P by at most the part `most` of the last. `last` is None before the first
    period, and where stewards posted anew since: then what is posted holds.
    """
    if last is None:
        return Price(posted, STEWARDS)
    if traded is None or traded.average is None or traded.volume < least:
        return Price(last, KEPT)
    price = within(traded.average, last, most)
    return Price(price, AUCTION if price == traded.average else LIMITED)


def within(wanted: int, last: int, most: Share) -> int:
    """The price nearest to the wanted one that is at most so great a part of the last away."""
    reach = last * most[0] // most[1]
    return max(last - reach, min(wanted, last + reach))
