"""Exact arithmetic of money and shares: integers only, no Django.

The database has the same functions for set-based work (`ledger_rhe`, `ledger_charge`); tests
compare the two.
"""

from collections.abc import Sequence

RATE_SCALE = 10**9
"""millitokens per token × micro-cents per cent."""


def rhe(numerator: int, denominator: int) -> int:
    """numerator / denominator, rounded half to even; the denominator is positive."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient % 2):
        return quotient + 1
    return quotient


def charge(quantity: int, rate: int) -> int:
    """Cents for `quantity` millitokens at `rate` micro-cents per token (economics, section 1)."""
    return rhe(quantity * rate, RATE_SCALE)


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """`total` shared out by weights so that the parts sum to it exactly.

    Equal remainders go to the earlier place in the list: the caller sorts by the rule for ties.
    All weights zero: nobody gets anything. Raises ValueError on negative arguments.
    """
    if total < 0 or any(w < 0 for w in weights):
        raise ValueError("a total or weight below zero cannot be shared out")
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * w // whole for w in weights]
    by_rest = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_rest[: total - sum(parts)]:
        parts[i] += 1
    return parts
