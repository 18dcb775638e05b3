"""Rounding and sharing out: properties, and the same in Python and in the database."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ledger.arithmetic import charge, largest_remainder, rhe

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=30)


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**10))
def test_rhe_is_round_half_even(numerator: int, denominator: int) -> None:
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(numerator) / Decimal(denominator)
        assert rhe(numerator, denominator) == exact.to_integral_value(ROUND_HALF_EVEN)


@given(st.integers(0, 10**15), weights)
def test_parts_sum_to_the_total(total: int, shares: list[int]) -> None:
    parts = largest_remainder(total, shares)
    assert sum(parts) == (total if sum(shares) else 0)


@given(st.integers(0, 10**15), weights)
def test_no_part_is_a_whole_away_from_its_exact_share(total: int, shares: list[int]) -> None:
    whole = sum(shares)
    for part, share in zip(largest_remainder(total, shares), shares, strict=True):
        if whole:
            assert abs(part * whole - total * share) < whole


@given(st.integers(0, 10**9), weights)
def test_ties_go_to_the_earlier(total: int, shares: list[int]) -> None:
    parts = largest_remainder(total, shares)
    for i, share in enumerate(shares):
        for j in range(i + 1, len(shares)):
            if share == shares[j]:
                assert parts[i] >= parts[j]


def test_sharing_out_less_than_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="below zero"):
        largest_remainder(-1, [1])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [(0, 1), (1, 2), (3, 2), (5, 2), (-1, 2), (-3, 2), (-5, 3), (7, 4), (10**18 + 5, 10)],
)
def test_the_database_rounds_alike(numerator: int, denominator: int) -> None:
    with connection.cursor() as cursor:
        if abs(numerator) < 10**18 * denominator:
            cursor.execute("SELECT ledger_rhe(%s, %s)", [numerator, denominator])
            assert cursor.fetchone()[0] == rhe(numerator, denominator)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "quantity",
    [0, 1, 499, 500, 501, -500, -1500, 120_000, 252_727, 3 * 10**9, 3 * 10**9 + 1, 10**12],
)
@pytest.mark.parametrize("rate", [0, 1, -1, 333_333, 1_000_000, 3_000_000, 3 * 10**9 + 1])
def test_the_database_charges_alike(quantity: int, rate: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_charge(%s, %s)", [quantity, rate])
        assert cursor.fetchone()[0] == charge(quantity, rate)
