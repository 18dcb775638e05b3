"""What giving shares back brings, and who of a queue is served. Pure: no Django, no database.

Money is cents. A queue is served strictly in its order: nobody overtakes, and who could be
served in part keeps the place for the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

RANKS = {
    "need_first": {"death": 0, "hardship": 0, "leaving": 1, "partial": 2},
    "leavers_first": {"death": 0, "leaving": 0, "hardship": 1, "partial": 2},
    "by_time": {"death": 0, "hardship": 0, "leaving": 0, "partial": 0},
}
"""order of the policy → rank of each class, the lowest first"""


@dataclass(frozen=True)
class Price:
    """What stands behind all units (cents), how many there are, and what a new one costs."""

    behind: int
    units: int
    issue_price: int

    @property
    def backing(self) -> int:
        """Cents behind one unit, rounded down; never below zero."""
        return max(0, self.behind) // self.units if self.units else 0

    @property
    def per_unit(self) -> int:
        """Cents that a unit brings: the lower of issue price and backing."""
        return min(self.issue_price, self.backing)

    @property
    def part(self) -> tuple[int, int]:
        """min(1, backing ÷ issue price), exact: what a cent of credit brings."""
        whole = self.units * self.issue_price
        if not whole:
            return 0, 1
        return (1, 1) if self.behind >= whole else (max(0, self.behind), whole)

    def for_credit(self, cents: int) -> int:
        """Cents paid out for so much credit, rounded down."""
        numerator, denominator = self.part
        return cents * numerator // denominator


@dataclass(frozen=True)
class Budget:
    """What may still go out in this run, in cents: by the limit in shares, measured at the issue
    price; by the limit in money (None: there is none); and what the growth fund holds free.
    """

    nominal: int
    money: int | None
    cash: int

    @property
    def payable(self) -> int:
        """Cents that may still be paid."""
        return self.cash if self.money is None else min(self.money, self.cash)

    def after(self, served: "Served") -> "Budget":
        """What is left when this has gone out."""
        money = None if self.money is None else self.money - served.gross
        return Budget(self.nominal - served.nominal, money, self.cash - served.gross)


@dataclass(frozen=True)
class Waiting:
    """A request in the queue: units, or cents of credit, that it still waits for."""

    pk: int
    left: int
    is_credit: bool = False


@dataclass(frozen=True)
class Served:
    """What of a request is served: units or cents of credit; its measure; what it brings."""

    pk: int
    amount: int
    nominal: int
    gross: int


def serve(queue: Sequence[Waiting], price: Price, budget: Budget) -> list[Served]:
    """Serve a queue in its order until somebody cannot be served whole; then it ends.

    Nothing is redeemed for nothing: at a price of zero the queue waits.
    """
    served: list[Served] = []
    for waiting in queue:
        part = serve_one(waiting, price, budget)
        if part is not None:
            served.append(part)
            budget = budget.after(part)
        if part is None or part.amount < waiting.left:
            break
    return served


def serve_one(waiting: Waiting, price: Price, budget: Budget) -> Served | None:
    """As much of one request as the budget allows; None where that is nothing."""
    if waiting.is_credit:
        amount = min(waiting.left, _credit_within(price, budget))
        nominal, gross = amount, price.for_credit(amount)
    else:
        amount = min(waiting.left, units_within(price, budget))
        nominal, gross = amount * price.issue_price, amount * price.per_unit
    return Served(waiting.pk, amount, nominal, gross) if amount > 0 and gross > 0 else None


def units_within(price: Price, budget: Budget) -> int:
    """Units that a budget allows."""
    if not price.per_unit:
        return 0
    return max(0, min(budget.nominal // price.issue_price, budget.payable // price.per_unit))


def _credit_within(price: Price, budget: Budget) -> int:
    """Cents of credit that a budget allows: the most whose payout, rounded down, is within."""
    numerator, denominator = price.part
    if not numerator or budget.payable <= 0:
        return 0
    return max(0, min(budget.nominal, ((budget.payable + 1) * denominator - 1) // numerator))


def share_of(amounts: Sequence[int], units: int, all_units: int, most: int) -> list[int]:
    """The share of so many units in each amount, rounded down, together never above `most`."""
    shares = []
    for amount in amounts:
        share = min(max(0, amount) * units // all_units, most)
        shares.append(share)
        most -= share
    return shares


def rank(order: str, klass: str) -> int:
    """Which of the classes comes first under the order of the policy; 0 is first."""
    return RANKS[order][klass]


def least_that(most: int, holds: Callable[[int], bool]) -> int:
    """The least number from 1 to `most` for which something holds from then on; else `most`."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return max(0, high)
