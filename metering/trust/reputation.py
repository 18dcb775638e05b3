"""How far a node can be relied on, from facts that everybody sees. Integers; nothing is hidden.

The formula, each part in thousandths over the last 30 days, rounded down:

    coverage  = 1000 · hours with a reading / hours
    agreement = 1000 · hours of links that agree / hours compared     (1000 where none was)
    storage   = 1000 · challenges passed / challenges answered or due (1000 where none was)
    honesty   = 1000 / (1 + batches in conflict)
    score     = coverage · agreement · storage · honesty / 1000³
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Q
from django.utils import timezone

from metering.models import Envelope, EnvelopeConflict, LinkHour, Node, StorageChallenge

WINDOW = timedelta(days=30)
HOUR = timedelta(hours=1)
Outcome = LinkHour.Outcome
AGREED = (Outcome.AGREE, Outcome.SHIFTED, Outcome.LOSS)
CONTRADICTED = (Outcome.MISSING, Outcome.EXCESS)

COVERED = """
SELECT count(DISTINCT date_trunc('hour', r.ends_at - interval '1 microsecond', 'UTC'))
FROM metering_reading r
WHERE r.meter_id IN (SELECT id FROM metering_meter WHERE node_id = %s)
  AND r.received_at >= %s AND r.ends_at > %s AND r.ends_at <= %s AND r.begins_at < r.ends_at"""


@dataclass(frozen=True)
class Reputation:
    """The facts of a node since a moment, and what the formula makes of them, in thousandths."""

    since: datetime
    hours: int
    covered: int
    compared: int
    agreed: int
    challenged: int
    passed: int
    conflicts: int

    @property
    def coverage(self) -> int:
        """How much of its time it measured; 1000 where there was none yet."""
        return share(self.covered, self.hours)

    @property
    def agreement(self) -> int:
        """How often the other ends of its links say the same."""
        return share(self.agreed, self.compared)

    @property
    def storage(self) -> int:
        """How often it had the block that it was asked for."""
        return share(self.passed, self.challenged)

    @property
    def honesty(self) -> int:
        """Whether it signed one history."""
        return 1000 // (1 + self.conflicts)

    @property
    def score(self) -> int:
        """The product of the four parts."""
        return self.coverage * self.agreement * self.storage * self.honesty // 1000**3


def share(part: int, whole: int) -> int:
    """Thousandths, rounded down; 1000 of nothing."""
    return 1000 * min(part, whole) // whole if whole else 1000


def reputation_of(node: Node, now: datetime | None = None) -> Reputation:
    """What the last 30 days say of a node, or the days since it was let in."""
    moment = (now or timezone.now()).replace(minute=0, second=0, microsecond=0)
    since = max(moment - WINDOW, node.created_at)
    compared, agreed = _compared(node, since)
    challenged, passed = _challenged(node, since)
    return Reputation(
        since=since,
        hours=max(0, (moment - since) // HOUR),
        covered=_covered(node, since, moment),
        compared=compared,
        agreed=agreed,
        challenged=challenged,
        passed=passed,
        conflicts=_conflicts(node, since),
    )


def _covered(node: Node, since: datetime, until: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COVERED, [node.pk, since, since, until])
        return int(cursor.fetchone()[0])


def _compared(node: Node, since: datetime) -> tuple[int, int]:
    rows = LinkHour.objects.filter(
        Q(pair__a_tx__node=node) | Q(pair__b_tx__node=node),
        hour__gte=since,
        outcome__in=[*AGREED, *CONTRADICTED],
    )
    found = rows.aggregate(all=Count("pk"), agreed=Count("pk", filter=Q(outcome__in=AGREED)))
    return found["all"], found["agreed"]


def _challenged(node: Node, since: datetime) -> tuple[int, int]:
    rows = StorageChallenge.objects.filter(
        assignment__meter__node=node, state__in=["passed", "failed"], until__gte=since
    )
    found = rows.aggregate(all=Count("pk"), passed=Count("pk", filter=Q(state="passed")))
    return found["all"], found["passed"]


def _conflicts(node: Node, since: datetime) -> int:
    """Numbers of its chain that it signed twice, and batches that follow on another history."""
    twice = EnvelopeConflict.objects.filter(node=node, received_at__gte=since).count()
    forks = Envelope.objects.filter(node=node, status="conflict", received_at__gte=since).count()
    return twice + forks
