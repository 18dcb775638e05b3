"""Whose evidence it is: the member's own, and the stewards'."""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.http import Http404, QueryDict
from django.utils import timezone

from assets.models import Pool, Resource
from members.models import Member
from members.queries import is_steward, member_of
from metering.disputes.forms import DayForm
from metering.models import MeterAssignment, Node, Reading
from metering.payloads import meters_named, read_batch
from metering.queries import evidence, nodes


def reading_for(user: Any, reading_id: int) -> Reading:
    """A reading of the user's own use, or any for a steward; others do not exist for them."""
    found = evidence().filter(pk=reading_id).first()
    if found is None or not (is_steward(user) or is_own(user, found)):
        raise Http404
    return found


def is_own(user: Any, reading: Reading) -> bool:
    """Whether a reading measures this user's use."""
    member = member_of(user)
    assignment = reading.assignment
    return member is not None and assignment is not None and assignment.member_id == member.pk


def may_see_whole_batch(user: Any, reading: Reading) -> bool:
    """Whether a batch names no meter that was ever another member's, or the user is a steward.

    Its signature covers all of it, so it can be checked only as a whole.
    """
    if is_steward(user):
        return True
    member = member_of(user)
    if member is None or not is_own(user, reading) or not reading.envelope.payload:
        return False
    node, names = reading.meter.node_id, meters_named(read_batch(bytes(reading.envelope.payload)))
    ever = MeterAssignment.objects.filter(meter__node=node, meter__name__in=names)
    return not ever.exclude(member=member).exists()


def node_for_steward(uuid: UUID) -> Node:
    """The node with this id. The view lets only stewards in."""
    found = nodes().filter(uuid=uuid).first()
    if found is None:
        raise Http404
    return found


def assignment_of(node: Node, assignment_id: int) -> MeterAssignment:
    """An assignment of one of a node's meters."""
    found = MeterAssignment.objects.filter(meter__node=node, pk=assignment_id).first()
    if found is None:
        raise Http404
    return found


class DisputeTarget(NamedTuple):
    """What a dispute is about: a day of a resource, and one reading of it or all."""

    pool: Pool
    resource: Resource
    day: date
    reading: Reading | None


def dispute_target(member: Member, named: QueryDict) -> DisputeTarget:
    """What an address names: ?reading=…, or ?pool=…&resource=…&day=…; only one's own readings."""
    if "reading" in named:
        number = str(named["reading"])
        is_number = number.isdecimal() and len(number) < 19
        found = evidence().filter(pk=int(number)).first() if is_number else None
        row = None if found is None else found.assignment
        if found is None or row is None or row.member_id != member.pk:
            raise Http404
        return DisputeTarget(row.pool, row.resource, timezone.localdate(found.ends_at), found)
    form = DayForm(named)
    if not form.is_valid():
        raise Http404
    return DisputeTarget(**form.cleaned_data, reading=None)
