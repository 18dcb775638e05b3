"""Which values policy takes: every shape, every bound, nothing that locks the cooperative."""

from typing import Any

import pytest
from django.db import transaction

from policies.errors import UnknownParameter, WrongValue
from policies.models import PolicyValue
from policies.registry import PARAMETERS
from policies.services import set_policy
from policies.shapes import Choice, Flag, Fraction, Majority, Whole

NUMBERS = [p for p in PARAMETERS.values() if isinstance(p.kind, Whole)]
PARTS = [p for p in PARAMETERS.values() if isinstance(p.kind, Fraction)]
MAJORITIES = [p for p in PARAMETERS.values() if isinstance(p.kind, Majority)]
NO_NUMBER: list[Any] = [True, False, None, "7", 7.0, 7.5, [7], {"n": 7}]
NO_PART: list[Any] = [
    [2, 1], [-1, 2], [1, 0], [0, 0], [1], [1, 2, 3], [True, True], [0.5, 1], ["1", "2"], 1, "1/2",
    None, {"1": 2}, [1, 10**6 + 1], [10**30, 10**30],
]  # fmt: skip
LOCKING = [
    ("voting_seconds", 10**18),
    ("voting_seconds", 1),
    ("expiry_seconds", 1),
    ("notice_seconds", 10**18),
    ("timelock_seconds", 10**18),
    ("timelock_rights_seconds", 10**18),
    ("posted_price", 10**30),
    ("issue_price", 10**30),
    ("payment_days", 10**6),
    ("purchase_minimum", 10**18),
    ("bid_minimum", 10**18),
    ("support", [1, 1, True]),
    ("support", [3, 3, True]),
    ("approval_quorum", [1, 1, True]),
]


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=list(PARAMETERS))
def test_every_default_is_a_value_and_every_value_is_bounded(parameter: Any) -> None:
    assert parameter.accepts(parameter.default)
    assert not parameter.accepts(10**18)
    assert not parameter.accepts([10**18, 10**18])
    assert not parameter.accepts([10**18, 10**18, False])


@pytest.mark.parametrize("parameter", NUMBERS, ids=[p.key for p in NUMBERS])
def test_whole_numbers_end_at_their_bounds(parameter: Any) -> None:
    least, most = parameter.kind.least, parameter.kind.most
    assert parameter.accepts(least)
    assert parameter.accepts(most)
    assert not parameter.accepts(least - 1)
    assert not parameter.accepts(most + 1)
    assert str(least) in parameter.shape
    assert str(most) in parameter.shape


@pytest.mark.parametrize("value", NO_NUMBER, ids=repr)
def test_what_is_no_int_is_no_number(value: Any) -> None:
    assert not any(parameter.accepts(value) for parameter in NUMBERS)


@pytest.mark.parametrize("value", [[0, 1], [1, 1], [1, 3], [999_999, 10**6]], ids=repr)
def test_fractions_of_a_whole_are_taken(value: list[int]) -> None:
    assert all(parameter.accepts(value) for parameter in PARTS)
    assert all(parameter.accepts([*value, False]) for parameter in MAJORITIES)


@pytest.mark.parametrize("value", NO_PART, ids=repr)
def test_other_pairs_are_no_fraction(value: Any) -> None:
    assert not any(parameter.accepts(value) for parameter in PARTS)
    if isinstance(value, list):
        assert not any(parameter.accepts([*value, False]) for parameter in MAJORITIES)


@pytest.mark.parametrize("mark", [0, 1, "true", None])
def test_a_majority_says_strict_by_true_or_false(mark: Any) -> None:
    assert not any(parameter.accepts([1, 2, mark]) for parameter in MAJORITIES)
    assert all(parameter.accepts([1, 2, True]) for parameter in MAJORITIES)


@pytest.mark.parametrize("value", [0, 1, "true", "yes", None, []])
def test_a_flag_is_true_or_false(value: Any) -> None:
    flags = [p for p in PARAMETERS.values() if isinstance(p.kind, Flag)]
    assert flags
    assert not any(parameter.accepts(value) for parameter in flags)
    assert all(parameter.accepts(value) for parameter in flags for value in (True, False))


def test_a_choice_is_one_of_its_codes() -> None:
    choices = [p for p in PARAMETERS.values() if isinstance(p.kind, Choice)]
    assert choices
    assert not any(p.accepts(v) for p in choices for v in ("", "never", 1, None, ["at_close"]))


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "value"), LOCKING)
def test_what_would_lock_the_cooperative_is_refused_and_the_bound_is_named(
    key: str, value: Any
) -> None:
    with pytest.raises(WrongValue) as refused:
        set_policy(actor=None, key=key, value=value, source="test")
    assert PARAMETERS[key].shape in str(refused.value)
    assert not PolicyValue.objects.exists()


@pytest.mark.django_db
def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnknownParameter), transaction.atomic():
        set_policy(actor=None, key="gravity", value=1, source="test")
    assert not PolicyValue.objects.exists()
