"""Named reads of votes."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Now

from governance.counting import Roll
from governance.models import Ballot, Halt, Proposal, RollRow
from members.models import Member

State = Proposal.State
COMING = (State.NOTICE,)
PAST = (
    State.FAILED,
    State.PASSED,
    State.TIMELOCKED,
    State.EXECUTED,
    State.REFUSED,
    State.EXPIRED,
    State.HELD,
    State.VETOED,
)
CLOSED = (State.COUNTING, *PAST)
HALTABLE = (State.OPEN, State.COUNTING, State.TIMELOCKED)
VOTED = """
SELECT c.name, count(DISTINCT b.member_id)
FROM governance_chamber c
LEFT JOIN governance_rollrow r ON r.chamber_id = c.id
LEFT JOIN governance_ballot b ON b.member_id = r.member_id AND b.proposal_id = c.proposal_id
WHERE c.proposal_id = %s AND c.votes GROUP BY 1"""


def locked(proposal_id: int) -> Proposal:
    """The proposal as it is now, locked until the transaction ends.

    Every service of this app takes this lock first, before any row of an app below.
    """
    return Proposal.objects.select_for_update().get(pk=proposal_id)


def due(state: str, date: str) -> list[int]:
    """Proposals in a state whose date has come, by the database's clock, and that no halt holds."""
    rows = Proposal.objects.filter(state=state, **{f"{date}__lte": Now()})
    if state in HALTABLE:
        rows = rows.exclude(pk__in=Halt.objects.filter(until__gt=Now()).values("proposal"))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def rolls_of(proposal: Proposal) -> list[Roll]:
    """The rolls of the chambers that vote, as frozen and as corrected since, in their order."""
    added = Count("rows", filter=Q(rows__correction__isnull=False))
    weight = Sum("rows__weight", filter=Q(rows__correction__isnull=False))
    rows = proposal.chambers.filter(votes=True).annotate(added=added, added_weight=weight)
    return [
        Roll(c.name, c.heads + c.added, c.weight + (c.added_weight or 0))
        for c in rows.order_by("position")
    ]


def published() -> QuerySet[Proposal]:
    """Everything that notice was given of, newest first: what the public may see."""
    return Proposal.objects.exclude(notice_at=None).select_related("proposer")


def visible_to(member: Member | None, *, steward: bool) -> QuerySet[Proposal]:
    """What a reader may see: drafts, withdrawn ones too, are for members and stewards."""
    everything = Proposal.objects.select_related("proposer")
    if steward or (member is not None and member.number is not None):
        return everything
    return published()


def open_proposals() -> QuerySet[Proposal]:
    """Votes whose ballot is open, the one that closes first in front."""
    return published().filter(state=State.OPEN).order_by("closes_at")


def latest_public(limit: int = 3) -> list[Proposal]:
    """The decisions that were certified last."""
    return list(published().filter(state__in=PAST).order_by("-decided_at")[:limit])


def votes_needed_of(member: Member) -> QuerySet[Proposal]:
    """Open votes on whose roll a member is and in which they have not voted."""
    voted = Ballot.objects.filter(member=member).values("proposal")
    mine = RollRow.objects.filter(member=member, chamber__votes=True).values("chamber__proposal")
    return open_proposals().filter(pk__in=mine).exclude(pk__in=voted)


def drafts_waiting() -> QuerySet[Proposal]:
    """Drafts that no steward has published yet, oldest first."""
    drafts = Proposal.objects.filter(state=State.DRAFT)
    return drafts.select_related("proposer").order_by("pk")


def chambers_of(proposal: Proposal, member: Member | None) -> list[str]:
    """The chambers of an opened vote in which a member votes."""
    return [] if member is None else list(seats_of(proposal, member))


def seats_of(proposal: Proposal, member: Member) -> dict[str, str]:
    """Chamber → the member's pseudonym, for the chambers in which they vote."""
    rows = RollRow.objects.filter(
        chamber__proposal=proposal, chamber__votes=True, member=member
    ).order_by("chamber__position")
    return dict(rows.values_list("chamber__name", "voter"))


def ballot_of(proposal: Proposal, member: Member | None) -> Ballot | None:
    """The entry of a member that counts, or None."""
    if member is None:
        return None
    return proposal.ballots.filter(member=member).order_by("-index").first()


def ballots_that_count(proposal: Proposal) -> QuerySet[Ballot]:
    """The newest entry of each voter, in the order of the register."""
    newest = proposal.ballots.order_by("member", "-index").distinct("member").values("pk")
    return (
        Ballot.objects.filter(pk__in=newest)
        .select_related("member")
        .order_by(F("member__number").asc(nulls_last=True))
    )


@dataclass(frozen=True)
class Turnout:
    """How many of a chamber have cast a ballot so far."""

    chamber: str
    voted: int
    heads: int


def turnout(proposal: Proposal) -> list[Turnout]:
    """Per chamber that votes: who has cast a ballot, not how."""
    with connection.cursor() as cursor:
        cursor.execute(VOTED, [proposal.pk])
        voted = dict(cursor.fetchall())
    return [Turnout(r.chamber, voted[r.chamber], r.heads) for r in rolls_of(proposal)]


def board_of(proposal: Proposal) -> Iterable[Ballot]:
    """The whole board, in order."""
    return proposal.ballots.order_by("index")
