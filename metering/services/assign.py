"""Whose use a meter measures, from when until when."""

from datetime import datetime
from fractions import Fraction

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from assets.models import Pool, Resource
from assets.names import resource_name
from assets.queries import resources_of
from members.models import Member, User
from metering.conversion import conversion
from metering.errors import (
    AlreadyAssigned,
    AlreadyRead,
    MeterUnknown,
    NoConversion,
    NotYielded,
)
from metering.models import Meter, MeterAssignment, Node, Reading


def assign_meter(
    *,
    actor: User | None,
    meter: Meter,
    member: Member,
    pool: Pool,
    resource: Resource,
    since: datetime | None = None,
) -> MeterAssignment:
    """From `since` on (default: now) the meter measures this member's use of the resource.

    The same assignment again returns the one that runs. Raises MeterUnknown, NoConversion,
    NotYielded, AlreadyAssigned, and AlreadyRead where readings after `since` are taken.
    """
    fraction = conversion_of(meter, pool, resource)
    with transaction.atomic(durable=True):
        lock_node(meter.node_id)
        running = running_assignment(meter)
        if running is not None and is_same(running, member, pool, resource):
            return running
        begins = moment_for(meter, since)
        return insert(actor, meter, member, pool, resource, fraction, begins)


def conversion_of(meter: Meter, pool: Pool, resource: Resource) -> Fraction:
    """How many millitokens of the resource one raw unit of the meter is."""
    if not meter.unit:
        raise MeterUnknown
    if resource not in resources_of(pool):
        raise NotYielded(pool=pool.name, resource=resource_name(resource))
    fraction = conversion(meter.kind, meter.unit, resource.unit)
    if fraction is None:
        raise NoConversion(resource=resource_name(resource))
    return fraction


def lock_node(node_id: int) -> Node:
    """The node, locked against rating and other changes. Call inside a transaction."""
    return Node.objects.select_for_update(no_key=True).get(pk=node_id)


def running_assignment(meter: Meter) -> MeterAssignment | None:
    """The assignment without an end, if any."""
    return MeterAssignment.objects.filter(meter=meter, until=None).first()


def is_same(row: MeterAssignment, member: Member, pool: Pool, resource: Resource) -> bool:
    """Whether an assignment says just this."""
    asked = (member.pk, pool.pk, resource.pk)
    return (row.member_id, row.pool_id, row.resource_id) == asked


def moment_for(meter: Meter, asked: datetime | None) -> datetime:
    """A moment at or after all readings that are taken: theirs is decided for good."""
    taken = Reading.objects.filter(meter=meter).aggregate(last=Max("ends_at"))["last"]
    moment = asked or max(timezone.now(), taken or timezone.now())
    if taken is not None and moment < taken:
        raise AlreadyRead(moment=timezone.localtime(taken).strftime("%Y-%m-%d %H:%M:%S"))
    return moment


def insert(
    actor: User | None,
    meter: Meter,
    member: Member,
    pool: Pool,
    resource: Resource,
    fraction: Fraction,
    since: datetime,
) -> MeterAssignment:
    """The new row; the database refuses an overlap."""
    try:
        with transaction.atomic():
            return MeterAssignment.objects.create(
                meter=meter,
                member=member,
                pool=pool,
                resource=resource,
                num=fraction.numerator,
                den=fraction.denominator,
                since=since,
                made_by=actor,
            )
    except IntegrityError as error:
        raise AlreadyAssigned from error


def end_assignment(
    *, actor: User | None, assignment: MeterAssignment, until: datetime | None = None
) -> MeterAssignment:
    """The assignment ends at `until` (default: now); one that has ended stays as it is.

    Raises AlreadyRead where later readings were taken under it.
    """
    with transaction.atomic(durable=True):
        lock_node(assignment.meter.node_id)
        row = MeterAssignment.objects.get(pk=assignment.pk)
        if row.until is None:
            row.until = max(moment_for(row.meter, until), row.since)
            row.save(update_fields=["until"])
    return row
