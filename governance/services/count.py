"""Closing, counting and certifying a vote."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from governance import board, clock
from governance.counting import MotionResult, count_motion
from governance.documents import certificate_document
from governance.errors import NotYet
from governance.models import Certificate, Proposal
from governance.queries import locked, rolls_of, sums_of
from governance.services.propose import require
from governance.terms import terms_of
from ledger.services import record_documents
from members.models import User
from signing import strict_json
from signing.keys import sign_document

State = Proposal.State
DECIDED = (
    State.FAILED,
    State.PASSED,
    State.TIMELOCKED,
    State.EXECUTED,
    State.REFUSED,
    State.EXPIRED,
)
WORDS_ONLY = "resolution"
DOCUMENT = "certificate"
"""what the log of the books calls the result of a vote"""


@transaction.atomic(durable=True)
def close_and_count(*, proposal_id: int, actor: User | None) -> Proposal:
    """The vote closed, counted by exact integers and certified; a second call changes nothing.

    Nobody can close before the time set at opening. Raises WrongState, NotYet.
    """
    proposal = locked(proposal_id)
    if proposal.state in DECIDED:
        return proposal
    require(proposal, State.OPEN)
    at = clock.now()
    if proposal.closes_at is None or at < proposal.closes_at:
        raise NotYet
    result = counted(proposal)
    certify(proposal, result, at)
    _decide(proposal, passed=result.passed, at=at)
    return proposal


def counted(proposal: Proposal) -> MotionResult:
    """The motion counted from the newest ballot of each voter and the frozen rolls."""
    sums = sums_of(proposal)
    rolls = rolls_of(proposal)
    terms = terms_of(proposal)
    return count_motion([(roll, sums[roll.chamber]) for roll in rolls], terms.rules)


def certify(proposal: Proposal, result: MotionResult, at: datetime) -> Certificate:
    """The signed result, which the log of the books covers.

    Call inside a transaction, under the proposal's lock.
    """
    leaves = list(proposal.ballots.order_by("index").values_list("leaf", flat=True))
    document = certificate_document(
        proposal,
        result,
        roots={chamber.name: chamber.root for chamber in proposal.chambers.all()},
        board=board.summary(leaves),
        at=at,
    )
    envelope = sign_document(board.CERTIFICATE, strict_json.dumps(document)).as_json()
    record_documents([(DOCUMENT, hashlib.sha256(envelope).digest())])
    return Certificate.objects.create(
        proposal=proposal,
        result=document,
        passed=result.passed,
        envelope=envelope,
        certified_at=at,
    )


def _decide(proposal: Proposal, *, passed: bool, at: datetime) -> None:
    terms = terms_of(proposal)
    proposal.decided_at = at
    if not passed:
        proposal.state = State.FAILED
    elif proposal.action == WORDS_ONLY:
        proposal.state = State.PASSED
    else:
        proposal.state = State.TIMELOCKED
        proposal.executes_from = at + timedelta(seconds=terms.timelock_seconds)
        proposal.expires_at = proposal.executes_from + timedelta(seconds=terms.expiry_seconds)
    proposal.save(update_fields=["state", "decided_at", "executes_from", "expires_at"])
