"""The days after a period's end in which its close waits for nodes that are not heard from.

A node is missing as long as none of its readings ends after the period: so all that it measured
in the period is still to come. The policy `grace_hours` bounds the wait.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from ledger.errors import DomainError
from metering.errors import NodesMissing
from metering.models import MeterAssignment, Node, Reading
from policies.queries import policy
from tokens.models import Period

ENDED = (Node.State.REVOKED, Node.State.RETIRED)


def missing_nodes(period: Period) -> QuerySet[Node]:
    """Nodes that measure somebody's use at the period's end and told nothing of later yet."""
    running = Q(until=None) | Q(until__gte=period.end)
    measured = MeterAssignment.objects.filter(
        running, meter__node=OuterRef("pk"), since__lt=period.end
    )
    later = Reading.objects.filter(meter__node=OuterRef("pk"), ends_at__gte=period.end)
    return Node.objects.exclude(state__in=ENDED).filter(Exists(measured), ~Exists(later))


def grace_until(period: Period) -> datetime:
    """When a close waits for nobody any more."""
    hours: int = policy("grace_hours", period.end)
    return period.end + timedelta(hours=hours)


def wait_for_nodes(period: Period, moment: datetime) -> DomainError | None:
    """Why a close should wait at this moment; None where all is in or the grace is over."""
    until = grace_until(period)
    count = missing_nodes(period).count() if moment < until else 0
    if not count:
        return None
    ends = date_format(timezone.localtime(until), "DATETIME_FORMAT")
    return NodesMissing(code=period.code, count=count, until=ends)
