"""What this room shows on the page of a decision: who stands, who called for it, an emergency."""

from typing import Any

from django.http import HttpRequest

from governance.models import Candidate, Emergency, Petition, Proposal
from governance.offices.emergencies import RUNNING
from governance.offices.forms import NameForm, StandForm
from governance.offices.powers import is_of_the_node
from governance.offices.queries import office_elected_by, why_not_stand
from members.models import Member

Because = Proposal.Because


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The context of the panel; empty where it has nothing to say."""
    if office_elected_by(proposal.action):
        return election(proposal, member)
    if proposal.because == Because.RECALL:
        petition = Petition.objects.filter(proposal=proposal).first()
        signed = 0 if petition is None else petition.signatures.filter(withdrawn_at=None).count()
        return {"petition": petition, "signed": signed}
    if proposal.because == Because.RATIFICATION:
        return ratification(proposal, member)
    return {}


def election(proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """Who stands, and what this reader can do about it."""
    rows = Candidate.objects.filter(proposal=proposal, withdrawn_at=None).select_related("member")
    candidates = sorted(rows, key=lambda row: row.member.name.casefold())
    mine = next((row for row in candidates if member and row.member_id == member.pk), None)
    in_draft = proposal.state == Proposal.State.DRAFT and member is not None
    office = office_elected_by(proposal.action)
    return {
        "election": True,
        "office": office,
        "standing": [row for row in candidates if row.accepted_at],
        "asked": [row for row in candidates if not row.accepted_at],
        "mine": mine,
        "in_draft": in_draft,
        "why_not": why_not_stand(member, office) if in_draft and member else "",
        "stand_form": StandForm(initial={"statement": mine.statement if mine else ""}),
        "name_form": NameForm(),
    }


def ratification(proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The emergency that a vote is about."""
    rows = Emergency.objects.select_related("node__asset")
    emergency = rows.filter(proposal=proposal).first()
    if emergency is None:
        return {}
    unanswered = not emergency.answer and emergency.state in RUNNING
    return {
        "emergency": emergency,
        "may_answer": unanswered and is_of_the_node(member, emergency.node),
    }
