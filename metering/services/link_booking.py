"""Corrections that the comparison of a link brings: booked once, in the period of the readings."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.errors import DomainError
from metering.errors import NotBookableNow
from metering.links.comparing import HOUR, Compared, excess_of, taken_back
from metering.links.sums import Shares, shares_of, ways_of
from metering.models import LinkCorrection, LinkHour, LinkPair, MeterAssignment
from tokens.models import Period, Usage
from tokens.services.late import record_late
from tokens.services.usage import UsageRow, record_usage

INSTANT = timedelta(microseconds=1)
Place = tuple[int, str, datetime, int, int]
"""(link, way, hour, assignment, period)"""


def expected(
    pair: LinkPair, found: Mapping[str, Sequence[Compared]], hours: Collection[datetime]
) -> dict[Place, int]:
    """Millitokens that these hours take back, below zero; a pure function of the readings."""
    over = {row.hour for rows in found.values() for row in rows if any(excess_of(row))}
    shares = shares_of(pair, over & set(hours))
    fractions = _fractions(shares)
    places: dict[Place, int] = defaultdict(int)
    for ends in ways_of(pair):
        for row in found[ends.way]:
            sides = zip((ends.tx, ends.rx), (row.sent, row.received), excess_of(row), strict=True)
            for meter, side, excess in sides:
                for share in shares.get((meter, row.hour), ()) if excess else ():
                    num, den = fractions[share.assignment_id]
                    back = taken_back(excess, share.quantity, side.quantity, num, den)
                    place = (pair.pk, ends.way, row.hour, share.assignment_id, share.period_id)
                    places[place] -= back
    return {place: amount for place, amount in places.items() if amount}


def _fractions(shares: Shares) -> dict[int, tuple[int, int]]:
    ids = {share.assignment_id for rows in shares.values() for share in rows}
    rows = MeterAssignment.objects.filter(pk__in=ids).values_list("pk", "num", "den")
    return {pk: (num, den) for pk, num, den in rows}


def book(pair: LinkPair, rows: Sequence[LinkHour], wanted: Mapping[Place, int]) -> None:
    """Book the difference between what is wanted and what stands, assignment by assignment.

    What cannot be booked now is written on its hour, which stays unsettled: it is tried again.
    """
    by_hour = {(row.way, row.hour): row for row in rows}
    stands = _stands(rows)
    due: dict[tuple[int, int], dict[LinkHour, int]] = defaultdict(dict)
    for place in sorted(wanted.keys() | stands.keys()):
        _link, way, hour, assignment, period = place
        difference = wanted.get(place, 0) - stands.get(place, 0)
        row = by_hour.get((way, hour))
        if difference and row is not None and row.outcome != LinkHour.Outcome.WAITS:
            due[assignment, period][row] = difference
    troubles: dict[int, str] = {}
    for (assignment, period), amounts in due.items():
        trouble = _book_group(pair, assignment, period, amounts)
        troubles |= dict.fromkeys((row.pk for row in amounts), trouble)
    _note(rows, troubles)


def _stands(rows: Sequence[LinkHour]) -> dict[Place, int]:
    names = ("hour__pair", "hour__way", "hour__hour", "assignment", "period")
    booked = LinkCorrection.objects.filter(hour__in=rows).order_by().values_list(*names)
    return {(p, w, h, a, t): int(n) for p, w, h, a, t, n in booked.annotate(Sum("amount"))}


def _book_group(
    pair: LinkPair, assignment_id: int, period_id: int, amounts: Mapping[LinkHour, int]
) -> str:
    """Book one assignment's corrections in one period; "" or the code of what stands against it."""
    assignment = MeterAssignment.objects.get(pk=assignment_id)
    period = Period.objects.get(pk=period_id)
    try:
        with transaction.atomic():
            made = LinkCorrection.objects.bulk_create(
                LinkCorrection(hour=row, assignment=assignment, period=period, amount=amount)
                for row, amount in amounts.items()
            )
            _record([_usage(pair, row) for row in made])
    except DomainError as error:
        return error.code
    return ""


def _record(rows: list[UsageRow]) -> None:
    """Into the open period, or as an adjustment of a closed one; all or nothing."""
    outcome = record_usage(rows=rows, actor=None)
    late = record_late(rows=outcome.late, actor=None)
    if outcome.waiting or late.left:
        raise NotBookableNow


def _usage(pair: LinkPair, row: LinkCorrection) -> UsageRow:
    """The usage that a correction is."""
    said = _("Link %(link)s, %(hour)s: what both ends saw counts") % {
        "link": pair.label,
        "hour": timezone.localtime(row.hour.hour).strftime("%Y-%m-%d %H:%M"),
    }
    return UsageRow(
        member_id=row.assignment.member_id,
        pool_id=row.assignment.pool_id,
        resource_id=row.assignment.resource_id,
        used_at=moment_of(row.hour.hour, row.period),
        amount=row.amount,
        key=f"link:{row.pk}",
        kind=Usage.Kind.CORRECTION,
        reason=said[:200],
    )


def moment_of(hour: datetime, period: Period) -> datetime:
    """The last instant of the hour, or the nearest that lies in the period of its readings."""
    return max(period.start, min(hour + HOUR, period.end) - INSTANT)


def _note(rows: Sequence[LinkHour], troubles: Mapping[int, str]) -> None:
    """Write on each hour what stands against booking it, and take off what no longer does."""
    for row in rows:
        trouble = troubles.get(row.pk, "")
        if row.trouble != trouble or (trouble and not row.unsettled):
            row.trouble, row.unsettled = trouble, bool(trouble) or row.unsettled
            row.save(update_fields=["trouble", "unsettled"])
