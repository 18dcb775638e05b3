"""Named reads of votes given into other hands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from governance import clock
from governance.delegations.in_force import COLUMNS, MEANT, NARROWEST, Word, asked
from governance.delegations.resolve import BARRED, END
from governance.models import Ballot, Carried, Chamber, Delegation, Proposal, RollRow
from members.models import Member

LOOP = "loop"
NEXT = f"""
SELECT {COLUMNS}
FROM governance_delegation d WHERE d.giver_id = {{giver}} AND {MEANT}
ORDER BY {NARROWEST} LIMIT 1"""
WAY = f"""
WITH RECURSIVE way(step, id, giver, holder, proxy, bound, since, path) AS (
  SELECT 1, n.*, ARRAY[n.giver_id] FROM ({NEXT.format(giver="%(member)s")}) n
  UNION ALL
  SELECT w.step + 1, n.*, w.path || w.holder
  FROM way w CROSS JOIN LATERAL ({NEXT.format(giver="w.holder")}) n
  WHERE w.holder <> ALL (w.path))
SELECT id, giver, holder, proxy, bound, since FROM way ORDER BY step"""
NAMED = f"""
SELECT count(*) FROM governance_delegation d
WHERE d.holder_id = %(member)s AND {MEANT} AND d.id = (
  SELECT e.id FROM governance_delegation e
  WHERE e.giver_id = d.giver_id AND {MEANT.replace("d.", "e.")}
  ORDER BY {NARROWEST.replace("d.", "e.")} LIMIT 1)"""
OPEN_STILL = Q(proposal=None) | Q(proposal__state__in=("notice", "open"))


@dataclass(frozen=True)
class Way:
    """From a member over those named to the one whose ballot would count for them now.

    `reaches` is None where it leads nowhere; `why` then says so: "end", "loop" or "barred". Caps
    are not looked at: over them is known at the close only.
    """

    chamber: str
    people: list[Member]
    reaches: Member | None
    why: str


def in_force(at: datetime) -> Q:
    """What was not taken back and whose time is not over."""
    return Q(revoked_at=None) & (Q(until=None) | Q(until__gt=at)) & OPEN_STILL


def given_by(member: Member) -> QuerySet[Delegation]:
    """What a member gave and what still stands, newest first."""
    return _with_people(member.delegations_given)


def held_by(member: Member) -> QuerySet[Delegation]:
    """What others gave to a member and what still stands, newest first."""
    return _with_people(member.delegations_held)


def _with_people(rows: Any) -> QuerySet[Delegation]:
    found: QuerySet[Delegation] = rows.filter(in_force(clock.now()))
    return found.select_related("giver", "holder", "proposal").order_by("-pk")


def steps_from(proposal: Proposal, member: Member, at: datetime) -> list[Word]:
    """Who names whom, from a member on, until somebody names nobody or one comes again."""
    with connection.cursor() as cursor:
        cursor.execute(WAY, asked(proposal, at) | {"member": member.pk})
        return [Word(*row) for row in cursor.fetchall()]


def ways_of(proposal: Proposal, member: Member, at: datetime) -> list[Way]:
    """Where a member's word leads, for each chamber in which they sit; two alike are one."""
    steps = steps_from(proposal, member, at)
    if not steps:
        return []
    found: list[Way] = []
    people = people_on(steps)
    voted = voters_among(proposal, list(people))
    for name, roll in rolls_among(proposal, member, list(people)):
        way = way_in(name, steps, people, voted, roll)
        if (way.people, way.why) not in [(w.people, w.why) for w in found]:
            found.append(way)
    return found


def people_on(steps: list[Word]) -> dict[int, Member]:
    """Everybody on a way, by id."""
    return Member.objects.in_bulk({who for step in steps for who in (step.giver, step.holder)})


def voters_among(proposal: Proposal, members: list[int]) -> set[int]:
    """Who of these has cast a ballot."""
    rows = Ballot.objects.filter(proposal=proposal, member__in=members)
    return set(rows.values_list("member_id", flat=True))


def rolls_among(
    proposal: Proposal, member: Member, members: list[int]
) -> list[tuple[str, set[int]]]:
    """Of each chamber where a member votes, who of these is on its roll; before it opens, all."""
    rows = RollRow.objects.filter(chamber__proposal=proposal, chamber__votes=True)
    if not Chamber.objects.filter(proposal=proposal).exists():
        return [("", set(members))]
    rolls: dict[str, set[int]] = {}
    among = rows.filter(member__in=members).order_by("chamber__position")
    for name, who in among.values_list("chamber__name", "member_id"):
        rolls.setdefault(name, set()).add(who)
    return [(name, roll) for name, roll in rolls.items() if member.pk in roll]


def way_in(
    chamber: str, steps: list[Word], people: dict[int, Member], voted: set[int], roll: set[int]
) -> Way:
    """The same walk as at the close, for one member, with names."""
    on_it = [people[steps[0].giver]]
    for place, step in enumerate(steps):
        on_it.append(people[step.holder])
        if step.holder not in roll:
            return Way(chamber, on_it, None, BARRED if place == 0 else END)
        if step.holder in voted:
            return Way(chamber, on_it, people[step.holder], "")
        if step.proxy or (place + 1 < len(steps) and steps[place + 1].proxy):
            return Way(chamber, on_it, None, END)
    last = steps[-1].holder
    return Way(chamber, on_it, None, LOOP if last in {step.giver for step in steps} else END)


def named_by(proposal: Proposal, member: Member, at: datetime) -> int:
    """How many name a member as the first to vote for them in this vote."""
    with connection.cursor() as cursor:
        cursor.execute(NAMED, asked(proposal, at) | {"member": member.pk})
        row = cursor.fetchone()
    return row[0] if row else 0


def readable_ballot(proposal: Proposal, member: Member, holder: Member) -> Ballot | None:
    """The ballot of who votes for a member, as far as they may read it; None otherwise (R13).

    Before the close only a ballot cast after the word was given: whoever casts it then knows who
    will read it, and nobody names somebody just to look. From sealed votes nothing is read.
    """
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        return None
    newest = proposal.ballots.filter(member=holder).order_by("-index").first()
    if newest is None or proposal.decided_at is not None:
        return newest
    way = steps_to(steps_from(proposal, member, clock.now()), holder)
    return newest if way and max(step.since for step in way) < newest.cast_at else None


def steps_to(steps: list[Word], holder: Member) -> list[Word]:
    """The steps of a way up to who votes; none where it does not come to them."""
    for place, step in enumerate(steps, start=1):
        if step.holder == holder.pk:
            return steps[:place]
    return []


def carried_of(proposal: Proposal, member: Member) -> QuerySet[Carried]:
    """What became of a member's vote in each chamber, from the close on."""
    rows = Carried.objects.filter(row__chamber__proposal=proposal, row__member=member)
    return rows.select_related("row__chamber", "through__member").order_by("row__chamber__position")


def spoken_for(proposal: Proposal, member: Member) -> int:
    """For how many others a member's ballot counted, from the close on; the most of a chamber."""
    rows = RollRow.objects.filter(chamber__proposal=proposal, member=member)
    return max((row.carries.count() for row in rows), default=0)
