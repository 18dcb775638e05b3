"""What a reader asks of a report."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from ledger.access import NOBODY, Reader
from ledger.asof import Window
from ledger.reports.spans import Span

PREVIOUS, LAST_YEAR = "previous", "year"


@dataclass(frozen=True)
class Asked:
    """The days, the pool ("" for all), as known at a moment (None: now), beside which other days.

    `commodity` is the id of what a trial balance counts (None: money). `reader` is who
    asks.
    """

    span: Span
    known: datetime | None = None
    compare: str = ""
    pool: str = ""
    commodity: int | None = None
    reader: Reader = NOBODY

    @property
    def spans(self) -> list[Span]:
        """The days themselves, and those beside them where the reader wants to compare."""
        if self.compare == PREVIOUS:
            return [self.span, self.span.before()]
        if self.compare == LAST_YEAR:
            return [self.span, self.span.year_before()]
        return [self.span]

    def window(self, span: Span) -> Window:
        """Days as the books count them."""
        return Window(start=span.begins_at, end=span.ends_at, known=self.known)

    def over(self, span: Span) -> "Asked":
        """The same about other days."""
        return replace(self, span=span)

    @property
    def so_far(self) -> date | None:
        """The day up to which a period that is not over is known; None of one that is over."""
        at = min(self.known or timezone.now(), timezone.now())
        return timezone.localdate(at) if at < self.span.ends_at else None

    @property
    def heading(self) -> str:
        """The days in words; of a period that is not over also up to when it is known."""
        if self.so_far is None:
            return self.span.label
        day = formats.date_format(self.so_far, _("j F Y"))
        return _("%(period)s so far, as of %(day)s") % {"period": self.span.label, "day": day}

    def query(self) -> str:
        """The same question as the query of an address."""
        return urlencode({key: value for key, value in self._values().items() if value})

    def _values(self) -> dict[str, Any]:
        code = self.span.code
        days = {} if code else {"first": self.span.start, "last": self.span.last}
        return {
            "period": code or "days",
            **days,
            "compare": self.compare,
            "pool": self.pool,
            "known": self.known.isoformat() if self.known else "",
            "commodity": self.commodity or "",
        }
