"""What the names of a scenario mean in the database that it is played in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import DataError

from assets.models import Pool, Resource
from coop.scenarios.errors import Place
from coop.scenarios.shapes import decimal, month_after
from ledger.errors import DomainError
from members.models import Member
from tokens.errors import NotEnoughTokens


@dataclass
class Cast:
    """The rows that stand for the scenario's names; `posted` is the price in force, by scope."""

    zone: ZoneInfo
    pools: dict[str, Pool] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    posted: dict[tuple[str, str], int] = field(default_factory=dict)

    def start_of(self, month: str) -> datetime:
        """The first moment of a month, where the cooperative is."""
        return datetime.strptime(month, "%Y-%m").replace(tzinfo=self.zone)

    def end_of(self, month: str) -> datetime:
        return self.start_of(month_after(month, 1))


def first_day(month: str) -> date:
    return datetime.strptime(month, "%Y-%m").date()


def next_first_day(month: str) -> date:
    """The day on which the month after begins."""
    return first_day(month_after(month, 1))


@contextmanager
def refusals(place: Place, key: str, month: str) -> Iterator[None]:
    """Show what the services refuse as an error at this place of the file."""
    try:
        yield
    except NotEnoughTokens as error:
        left = decimal(error.left)
        place.refuse(key, f"only {left} unused tokens of their own are left in {month}")
    except DomainError as error:
        place.refuse(key, f"{error} (in {month})")
    except DataError:
        place.refuse(key, f"the numbers of {month} are too large for the books; write smaller ones")
