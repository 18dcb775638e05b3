"""What is asked of an export: which days, read by whom."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Max
from django.utils import timezone

from ledger.access import NOBODY, Reader
from ledger.asof import Window
from ledger.models import Cut, Transaction
from ledger.reports.spans import midnight

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """The days from `first` to `last`, both inclusive, by when things count; None is no limit.

    `reader` decides which members appear by their number; the others by pseudonym.
    """

    first: date | None = None
    last: date | None = None
    reader: Reader = NOBODY

    @property
    def window(self) -> Window:
        """The days as the books count them."""
        return Window(
            start=midnight(self.first) if self.first else None,
            end=midnight(self.last + DAY) if self.last else None,
        )

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self.first is None and self.last is None

    def kept(self) -> "Asked":
        """The same; where older entries were detached and no first day was asked, from there on.

        The first day is then the first whole one after the newest cut.
        """
        cut = Cut.objects.aggregate(through=Max("through"))["through"]
        if cut is None or self.first is not None:
            return self
        return replace(self, first=timezone.localdate(cut) + DAY)

    def day_after(self) -> date:
        """The first day on which all that is exported has counted; never before the first day."""
        if self.last:
            return self.last + DAY
        latest = Transaction.objects.aggregate(at=Max("effective_at"))["at"]
        days = [timezone.localdate(), *([timezone.localdate(latest)] if latest else [])]
        return max(max(days) + DAY, self.first or date.min)
