"""Of which hours a node's readings say something: thirty days as a strip, and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from metering.models import Gap, Node

DAYS = 30
HOUR = timedelta(hours=1)
MEASURED, PARTLY, GAP, NOTHING, BEFORE = "measured", "partly", "gap", "nothing", "before"
HOURS = """
    SELECT DISTINCT hour FROM (
        SELECT DISTINCT r.begins_at, r.ends_at
        FROM metering_reading r JOIN metering_meter m ON m.id = r.meter_id
        WHERE m.node_id = %(node)s AND r.received_at >= %(since)s
          AND r.ends_at > %(since)s AND r.begins_at < %(until)s
    ) spans, generate_series(
        date_trunc('hour', greatest(begins_at, %(since)s)),
        least(ends_at, %(until)s) - interval '1 microsecond', interval '1 hour'
    ) hour
"""


@dataclass(frozen=True)
class Run:
    """Hours in a row of one kind: measured, partly, gap, nothing, or before the node was in.

    `x` and `width` count hours from the strip's beginning; `reasons` are what the node says of
    its own gaps.
    """

    kind: str
    x: int
    width: int
    begins_at: datetime
    ends_at: datetime
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coverage:
    """The runs of thirty days, oldest first; hours by kind."""

    runs: Sequence[Run]
    measured: int
    partly: int
    gap: int
    nothing: int

    @property
    def hours(self) -> int:
        """How many hours have passed since the node was let in, at most thirty days of them."""
        return self.measured + self.partly + self.gap + self.nothing

    @property
    def width(self) -> int:
        """Of the whole strip."""
        return DAYS * 24

    @property
    def holes(self) -> list[Run]:
        """What is not wholly measured, newest first."""
        return [r for r in reversed(self.runs) if r.kind in (PARTLY, GAP, NOTHING)]


def coverage_of(node: Node) -> Coverage:
    """The last thirty days of a node, up to the hour that has just ended."""
    until = timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = until - timedelta(days=DAYS)
    measured, gaps = hours_measured(node, since, until), gaps_between(node, since, until)
    hours = [since + n * HOUR for n in range(DAYS * 24)]
    kinds = [kind_of(hour, hour in measured, gaps, node.created_at) for hour in hours]
    runs = runs_of(hours, kinds, gaps)
    return Coverage(runs, *(kinds.count(kind) for kind in (MEASURED, PARTLY, GAP, NOTHING)))


def hours_measured(node: Node, since: datetime, until: datetime) -> set[datetime]:
    """The beginnings of the hours that some reading of the node covers a part of."""
    with connection.cursor() as cursor:
        cursor.execute(HOURS, {"node": node.pk, "since": since, "until": until})
        return {hour for (hour,) in cursor.fetchall()}


def gaps_between(node: Node, since: datetime, until: datetime) -> list[Gap]:
    """The spans of the whole node of which it says that it sampled nothing."""
    rows = Gap.objects.filter(envelope__node=node, envelope__received_at__gte=since, meter=None)
    rows = rows.filter(Q(ends_at__gt=since), Q(begins_at__lt=until))
    return list(rows.order_by("begins_at"))


def kind_of(hour: datetime, measured: bool, gaps: Sequence[Gap], let_in: datetime) -> str:
    """What is known of one hour."""
    lost = sum((overlap(gap, hour) for gap in gaps), timedelta())
    if lost >= HOUR or (lost and not measured):
        return GAP
    if measured:
        return PARTLY if lost else MEASURED
    return BEFORE if hour + HOUR <= let_in else NOTHING


def overlap(gap: Gap, hour: datetime) -> timedelta:
    """How much of an hour a gap takes; one without a beginning is a moment."""
    if gap.begins_at is None or gap.ends_at is None:
        return timedelta()
    return max(min(gap.ends_at, hour + HOUR) - max(gap.begins_at, hour), timedelta())


def runs_of(hours: Sequence[datetime], kinds: Sequence[str], gaps: Sequence[Gap]) -> list[Run]:
    """Neighbouring hours of one kind together."""
    runs, x = [], 0
    for kind, same in groupby(kinds):
        width = len(list(same))
        begins, ends = hours[x], hours[x] + width * HOUR
        runs.append(Run(kind, x, width, begins, ends, reasons_in(gaps, kind, begins, ends)))
        x += width
    return runs


def reasons_in(gaps: Sequence[Gap], kind: str, begins: datetime, ends: datetime) -> tuple[str, ...]:
    """What the node says of its gaps within a run, each word once."""
    if kind not in (PARTLY, GAP):
        return ()
    return tuple(sorted({g.why for g in gaps if touches(g, begins, ends)}))


def touches(gap: Gap, begins: datetime, ends: datetime) -> bool:
    """Whether a part of a gap lies between two moments."""
    if gap.begins_at is None or gap.ends_at is None:
        return False
    return gap.begins_at < ends and gap.ends_at > begins
