"""What follows on a count, beyond the result itself."""

from datetime import datetime, timedelta

from governance import clock
from governance.lifecycle.objections import settle
from governance.lifecycle.reconciling import begin_reconciling, deadlocked
from governance.models import Proposal
from governance.queries import locked
from governance.terms import terms_of

State = Proposal.State


def after_count(proposal: Proposal, counted: object) -> None:
    """Call once, at the end of the transaction that certified the vote, its new state saved.

    Two chambers that differ begin to reconcile (R11). Users who voted on the owners' decision
    release it or stop it (R10). A decision that enough users objected to is held at once.
    """
    at = clock.now()
    if proposal.because == Proposal.Because.OBJECTION:
        _answer_for_users(proposal, at)
    if proposal.state == State.FAILED and deadlocked(proposal, proposal.certificate.result):
        begin_reconciling(proposal, at)
    if proposal.state == State.TIMELOCKED:
        settle(proposal, at)


def _answer_for_users(users_vote: Proposal, at: datetime) -> None:
    # A users' vote is locked before the decision that it holds, never the other way round.
    held = locked(users_vote.previous_id or 0)
    if held.state != State.HELD:
        return
    if not users_vote.certificate.passed:
        held.state = State.VETOED
    else:
        _release(held, at)
    held.save(update_fields=["state", "executes_from", "expires_at"])


def _release(held: Proposal, at: datetime) -> None:
    """The wait before it is carried out begins anew, and so does the time for that."""
    terms = terms_of(held)
    held.state = State.TIMELOCKED
    held.executes_from = at + timedelta(seconds=terms.timelock_seconds)
    held.expires_at = held.executes_from + timedelta(seconds=terms.expiry_seconds)
