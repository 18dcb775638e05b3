"""Named reads of links, and who may see them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.http import Http404
from django.utils import timezone

from assets.models import Resource
from members.models import Member
from members.queries import is_steward
from metering.disputes.disputed import links_that_concern, own_members
from metering.models import Dispute, LinkHour, LinkPair
from tokens.models import Period, Usage
from tokens.queries import usage_of

DAY = timedelta(hours=24)
Outcome = LinkHour.Outcome
MISMATCH = Q(hours__outcome__in=[Outcome.MISSING, Outcome.EXCESS])


def links_for(user: Any) -> QuerySet[LinkPair]:
    """All links for a steward, for others those that concern them; running ones first.

    Each with `compared_upto`, and of its last day `compared` and `mismatches`.
    """
    members = own_members(user)
    rows = LinkPair.objects.all() if is_steward(user) else links_that_concern(members)
    recent = Q(hours__hour__gt=timezone.now() - DAY)
    judged = ~Q(hours__outcome__in=[Outcome.GAP, Outcome.WAITS])
    return (
        rows.select_related("a_tx__node", "b_tx__node")
        .annotate(
            compared_upto=Max("hours__hour", filter=judged),
            compared=Count("hours", filter=recent & judged),
            mismatches=Count("hours", filter=recent & MISMATCH),
        )
        .order_by("until", "label", "pk")
    )


def link_for(user: Any, link_id: int) -> LinkPair:
    """One of `links_for`; raises Http404."""
    found = links_for(user).filter(pk=link_id).first()
    if found is None:
        raise Http404
    return found


def hours_of(pair: LinkPair, since: datetime | None = None) -> QuerySet[LinkHour]:
    """The compared hours of a link, newest first, with what was taken back."""
    rows = LinkHour.objects.filter(pair=pair, hour__lte=timezone.now() - timedelta(hours=1))
    if since is not None:
        rows = rows.filter(hour__gt=since)
    return rows.select_related("dispute").prefetch_related("corrections__assignment__resource")


def disputes_of_link(pair: LinkPair) -> QuerySet[Dispute]:
    """What the machine disputed of a link, newest first."""
    rows = Dispute.objects.filter(link=pair).order_by("-pk")
    related = ("member", "pool", "resource", "reading", "correction", "link__a_tx__node")
    return rows.select_related(*related, "link__b_tx__node")


@dataclass(frozen=True)
class TakenBack:
    """Millitokens of one day that the other ends of links did not see; below zero."""

    day: date
    resource: Resource
    pool: str
    amount: int


def corrections_by_hand(member: Member, period: Period) -> QuerySet[Usage]:
    """What stewards corrected of a member's use, newest first."""
    return usage_of(member, period).filter(kind="correction").exclude(key__startswith="link:")


def taken_back(member: Member, period: Period) -> list[TakenBack]:
    """What the comparison of links took back of a member's use, day by day, newest first."""
    rows = usage_of(member, period).filter(kind="correction", key__startswith="link:")
    place = ("book__yields__resource", "book__yields__pool__name")
    sums = rows.order_by().values_list(TruncDate("used_at"), *place).annotate(Sum("amount"))
    found = sorted(sums, key=lambda row: (row[0], row[1]), reverse=True)
    known = Resource.objects.in_bulk([row[1] for row in found])
    return [TakenBack(day, known[pk], pool, int(n)) for day, pk, pool, n in found if n]
