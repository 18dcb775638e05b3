"""Named reads of nodes, evidence and readings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from assets.models import Resource
from members.models import Member
from metering.conversion import millitokens
from metering.counters import OVER_CAPACITY, Limits
from metering.models import (
    EnrolmentRequest,
    Envelope,
    Gap,
    Meter,
    MeterAssignment,
    MeterInventory,
    Node,
    NodeKey,
    Reading,
)
from metering.payloads import read_inventory
from metering.replay import Described
from tokens.models import Book, Period, Usage
from tokens.queries import BookState, books_of


def live_node(uuid: UUID) -> Node | None:
    """The node with this id, unless it was revoked."""
    ended = (Node.State.REVOKED, Node.State.RETIRED)
    return Node.objects.filter(uuid=uuid).exclude(state__in=ended).first()


def node_called(uuid: str) -> Node | None:
    """The node with this id, as it calls itself; None where there is none."""
    return Node.objects.select_related("asset").filter(uuid=uuid).first() if uuid else None


def next_number(uuid: str) -> dict[str, int] | None:
    """The first number missing in a node's chain, of its newest epoch; None where unknown."""
    key = NodeKey.objects.filter(node__uuid=uuid).order_by("-epoch").first() if uuid else None
    return None if key is None else {"epoch": key.epoch, "seq": key.head_seq + 1}


def enrolments_of(node: Node) -> dict[int, datetime]:
    """Since when a node can have sealed anything, for each epoch: since it was let in.

    A key may have taken over long before the site heard of it.
    """
    keys = dict(NodeKey.objects.filter(node=node).values_list("epoch", "created_at"))
    return dict.fromkeys(keys, min(keys.values(), default=timezone.now()))


def descriptions_of(node: Node, digests: Collection[str]) -> dict[str, Described]:
    """What these inventories of a node say of its meters, by digest; without those unknown."""
    rows = MeterInventory.objects.filter(node=node, digest__in=digests)
    return {row.digest: described(bytes(row.payload)) for row in rows}


def described(payload: bytes) -> Described:
    """Width and capacity of the meters that an inventory lists."""
    return {
        line.m: Limits(line.bits, None if line.cap is None else int(line.cap))
        for line in read_inventory(payload).meters
    }


@dataclass(frozen=True)
class DayOfUse:
    """Millitokens used on one day, from tokens and beyond them."""

    day: date
    within: int
    over: int


@dataclass(frozen=True)
class UseOfResource:
    """A book as it stands, and its use day by day."""

    state: BookState
    days: Sequence[DayOfUse]


def use_of(member: Member, period: Period) -> list[UseOfResource]:
    """What a member used in a period, per pool and resource, day by day."""
    return [UseOfResource(state, days_of(state)) for state in books_of(member, period)]


def days_of(state: BookState) -> list[DayOfUse]:
    """Every day of the period until today; tokens are used up first, in the order of time."""
    by_day = used_by_day(state.book)
    days, before = [], 0
    for day in days_until_now(state.row.period):
        after = before + by_day.get(day, 0)
        within = min(after, state.redeemed) - min(before, state.redeemed)
        days.append(DayOfUse(day, within, after - before - within))
        before = after
    return days


def used_by_day(book: Book) -> dict[date, int]:
    """Millitokens by day in the cooperative's timezone, corrections included."""
    rows = Usage.objects.filter(book=book).order_by()
    sums = rows.values_list(TruncDate("used_at")).annotate(Sum("amount"))
    return {day: int(total) for day, total in sums if day is not None}


def metered_days(book: Book) -> set[date]:
    """The days of which a reading says something, in the cooperative's timezone."""
    rows = Usage.objects.filter(book=book, kind=Usage.Kind.READING).order_by()
    return set(rows.values_list(TruncDate("used_at"), flat=True).distinct())


def days_until_now(period: Period) -> list[date]:
    """The days of a period that have begun."""
    end = min(period.end - timedelta(microseconds=1), max(timezone.now(), period.start))
    first, last = timezone.localdate(period.start), timezone.localdate(end)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def readings_of(
    member: Member, period: Period | None, resource: str = "", day: date | None = None
) -> QuerySet[Reading]:
    """Readings of a member's use in a period, newest first; those that wait are with them."""
    rows = Reading.objects.filter(assignment__member=member, quantity__gt=0)
    if period is not None:
        rows = rows.filter(ends_at__gt=period.start, ends_at__lte=period.end)
    if resource:
        rows = rows.filter(assignment__resource__code=resource)
    if day is not None:
        begins = timezone.make_aware(datetime(day.year, day.month, day.day))
        rows = rows.filter(ends_at__gt=begins, ends_at__lte=begins + timedelta(days=1))
    related = rows.select_related("meter__node", "assignment__pool", "assignment__resource")
    return related.order_by("-ends_at", "-pk")


def latest_reading(member: Member) -> Reading | None:
    """The newest reading of a member's use."""
    return readings_of(member, None).first()


@dataclass(frozen=True)
class Uncharged:
    """Millitokens of one resource that are shown and not charged yet."""

    resource: Resource
    readings: int
    amount: int


def late_use(member: Member) -> list[Uncharged]:
    """What came after the close of its period, by resource: kept, and not charged yet."""
    rows = Reading.objects.filter(assignment__member=member, state=Reading.State.LATE)
    sums = rows.order_by().values_list("assignment").annotate(Sum("quantity"), Count("pk"))
    assignments = MeterAssignment.objects.select_related("resource").in_bulk(
        [pk for pk, _, _ in sums]
    )
    found: dict[int, Uncharged] = {}
    for pk, quantity, count in sums:
        row = assignments[pk]
        before = found.get(row.resource_id, Uncharged(row.resource, 0, 0))
        amount = before.amount + millitokens(int(quantity), row.num, row.den)
        found[row.resource_id] = Uncharged(row.resource, before.readings + count, amount)
    return [found[pk] for pk in sorted(found)]


def held_readings(node: Node) -> QuerySet[Reading]:
    """What a node's meters cannot have counted, newest first: kept, never charged."""
    rows = Reading.objects.filter(meter__node=node, flags__contains=[OVER_CAPACITY])
    return rows.select_related("meter").order_by("-pk")


def evidence() -> QuerySet[Reading]:
    """Readings with all that stands behind them."""
    return Reading.objects.select_related(
        "meter__node",
        "envelope__node",
        "envelope__receipt",
        "assignment__member",
        "assignment__pool",
        "assignment__resource",
        "period",
    )


def key_of(envelope: Envelope) -> NodeKey:
    """The key that signed an envelope."""
    return NodeKey.objects.get(keyid=envelope.keyid)


def usage_of_reading(reading: Reading) -> Usage | None:
    """The usage that a reading was booked as, with the rates of its period."""
    rows = Usage.objects.select_related("book__yields", "rating")
    return rows.filter(key=f"reading:{reading.pk}").first()


def nodes() -> QuerySet[Node]:
    """Every node with `last_accepted`, `waiting` (batches behind a gap) and `conflicting`."""
    mine = Envelope.objects.filter(node=OuterRef("pk")).order_by()
    newest = mine.filter(status="accepted").order_by("-received_at").values("received_at")[:1]
    gaps = mine.filter(status="pending_gap").values("node").annotate(n=Count("pk")).values("n")
    return Node.objects.select_related("pool", "owner").annotate(
        last_accepted=Subquery(newest),
        waiting=Coalesce(Subquery(gaps), 0),
        conflicting=Count("conflicts", distinct=True),
    )


def meters_of(node: Node) -> QuerySet[Meter]:
    """A node's meters with `running` (their assignment without an end) and `last_value`."""
    open_ended = MeterAssignment.objects.filter(until=None).select_related(
        "member", "pool", "resource"
    )
    newest = Reading.objects.filter(meter=OuterRef("pk")).order_by("-pk")
    return (
        Meter.objects.filter(node=node)
        .prefetch_related(Prefetch("assignments", open_ended, to_attr="running"))
        .annotate(
            last_value=Subquery(newest.values("value")[:1]),
            last_read=Subquery(newest.values("ends_at")[:1]),
        )
    )


def arrivals_of(node: Node) -> QuerySet[Envelope]:
    """A node's envelopes, newest first, without their payloads."""
    rows = Envelope.objects.filter(node=node).order_by("-epoch", "-seq")
    return rows.defer("payload", "signature")


def gaps_of(node: Node) -> QuerySet[Gap]:
    """The spans of which a node says that it knows nothing, newest first."""
    return Gap.objects.filter(envelope__node=node).select_related("meter").order_by("-pk")


def missing_numbers(node: Node) -> list[str]:
    """Which batches are missing before those that wait: "4" or "4–6"."""
    found = []
    for key in NodeKey.objects.filter(node=node):
        waiting = Envelope.objects.filter(node=node, epoch=key.epoch, status="pending_gap")
        first = waiting.order_by("seq").values_list("seq", flat=True).first()
        if first is not None and first > key.head_seq + 1:
            lost = (key.head_seq + 1, first - 1)
            found.append(str(lost[0]) if lost[0] == lost[1] else f"{lost[0]}–{lost[1]}")
    return found


def waiting_requests() -> QuerySet[EnrolmentRequest]:
    """Nodes that wait to be let in, newest first."""
    rows = EnrolmentRequest.objects.filter(state="pending", expires_at__gt=timezone.now())
    return rows.order_by("-created_at")
