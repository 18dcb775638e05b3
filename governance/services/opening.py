"""Opening a ballot."""

from django.db import transaction

from governance import clock, roll
from governance.errors import NotYet
from governance.lifecycle.drafting import require
from governance.lifecycle.objections import settle
from governance.models import Proposal
from governance.offices.locks import require_unconflicted
from governance.queries import locked
from governance.terms import terms_of
from members.models import User

State = Proposal.State


@transaction.atomic(durable=True)
def open_ballot(*, proposal_id: int, actor: User | None) -> Proposal:
    """The ballot open, with rolls and weights frozen as of now; a second call changes nothing.

    Where the opening comes late the closing moves with it, so that the voting time stays whole.
    Objections that hold now call the users' chamber in (R10). Raises WrongState, NotYet,
    ConflictOfInterest.
    """
    proposal = locked(proposal_id)
    if proposal.state == State.OPEN:
        return proposal
    require(proposal, State.NOTICE)
    at = clock.now()
    if proposal.opens_at is None or at < proposal.opens_at:
        raise NotYet
    require_unconflicted(actor, proposal)
    settle(proposal, at)
    terms = terms_of(proposal)
    roll.freeze(proposal, terms)
    proposal.state = State.OPEN
    proposal.opens_at, proposal.closes_at = at, at + terms.voting
    proposal.save(update_fields=["state", "opens_at", "closes_at"])
    return proposal
