"""What the page of a consent shows: objections, rulings on them, and the review."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from governance.methods.material import RULINGS
from governance.models import ConsentObjection, Proposal
from governance.services.consent import BEFORE_THE_COUNT, review_at
from members.models import Member
from members.queries import is_auditor


@dataclass(frozen=True)
class Objection:
    """One objection with its rulings; `state` is open, withdrawn or ruled."""

    row: ConsentObjection
    rulings: list[str]
    state: str
    mine: bool


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The context of the panel; empty for what is no consent. Members read the words."""
    if proposal.kind != Proposal.Kind.CONSENT or proposal.notice_at is None:
        return {}
    found = [shown(row, member) for row in rows_of(proposal)]
    running = proposal.state in BEFORE_THE_COUNT
    return {
        "objections": found,
        "open": sum(one.state == "open" for one in found),
        "reads": member is not None or is_auditor(request.user),
        "running": running,
        "rules": running and is_auditor(request.user),
        "needed": RULINGS,
        "review": review_at(proposal),
    }


def rows_of(proposal: Proposal) -> list[ConsentObjection]:
    """All objections, the first in front."""
    rows = proposal.consent_objections.select_related("member").prefetch_related("rulings")
    return list(rows)


def shown(row: ConsentObjection, member: Member | None) -> Objection:
    """One objection for this reader."""
    rulings = [ruling.reason for ruling in row.rulings.all()]
    state = "withdrawn" if row.withdrawn_at else "ruled" if len(rulings) >= RULINGS else "open"
    return Objection(row, rulings, state, member is not None and row.member_id == member.pk)
