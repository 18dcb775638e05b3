"""Halts of auditors (R18): nothing is certified or carried out before they end."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from governance import clock
from governance.errors import Halted, HaltedAlready, NotAuditor, ReasonMissing
from governance.lifecycle.drafting import require
from governance.models import Halt, Proposal
from governance.offices.locks import require_unconflicted
from governance.queries import locked
from governance.terms import terms_of
from members.models import Role, User
from members.queries import holds_role

State = Proposal.State
BEFORE_THE_RESULT = (State.OPEN, State.COUNTING)
AFTER_IT = (State.TIMELOCKED,)


@transaction.atomic(durable=True)
def halt(*, proposal_id: int, actor: User, reason: str) -> Halt:
    """An auditor's halt, for so long as the terms say, counted from the close at the earliest.

    One for each auditor and vote, with reasons that everybody reads. What waits to be carried out
    waits longer, and its time to be carried out begins after that. Raises NotAuditor,
    ReasonMissing, WrongState, HaltedAlready.
    """
    if not holds_role(actor, Role.Name.AUDITOR):
        raise NotAuditor
    if not reason.strip():
        raise ReasonMissing
    proposal = locked(proposal_id)
    require_unconflicted(actor, proposal)
    require(proposal, *BEFORE_THE_RESULT, *AFTER_IT)
    if proposal.halts.filter(auditor=actor).exists():
        raise HaltedAlready
    at = clock.now()
    made = Halt.objects.create(
        proposal=proposal, auditor=actor, reason=reason.strip(), at=at, until=_until(proposal, at)
    )
    if proposal.state in AFTER_IT:
        _wait(proposal, made.until)
    return made


def _until(proposal: Proposal, at: datetime) -> datetime:
    begins = at
    if proposal.state == State.OPEN and proposal.closes_at is not None:
        begins = max(at, proposal.closes_at)
    return begins + timedelta(seconds=terms_of(proposal).halt_seconds)


def _wait(proposal: Proposal, until: datetime) -> None:
    if proposal.executes_from is None or until <= proposal.executes_from:
        return
    proposal.executes_from = until
    proposal.expires_at = until + timedelta(seconds=terms_of(proposal).expiry_seconds)
    proposal.save(update_fields=["executes_from", "expires_at"])


def halted_until(proposal: Proposal, at: datetime) -> datetime | None:
    """When the last halt in force ends; None where none is."""
    found: datetime | None = proposal.halts.filter(until__gt=at).aggregate(last=Max("until"))[
        "last"
    ]
    return found


def require_not_halted(proposal: Proposal, at: datetime) -> None:
    """Raise Halted where an auditor's halt is in force."""
    if halted_until(proposal, at) is not None:
        raise Halted
