"""References that carry their own check, and the code for banking apps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from payments.references import can_be_scanned, compact, epc_qr_svg, spaced
from tests.makers import IBAN
from tests.payments.standard import reference_for


@given(st.integers(1, 10**15))
def test_every_reference_is_valid_and_found_again_however_it_is_typed(number: int) -> None:
    reference = reference_for(number)
    assert iso11649.is_valid(reference)
    assert len(reference) <= 25
    assert compact(spaced(reference).lower()) == reference


@given(st.integers(1, 10**9), st.integers(4, 12), st.integers(1, 9))
def test_one_mistyped_digit_is_noticed(number: int, place: int, by: int) -> None:
    reference = reference_for(number)
    place = min(place, len(reference) - 1)
    digit = str((int(reference[place]) + by) % 10)
    assert compact(reference[:place] + digit + reference[place + 1 :]) == ""


def test_known_check_digits() -> None:
    # ISO 11649: 000000001, then RF as 2715, then 00; 98 - (1271500 mod 97) = 98 - 24.
    assert reference_for(1) == "RF74000000001"


@pytest.mark.parametrize("text", ["", "RF", "RF00", "hello", "RF74000000002", "RF74 0000 0000 1x"])
def test_what_is_no_reference_is_empty(text: str) -> None:
    assert compact(text) == ""


def test_the_code_is_inline_svg_and_says_it_all() -> None:
    svg = epc_qr_svg(name="Valley Net", iban=IBAN, bic="", amount=1, reference=reference_for(1))
    assert svg.startswith("<svg")
    assert "style=" not in svg


@pytest.mark.parametrize(
    ("currency", "iban", "amount", "fits"),
    [
        ("EUR", IBAN, 1, True),
        ("CHF", IBAN, 1, False),
        ("EUR", "", 1, False),
        ("EUR", IBAN, 0, False),
    ],
)
def test_only_euros_to_a_named_account_can_be_scanned(
    currency: str, iban: str, amount: int, fits: bool
) -> None:
    assert can_be_scanned(currency=currency, iban=iban, amount=amount) is fits
