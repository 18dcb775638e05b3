"""Named reads of votes."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from governance.counting import BallotGroup, Roll, Sums, total
from governance.models import Ballot, Proposal, RollRow
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
)
GROUPS = """
SELECT c.name, b.choices ->> c.name, count(*), sum(r.weight)::numeric::text
FROM (SELECT DISTINCT ON (member_id) member_id, choices FROM governance_ballot
      WHERE proposal_id = %s ORDER BY member_id, index DESC) b
JOIN governance_rollrow r ON r.member_id = b.member_id
JOIN governance_chamber c ON c.id = r.chamber_id AND c.proposal_id = %s
GROUP BY 1, 2"""


def locked(proposal_id: int) -> Proposal:
    """The proposal as it is now, locked until the transaction ends.

    Every service of this app takes this lock first, before any row of an app below.
    """
    return Proposal.objects.select_for_update().get(pk=proposal_id)


def due(state: str, date: str) -> list[int]:
    """Proposals in a state whose date has come, by the database's clock."""
    rows = Proposal.objects.filter(state=state, **{f"{date}__lte": Now()})
    return list(rows.order_by("pk").values_list("pk", flat=True))


def rolls_of(proposal: Proposal) -> list[Roll]:
    """The frozen rolls of a vote, in the order of its chambers."""
    return [Roll(c.name, c.heads, c.weight) for c in proposal.chambers.all()]


def sums_of(proposal: Proposal) -> dict[str, Sums]:
    """The sums of each chamber over the newest ballot of each voter."""
    groups: dict[str, list[BallotGroup]] = {c.name: [] for c in proposal.chambers.all()}
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, [proposal.pk, proposal.pk])
        for chamber, choice, heads, weight in cursor.fetchall():
            groups[chamber].append(BallotGroup(choice, heads, int(weight)))
    return {name: total(parts) for name, parts in groups.items()}


def published() -> QuerySet[Proposal]:
    """Everything that notice was given of, newest first: what the public may see."""
    hidden = (State.DRAFT, State.WITHDRAWN)
    return Proposal.objects.exclude(state__in=hidden).select_related("proposer")


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
    mine = RollRow.objects.filter(member=member).values("chamber__proposal")
    return open_proposals().filter(pk__in=mine).exclude(pk__in=voted)


def drafts_waiting() -> QuerySet[Proposal]:
    """Drafts that no steward has published yet, oldest first."""
    drafts = Proposal.objects.filter(state=State.DRAFT)
    return drafts.select_related("proposer").order_by("pk")


def chambers_of(proposal: Proposal, member: Member | None) -> list[str]:
    """The chambers of an opened vote in which a member sits."""
    if member is None:
        return []
    rows = RollRow.objects.filter(chamber__proposal=proposal, member=member)
    return list(rows.order_by("chamber__position").values_list("chamber__name", flat=True))


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


def turnout(proposal: Proposal, sums: dict[str, Sums] | None = None) -> list[Turnout]:
    """Per chamber: who has voted, not how."""
    sums = sums_of(proposal) if sums is None else sums
    return [Turnout(r.chamber, sums[r.chamber].heads, r.heads) for r in rolls_of(proposal)]


def board_of(proposal: Proposal) -> Iterable[Ballot]:
    """The whole board, in order."""
    return proposal.ballots.order_by("index")
