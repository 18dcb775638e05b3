"""Named reads of disputes."""

from typing import Any

from django.db.models import F, Q, QuerySet

from members.models import Member
from members.queries import member_of, organisations_of
from metering.models import Dispute, DisputeEnvelope, LinkPair


def disputes_of(member: Member) -> QuerySet[Dispute]:
    """A member's disputes, and those about links that concern them, the newest first."""
    mine = Q(member=member) | Q(link__in=links_that_concern([member]))
    return _rows().filter(mine).order_by("-pk")


def disputes_waiting() -> QuerySet[Dispute]:
    """What no steward has answered yet, the oldest first."""
    return _rows().filter(answered_at=None).order_by("pk")


def disputes_answered() -> QuerySet[Dispute]:
    """What was answered, the latest first."""
    return _rows().exclude(answered_at=None).order_by("-answered_at")


def links_that_concern(members: list[Member]) -> QuerySet[LinkPair]:
    """Links between nodes that they look after, or whose meters measure their use."""
    found = Q()
    for meter in ("a_tx", "a_rx", "b_tx", "b_rx"):
        found |= Q(**{f"{meter}__node__owner__in": members})
        found |= Q(**{f"{meter}__assignments__member__in": members}) & (
            Q(**{f"{meter}__assignments__until": None})
            | Q(**{f"{meter}__assignments__until__gt": F("since")})
        )
    return LinkPair.objects.filter(pk__in=LinkPair.objects.filter(found).values("pk"))


def own_members(user: Any) -> list[Member]:
    """The member that a user is, and the organisations that they stand for."""
    member = member_of(user)
    found = [] if member is None else [member]
    return [*found, *organisations_of(user)]


def is_told(user: Any, row: Dispute) -> bool:
    """Whether a dispute about a link concerns a user: both sides are told of it."""
    if row.link_id is None:
        return False
    return links_that_concern(own_members(user)).filter(pk=row.link_id).exists()


def evidence_of(row: Dispute) -> QuerySet[DisputeEnvelope]:
    """The batches of both sides that are attached to a dispute."""
    rows = DisputeEnvelope.objects.filter(dispute=row)
    return rows.select_related("envelope__node", "envelope__receipt").order_by(
        "side", "envelope__epoch", "envelope__seq"
    )


def _rows() -> QuerySet[Dispute]:
    return Dispute.objects.select_related(
        "member", "pool", "resource", "reading__meter__node", "correction", "answered_by",
        "link__a_tx__node", "link__b_tx__node",
    )  # fmt: skip
