"""How large a simulation may be, so that one steward's question leaves the site to the others."""

from coop.scenarios.shapes import Scenario
from coop.simulations.changes import size_of
from coop.simulations.errors import TooManyBooks, TooManyMembers, TooManyMonths

MOST_MEMBERS = 500
MOST_MONTHS = 60
MOST_BOOKS = 30_000
"""members × resources × months: what a play takes is nearly proportional to it"""
MOST_BYTES = 1_000_000
MOST_AT_ONCE = 3
"""runs of one steward that wait or run"""
MOST_DRAFTS = 20
MOST_SECONDS = 1800


def require_bounded(scenario: Scenario) -> None:
    """Raises TooManyMembers, TooManyMonths or TooManyBooks for what is too large to be played."""
    size = size_of(scenario)
    for key, most, error in (
        ("members", MOST_MEMBERS, TooManyMembers),
        ("months", MOST_MONTHS, TooManyMonths),
        ("books", MOST_BOOKS, TooManyBooks),
    ):
        if size[key] > most:
            raise error(number=size[key], most=most)
