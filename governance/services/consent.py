"""Consent (R21): objections with a proposed change, auditors' rulings, and the review."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from governance import clock
from governance.errors import NotAuditor, NotOnRoll, NotYours, ObjectionMissing, VotingClosed
from governance.lifecycle.drafting import draft, require
from governance.methods.material import raised_by
from governance.models import ConsentObjection, Delivery, OutOfOrder, Proposal
from governance.offices.locks import require_unconflicted
from governance.queries import locked, seats_of
from governance.sweeping import swept
from governance.terms import terms_of
from members.models import Member, Role, User
from members.queries import holds_role

State = Proposal.State
BEFORE_THE_COUNT = (State.NOTICE, State.OPEN)
REVIEWED = (State.PASSED, State.TIMELOCKED, State.EXECUTED)


@transaction.atomic(durable=True)
def object_to_consent(
    *, proposal_id: int, member: Member, reason: str, change: str, actor: User | None
) -> ConsentObjection:
    """An objection: why it would do harm, and what would have to change so that it does not.

    From the notice to the close. The same words again give the same objection. Raises
    ObjectionMissing, WrongState, VotingClosed, NotOnRoll.
    """
    reason, change = reason.strip(), change.strip()
    if not reason or not change:
        raise ObjectionMissing
    proposal = locked(proposal_id)
    _require_consent(proposal)
    _require_voter(proposal, member)
    same = raised_by(proposal, member).filter(reason=reason, change=change).first()
    return same or ConsentObjection.objects.create(
        proposal=proposal, member=member, reason=reason, change=change, at=clock.now()
    )


@transaction.atomic(durable=True)
def withdraw_consent_objection(
    *, objection_id: int, member: Member, actor: User | None
) -> ConsentObjection:
    """An objection taken back by who raised it. Raises NotYours, WrongState, VotingClosed."""
    row = ConsentObjection.objects.get(pk=objection_id)
    proposal = locked(row.proposal_id)
    row.refresh_from_db()
    if row.member_id != member.pk:
        raise NotYours
    if row.withdrawn_at is None:
        _require_consent(proposal)
        row.withdrawn_at = clock.now()
        row.save(update_fields=["withdrawn_at"])
    return row


@transaction.atomic(durable=True)
def rule_out_of_order(*, objection_id: int, actor: User, reason: str) -> OutOfOrder:
    """An auditor's public ruling that an objection is out of order; two rule it out.

    A second ruling by the same auditor changes nothing. Raises NotAuditor, ObjectionMissing,
    WrongState, VotingClosed, ConflictOfInterest.
    """
    if not holds_role(actor, Role.Name.AUDITOR):
        raise NotAuditor
    row = ConsentObjection.objects.get(pk=objection_id)
    proposal = locked(row.proposal_id)
    earlier = row.rulings.filter(auditor=actor).first()
    if earlier is not None:
        return earlier
    if not reason.strip():
        raise ObjectionMissing
    _require_consent(proposal)
    require_unconflicted(actor, proposal)
    if row.member.user_id == actor.pk:
        raise NotAuditor
    return OutOfOrder.objects.create(
        objection=row, auditor=actor, reason=reason.strip(), at=clock.now()
    )


def _require_consent(proposal: Proposal) -> None:
    if proposal.kind != Proposal.Kind.CONSENT:
        raise VotingClosed
    require(proposal, *BEFORE_THE_COUNT)
    if proposal.closes_at is None or clock.now() >= proposal.closes_at:
        raise VotingClosed


def _require_voter(proposal: Proposal, member: Member) -> None:
    """On the roll, or before the opening among those who were told."""
    told = Delivery.objects.filter(
        proposal=proposal, version=proposal.version, member=member
    ).exists()
    opened = proposal.state == State.OPEN
    if not (seats_of(proposal, member) if opened else told):
        raise NotOnRoll


def review_at(proposal: Proposal) -> datetime | None:
    """When a consent that passed is looked at again; None for other votes."""
    passed = proposal.kind == Proposal.Kind.CONSENT and proposal.state in REVIEWED
    if not passed or proposal.decided_at is None:
        return None
    return proposal.decided_at + timedelta(seconds=terms_of(proposal).review_seconds)


def start_reviews() -> list[int]:
    """A draft for each consent whose review has come; safe to call at any time."""
    rows = Proposal.objects.filter(kind=Proposal.Kind.CONSENT, state__in=REVIEWED)
    waiting = rows.exclude(followers__because=Proposal.Because.REVIEW).order_by("pk")
    at = clock.now()
    return swept((row.pk for row in waiting if (review_at(row) or at) <= at), _started)


@transaction.atomic(durable=True)
def _started(proposal_id: int) -> bool:
    proposal = locked(proposal_id)
    at = review_at(proposal)
    if at is None or clock.now() < at:
        return False
    title = _("Review: %(title)s") % {"title": proposal.title}
    draft(
        title=title[:160],
        text=_("This was decided by consent, and its review has come. Does it still hold?"),
        kind=Proposal.Kind.CONSENT,
        action="resolution",
        payload={},
        member=proposal.proposer,
        actor=None,
        key=f"review {proposal.pk}",
        previous=proposal,
        because=Proposal.Because.REVIEW,
    )
    return True
