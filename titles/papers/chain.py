"""Where a title came from and where it went, by number."""

from collections.abc import Sequence
from dataclasses import dataclass

from titles.models import Title, TitleLink


@dataclass(frozen=True)
class Chain:
    """The titles before a title and after it, with the units that went from one to the next."""

    earlier: Sequence[tuple[int, int]]
    later: Sequence[tuple[int, int]]

    @property
    def numbers(self) -> list[int]:
        """The titles that it follows on."""
        return [number for number, _units in self.earlier]


def chain_of(title: Title) -> Chain:
    """The neighbours of a title, one step in each direction, in two queries."""
    before = TitleLink.objects.filter(later=title).order_by("earlier__number")
    after = TitleLink.objects.filter(earlier=title).order_by("later__number")
    return Chain(
        list(before.values_list("earlier__number", "units")),
        list(after.values_list("later__number", "units")),
    )
