"""Before a close, a word to all on a way that leads nowhere (R13)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from governance import clock
from governance.delegations.in_force import words_for
from governance.delegations.resolve import Fate, fates_at
from governance.models import Ballot, DelegationWarning, Proposal, RollRow
from governance.notices.mail import tell
from governance.queries import locked
from members.models import Member
from policies.queries import policy

SILENT = "silent"
"""somebody named them, and they neither voted nor named anybody"""


def warn_of_lost_ways() -> int:
    """Warn in every vote that closes soon; how many members were warned. Safe at any time."""
    return sum(warn_in(proposal.pk) for proposal in closing_soon(clock.now()))


def closing_soon(at: datetime) -> list[Proposal]:
    """Open votes nobody was warned in, whose close is near, and half of whose time is over."""
    seconds: int = policy("delegation_warning_seconds", at)
    return [
        proposal
        for proposal in not_warned().filter(closes_at__gt=at)
        if is_near(proposal, at, seconds)
    ]


def not_warned() -> QuerySet[Proposal]:
    """Open votes with open ballots in which no warning went."""
    rows = Proposal.objects.filter(state=Proposal.State.OPEN, ways_warned_at=None)
    return rows.exclude(ballot_kind=Proposal.BallotKind.SEALED)


def is_near(proposal: Proposal, at: datetime, seconds: int) -> bool:
    """Whether the time to warn has come: not in the first half of a short vote."""
    if proposal.opens_at is None or proposal.closes_at is None:
        return False
    half = proposal.opens_at + (proposal.closes_at - proposal.opens_at) / 2
    return at >= max(half, proposal.closes_at - timedelta(seconds=seconds))


@transaction.atomic(durable=True)
def warn_in(proposal_id: int) -> int:
    """Warn all on ways of one vote that end or loop as things stand, once; how many."""
    proposal = locked(proposal_id)
    at = clock.now()
    if proposal.ways_warned_at is not None or proposal.state != Proposal.State.OPEN:
        return 0
    lost = lost_in(proposal, at)
    DelegationWarning.objects.bulk_create(
        [DelegationWarning(proposal=proposal, member_id=who, why=why) for who, why in lost.items()]
    )
    proposal.ways_warned_at = at
    proposal.save(update_fields=["ways_warned_at"])
    tell_them(proposal, lost)
    return len(lost)


def lost_in(proposal: Proposal, at: datetime) -> dict[int, str]:
    """Why, by member: whose word is lost in a chamber, and whose silence it ends in."""
    lost: dict[int, str] = {}
    fates: list[Fate] = [fate for fate in fates_at(proposal, at) if fate.lost]
    for fate in fates:
        lost.setdefault(fate.member, fate.lost)
    for member in silent_ends(proposal, at, set(lost)):
        lost.setdefault(member, SILENT)
    return lost


def silent_ends(proposal: Proposal, at: datetime, losing: set[int]) -> set[int]:
    """Voters whom a lost word names, who did not vote and named nobody."""
    words = words_for(proposal, at)
    named = {word.holder for word in words if word.giver in losing}
    ends = named - {word.giver for word in words}
    voted = Ballot.objects.filter(proposal=proposal, member__in=ends).values("member")
    rows = RollRow.objects.filter(chamber__proposal=proposal, member__in=ends)
    return set(rows.exclude(member__in=voted).values_list("member_id", flat=True))


def tell_them(proposal: Proposal, lost: dict[int, str]) -> None:
    """One mail each, with the link to the vote."""
    path = reverse("governance:decision", args=[proposal.pk])
    for why in sorted(set(lost.values())):
        members = Member.objects.filter(pk__in=[who for who, w in lost.items() if w == why])
        context = {"proposal": proposal, "why": why}
        key = f"ways {proposal.pk}"
        tell(members.order_by("pk"), kind="delegation_lost", context=context, path=path, key=key)
