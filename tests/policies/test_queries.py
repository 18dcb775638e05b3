"""Which value is in force: at a moment, in a scope."""

from datetime import UTC, datetime
from typing import Any

import pytest

from policies.errors import UnknownParameter
from policies.queries import history, in_force, policy
from policies.registry import PARAMETERS
from policies.services import set_policy

pytestmark = pytest.mark.django_db
KEY, SPECIFIC, POOL = "posted_price", "backbone:bandwidth", "backbone"


def day(number: int) -> datetime:
    return datetime(2026, 6, number, tzinfo=UTC)


def agree_from(number: int, value: Any, scope: str = "") -> None:
    set_policy(
        actor=None, key=KEY, value=value, scope=scope, valid_from=day(number), source="founding"
    )


def test_before_anything_is_set_the_default_holds() -> None:
    agree_from(10, 5)
    assert in_force(KEY, day(9)) is None
    assert policy(KEY, day(9)) == PARAMETERS[KEY].default


def test_a_value_holds_from_its_moment_on_until_the_next() -> None:
    agree_from(10, 5)
    agree_from(20, 6)
    assert [policy(KEY, day(n)) for n in (10, 19, 20, 30)] == [5, 5, 6, 6]


def test_of_two_values_of_one_moment_the_later_row_holds() -> None:
    agree_from(10, 5)
    agree_from(10, 7)
    assert policy(KEY, day(10)) == 7


def test_a_value_recorded_later_but_dated_earlier_does_not_push_out_the_newer() -> None:
    agree_from(20, 6)
    agree_from(10, 5)
    assert [policy(KEY, day(n)) for n in (15, 25)] == [5, 6]


def test_the_most_specific_scope_wins_even_with_an_older_value() -> None:
    agree_from(1, 3, SPECIFIC)
    agree_from(2, 4, POOL)
    agree_from(3, 5)
    at = day(30)
    assert policy(KEY, at, SPECIFIC, POOL) == 3
    assert policy(KEY, at, "backbone:storage", POOL) == 4
    assert policy(KEY, at, "town:storage", "town") == 5


def test_a_specific_scope_does_not_hold_before_its_moment() -> None:
    agree_from(1, 5)
    agree_from(10, 3, SPECIFIC)
    assert policy(KEY, day(9), SPECIFIC) == 5
    assert policy(KEY, day(10), SPECIFIC) == 3


def test_history_is_of_one_scope_and_newest_first() -> None:
    agree_from(1, 5)
    agree_from(2, 6)
    agree_from(3, 7, POOL)
    assert [row.value for row in history(KEY, "")] == [6, 5]


def test_an_unknown_key_has_no_value() -> None:
    with pytest.raises(UnknownParameter):
        policy("gravity", day(1))
