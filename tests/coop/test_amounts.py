"""Integers become text exactly, as the reader's language writes them."""

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from coop import amounts

EURO_EN = [(0, "€0.00"), (5, "€0.05"), (-1824, "−€18.24"), (123456789, "€1\u202f234\u202f567.89")]
EURO_DE = [(0, "0,00\u00a0€"), (-1824, "−18,24\u00a0€"), (123456, "1\u202f234,56\u00a0€")]


@pytest.mark.parametrize(("cents", "text"), EURO_EN)
def test_money_in_english(cents: int, text: str) -> None:
    with override("en"):
        assert amounts.money_text(cents) == text


@pytest.mark.parametrize(("cents", "text"), EURO_DE)
def test_money_in_german(cents: int, text: str) -> None:
    with override("de"):
        assert amounts.money_text(cents) == text


@pytest.mark.parametrize(
    ("millitokens", "text"),
    [(0, "0"), (1, "0.001"), (84_200, "84.2"), (1_120_000, "1\u202f120"), (-500, "−0.5")],
)
def test_tokens_show_no_more_digits_than_they_have(millitokens: int, text: str) -> None:
    assert amounts.tokens_text(millitokens) == text


@pytest.mark.parametrize(
    ("microcents", "text"),
    [(50_000_000, "€0.50"), (14_490_000, "€0.1449"), (1, "€0.00000001"), (0, "€0.00")],
)
def test_a_rate_shows_every_digit_it_has(microcents: int, text: str) -> None:
    assert amounts.rate_text(microcents) == text


@pytest.mark.parametrize(
    ("millitokens", "text"),
    [(9_999, "9.999"), (10_049, "10"), (10_051, "10.1"), (27_922, "27.9"), (-27_960, "−28")],
)
def test_at_a_glance_large_numbers_lose_their_small_digits(millitokens: int, text: str) -> None:
    assert amounts.tokens_roughly(millitokens) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (236, 4120, "5.7\u00a0%"),
        (0, 10, "0\u00a0%"),
        (10, 10, "100\u00a0%"),
        (99_999, 100_000, "100.0\u00a0%"),
        (1, 2000, "0.0\u00a0%"),
        (3, 2000, "0.2\u00a0%"),
        (0, 0, "0\u00a0%"),
    ],
)
def test_a_share_is_plain_only_where_it_is_exact(part: int, whole: int, text: str) -> None:
    assert amounts.percent_text(part, whole) == text


@given(st.integers(-(10**18), 10**18))
def test_money_can_be_read_back(cents: int) -> None:
    text = amounts.money_text(cents)
    digits = "".join(c for c in text if c.isdigit())
    assert int(digits) * (-1 if text.startswith("−") else 1) == cents
