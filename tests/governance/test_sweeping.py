"""One row that a sweep cannot end holds up no other."""

import logging

import pytest

from governance.errors import Halted, NotYet
from governance.sweeping import swept


def step(key: int) -> bool:
    if key == 2:
        raise NotYet
    if key == 3:
        raise ZeroDivisionError
    if key == 4:
        raise Halted
    return key != 5


def test_what_fails_for_one_is_logged_and_holds_up_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert swept(range(1, 8), step) == [1, 6, 7]
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert "step refused for 2: not_yet" in caplog.text
    assert "step failed for 3" in caplog.text
