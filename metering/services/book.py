"""Booking: readings become usage, in the period that they belong to, each once."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum
from django.utils import timezone

from metering.conversion import added
from metering.models import MeterAssignment, Node, Reading
from metering.services.redeem import count_presentations
from policies.queries import policy
from tokens.models import Period, Yield
from tokens.services.late import record_late
from tokens.services.usage import UsageRow, open_period_shared, record_usage

INSTANT = timedelta(microseconds=1)
Due = list[tuple[Reading, MeterAssignment]]
COLUMNS = ["state", "period", "raw_before", "amount"]


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
    waiting = waiting_readings(node)
    late = put_aside_late(waiting, period)
    due = due_in(waiting, period)
    count_in_tokens(due, period)
    Reading.objects.bulk_update([*late, *(row for row, _ in due)], COLUMNS, batch_size=500)
    rows = [usage_row(row, assignment) for row, assignment in due if row.amount]
    record_usage(rows=[*rows, *given.now], actor=None)
    record_late(rows=[*late_usage(node, period), *given.late], actor=None)


def late_usage(node: Node, period: Period) -> list[UsageRow]:
    """What came after the close of its period, as usage to be adjusted in the open one."""
    rows: list[UsageRow] = []
    for closed, due in late_by_period(node, period).items():
        count_in_tokens(due, closed)
        Reading.objects.bulk_update([row for row, _ in due], COLUMNS, batch_size=500)
        rows += [usage_row(row, assignment) for row, assignment in due if row.amount]
    return rows


def late_by_period(node: Node, period: Period) -> dict[Period, Due]:
    """The node's late readings that can be adjusted, by the closed period they belong to."""
    found: dict[Period, Due] = defaultdict(list)
    there = {period.pk: places(period)}
    rows = late_readings(timezone.now()).filter(meter__node=node).order_by("period_id", "pk")
    for row in rows.select_related("assignment", "period"):
        if row.assignment is None or row.period is None:
            continue
        if row.period.pk not in there:
            there[row.period.pk] = places(row.period)
        if (row.assignment.pool_id, row.assignment.resource_id) in there[row.period.pk] & there[
            period.pk
        ]:
            found[row.period].append((row, row.assignment))
    return found


def late_readings(now: datetime) -> QuerySet[Reading]:
    """Readings of closed periods that are not charged yet and not too old to be."""
    since = now - timedelta(days=policy("late_days", now))
    return Reading.objects.filter(
        state=Reading.State.LATE, ends_at__gt=since, period__state=Period.State.CLOSED
    )


def places(period: Period) -> set[tuple[int, int]]:
    """The pools and resources that a period has tokens of."""
    return set(Yield.objects.filter(period=period).values_list("pool_id", "resource_id"))


def waiting_readings(node: Node) -> list[Reading]:
    """In the order in which they were taken, which is that of the chain."""
    rows = Reading.objects.filter(meter__node=node, state=Reading.State.WAITING)
    return list(rows.select_related("assignment").order_by("pk"))


def used_at(row: Reading) -> datetime:
    """The last instant of the span: what ends at midnight belongs to the day before."""
    return row.ends_at - INSTANT


def put_aside_late(waiting: list[Reading], period: Period) -> list[Reading]:
    """Mark what belongs to an earlier time than the open period."""
    late = [row for row in waiting if used_at(row) < period.start]
    for row in late:
        row.state, row.period = Reading.State.LATE, period_at(used_at(row))
    return late


def period_at(moment: datetime) -> Period | None:
    """The period that a moment lies in, if there is one."""
    return Period.objects.filter(start__lte=moment, end__gt=moment).first()


def due_in(waiting: list[Reading], period: Period) -> Due:
    """What the open period covers and has tokens for, with whose use it is."""
    yielded = places(period)
    return [
        (row, row.assignment)
        for row in waiting
        if row.assignment is not None
        and period.start <= used_at(row) < period.end
        and (row.assignment.pool_id, row.assignment.resource_id) in yielded
    ]


def count_in_tokens(due: Due, period: Period) -> None:
    """Give each reading the millitokens that it adds to its assignment's rounded-down total."""
    totals = totals_so_far({assignment.pk for _, assignment in due}, period)
    for row, assignment in due:
        before = totals[assignment.pk]
        row.state, row.period, row.raw_before = Reading.State.RATED, period, before
        row.amount = added(before, row.quantity, assignment.num, assignment.den)
        totals[assignment.pk] = before + row.quantity


def totals_so_far(assignment_ids: set[int], period: Period) -> dict[int, int]:
    """Raw units booked so far, by assignment; 0 for those without any."""
    rated: QuerySet[Reading] = Reading.objects.filter(
        assignment__in=assignment_ids, period=period, state=Reading.State.RATED
    )
    sums = rated.order_by().values_list("assignment").annotate(Sum("quantity"))
    return defaultdict(int, {pk: int(total) for pk, total in sums})


def usage_row(row: Reading, assignment: MeterAssignment) -> UsageRow:
    """The usage that a rated reading is."""
    return UsageRow(
        member_id=assignment.member_id,
        pool_id=assignment.pool_id,
        resource_id=assignment.resource_id,
        used_at=used_at(row),
        amount=row.amount or 0,
        key=f"reading:{row.pk}",
    )
