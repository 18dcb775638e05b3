"""Closing, counting and certifying a vote."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from governance import board, clock
from governance.counting.deciding import Counted
from governance.delegations.resolve import resolve_at_close
from governance.documents import certificate_document
from governance.errors import NotYet
from governance.lifecycle.after import after_count
from governance.lifecycle.halts import require_not_halted
from governance.methods.carried import carried_hash
from governance.methods.result import count_votes
from governance.models import Certificate, Proposal
from governance.offices.locks import require_unconflicted
from governance.queries import locked
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
    State.HELD,
    State.VETOED,
)
WORDS_ONLY = "resolution"
DOCUMENT = "certificate"
"""what the log of the books calls the result of a vote"""


@transaction.atomic(durable=True)
def close_and_count(*, proposal_id: int, actor: User | None) -> Proposal:
    """The vote closed, counted by exact integers and certified; a second call changes nothing.

    Nobody can close before the time set at opening. A sealed vote only closes here: its count
    waits for the trustees (`count_after_tally`). Raises WrongState, ConflictOfInterest, NotYet,
    Halted.
    """
    proposal = locked(proposal_id)
    if proposal.state in (*DECIDED, State.COUNTING):
        return proposal
    require(proposal, State.OPEN)
    require_unconflicted(actor, proposal)
    at = clock.now()
    if proposal.closes_at is None or at < proposal.closes_at:
        raise NotYet
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        proposal.state = State.COUNTING
        proposal.save(update_fields=["state"])
        return proposal
    require_not_halted(proposal, at)
    resolve_at_close(proposal)
    return _counted(proposal, at)


@transaction.atomic(durable=True)
def count_after_tally(*, proposal_id: int, actor: User | None) -> Proposal:
    """A sealed vote counted from what its trustees published; a second call changes nothing.

    Raises WrongState, NotYet where there is no tally, Halted.
    """
    proposal = locked(proposal_id)
    if proposal.state in DECIDED:
        return proposal
    require(proposal, State.COUNTING)
    if not hasattr(proposal, "sealed_vote") or not hasattr(proposal.sealed_vote, "tally"):
        raise NotYet
    at = clock.now()
    require_not_halted(proposal, at)
    return _counted(proposal, at)


def _counted(proposal: Proposal, at: datetime) -> Proposal:
    counted = count_votes(proposal)
    certify(proposal, counted, at)
    _decide(proposal, passed=counted.passed, at=at)
    after_count(proposal, counted)
    return proposal


def certify(proposal: Proposal, counted: Counted, at: datetime) -> Certificate:
    """The signed result, which the log of the books covers.

    Call inside a transaction, under the proposal's lock.
    """
    leaves = list(proposal.ballots.order_by("index").values_list("leaf", flat=True))
    document = certificate_document(
        proposal,
        counted,
        roots={chamber.name: chamber.root for chamber in proposal.chambers.all()},
        board=board.summary(leaves),
        carried=carried_hash(proposal),
        at=at,
    )
    envelope = sign_document(board.CERTIFICATE, strict_json.dumps(document)).as_json()
    record_documents([(DOCUMENT, hashlib.sha256(envelope).digest())])
    return Certificate.objects.create(
        proposal=proposal,
        result=document,
        passed=counted.passed,
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
