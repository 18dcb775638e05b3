"""Any k shares give the secret, and fewer say nothing at all."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coop_trustee import shamir


def test_the_field_is_that_of_aes() -> None:
    """FIPS 197, 4.2: {57} · {83} = {c1}, {57} · {13} = {fe}; {53} and {ca} are inverse."""
    assert shamir.times(0x57, 0x83) == 0xC1
    assert shamir.times(0x57, 0x13) == 0xFE
    assert shamir.inverse(0x53) == 0xCA


def test_every_element_has_its_inverse() -> None:
    assert all(shamir.times(a, shamir.inverse(a)) == 1 for a in range(1, 256))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.binary(min_size=1, max_size=40))
def test_any_k_shares_give_the_secret(data: st.DataObject, secret: bytes) -> None:
    threshold = data.draw(st.integers(1, 5))
    number = data.draw(st.integers(threshold, 7))
    shares = shamir.split(secret, threshold, number)
    for chosen in combinations(shares, threshold):
        assert shamir.combine({x: shares[x] for x in chosen}) == secret
    assert shamir.combine(shares) == secret


def test_one_share_of_two_fits_every_secret_equally() -> None:
    """For each secret exactly one of the 256 polynomials gives what the one trustee holds."""
    held, x = 0xA7, 3
    fitting = [
        secret
        for secret in range(256)
        for slope in range(256)
        if shamir.split(bytes([secret]), 2, x, lambda _n, s=slope: bytes([s]))[x] == bytes([held])
    ]
    assert sorted(fitting) == list(range(256))


def test_shares_that_are_no_shares_are_refused() -> None:
    for threshold, number in ((0, 3), (4, 3), (2, 256)):
        with pytest.raises(ValueError, match="threshold"):
            shamir.split(b"secret", threshold, number)
    for shares in ({}, {1: b"a", 2: b"bc"}, {0: b"a"}):
        with pytest.raises(ValueError, match="share"):
            shamir.combine(shares)
