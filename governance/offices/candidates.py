"""Standing for election: members name themselves or one another, and accept, before the notice."""

from datetime import timedelta

from django.db import transaction

from governance import clock
from governance.errors import CannotStand, NotAnElection, SeatsTaken
from governance.models import Candidate, Proposal
from governance.offices.queries import (
    ELECTED_BY,
    STEWARD,
    office_elected_by,
    running_terms,
    why_not_stand,
)
from governance.queries import locked
from members.models import Member, User
from policies.queries import policy

OVERLAP = timedelta(days=90)


@transaction.atomic(durable=True)
def stand(
    *, proposal_id: int, member: Member, actor: User | None, statement: str = ""
) -> Candidate:
    """The member stands, with what they say; it accepts where somebody named them.

    Again changes what they say, and stands again after a withdrawal. Raises NotAnElection,
    CannotStand.
    """
    proposal = _draft(proposal_id)
    require_may_stand(member, proposal)
    row, _made = Candidate.objects.get_or_create(
        proposal=proposal, member=member, defaults={"named_by": member}
    )
    row.statement, row.withdrawn_at = statement.strip(), None
    row.accepted_at = row.accepted_at or clock.now()
    row.save()
    return row


@transaction.atomic(durable=True)
def name_candidate(
    *, proposal_id: int, member: Member, named_by: Member, actor: User | None
) -> Candidate:
    """A member is asked to stand; on the ballot they are only once they accept.

    A second time changes nothing. Raises NotAnElection, CannotStand.
    """
    proposal = _draft(proposal_id)
    require_may_stand(member, proposal)
    row, _made = Candidate.objects.get_or_create(
        proposal=proposal, member=member, defaults={"named_by": named_by}
    )
    return row


@transaction.atomic(durable=True)
def withdraw_candidate(*, proposal_id: int, member: Member, actor: User | None) -> Candidate | None:
    """The member does not stand, or no longer; None where nobody named them.

    Raises NotAnElection: from the notice on the ballot is as it is.
    """
    proposal = _draft(proposal_id)
    row = Candidate.objects.filter(proposal=proposal, member=member).first()
    if row is not None and row.withdrawn_at is None:
        row.withdrawn_at = clock.now()
        row.save(update_fields=["withdrawn_at"])
    return row


def require_may_stand(member: Member, proposal: Proposal) -> None:
    """Raise CannotStand, with what stands against it."""
    why = why_not_stand(member, office_elected_by(proposal.action))
    if why:
        raise CannotStand(name=member.name, why=why)


def require_seats(proposal: Proposal) -> None:
    """Raise SeatsTaken where an announced election fills more seats than are free at its close.

    A seat is free where its term ends within OVERLAP after that: who is elected then works beside
    who leaves for a while.
    """
    if proposal.action != ELECTED_BY[STEWARD] or proposal.closes_at is None:
        return
    kept = running_terms(STEWARD).filter(ends_at__gt=proposal.closes_at + OVERLAP).count()
    free = policy("steward_seats", clock.now()) - kept
    if proposal.seats > free:
        raise SeatsTaken(free=max(free, 0))


def _draft(proposal_id: int) -> Proposal:
    proposal = locked(proposal_id)
    if not office_elected_by(proposal.action) or proposal.state != Proposal.State.DRAFT:
        raise NotAnElection
    return proposal
