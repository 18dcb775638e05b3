"""How equity credit becomes units: the rule of the economics, section 8. No Django."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger.arithmetic import largest_remainder


@dataclass(frozen=True)
class Claimant:
    """A member with credit: lots as (period code, cents), oldest first, and units held."""

    number: int
    held: int
    lots: tuple[tuple[str, int], ...] = field(default=())

    def credit_up_to(self, period: str) -> int:
        """Cents in the lots of this period and of those before it."""
        return sum(cents for code, cents in self.lots if code <= period)


def convert(
    claimants: Sequence[Claimant], *, price: int, cap: int, available: int
) -> dict[int, int]:
    """Units for each claimant, by member number; those who get none are left out.

    For each period with credit, oldest first: a member wants what the lots up to it buy, within
    the cap, less what this round gave already. Where that is more than what is left, it is shared
    out by largest remainder (ties: lower number) and the round ends.
    """
    ordered = sorted(claimants, key=lambda c: c.number)
    given = {claimant.number: 0 for claimant in ordered}
    left = max(0, available)
    for period in periods_of(ordered):
        wants = [wanted(c, period, price, cap, given[c.number]) for c in ordered]
        parts = wants if sum(wants) <= left else largest_remainder(left, wants)
        for claimant, part in zip(ordered, parts, strict=True):
            given[claimant.number] += part
        if sum(wants) > left:
            break
        left -= sum(wants)
    return {number: units for number, units in given.items() if units}


def periods_of(claimants: Sequence[Claimant]) -> list[str]:
    """The periods in which any of the credit arose, oldest first."""
    return sorted({code for claimant in claimants for code, _cents in claimant.lots})


def wanted(claimant: Claimant, period: str, price: int, cap: int, given: int) -> int:
    """Units that the lots up to a period buy within the cap, less what was given already."""
    affordable = claimant.credit_up_to(period) // price
    return max(0, min(affordable, cap - claimant.held) - given)


def draw(lots: Sequence[tuple[str, int]], cents: int) -> dict[str, int]:
    """How much of each lot pays for so many cents, oldest first; raises ValueError if too few."""
    drawn: dict[str, int] = {}
    for code, there in sorted(lots):
        part = min(there, cents)
        cents -= part
        if part:
            drawn[code] = part
    if cents:
        raise ValueError("the lots do not cover this")
    return drawn


def cap_units(fraction: Sequence[int], total: int) -> int:
    """Units that one member may hold at most: an exact fraction of all units, rounded down."""
    numerator, denominator = fraction
    return total * numerator // denominator


def room_of_group(room: int, asking: Sequence[tuple[int, int]]) -> dict[int, int]:
    """One room dealt out to those who count as one, (who, wish) each, by their wishes.

    Exact by largest remainder, ties in the order given. Nobody gets more than the room.
    """
    wishes = [wish for _who, wish in asking]
    if len(asking) == 1 or not sum(wishes):
        return {who: room for who, _wish in asking[:1]} | {who: 0 for who, _wish in asking[1:]}
    parts = largest_remainder(room, wishes)
    return {who: part for (who, _wish), part in zip(asking, parts, strict=True)}
