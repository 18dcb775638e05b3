"""The arithmetic of the economics: integers and fractions, nothing else."""

from fractions import Fraction
from typing import Any


def milli(tokens: str) -> int:
    return int(Fraction(tokens) * 1000)


def micro(cents: str) -> int:
    return int(Fraction(cents) * 10**6)


def charge(tokens: int, rate: int) -> int:
    """Cents for so many millitokens; Python rounds a fraction half to even."""
    return round(Fraction(tokens * rate, 10**9))


def rate_of(cents: int, basis: int) -> int:
    return round(Fraction(cents * 10**9, basis)) if basis else 0


def share_out(amount: int, weights: dict[Any, int]) -> dict[Any, int]:
    """Largest remainder: whole parts by weight; of equal remainders the first listed wins."""
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    parts = {key: amount * weight // whole for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: -(amount * weights[key] % whole))
    for key in by_remainder[: amount - sum(parts.values())]:
        parts[key] += 1
    return parts
