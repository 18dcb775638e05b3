"""Booking: readings become usage, in the period that they belong to, each once, set by set."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from metering.models import Node, Reading
from metering.services.redeem import count_presentations
from policies.queries import policy
from tokens.models import Period
from tokens.services.late import record_late
from tokens.services.usage import UsageRow, open_period_shared, record_usage

# What ends at midnight belongs to the day before: the last instant of a span is what counts.
PUT_ASIDE = """
UPDATE metering_reading r
SET state = 'late', period_id = (
    SELECT p.id FROM tokens_period p WHERE p.start <= r.ends_at - interval '1 microsecond'
                                       AND p."end" > r.ends_at - interval '1 microsecond')
FROM metering_meter m
WHERE m.id = r.meter_id AND m.node_id = %(node)s AND r.state = 'waiting'
  AND r.ends_at <= %(start)s"""
BOOK = """
WITH due AS (
    SELECT r.id, r.received_at, r.assignment_id, r.quantity, r.ends_at, a.num, a.den,
           a.member_id, a.pool_id, a.resource_id
    FROM metering_meter m
    JOIN metering_reading r ON r.meter_id = m.id AND r.state = %(state)s
    JOIN metering_meterassignment a ON a.id = r.assignment_id
    WHERE m.node_id = %(node)s AND r.ends_at > %(since)s
      AND CASE %(state)s WHEN 'late' THEN r.period_id = %(period)s ELSE r.ends_at <= %(until)s END
      AND (SELECT count(*) FROM tokens_yield y WHERE y.period_id IN (%(period)s, %(open)s)
           AND y.pool_id = a.pool_id AND y.resource_id = a.resource_id) = %(places)s
), stood AS (
    SELECT d.assignment_id, coalesce((
        SELECT b.raw_before + b.quantity FROM metering_reading b
        WHERE b.assignment_id = d.assignment_id AND b.period_id = %(period)s AND b.state = 'rated'
        ORDER BY b.raw_before DESC, b.quantity DESC LIMIT 1), 0) AS raw
    FROM (SELECT DISTINCT assignment_id FROM due) d
), ordered AS (
    SELECT d.*, s.raw - d.quantity
           + sum(d.quantity) OVER (PARTITION BY d.assignment_id ORDER BY d.id) AS before
    FROM due d JOIN stood s USING (assignment_id)
)
UPDATE metering_reading r
SET state = 'rated', period_id = %(period)s, raw_before = o.before,
    amount = div((o.before + o.quantity) * o.num, o.den) - div(o.before * o.num, o.den)
FROM ordered o WHERE r.id = o.id AND r.received_at = o.received_at
RETURNING r.id, o.member_id, o.pool_id, o.resource_id,
          r.ends_at - interval '1 microsecond', r.amount"""
"""Each reading adds to the rounded-down total of its assignment and period, in the order taken."""


def book_readings(node: Node) -> None:
    """Book the node's waiting readings of the open period; those before it as late usage.

    What the period has no tokens for, or what lies after it, goes on waiting. What is older than
    the policy `late_days`, or lies in no closed period, stays late: it is evidence only. Call
    inside a transaction, with the node locked. Raises what `record_usage` raises.
    """
    period = open_period_shared()
    if period is None:
        return
    given = count_presentations(node, period)
    run(PUT_ASIDE, node=node.pk, start=period.start)
    record_usage(rows=[*due_usage(node, period), *given.now], actor=None)
    record_late(rows=[*late_usage(node, period), *given.late], actor=None)


def due_usage(node: Node, period: Period) -> list[UsageRow]:
    """What the open period covers and has tokens for, counted in tokens."""
    return booked(
        node=node.pk, state=Reading.State.WAITING.value, period=period.pk, open=period.pk,
        since=period.start, until=period.end, places=1,
    )  # fmt: skip


def late_usage(node: Node, period: Period) -> list[UsageRow]:
    """What came after the close of its period, as usage to be adjusted in the open one.

    Only where the closed period and the open one both have tokens of it.
    """
    now = timezone.now()
    closed = late_readings(now).filter(meter__node=node).order_by("period_id")
    rows: list[UsageRow] = []
    for pk in closed.values_list("period_id", flat=True).distinct():
        rows += booked(
            node=node.pk, state=Reading.State.LATE.value, period=pk, open=period.pk,
            since=oldest_charged(now), until=None, places=2,
        )  # fmt: skip
    return rows


def booked(**values: Any) -> list[UsageRow]:
    """Mark readings as rated, each with what it adds; the usage that they are, in their order."""
    return [
        UsageRow(
            member_id=member,
            pool_id=pool,
            resource_id=resource,
            used_at=used_at,
            amount=amount,
            key=f"reading:{pk}",
        )
        for pk, member, pool, resource, used_at, amount in sorted(run(BOOK, **values))
        if amount
    ]


def run(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """What a statement returns; nothing where it returns no rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def late_readings(now: datetime) -> QuerySet[Reading]:
    """Readings of closed periods that are not charged yet and not too old to be."""
    return Reading.objects.filter(
        state=Reading.State.LATE,
        ends_at__gt=oldest_charged(now),
        period__state=Period.State.CLOSED,
    )


def oldest_charged(now: datetime) -> datetime:
    """The moment since which late usage is still charged."""
    return now - timedelta(days=policy("late_days", now))
