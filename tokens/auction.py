"""The call auction, exact (economics, section 7). No Django.

Quantities are millitokens, prices micro-cents per token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from ledger.arithmetic import largest_remainder


@dataclass(frozen=True)
class Bid:
    """Somebody wants so many tokens and pays this price for each."""

    price: int
    amount: int


@dataclass(frozen=True)
class Clearing:
    """What each ask sold, the pool sold and each bid bought, in the order given."""

    asks: list[int]
    pool: int
    bids: list[int]


def clear(*, asks: Sequence[int], pool: int, bids: Sequence[Bid], floor: int) -> Clearing:
    """Serve bids by price, equal prices pro rata; each pays its own bid.

    `asks` and `bids` stand in the order of time, which decides ties of remainders; the pool
    comes last. Bids below the floor are not served. The result sums: sold = bought.
    """
    bought = [0] * len(bids)
    left = sum(asks) + pool
    wanted = [i for i, bid in enumerate(bids) if bid.price >= floor]
    for _, level in groupby(sorted(wanted, key=lambda i: -bids[i].price), lambda i: bids[i].price):
        places = list(level)
        amounts = [bids[i].amount for i in places]
        served = min(left, sum(amounts))
        for i, part in zip(places, largest_remainder(served, amounts), strict=True):
            bought[i] = part
        left -= served
    sold = largest_remainder(sum(bought), [*asks, pool])
    return Clearing(sold[:-1], sold[-1], bought)
