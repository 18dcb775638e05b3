"""The demo's late usage and disputes: a node that was cut off, a day that somebody doubts."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from assets.models import Pool, Resource
from members.models import Member
from metering.models import Dispute
from metering.services import answer_dispute, raise_dispute
from tokens.models import Adjustment, Period, Usage
from tokens.services import UsageRow, record_late

LATE = {"ana": 5_000, "chloe": 3_000}
"""millitokens of bandwidth that came after the close"""
ANSWER = "The mast's own log shows no outage at noon; the readings of both ends agree."
WHY = "Demonstration: the node at the hill was cut off"


def come_late(people: Mapping[str, Member]) -> None:
    """Use of last month that came after its close, a day that waits, and one that was answered."""
    last = Period.objects.filter(state=Period.State.CLOSED).order_by("-start").first()
    if last is None or Adjustment.objects.exists():
        return
    pool, resource = Pool.objects.get(code="backbone"), Resource.objects.get(code="bandwidth")
    rows = [
        UsageRow(
            member_id=people[name].pk,
            pool_id=pool.pk,
            resource_id=resource.pk,
            used_at=last.end - timedelta(hours=2),
            amount=amount,
            key=f"demo:late:{name}",
            kind=Usage.Kind.CORRECTION,
            reason=WHY,
        )
        for name, amount in LATE.items()
    ]
    record_late(rows=rows, actor=None)
    _doubt(people["chloe"], pool, resource, last, "I was away that day")
    answered = _doubt(people["dario"], pool, resource, last, "The line was down at noon")
    if answered is not None:
        answer_dispute(dispute_id=answered.pk, answer=ANSWER, actor=None)


def _doubt(
    member: Member, pool: Pool, resource: Resource, period: Period, why: str
) -> Dispute | None:
    """A dispute of the day on which the demo's use of a month is typed in; None without any."""
    used = Usage.objects.filter(book__member=member, used_at=period.start)
    if not used.filter(book__yields__pool=pool, book__yields__resource=resource).exists():
        return None
    return raise_dispute(
        member=member,
        pool=pool,
        resource=resource,
        day=timezone.localdate(period.start),
        reason=why,
        actor=member.user,
        key="demo",
    )
