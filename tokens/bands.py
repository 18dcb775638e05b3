"""The band of a budget (economics, section 4), exact. No Django; money is whole cents."""

from dataclasses import dataclass
from typing import Literal

Share = Literal["off"] | list[int]
"""what the policies of bands hold: "off", or [numerator, denominator]"""


@dataclass(frozen=True)
class Stated:
    """A cost as it is stated, and as it may be budgeted.

    `lowest` and `highest` are the bounds, None where no band is drawn; `source` names the vote
    that carries a cost beyond them.
    """

    stated: int
    cost: int
    last_actual: int | None = None
    lowest: int | None = None
    highest: int | None = None
    source: str = ""

    @property
    def is_bound(self) -> bool:
        """Whether the budget opens with another cost than the one that is stated."""
        return self.cost != self.stated


def bound(
    stated: int, last_actual: int | None, share: Share, approved: tuple[int, str] | None = None
) -> Stated:
    """The cost that may be budgeted: as stated within the band, else the nearest bound.

    The band goes from the last actual cost to so much of it more; a vote that approved an amount
    widens it up to that amount. Without a last actual cost, or with the band off, all is as stated.
    """
    if share == "off" or last_actual is None:
        return Stated(stated, stated, last_actual)
    lowest, highest = last_actual, last_actual + last_actual * share[0] // share[1]
    if lowest <= stated <= highest or approved is None:
        cost = min(max(stated, lowest), highest)
        return Stated(stated, cost, last_actual, lowest, highest)
    amount, source = approved
    widened = min(lowest, amount), max(highest, amount)
    cost = min(max(stated, widened[0]), widened[1])
    moved = source if widened != (lowest, highest) else ""
    return Stated(stated, cost, last_actual, *widened, moved)
