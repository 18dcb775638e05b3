"""What a mismatch brings about: a dispute with what both ends signed, and suspicion after a few."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from metering.links.sums import batches_of, shares_of, ways_of
from metering.models import (
    Dispute,
    DisputeEnvelope,
    LinkHour,
    LinkPair,
    MeterAssignment,
    Node,
    NodeStateChange,
)
from metering.services.states import suspect
from policies.queries import policy

DAY = timedelta(hours=24)
MISMATCHES = [LinkHour.Outcome.MISSING, LinkHour.Outcome.EXCESS]


def dispute_mismatches(pair: LinkPair, rows: Sequence[LinkHour]) -> None:
    """Put mismatches under the open dispute of the link, or under a new one.

    What both ends signed about these hours is attached. Call under the locks of both nodes.
    """
    new = [row for row in rows if row.is_mismatch and row.dispute_id is None]
    if not new:
        return
    dispute = Dispute.objects.filter(link=pair, answered_at=None).first() or _open(pair, new[0])
    LinkHour.objects.filter(pk__in=[row.pk for row in new]).update(dispute=dispute)
    _attach(pair, dispute, new)


def _open(pair: LinkPair, row: LinkHour) -> Dispute:
    number = Dispute.objects.filter(link=pair).count() + 1
    whose = _concerned(pair, row)
    return Dispute.objects.create(
        link=pair,
        member=None if whose is None else whose.member,
        pool=None if whose is None else whose.pool,
        resource=None if whose is None else whose.resource,
        day=timezone.localdate(row.hour),
        reason=_said(pair, row),
        key=f"link:{pair.pk}:{number}",
    )


def _said(pair: LinkPair, row: LinkHour) -> str:
    """Both numbers, in a sentence."""
    sender, receiver = pair.ends if row.way == LinkHour.Way.AB else reversed(pair.ends)
    words = _(
        "%(link)s, the hour from %(hour)s: %(sender)s says that it sent %(sent)s bytes, and"
        " %(receiver)s that it received %(received)s."
    )
    return (words % {
        "link": pair.label,
        "hour": timezone.localtime(row.hour).strftime("%Y-%m-%d %H:%M"),
        "sender": sender.label, "receiver": receiver.label,
        "sent": row.sent_net, "received": row.received_net,
    })[:400]  # fmt: skip


def _concerned(pair: LinkPair, row: LinkHour) -> MeterAssignment | None:
    """Whose use it is: at the end that counted more, else at the other; None where nobody's."""
    shares = shares_of(pair, [row.hour])
    ends = next(ends for ends in ways_of(pair) if ends.way == row.way)
    order = (ends.tx, ends.rx) if row.difference > 0 else (ends.rx, ends.tx)
    found = [share for meter in order for share in shares.get((meter, row.hour), ())]
    if not found:
        return None
    related = MeterAssignment.objects.select_related("member", "pool", "resource")
    return related.get(pk=found[0].assignment_id)


def _attach(pair: LinkPair, dispute: Dispute, rows: Sequence[LinkHour]) -> None:
    """The batches of both ends that say something of these hours."""
    meters = {pk for ends in ways_of(pair) for pk in (ends.tx, ends.rx)}
    of_a = {pair.a_tx_id, pair.a_rx_id}
    sides = {
        envelope: DisputeEnvelope.Side.A if meter in of_a else DisputeEnvelope.Side.B
        for envelope, meter in batches_of(meters, {row.hour for row in rows})
    }
    DisputeEnvelope.objects.bulk_create(
        [
            DisputeEnvelope(dispute=dispute, envelope_id=envelope, side=side)
            for envelope, side in sorted(sides.items())
        ],
        ignore_conflicts=True,
    )


def suspect_ends(pair: LinkPair) -> None:
    """Suspect both ends after so many mismatches in a day, but not one whose other links agree.

    What was found before a steward decided about a node counts no more against it. Call under the
    locks of both nodes.
    """
    fresh = LinkHour.objects.filter(
        pair=pair, outcome__in=MISMATCHES, judged_at__gt=timezone.now() - DAY
    )
    for node in pair.ends:
        rows = fresh.filter(judged_at__gt=_decided(node)).order_by("hour", "way")
        for row in rows:
            since = row.hour - DAY
            if _mismatches(pair, node, since, row.hour) >= policy("link_mismatches", row.hour):
                if not _is_spared(pair, node, since, row.hour):
                    _suspect(pair, node, row)
                break


def _decided(node: Node) -> datetime:
    """When the node came, or was last let back to work."""
    rows = NodeStateChange.entered().filter(node=node, state=Node.State.ACTIVE)
    last = rows.exclude(trigger=NodeStateChange.Trigger.HEARD).order_by("-at").first()
    return node.created_at if last is None else last.at


def _mismatches(pair: LinkPair, node: Node, since: datetime, until: datetime) -> int:
    """Hours of a day in which the link contradicts itself, since a steward looked last."""
    rows = LinkHour.objects.filter(
        pair=pair, outcome__in=MISMATCHES, hour__gt=since, hour__lte=until,
        judged_at__gt=_decided(node),
    )  # fmt: skip
    return rows.order_by().values("hour").distinct().count()


def _is_spared(pair: LinkPair, node: Node, since: datetime, until: datetime) -> bool:
    """Whether a node's other links agree in that time, and those of the other end do not."""
    other = next(end for end in pair.ends if end != node)
    return _is_vouched(node, pair, since, until) and not _is_vouched(other, pair, since, until)


def _is_vouched(node: Node, pair: LinkPair, since: datetime, until: datetime) -> bool:
    """Whether the other links of a node agreed in that time, and none contradicted it."""
    others = LinkHour.objects.filter(
        Q(pair__a_tx__node=node) | Q(pair__b_tx__node=node), hour__gt=since, hour__lte=until
    ).exclude(pair=pair)
    agreed = others.filter(outcome=LinkHour.Outcome.AGREE).exists()
    return agreed and not others.filter(outcome__in=MISMATCHES).exists()


def _suspect(pair: LinkPair, node: Node, row: LinkHour) -> None:
    suspect(
        node=node,
        reason=f"link {pair.pk}: its ends contradict each other",
        trigger=NodeStateChange.Trigger.LINK,
        facts={"link": pair.pk, "hour": row.hour.isoformat(), "dispute": row.dispute_id},
    )
