"""What is counted: the question as announced, and the ballots of each chamber by their groups."""

import json
from collections.abc import Iterable

from django.db import connection
from django.db.models import Count, QuerySet

from governance.counting import Threshold
from governance.counting.question import Group, Question, Votes
from governance.methods import lot
from governance.models import ConsentObjection, Proposal, RollRow
from governance.queries import rolls_of
from governance.sealed.queries import tallied_answers
from governance.terms import Terms, terms_of
from members.models import Member

Kind = Proposal.Kind
RULINGS = 2
"""so many auditors rule an objection out of order (R21)"""
GROUPS = """
WITH newest AS (
  SELECT DISTINCT ON (member_id) member_id, choices FROM governance_ballot
  WHERE proposal_id = %(proposal)s ORDER BY member_id, index DESC
), spoken AS (
  SELECT c.name, r.weight, CASE
    WHEN own.member_id IS NOT NULL THEN own.choices -> c.name
    WHEN k.lost <> '' THEN NULL
    WHEN k.directed IS NOT NULL THEN k.directed
    ELSE through.choices -> c.name END AS answer
  FROM governance_chamber c
  JOIN governance_rollrow r ON r.chamber_id = c.id
  LEFT JOIN newest own ON own.member_id = r.member_id
  LEFT JOIN governance_carried k ON k.row_id = r.id
  LEFT JOIN governance_rollrow t ON t.id = k.through_id
  LEFT JOIN newest through ON through.member_id = t.member_id
  WHERE c.proposal_id = %(proposal)s AND c.votes
)
SELECT name, answer::text, count(*), sum(weight)::numeric::text
FROM spoken WHERE answer IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"""


def question_of(proposal: Proposal) -> Question:
    """What was announced, and what else the count needs. Raises WrongState for a draft."""
    terms = terms_of(proposal)
    return Question(
        kind=proposal.kind,
        options=tuple(option["id"] for option in proposal.options),
        rules=terms.rules,
        seats=proposal.seats,
        seed=lot.seed_of(proposal) if proposal.options else "",
        users_alone=users_alone(proposal, terms),
        objections=len(open_objections(proposal)) if proposal.kind == Kind.CONSENT else 0,
        square_root=terms.square_root,
        scale=terms.scale,
    )


def users_alone(proposal: Proposal, terms: Terms) -> Threshold | None:
    """The share of R11, in the second vote on what protects a usage right."""
    applies = terms.protects and proposal.because == Proposal.Because.SECOND_VOTE
    return terms.users_alone if applies else None


def open_objections(proposal: Proposal) -> list[ConsentObjection]:
    """Objections to a consent of voters, neither taken back nor ruled out of order (R21)."""
    voters = RollRow.objects.filter(chamber__proposal=proposal, chamber__votes=True)
    rows = proposal.consent_objections.filter(withdrawn_at=None, member__in=voters.values("member"))
    return list(rows.annotate(ruled=Count("rulings")).filter(ruled__lt=RULINGS))


def raised_by(proposal: Proposal, member: Member) -> QuerySet[ConsentObjection]:
    """A member's objections that they did not take back."""
    return proposal.consent_objections.filter(member=member, withdrawn_at=None)


def votes_of(proposal: Proposal) -> list[Votes]:
    """The newest ballots of each chamber, own and carried; of a sealed vote what was tallied."""
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        [roll] = rolls_of(proposal)
        return [Votes(roll, grouped((a, 1) for a in tallied_answers(proposal)))]
    spoken = cast_groups(proposal)
    return [Votes(roll, tuple(spoken.get(roll.chamber, ()))) for roll in rolls_of(proposal)]


def cast_groups(proposal: Proposal) -> dict[str, list[Group]]:
    """Chamber → identical answers together, straight from the tables."""
    found: dict[str, list[Group]] = {}
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, {"proposal": proposal.pk})
        for chamber, answer, heads, weight in cursor.fetchall():
            group = Group(json.loads(answer), heads, int(weight))
            found.setdefault(chamber, []).append(group)
    return found


def grouped(answers: Iterable[tuple[object, int]]) -> tuple[Group, ...]:
    """Single answers with their weights as groups, in one order whatever theirs was."""
    heads: dict[str, int] = {}
    weights: dict[str, int] = {}
    for answer, weight in answers:
        said = json.dumps(answer, sort_keys=True)
        heads[said] = heads.get(said, 0) + 1
        weights[said] = weights.get(said, 0) + weight
    return tuple(Group(json.loads(said), heads[said], weights[said]) for said in sorted(heads))
