"""Links: declared, ended, and compared hour by hour by a sweep (docs/links.md).

The lesser of both numbers counts: readings are booked as they come, and what a comparison finds
above the lesser is taken back by a correction, once. Comparing again from the same evidence gives
the same result; later evidence books the difference.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import Max, Q, Sum
from django.utils import timezone

from ledger.errors import DomainError
from members.models import User
from metering.errors import AlreadyLinked, NotALink
from metering.links.comparing import HOUR, LONGEST_RUN, Compared, Side, compared, excess_of, judged
from metering.links.limits import LinkLimits
from metering.links.sums import (
    Ends,
    Sums,
    is_in,
    newest_reading,
    sums_of,
    touched_hours,
    ways_of,
)
from metering.models import LinkCorrection, LinkHour, LinkPair, Meter, Node
from metering.services.link_booking import Place, book, expected
from metering.services.link_disputes import dispute_mismatches, suspect_ends
from policies.queries import policy

log = logging.getLogger(__name__)
NOTHING = Side(0, 0)
CONTEXT = 2 * LONGEST_RUN + 1
COLUMNS = (
    "sent", "received", "packets", "sent_net", "received_net", "sent_seconds",
    "received_seconds", "tolerance", "outcome", "unsettled",
)  # fmt: skip
WITH_WORK = """
SELECT p.id FROM metering_linkpair p
WHERE EXISTS (SELECT FROM metering_reading r WHERE r.id > p.seen AND r.meter_id IN (
        p.a_tx_id, p.a_rx_id, p.b_tx_id, p.b_rx_id, p.a_packets_id, p.b_packets_id))
   OR EXISTS (SELECT FROM metering_linkhour h
              WHERE h.pair_id = p.id AND h.unsettled AND h.hour >= %s)
ORDER BY p.id"""
Judged = dict[str, list[Compared]]
"""by way, in the order of the hours"""


def declare_link(
    *,
    actor: User | None,
    label: str,
    a_tx: Meter,
    a_rx: Meter,
    b_tx: Meter,
    b_rx: Meter,
    layer: str = LinkPair.Layer.L2,
    a_packets: Meter | None = None,
    b_packets: Meter | None = None,
    a_overhead: int = 0,
    b_overhead: int = 0,
    since: datetime | None = None,
) -> LinkPair:
    """From `since` on (default: now) what A sends B receives, and back.

    The same meters again return the link that runs. Raises NotALink, and AlreadyLinked where one
    of the meters stands in another link.
    """
    meters = (a_tx, a_rx, b_tx, b_rx)
    _require_link(meters, (a_packets, b_packets))
    with transaction.atomic(durable=True):
        lock_nodes({a_tx.node_id, b_tx.node_id})
        running = _running(meters)
        if running is not None:
            return running
        return LinkPair.objects.create(
            label=label.strip() or f"{a_tx.node.label} – {b_tx.node.label}", layer=layer,
            a_tx=a_tx, a_rx=a_rx, b_tx=b_tx, b_rx=b_rx, a_packets=a_packets, b_packets=b_packets,
            a_overhead=a_overhead, b_overhead=b_overhead, since=since or timezone.now(),
            declared_by=actor,
        )  # fmt: skip


def _require_link(
    meters: tuple[Meter, Meter, Meter, Meter], packets: tuple[Meter | None, Meter | None]
) -> None:
    a_tx, a_rx, b_tx, b_rx = meters
    if a_tx.node_id != a_rx.node_id or b_tx.node_id != b_rx.node_id or a_tx.node == b_tx.node:
        raise NotALink
    if len({meter.pk for meter in meters}) < 4:
        raise NotALink
    if any((meter.kind, meter.unit) != ("counter", "By") for meter in meters):
        raise NotALink
    for meter in packets:
        counts = meter is None or (meter.kind, meter.unit) == ("counter", "{packet}")
        if not counts or (meter and meter.node_id not in (a_tx.node_id, b_tx.node_id)):
            raise NotALink


def _running(meters: tuple[Meter, Meter, Meter, Meter]) -> LinkPair | None:
    """The link of just these meters; raises AlreadyLinked where one stands in another."""
    taken = Q()
    for name in ("a_tx", "a_rx", "b_tx", "b_rx"):
        taken |= Q(**{f"{name}__in": meters})
    for row in LinkPair.objects.filter(taken, until=None):
        ids = [meter.pk for meter in meters]
        if ids == [row.a_tx_id, row.a_rx_id, row.b_tx_id, row.b_rx_id]:
            return row
        raise AlreadyLinked(link=row.label)
    return None


def end_link(*, actor: User | None, pair: LinkPair, until: datetime | None = None) -> LinkPair:
    """The link ends at `until` (default: now), or with the hour that was compared last.

    One that has ended stays as it is.
    """
    with transaction.atomic(durable=True):
        lock_nodes({pair.a_tx.node_id, pair.b_tx.node_id})
        row = LinkPair.objects.get(pk=pair.pk)
        if row.until is None:
            last = LinkHour.objects.filter(pair=row).aggregate(n=Max("hour"))["n"]
            compared_upto = row.since if last is None else last + HOUR
            row.until = max(until or timezone.now(), row.since, compared_upto)
            row.save(update_fields=["until"])
    return row


def lock_nodes(ids: Collection[int]) -> None:
    """Both ends, in order of their ids, against rating. Call inside a transaction."""
    list(Node.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def compare_links(*, now: datetime | None = None) -> int:
    """Compare what came in since the last time; how many links had something new.

    What one link cannot have compared holds up no other.
    """
    moment = now or timezone.now()
    pairs = _with_work(moment)
    for work in (compare_link, suspect_link):
        for pair_id in pairs:
            try:
                work(pair_id=pair_id, now=moment)
            except (DomainError, OperationalError):
                log.exception("link %s was not compared", pair_id)
    return len(pairs)


def _with_work(now: datetime) -> list[int]:
    since = now - timedelta(days=policy("late_days", now))
    with connection.cursor() as cursor:
        cursor.execute(WITH_WORK, [since])
        return [pk for (pk,) in cursor.fetchall()]


def compare_link(*, pair_id: int, now: datetime) -> None:
    """Compare one link's new hours, book what changes, open what is to be disputed; once each."""
    with transaction.atomic(durable=True):
        pair = _locked(pair_id)
        newest = newest_reading(pair)
        hours = touched_hours(pair) | _unsettled(pair, now)
        if hours:
            _compare(pair, hours, now)
        LinkPair.objects.filter(pk=pair.pk).update(seen=newest)


def _locked(pair_id: int) -> LinkPair:
    """The link, once both of its nodes are locked."""
    related = ("a_tx__node", "a_rx", "b_tx__node", "b_rx")
    pair = LinkPair.objects.select_related(*related).get(pk=pair_id)
    lock_nodes({pair.a_tx.node_id, pair.b_tx.node_id})
    return LinkPair.objects.select_related(*related).get(pk=pair_id)


def _unsettled(pair: LinkPair, now: datetime) -> set[datetime]:
    since = now - timedelta(days=policy("late_days", now))
    rows = LinkHour.objects.filter(pair=pair, unsettled=True, hour__gte=since)
    return set(rows.values_list("hour", flat=True))


def _compare(pair: LinkPair, hours: set[datetime], now: datetime) -> None:
    near = around(pair, hours, LONGEST_RUN)
    found = judge(pair, around(pair, hours, CONTEXT), now)
    rows = _store(pair, found, near, now)
    book(pair, rows, expected(pair, found, near))
    dispute_mismatches(pair, rows)


def suspect_link(*, pair_id: int, now: datetime) -> None:
    """Suspect the ends of a link after too many mismatches, once all links are compared."""
    with transaction.atomic(durable=True):
        suspect_ends(_locked(pair_id))


def around(pair: LinkPair, hours: Iterable[datetime], width: int) -> set[datetime]:
    """The hours, and so many before and after each, within the time of the link."""
    near = {hour + n * HOUR for hour in hours for n in range(-width, width + 1)}
    return {hour for hour in near if is_in(pair, hour)}


def judge(pair: LinkPair, hours: Collection[datetime], now: datetime) -> Judged:
    """What the evidence says of these hours, both ways; hours of which nothing is said left out."""
    sums, limits = sums_of(pair, hours), LinkLimits()
    found: Judged = {}
    for ends in ways_of(pair):
        said = sorted(hour for hour in hours if {(ends.tx, hour), (ends.rx, hour)} & sums.keys())
        rows = [_hour(ends, hour, sums, limits) for hour in said]
        found[ends.way] = judged(rows, limits.at, now)
    return found


def _hour(ends: Ends, hour: datetime, sums: Sums, limits: LinkLimits) -> Compared:
    sides = sums.get((ends.tx, hour), NOTHING), sums.get((ends.rx, hour), NOTHING)
    counted = None if ends.packets is None else sums.get((ends.packets, hour), NOTHING)
    packets = None if counted is None else counted.quantity
    return compared(hour, sides, packets, ends.overheads, limits.at(hour))


def _store(
    pair: LinkPair, found: Judged, hours: Collection[datetime], now: datetime
) -> list[LinkHour]:
    """Write down what is new or changed; all rows of these hours as they now stand."""
    stored = {
        (row.way, row.hour): row for row in LinkHour.objects.filter(pair=pair, hour__in=hours)
    }
    changed = []
    for way, rows in found.items():
        for row in rows:
            if row.hour not in hours or (not row.is_whole and row.hour + HOUR > now):
                continue
            before = stored.get((way, row.hour))
            fresh = _row(pair, way, row)
            if before is not None and before.outcome == fresh.outcome:
                fresh.judged_at = before.judged_at
            if before is None or any(getattr(before, n) != getattr(fresh, n) for n in COLUMNS):
                changed.append(fresh)
    LinkHour.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["pair", "way", "hour"],
        update_fields=[*COLUMNS, "judged_at"],
    )  # fmt: skip
    rows_now = LinkHour.objects.filter(pair=pair, hour__in=hours).order_by("hour", "way")
    return list(rows_now.select_related("pair"))


def _row(pair: LinkPair, way: str, row: Compared) -> LinkHour:
    is_open = zip((row.sent, row.received), excess_of(row), strict=True)
    unsettled = row.outcome == LinkHour.Outcome.WAITS or any(
        side.is_open and excess for side, excess in is_open
    )
    return LinkHour(
        pair=pair, way=way, hour=row.hour, sent=row.sent.quantity,
        received=row.received.quantity, packets=row.packets, sent_net=row.sent_net,
        received_net=row.received_net, sent_seconds=row.sent.seconds,
        received_seconds=row.received.seconds, tolerance=row.tolerance, outcome=row.outcome,
        unsettled=unsettled, judged_at=timezone.now(),
    )  # fmt: skip


def expected_corrections(node: Node) -> dict[Place, int]:
    """What the comparisons of a node's links take back, worked out anew from all readings.

    Millitokens by (link, way, hour, assignment, period), below zero, without zeros; hours that
    are still unsettled left out. `booked_corrections` says what stands: the two are equal.
    """
    found: dict[Place, int] = {}
    for pair in links_of(node):
        rows = LinkHour.objects.filter(pair=pair)
        hours = set(rows.values_list("hour", flat=True))
        if hours:
            result = judge(pair, around(pair, hours, CONTEXT), timezone.now())
            found |= expected(pair, result, hours)
    open_hours = unsettled_hours(node)
    return {place: n for place, n in found.items() if place[:3] not in open_hours}


def booked_corrections(node: Node) -> dict[Place, int]:
    """What was taken back under a node's links, in the same form."""
    rows = LinkCorrection.objects.filter(hour__pair__in=links_of(node)).order_by()
    names = ("hour__pair", "hour__way", "hour__hour", "assignment", "period")
    sums = rows.values_list(*names).annotate(Sum("amount"))
    open_hours = unsettled_hours(node)
    found = {(p, w, h, a, t): int(n) for p, w, h, a, t, n in sums}
    return {place: n for place, n in found.items() if n and place[:3] not in open_hours}


def unsettled_hours(node: Node) -> set[tuple[int, str, datetime]]:
    """(link, way, hour) of what is still to be looked at again."""
    rows = LinkHour.objects.filter(pair__in=links_of(node), unsettled=True)
    return set(rows.values_list("pair", "way", "hour"))


def links_of(node: Node) -> list[LinkPair]:
    """Every link that a node was ever an end of."""
    rows = LinkPair.objects.filter(Q(a_tx__node=node) | Q(b_tx__node=node))
    return list(rows.select_related("a_tx__node", "b_tx__node").order_by("pk"))
