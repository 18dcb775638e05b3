"""Shamir's secret sharing over GF(256), byte by byte: any k of n shares give the secret.

Each byte is the value at 0 of a random polynomial of degree k - 1, with the field of AES
(x^8 + x^4 + x^3 + x + 1); share x holds the values at x. Fewer than k shares say nothing at all:
every secret fits them equally well. Nothing here tells a right secret from a wrong one.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import xor

MOST = 255
_FIELD = 0x11B
_INVERSE_POWER = 254
Random = Callable[[int], bytes]


def split(
    secret: bytes, threshold: int, shares: int, random: Random = secrets.token_bytes
) -> dict[int, bytes]:
    """The shares 1 … n, each as long as the secret; raises ValueError unless 1 <= k <= n <= 255."""
    if not 1 <= threshold <= shares <= MOST:
        raise ValueError("a threshold is at least 1 and at most the number of shares, at most 255")
    polynomials = [bytes([byte]) + random(threshold - 1) for byte in secret]
    return {x: bytes(_at(x, each) for each in polynomials) for x in range(1, shares + 1)}


def combine(shares: Mapping[int, bytes]) -> bytes:
    """The secret that these shares give; raises ValueError for none, or of different lengths.

    With fewer shares than the threshold the result is another secret, and looks like one.
    """
    if not shares or len({len(share) for share in shares.values()}) != 1:
        raise ValueError("shares of one secret are equally long")
    if not all(1 <= x <= MOST for x in shares):
        raise ValueError("a share has a number from 1 to 255")
    weights = {x: _weight(x, shares) for x in shares}
    length = len(next(iter(shares.values())))
    return bytes(
        _sum(times(weights[x], shares[x][place]) for x in shares) for place in range(length)
    )


def times(a: int, b: int) -> int:
    """The product of two elements of the field."""
    product = 0
    while b:
        product ^= a * (b & 1)
        a = (a << 1) ^ (_FIELD * (a >> 7))
        b >>= 1
    return product


def inverse(a: int) -> int:
    """What times `a` gives 1: a^254."""
    result, power, left = 1, a, _INVERSE_POWER
    while left:
        if left & 1:
            result = times(result, power)
        power, left = times(power, power), left >> 1
    return result


def _at(x: int, polynomial: bytes) -> int:
    value = 0
    for coefficient in reversed(polynomial):
        value = times(value, x) ^ coefficient
    return value


def _weight(x: int, shares: Mapping[int, bytes]) -> int:
    """Lagrange's weight of share x at 0; subtraction is addition in this field."""
    weight = 1
    for other in shares:
        if other != x:
            weight = times(weight, times(other, inverse(other ^ x)))
    return weight


def _sum(values: Iterable[int]) -> int:
    return reduce(xor, values, 0)
