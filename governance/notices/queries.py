"""Named reads of what members were told, and of what needs them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import CharField, Count, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat

from governance.models import Ballot, Delivery, Mention, Moderation, Proposal, RollRow
from governance.notices.mail import PREFIX
from members.models import Member
from payments.models import Mail


@dataclass(frozen=True)
class Told:
    """How many members a notice was given to, how many mails left, how many opened the page."""

    given: int
    mailed: int
    seen: int


def told_of(proposal: Proposal) -> Told:
    """The record of a proposal's newest notice (R15)."""
    rows = Delivery.objects.filter(proposal=proposal, version=proposal.version)
    counts = rows.aggregate(given=Count("pk"), mailed=Count("mailed_at"), seen=Count("seen_at"))
    return Told(**counts)


def notices_to(member: Member) -> QuerySet[Delivery]:
    """Every notice that was given to a member, newest first."""
    return Delivery.objects.filter(member=member).select_related("proposal").order_by("-pk")


def mentions_of(member: Member) -> QuerySet[Mention]:
    """Where a member is called and has not looked yet, oldest first; hidden posts call nobody."""
    last = Moderation.objects.filter(post=OuterRef("post")).order_by("-pk").values("act")[:1]
    rows = Mention.objects.filter(member=member, seen_at=None)
    rows = rows.annotate(last=Coalesce(Subquery(last), Value("")))
    shown = rows.exclude(last=Moderation.Act.HIDE).exclude(post__text="")
    return shown.select_related("post__proposal", "post__member").order_by("pk")


def voters_missing(votes: Iterable[int], *, not_told: str) -> dict[int, list[int]]:
    """Member → those of these votes, in their order, on whose roll they are without a ballot.

    Who was already told under the key `not_told` is left out. One query.
    """
    places = {proposal_id: place for place, proposal_id in enumerate(votes)}
    voted = Ballot.objects.filter(proposal=OuterRef("chamber__proposal"), member=OuterRef("member"))
    key = Concat(Value(f"{PREFIX}{not_told}:"), Cast(OuterRef("member"), CharField()))
    rows = RollRow.objects.filter(chamber__proposal__in=list(places), chamber__votes=True)
    rows = rows.exclude(Exists(voted)).exclude(Exists(Mail.objects.filter(key=key)))
    missing: dict[int, set[int]] = defaultdict(set)
    for member_id, proposal_id in rows.values_list("member_id", "chamber__proposal_id"):
        missing[member_id].add(proposal_id)
    return {who: sorted(which, key=places.__getitem__) for who, which in missing.items()}


def last_certified(proposal: Proposal) -> Proposal | None:
    """The vote that was certified last before a proposal's notice: mails repeat its board's root.

    Whoever compares two mails sees whether the site showed two boards.
    """
    before = Proposal.objects.filter(decided_at__lte=proposal.notice_at)
    rows = before.filter(certificate__isnull=False).select_related("certificate")
    return rows.order_by("-decided_at", "-pk").first()
