"""Two chambers that differ: time for a joint text, then a second vote (R11)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from governance import board, clock
from governance.errors import NotDeadlocked, NotYours
from governance.lifecycle.content import content_of
from governance.lifecycle.drafting import Options, announce, draft
from governance.lifecycle.objections import carry_objections
from governance.lifecycle.versions import record_version
from governance.models import Proposal
from governance.offices.locks import require_unconflicted
from governance.queries import locked
from governance.sweeping import swept
from governance.terms import terms_of
from ledger.errors import DomainError
from members.models import User
from members.queries import is_steward

State = Proposal.State
SECOND_VOTE = Proposal.Because.SECOND_VOTE
RATIFICATION = Proposal.Because.RATIFICATION
BY_CHAMBERS = (Proposal.Kind.MOTION, Proposal.Kind.CONSENT, Proposal.Kind.RANKED)


def deadlocked(proposal: Proposal, certificate: dict[str, Any]) -> bool:
    """Whether of several chambers some carried a first vote and some did not.

    An emergency that was not ratified is over at once (R17).
    """
    if proposal.because in (SECOND_VOTE, RATIFICATION) or proposal.kind not in BY_CHAMBERS:
        return False
    return len({bool(chamber["passed"]) for chamber in certificate["chambers"]}) > 1


def begin_reconciling(proposal: Proposal, at: datetime) -> None:
    """Time for a joint text. Call inside a transaction, under the proposal's lock."""
    proposal.reconcile_until = at + timedelta(seconds=terms_of(proposal).reconcile_seconds)
    proposal.save(update_fields=["reconcile_until"])


@transaction.atomic(durable=True)
def joint_text(
    *,
    proposal_id: int,
    actor: User,
    title: str,
    text: str,
    payload: dict[str, Any] | None = None,
    options: Options | None = None,
) -> Proposal:
    """The draft of the second vote, on the same type of action; a second call gives the first.

    By the proposer or a steward, while the time for it lasts; `amend` changes it further. It is
    announced when that time is over. Raises NotYours, NotDeadlocked, and what `propose` raises.
    """
    first = locked(proposal_id)
    require_unconflicted(actor, first)
    if first.proposer.user_id != actor.pk and not is_steward(actor):
        raise NotYours
    there = second_vote_of(first)
    if there is not None:
        return there
    if first.reconcile_until is None or clock.now() >= first.reconcile_until:
        raise NotDeadlocked
    return draft(
        title=title, text=text, action=first.action, actor=actor, member=first.proposer,
        payload=first.payload if payload is None else payload, kind=first.kind,
        options=first.options if options is None else options,
        previous=first, because=SECOND_VOTE, key=f"second vote {first.pk}",
    )  # fmt: skip


def second_vote_of(first: Proposal) -> Proposal | None:
    """The vote that follows on two chambers' disagreement, if there is one yet."""
    return first.followers.filter(because=SECOND_VOTE).order_by("pk").first()


def announce_second_votes() -> list[int]:
    """Announce the second votes whose time has come, with the joint text or, without one, the same.

    Each in a transaction of its own; safe to call at any time. Returns the ids of the first votes.
    """
    begun = Proposal.objects.filter(Q(because=SECOND_VOTE) & ~Q(state=State.DRAFT))
    due = Proposal.objects.filter(state=State.FAILED, reconcile_until__lte=Now())
    waiting = due.exclude(pk__in=begun.values("previous")).order_by("pk")
    return swept(waiting.values_list("pk", flat=True), announce_second_vote)


@transaction.atomic(durable=True)
def announce_second_vote(first_id: int) -> Proposal:
    """Notice of one second vote. What can no longer be done ends as withdrawn, with the reason."""
    first = locked(first_id)
    second = second_vote_of(first) or _copied(first)
    if second.state != State.DRAFT:
        return second
    try:
        with transaction.atomic():
            announced = announce(locked(second.pk), actor=None)
            carry_objections(first, announced)
            return announced
    except DomainError as error:
        second.state = State.WITHDRAWN
        second.save(update_fields=["state"])
        record_version(second, by=None, why=str(error)[:400])
        return second


def _copied(first: Proposal) -> Proposal:
    """The same question again, whether or not it can still be carried out."""
    second = Proposal(
        **content_of(first),
        payload_hash=board.document_hash(first.payload),
        proposer=first.proposer,
        previous=first,
        because=SECOND_VOTE,
        key=f"second vote {first.pk}",
    )
    second.save(force_insert=True)
    record_version(second, by=None)
    return second
