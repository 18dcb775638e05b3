"""The rates of a period, exact (economics, sections 4 and 7). No Django.

Money is cents, quantities are millitokens, rates are micro-cents per token.
"""

from dataclasses import dataclass

from ledger.arithmetic import RATE_SCALE, charge, rhe


@dataclass(frozen=True)
class Opening:
    """What is fixed when a period opens."""

    budget: int
    basis: int
    unit_cost: int
    sale_cost: int
    price: int


@dataclass(frozen=True)
class Recovery:
    """What a close recovers of the cost of one yield, in cents."""

    total: int
    to_reserve: int
    recovered: int
    carried_next: int


def rate_of(cents: int, basis: int) -> int:
    """Micro-cents per token when so many cents fall on so many millitokens; 0 on none."""
    return rhe(cents * RATE_SCALE, basis) if basis else 0


def opening(*, cost: int, carried: int, issued: int, normal: int, posted: int) -> Opening:
    """u, v and P of a period: u from the budget, v never below the whole cost, P never below v.

    Where nothing is issued and nothing is normal, all that is paid is cost: v = P.
    """
    budget = max(0, cost - carried)
    basis = max(issued, normal)
    unit_cost = rate_of(budget, basis)
    sale_cost = max(unit_cost, rate_of(cost, basis)) if basis else posted
    return Opening(budget, basis, unit_cost, sale_cost, max(posted, sale_cost))


def settled_rate(*, actual: int, carried: int, basis: int, sale_cost: int) -> int:
    """s: what a token did cost, now that the actual cost is known."""
    return rate_of(max(actual, actual - carried), basis) if basis else sale_cost


def vacancy(*, owned: bool, basis: int, pool_unsold: int, settled: int) -> int:
    """Cents that the pool's unsold tokens cost; all of the basis while nobody owns a unit."""
    return charge(pool_unsold if owned else basis, settled)


def recovery(
    *,
    own_cost: int,
    cost_parts: int,
    vacant: int,
    overage_cost: int,
    unbacked_cost: int,
    budget: int,
    actual: int,
    carried: int,
    late: int = 0,
) -> Recovery:
    """How the cost of one yield was covered, and what is carried on (economics, section 7).

    `late` is the cost part of late usage of closed periods (below zero: given back). It is overage
    that nobody's tokens back, so it counts among both; what is given back lowers both again.
    """
    total = own_cost + vacant + cost_parts + late
    to_reserve = max(0, min(overage_cost + late, unbacked_cost + late, total - budget))
    recovered = total - to_reserve
    return Recovery(total, to_reserve, recovered, carried + recovered - actual)
