"""The register of titles as of any moment, in two times: what held then, as it was known then.

`at` asks for the time in which a title counts (`issued_at`, `ended_at`), `known` for the time in
which we knew (`recorded_at`, `end_recorded_at`). A later correction of the past changes what is
told of a moment, and never what was known of it before.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from assets.models import Pool
from titles.models import Title


@dataclass(frozen=True)
class AsOf:
    """A moment that is asked about, and the moment whose knowledge is asked; None means today's."""

    at: datetime
    known: datetime | None = None

    @classmethod
    def day(cls, day: date, known: datetime | None = None) -> "AsOf":
        """The end of a day of the cooperative."""
        return cls(end_of(day), known)

    def counts(self) -> Q:
        """Which titles count."""
        if self.known is None:
            goes_on = Q(ended_at=None) | Q(ended_at__gt=self.at)
            return Q(issued_at__lte=self.at) & goes_on
        unknown_end = Q(end_recorded_at=None) | Q(end_recorded_at__gt=self.known)
        goes_on = unknown_end | Q(ended_at__gt=self.at)
        return Q(issued_at__lte=self.at, recorded_at__lte=self.known) & goes_on


def end_of(day: date) -> datetime:
    """The last microsecond of a day in the time zone of the cooperative."""
    morning = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
    return morning - timedelta(microseconds=1)


def titles_as_of(moment: AsOf, pool: Pool | None = None) -> QuerySet[Title]:
    """The titles that counted, with their holders and pools, by number."""
    found = Title.objects.filter(moment.counts())
    if pool is not None:
        found = found.filter(pool=pool)
    return found.select_related("member", "pool").order_by("number")


def holders_as_of(moment: AsOf, pool: Pool | None = None) -> QuerySet[Any, Any]:
    """Who held what: a row for each member and pool, by member number and pool.

    Each row: member_id, member_number, name, code and pool_name, held (units), paid_in (cents),
    titles, since. One statement however many titles there are.
    """
    rows = titles_as_of(moment, pool).select_related(None).order_by()
    holders = rows.values(
        "member_id",
        member_number=F("member__number"),
        name=F("member__name"),
        code=F("pool__code"),
        pool_name=F("pool__name"),
    )
    return holders.annotate(
        held=Sum("units"), paid_in=Sum("capital"), titles=Count("pk"), since=Min("issued_at")
    ).order_by("member_number", "code")


def totals_as_of(moment: AsOf) -> QuerySet[Any, Any]:
    """What anyone may know: for each pool the units that members held, and how many held some."""
    rows = titles_as_of(moment).select_related(None).order_by()
    return (
        rows.values(code=F("pool__code"), pool_name=F("pool__name"))
        .annotate(
            held=Sum("units"),
            holders=Count("member", distinct=True),
            titles=Count("pk"),
            last=Max("issued_at"),
        )
        .order_by("code")
    )


def held_as_of(moment: AsOf) -> dict[tuple[int, int], int]:
    """Units by (member id, pool id), those above zero."""
    rows = Title.objects.filter(moment.counts()).order_by()
    found = rows.values_list("member_id", "pool_id").annotate(n=Sum("units"))
    return {(member, pool): units for member, pool, units in found}
