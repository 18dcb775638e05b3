"""What nodes gave for vouchers: from records in the evidence to usage, each exactly once.

A record counts for the member who took the voucher out. What it covers is used from the tokens
that lie in it; what goes beyond, because it was presented twice, is used like anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet, Sum
from django.utils import timezone

from metering.conversion import millitokens
from metering.counters import AHEAD, Arrival
from metering.models import Envelope, Node, VoucherPresentation
from metering.payloads import Batch, Redeem, at
from policies.queries import policy
from tokens.models import Period, Usage, Voucher, Yield
from tokens.services.usage import UsageRow
from tokens.services.vouchers import count_presented, lock_vouchers

State, Why = VoucherPresentation.State, VoucherPresentation.Why
INSTANT = timedelta(microseconds=1)


@dataclass
class Given:
    """Usage through vouchers: of the open period, and of periods that are closed."""

    now: list[UsageRow] = field(default_factory=list)
    late: list[UsageRow] = field(default_factory=list)


def take_presentations(
    node: Node,
    envelopes: Sequence[Envelope],
    batches: dict[int, Batch],
    sealed: dict[int, datetime],
) -> None:
    """Store what the batches say was given for vouchers; what cannot count says why.

    `sealed` tells since when the node has the key of each epoch.
    """
    found = [
        (envelope, batches[envelope.pk], record)
        for envelope in envelopes
        for record in batches[envelope.pk].records
        if isinstance(record, Redeem)
    ]
    tickets = {record.ticket for _, _, record in found}
    rows = Voucher.objects.filter(ticket__in=tickets).select_related("asset")
    known = {voucher.ticket: voucher for voucher in rows}
    VoucherPresentation.objects.bulk_create(
        [
            presentation(node, envelope, batch, record, known.get(record.ticket), sealed)
            for envelope, batch, record in found
        ],
        batch_size=1000,
    )


def presentation(
    node: Node,
    envelope: Envelope,
    batch: Batch,
    record: Redeem,
    voucher: Voucher | None,
    sealed: dict[int, datetime],
) -> VoucherPresentation:
    """The row for a record, waiting or refused."""
    arrival = Arrival(envelope.received_at, at(batch.sent), sealed.get(batch.epoch))
    moment = given_at(record, arrival)
    why = why_not(node, record, voucher, moment)
    return VoucherPresentation(
        envelope=envelope,
        position=record.n,
        ticket=record.ticket,
        voucher=voucher,
        quantity=int(record.q),
        unit=record.u,
        at=moment,
        state=State.REFUSED if why else State.WAITING,
        why=why,
    )


def given_at(record: Redeem, arrival: Arrival) -> datetime | None:
    """When it was given, by the node's clock as far as that can be believed; None where not."""
    ends = at(record.t1)
    if ends is None or arrival.is_lost:
        return None
    moment = ends - arrival.ahead
    return moment if moment <= arrival.received_at + AHEAD else None


def why_not(node: Node, record: Redeem, voucher: Voucher | None, moment: datetime | None) -> str:
    """Why a record is evidence only; "" where it counts."""
    if voucher is None:
        return Why.UNKNOWN
    if not is_bound_to(voucher, node):
        return Why.WRONG_NODE
    if record.u != voucher.unit:
        return Why.WRONG_UNIT
    if moment is None:
        return Why.NO_TIME
    inside = voucher.not_before <= moment < voucher.not_after
    return "" if inside else Why.OUTSIDE


def is_bound_to(voucher: Voucher, node: Node) -> bool:
    """Whether this node may honour a voucher."""
    if voucher.node is not None:
        return voucher.node == node.uuid
    return voucher.asset_id == node.asset_id


def count_presentations(node: Node, period: Period) -> Given:
    """Count what waits, the oldest first, and give it as usage; call with the period locked.

    The vouchers are locked, before any book is. Each record adds what it makes of the rounded-down
    total of its voucher, over all nodes. What came too late to be charged stays as it is.
    """
    waiting = list(waiting_presentations(node))
    if not waiting:
        return Given()
    vouchers = lock_vouchers([row.ticket for row in waiting])
    totals, chargeable = totals_of(vouchers), Chargeable(period)
    given, counted = Given(), dict.fromkeys((v.pk for v in vouchers.values()), 0)
    for row in waiting:
        voucher = vouchers[row.ticket]
        is_late = voucher.book.yields.period_id != period.pk
        if is_late and not chargeable.late(row, voucher):
            row.state = State.LATE
            continue
        count(row, voucher, totals[voucher.pk])
        totals[voucher.pk] += row.quantity
        if row.amount:
            (given.late if is_late else given.now).append(usage_row(row, voucher))
        counted[voucher.pk] += 0 if is_late else row.amount or 0
    VoucherPresentation.objects.bulk_update(
        waiting, ["state", "raw_before", "amount", "beyond"], batch_size=500
    )
    count_presented({pk: amount for pk, amount in counted.items() if amount})
    return given


class Chargeable:
    """What can still be charged after its close: soon enough, and where there is a book for it."""

    def __init__(self, period: Period) -> None:
        self._days = timedelta(days=policy("late_days", timezone.now()))
        yields = Yield.objects.filter(period=period)
        self._places = set(yields.values_list("pool_id", "resource_id"))

    def late(self, row: VoucherPresentation, voucher: Voucher) -> bool:
        """Whether a presentation of a closed period becomes an adjustment."""
        book = voucher.book.yields
        soon = row.envelope.received_at <= book.period.end + self._days
        return soon and (book.pool_id, book.resource_id) in self._places


def waiting_presentations(node: Node) -> QuerySet[VoucherPresentation]:
    """In the order of the chain."""
    rows = VoucherPresentation.objects.filter(envelope__node=node, state=State.WAITING)
    return rows.select_related("envelope").order_by("pk")


def totals_of(vouchers: dict[str, Voucher]) -> dict[int, int]:
    """Raw units counted so far, by voucher."""
    ids = [voucher.pk for voucher in vouchers.values()]
    rows = VoucherPresentation.objects.filter(voucher__in=ids, state=State.COUNTED).order_by()
    sums = rows.values_list("voucher").annotate(Sum("quantity"))
    return dict.fromkeys(ids, 0) | {pk: int(total) for pk, total in sums if pk is not None}


def count(row: VoucherPresentation, voucher: Voucher, before: int) -> None:
    """Give a record its millitokens, and those that its voucher does not cover."""
    num, den = voucher.amount, int(voucher.raw)
    first, after = (millitokens(raw, num, den) for raw in (before, before + row.quantity))
    covered = voucher.amount if voucher.state == Voucher.State.OUT else 0
    row.state, row.raw_before, row.amount = State.COUNTED, before, after - first
    row.beyond = max(0, after - covered) - max(0, first - covered)


def usage_row(row: VoucherPresentation, voucher: Voucher) -> UsageRow:
    """The usage that a counted presentation is, at a moment within the voucher's period."""
    book = voucher.book
    period = book.yields.period
    moment = min(row.at or period.start, period.end - INSTANT)
    return UsageRow(
        member_id=book.member_id,
        pool_id=book.yields.pool_id,
        resource_id=book.yields.resource_id,
        used_at=max(moment, period.start),
        amount=row.amount or 0,
        key=f"voucher:{row.pk}",
        kind=Usage.Kind.VOUCHER,
    )
