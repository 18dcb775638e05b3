"""Straight-line depreciation in exact cents by days (economics, section 4). No Django.

A plan spreads a base over so many months from a day on. What is written off up to a day is
`base · days passed ÷ days of the plan`, rounded half to even; what a period writes off is the
difference between its end and its beginning, so the parts sum to the base whatever the periods.
"""

import calendar
from dataclasses import dataclass
from datetime import date

from ledger.arithmetic import largest_remainder, rhe

MONTHS = 12


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month where it is shorter."""
    years, month = divmod(day.month - 1 + months, MONTHS)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True)
class Plan:
    """`base` cents over `months` from `since` on, split over resources by whole `weights`.

    `until` is the day on which it ended early (a revision, the end of the thing), exclusive.
    """

    base: int
    since: date
    months: int
    weights: dict[str, int]
    until: date | None = None

    def bases(self) -> dict[str, int]:
        """The base of each resource in cents; they sum to the whole."""
        codes = sorted(self.weights)
        parts = largest_remainder(self.base, [self.weights[code] for code in codes])
        return dict(zip(codes, parts, strict=True))

    def written_off(self, day: date) -> dict[str, int]:
        """Cents written off by resource from the beginning up to a day, which is not counted."""
        end = months_later(self.since, self.months)
        whole = (end - self.since).days
        last = min(day, self.until) if self.until else day
        passed = min(max(0, (last - self.since).days), whole)
        return {code: rhe(base * passed, whole) for code, base in self.bases().items()}

    def between(self, start: date, end: date) -> dict[str, int]:
        """Cents that the days from `start` up to `end`, exclusive, write off by resource."""
        before, after = self.written_off(start), self.written_off(end)
        return {code: after[code] - before[code] for code in after}
