"""What the meters of a link read hour by hour, summed in the database.

A reading is split between the hours it lies in by time, to the byte: its parts add up to it. One
that is longer than an hour, was held, or has not the node's own times says nothing about an hour.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from metering.links.comparing import HOUR, Side
from metering.models import LinkHour, LinkPair

EARLY = timedelta(minutes=10)
"""no reading ends longer than this after its arrival"""

PARTS = """
parts AS (
    SELECT r.id, r.meter_id, r.envelope_id, r.assignment_id, r.period_id, r.state, h.hour,
           extract(epoch FROM least(e.ends_at, h.hour + interval '1 hour')
                              - greatest(e.begins_at, h.hour)) AS seconds,
           div(r.quantity * m.upto, m.length) - div(r.quantity * m.before, m.length) AS quantity
    FROM metering_reading r
    CROSS JOIN LATERAL (SELECT r.ends_at,
        least(r.begins_at, r.ends_at - interval '1 microsecond') AS begins_at) AS e
    CROSS JOIN LATERAL generate_series(
        date_trunc('hour', e.begins_at, 'UTC'),
        date_trunc('hour', e.ends_at - interval '1 microsecond', 'UTC'),
        interval '1 hour') AS h(hour)
    CROSS JOIN LATERAL (SELECT
        (extract(epoch FROM e.ends_at - e.begins_at) * 1000000)::bigint AS length,
        (extract(epoch FROM greatest(e.begins_at, h.hour) - e.begins_at) * 1000000)::bigint
            AS before,
        (extract(epoch FROM least(e.ends_at, h.hour + interval '1 hour') - e.begins_at)
            * 1000000)::bigint AS upto) AS m
    WHERE r.meter_id = ANY(%(meters)s) AND r.received_at >= %(since)s AND r.state <> 'held'
      AND r.ends_at > %(since)s AND r.begins_at < %(until)s
      AND r.ends_at - r.begins_at <= interval '1 hour'
      AND NOT r.flags @> ARRAY['time_inferred']::varchar[]
      AND h.hour = ANY(%(hours)s)
)"""

SUMS = f"""
WITH {PARTS}
SELECT meter_id, hour, sum(quantity)::numeric(40), floor(sum(seconds))::integer,
       bool_or(assignment_id IS NOT NULL AND state IN ('waiting', 'late', 'suspense'))
FROM parts GROUP BY 1, 2"""

SHARES = f"""
WITH {PARTS}
SELECT meter_id, hour, assignment_id, period_id, sum(quantity)::numeric(40)
FROM parts WHERE state = 'rated' GROUP BY 1, 2, 3, 4"""

TOUCHED = """
SELECT DISTINCT hour FROM metering_reading r
CROSS JOIN LATERAL generate_series(
    date_trunc('hour', least(r.begins_at, r.ends_at - interval '1 microsecond'), 'UTC'),
    date_trunc('hour', r.ends_at - interval '1 microsecond', 'UTC'),
    interval '1 hour') AS h(hour)
WHERE r.meter_id = ANY(%s) AND r.id > %s AND r.ends_at - r.begins_at <= interval '1 hour'"""

NEWEST = "SELECT max(id) FROM metering_reading WHERE meter_id = ANY(%s) AND id > %s"

BATCHES = f"""
WITH {PARTS}
SELECT DISTINCT envelope_id, meter_id FROM parts"""


@dataclass(frozen=True)
class Ends:
    """One way of a link: whose meter sends, whose receives, who counts the packets."""

    way: str
    tx: int
    rx: int
    packets: int | None
    overheads: tuple[int, int]


@dataclass(frozen=True)
class Share:
    """How much of a meter's hour is one assignment's use, booked in one period."""

    assignment_id: int
    period_id: int
    quantity: int


Sums = dict[tuple[int, datetime], Side]
Shares = dict[tuple[int, datetime], list[Share]]


def ways_of(pair: LinkPair) -> tuple[Ends, Ends]:
    """Both ways of a link."""
    there = (pair.a_overhead, pair.b_overhead)
    back = (pair.b_overhead, pair.a_overhead)
    return (
        Ends(LinkHour.Way.AB, pair.a_tx_id, pair.b_rx_id, pair.a_packets_id, there),
        Ends(LinkHour.Way.BA, pair.b_tx_id, pair.a_rx_id, pair.b_packets_id, back),
    )


def meters_of(pair: LinkPair) -> list[int]:
    """The ids of all meters that a link is compared by."""
    known = [pair.a_tx_id, pair.a_rx_id, pair.b_tx_id, pair.b_rx_id]
    return known + [pk for pk in (pair.a_packets_id, pair.b_packets_id) if pk is not None]


def touched_hours(pair: LinkPair) -> set[datetime]:
    """The hours of which readings say something that nobody has looked at yet."""
    rows = _rows(TOUCHED, [meters_of(pair), pair.seen])
    return {hour for (hour,) in rows if is_in(pair, hour)}


def newest_reading(pair: LinkPair) -> int:
    """The newest reading of a link's meters; what was seen where there is no newer one.

    Under the locks of both nodes: their readings are written in the order of their numbers.
    """
    return _rows(NEWEST, [meters_of(pair), pair.seen])[0][0] or pair.seen


def is_in(pair: LinkPair, hour: datetime) -> bool:
    """Whether an hour lies wholly within the time of a link."""
    return pair.since <= hour and (pair.until is None or hour + HOUR <= pair.until)


def sums_of(pair: LinkPair, hours: Collection[datetime]) -> Sums:
    """What each meter says of each hour; nothing where it says nothing."""
    rows = _rows(SUMS, _asked(meters_of(pair), hours)) if hours else []
    return {(m, hour): Side(int(n), min(s, 3600), bool(o)) for m, hour, n, s, o in rows}


def shares_of(pair: LinkPair, hours: Collection[datetime]) -> Shares:
    """Whose booked use each meter's hour is."""
    found: Shares = defaultdict(list)
    for m, hour, a, p, n in _rows(SHARES, _asked(meters_of(pair), hours)) if hours else []:
        found[m, hour].append(Share(a, p, int(n)))
    return found


def batches_of(meters: Iterable[int], hours: Collection[datetime]) -> list[tuple[int, int]]:
    """(envelope, meter): what the nodes signed about these hours."""
    return [(e, m) for e, m in _rows(BATCHES, _asked(list(meters), hours))]


def _asked(meters: list[int], hours: Collection[datetime]) -> dict[str, object]:
    first, last = min(hours), max(hours) + HOUR
    return {
        "meters": meters,
        "hours": sorted(hours),
        "since": first - EARLY,
        "until": last,
    }


def _rows(statement: str, params: object) -> list[tuple]:  # type: ignore[type-arg]
    with connection.cursor() as cursor:
        cursor.execute(statement, params)  # type: ignore[arg-type]
        return list(cursor.fetchall())
