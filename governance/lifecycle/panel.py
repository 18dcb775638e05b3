"""What this room shows on the page of a decision."""

from typing import Any

from django.http import HttpRequest

from governance import clock
from governance.lifecycle import access
from governance.lifecycle.forms import ObjectionForm
from governance.lifecycle.objections import may_be_objected, standing_of
from governance.models import Objection, Proposal, RollCorrection
from governance.presenting import threshold_text
from governance.terms import terms_of
from members.models import Member

State = Proposal.State
OBJECTED = (State.NOTICE, State.OPEN, State.COUNTING, State.TIMELOCKED, State.HELD, State.VETOED)


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The context of the panel: what this vote follows on, and what may happen to it."""
    at, savings = clock.now(), proposal.versions.count()
    return {
        "followers": list(proposal.followers.exclude(state=State.DRAFT).order_by("pk")),
        "joint_text": proposal.followers.filter(
            because=Proposal.Because.SECOND_VOTE, state=State.DRAFT
        ).first(),
        "versions": savings,
        "changed": savings > (1 if proposal.notice_at is None else 2),
        "may_amend": access.may_amend(request.user, proposal),
        "objections": objections(proposal, member, at) if proposal.state in OBJECTED else None,
        "halts": list(proposal.halts.select_related("auditor__member")),
        "may_halt": access.may_halt(request.user, proposal),
        "corrections": corrections_of(proposal),
        "may_correct": access.may_correct(request.user, proposal, at),
        "reconciling": proposal.reconcile_until is not None and at < proposal.reconcile_until,
        "users_alone": users_alone(proposal),
        "may_write": access.may_write_joint_text(request.user, proposal, at),
    }


def users_alone(proposal: Proposal) -> str:
    """What users must reach to carry a second vote by themselves; "" where they cannot."""
    if proposal.terms is None or not terms_of(proposal).protects:
        return ""
    return threshold_text(terms_of(proposal).users_alone)


def objections(proposal: Proposal, member: Member | None, at: Any) -> dict[str, Any] | None:
    """How many object, of how many; for members also why. None where users decide anyway."""
    rows = Objection.objects.filter(proposal=proposal, withdrawn_at=None).select_related("member")
    if not may_be_objected(proposal) and not rows.exists():
        return None
    standing = standing_of(proposal, member)
    return {
        "standing": standing,
        "open": access.may_object(member, proposal, at) and standing.among,
        "mine": member is not None and rows.filter(member=member).exists(),
        "reasons": list(rows.exclude(reason="").order_by("at")) if member else [],
        "form": ObjectionForm(auto_id="objection_%s"),
    }


def corrections_of(proposal: Proposal) -> list[RollCorrection]:
    """What was added to the rolls of a vote, in order."""
    rows = RollCorrection.objects.filter(row__chamber__proposal=proposal)
    return list(rows.select_related("row__chamber", "by__member").order_by("pk"))
