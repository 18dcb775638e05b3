"""Stretches of days that a report covers: a month, a quarter, a year, or from one day to another.

A span is half-open, in days of the cooperative's timezone: `end` is the first day after it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar

from django.utils import formats, timezone
from django.utils.translation import gettext as _

CODE = re.compile(r"([0-9]{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?")


@dataclass(frozen=True)
class Span:
    """Days from `start` up to, not including, `end`; `months` is 0 where it is no whole period."""

    DAY: ClassVar[timedelta] = timedelta(days=1)

    start: date
    end: date
    months: int = 0

    @property
    def code(self) -> str:
        """ "2026-06", "2026-Q2", "2026", or "" for days of one's own."""
        if self.months == 12:
            return f"{self.start:%Y}"
        if self.months == 3:
            return f"{self.start:%Y}-Q{(self.start.month + 2) // 3}"
        return f"{self.start:%Y-%m}" if self.months else ""

    @property
    def last(self) -> date:
        """The last day of it."""
        return self.end - self.DAY

    @property
    def label(self) -> str:
        """The span in words."""
        if self.months == 12:
            return f"{self.start:%Y}"
        if self.months == 3:
            values = {"number": (self.start.month + 2) // 3, "year": self.start.year}
            return _("Quarter %(number)s, %(year)s") % values
        if self.months:
            return formats.date_format(self.start, "F Y")
        return _("%(first)s to %(last)s") % {
            "first": formats.date_format(self.start, _("j M Y")),
            "last": formats.date_format(self.last, _("j M Y")),
        }

    @property
    def begins_at(self) -> datetime:
        """The moment of the first midnight."""
        return midnight(self.start)

    @property
    def ends_at(self) -> datetime:
        """The midnight that is no longer part of it."""
        return midnight(self.end)

    def before(self) -> "Span":
        """The span of the same length that ends where this one begins."""
        if self.months:
            return whole(months_on(self.start, -self.months), self.months)
        return Span(self.start - (self.end - self.start), self.start)

    def after(self) -> "Span":
        """The span of the same length that begins where this one ends."""
        if self.months:
            return whole(self.end, self.months)
        return Span(self.end, self.end + (self.end - self.start))

    def year_before(self) -> "Span":
        """The same days of the year before."""
        if self.months:
            return whole(months_on(self.start, -12), self.months)
        return Span(_year_less(self.start), _year_less(self.end))


def midnight(day: date) -> datetime:
    """The moment at which a day begins in the cooperative's timezone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def months_on(day: date, months: int) -> date:
    """The first day of the month that lies so many months on."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def whole(first: date, months: int) -> Span:
    """A whole month, quarter or year from its first day."""
    return Span(first, months_on(first, months), months)


def span_of(code: str) -> Span | None:
    """The span that a code names; None where it names none."""
    found = CODE.fullmatch(code)
    if found is None or not 1 < int(found[1]) < 9998:
        return None
    year, quarter, month = int(found[1]), found[2], found[3]
    if quarter:
        return whole(date(year, 3 * int(quarter) - 2, 1), 3)
    return whole(date(year, int(month), 1), 1) if month else whole(date(year, 1, 1), 12)


def recent(today: date) -> Iterator[Span]:
    """The spans that a reader is offered: 3 years, 8 quarters and 24 months, the newest first."""
    year, quarter = date(today.year, 1, 1), date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    for first, months, number in ((year, 12, 3), (quarter, 3, 8), (today.replace(day=1), 1, 24)):
        for back in range(number):
            yield whole(months_on(first, -months * back), months)


def _year_less(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
