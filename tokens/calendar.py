"""Where one period ends and the next begins: calendar months in the cooperative's time zone."""

from datetime import datetime, timedelta
from fractions import Fraction

from django.utils import timezone

from tokens.models import Period


def next_end(start: datetime) -> datetime:
    """The first moment of the month after the one that `start` lies in."""
    local = timezone.localtime(start)
    year, month = divmod(local.year * 12 + local.month, 12)
    return timezone.make_aware(datetime(year, month + 1, 1))


def month_start(at: datetime) -> datetime:
    """The first moment of the month that a moment lies in."""
    local = timezone.localtime(at)
    return timezone.make_aware(datetime(local.year, local.month, 1))


def part_of_month(start: datetime, end: datetime) -> Fraction:
    """How much of its calendar month a period covers; a whole month or more is 1."""
    return min(Fraction(1), exact(end - start) / exact(next_end(start) - month_start(start)))


def exact(span: timedelta) -> Fraction:
    """A span in microseconds."""
    return Fraction(span // timedelta(microseconds=1))


def counted_in(period: Period) -> datetime | None:
    """When what is booked now for a period counts: its first or last moment, None for now.

    So what is booked late, as every close is, stands in the reports of the period it belongs to.
    """
    now = timezone.now()
    if now < period.start:
        return period.start
    return None if now < period.end else period.end - timedelta(microseconds=1)


def next_code(start: datetime) -> str:
    """A free code for a period that begins at a moment: 2026-06, or 2026-06-2 and so on."""
    month = f"{timezone.localtime(start):%Y-%m}"
    taken = set(Period.objects.filter(code__startswith=month).values_list("code", flat=True))
    if month not in taken:
        return month
    return next(f"{month}-{n}" for n in range(2, 1000) if f"{month}-{n}" not in taken)
