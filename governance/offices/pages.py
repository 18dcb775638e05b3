"""The contexts of the pages of offices."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from governance.access import reader_member
from governance.models import Emergency, Petition, Proposal, Term
from governance.offices.emergencies import RUNNING
from governance.offices.forms import AnswerForm
from governance.offices.powers import is_of_the_node, why_not_sign
from governance.offices.queries import (
    ELECTED_BY,
    OFFICES,
    emergencies,
    open_petitions,
    petitions,
    roles_of,
    running_against,
    running_terms,
    signatures_needed,
    signatures_that_count,
    support_of,
    supports_of,
)
from members.access import the_user
from members.models import Member, Role
from members.queries import is_steward
from metering.trust.standing import history_of
from policies.queries import policy

MOST_SHOWN = 10


@dataclass(frozen=True)
class Holder:
    """Somebody in office: since when, until when and by which decision."""

    member: Member | None
    role: Role
    term: Term | None


def holders_of(office: str) -> list[Holder]:
    """Who holds an office now, longest first."""
    terms = {term.member_id: term for term in running_terms(office)}
    rows = list(roles_of(office))
    found = {m.user_id: m for m in Member.objects.filter(user__in=[row.user_id for row in rows])}
    people = [(row, found.get(row.user_id)) for row in rows]
    return [Holder(m, row, terms.get(m.pk) if m else None) for row, m in people]


def offices_context(request: HttpRequest) -> dict[str, Any]:
    """Who is in office, elections on their way, petitions and emergencies."""
    actions = list(ELECTED_BY.values())
    elections = Proposal.objects.filter(action__in=actions).exclude(state="withdrawn")
    running = list(open_petitions())
    supports = supports_of(running)
    return {
        "offices": [(office.value, office.label, holders_of(office)) for office in OFFICES],
        "seats": policy("steward_seats", timezone.now()),
        "elections": elections.filter(decided_at=None),
        "petitions": [(row, supports[row.pk]) for row in running],
        "past_petitions": petitions().exclude(proposal=None)[:MOST_SHOWN],
        "emergencies": emergencies()[:MOST_SHOWN],
        "reader": reader_member(request),
        "needed": signatures_needed(),
        "may_call": is_steward(request.user) and not why_not_sign(the_user(request)),
    }


def petition_context(request: HttpRequest, petition: Petition) -> dict[str, Any]:
    """One petition, how far it is, and whether the reader has signed."""
    member = reader_member(request)
    signed = petition.signatures.filter(withdrawn_at=None)
    open_now = petition.proposal_id is None and petition.until > timezone.now()
    return {
        "petition": petition,
        "support": support_of(petition),
        "signed": signed.count(),
        "mine": member is not None and signed.filter(member=member).exists(),
        "open_now": open_now,
    }


def against_context(member: Member, office: str) -> dict[str, Any]:
    """Whom a new petition would be about, and one that runs already."""
    return {
        "concerned": member,
        "office": Term.Office(office).label,
        "running": running_against(member, office).first(),
    }


def emergency_context(request: HttpRequest, emergency: Emergency) -> dict[str, Any]:
    """One emergency with its whole record, and what the reader can do."""
    steward = is_steward(request.user)
    why_not = why_not_sign(the_user(request)) if steward else ""
    signatures = list(emergency.signatures.select_related("steward").order_by("pk"))
    users = [row.steward_id for row in signatures]
    names = {member.user_id: member for member in Member.objects.filter(user__in=users)}
    signed = any(row.steward_id == request.user.pk for row in signatures)
    called = emergency.state == Emergency.State.CALLED
    unanswered = not emergency.answer and emergency.state in RUNNING
    return {
        "emergency": emergency,
        "signatures": [(row, names.get(row.steward_id)) for row in signatures],
        "needed": signatures_needed(),
        "counting": signatures_that_count(emergency),
        "history": history_of(emergency.node)[:MOST_SHOWN],
        "may_sign": steward and called and not signed and not why_not,
        "why_not": why_not if called and not signed else "",
        "may_answer": unanswered and is_of_the_node(reader_member(request), emergency.node),
        "form": AnswerForm(),
    }


def calling_context() -> dict[str, Any]:
    """How many sign, and for how long an emergency holds, in seconds."""
    stop: int = policy("emergency_seconds", timezone.now())
    return {"needed": signatures_needed(), "stop": stop}


def office_named(name: str) -> str:
    """The office that a page is about; "" where there is none of this name."""
    return name if name in [office.value for office in OFFICES] else ""
