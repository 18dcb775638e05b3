"""Fixtures of the metering tests; Django's models may be imported only once it is set up."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.metering.world import Valley


@pytest.fixture
def valley(db: None) -> "Valley":
    """A small valley with an open period, and a node in it."""
    from tests.metering.world import make_valley

    return make_valley()
