"""Conflicts of interest: nobody administers a vote on their own recall, pay or sanction (R18)."""

from typing import Any

from governance.actions import ACTIONS
from governance.errors import CalledByOthers, ConflictOfInterest
from governance.models import Emergency, EmergencySignature, Proposal
from members.models import Member, User

Because = Proposal.Because
CALLED = (Because.RECALL, Because.RATIFICATION, Because.OBJECTION)


def require_unconflicted(actor: User | None, proposal: Proposal) -> None:
    """Raise ConflictOfInterest where the vote concerns who would take a step in it (R18).

    Time (`actor` None) has no interest. Who wrote a draft may handle it as its proposer, unless
    a petition or an emergency called the vote.
    """
    if is_conflicted(actor, proposal):
        raise ConflictOfInterest


def require_no_interest(actor: User | None, proposal: Proposal) -> None:
    """As above, of drafts of their own too: who gives notice takes a step in the vote."""
    if actor is not None and _has_interest(actor, proposal):
        raise ConflictOfInterest


def is_conflicted(actor: User | None, proposal: Proposal) -> bool:
    """Whether a vote concerns somebody: their recall, pay or sanction, or what they signed."""
    if actor is None or _is_own_draft(actor, proposal):
        return False
    return _has_interest(actor, proposal)


def _has_interest(actor: User, proposal: Proposal) -> bool:
    concerned = concerned_by(proposal)
    own = Member.objects.filter(user=actor, pk__in=concerned).exists()
    acts = actor.represents.filter(member_id__in=concerned, until=None).exists()
    return own or acts or _has_signed(actor, proposal)


def require_free_hand(proposal: Proposal) -> None:
    """Raise CalledByOthers where nobody may amend or withdraw: a petition or emergency called it.

    What others signed for is not for its nominal proposer, or a steward, to change.
    """
    if proposal.because in CALLED:
        raise CalledByOthers


def concerned_by(proposal: Proposal) -> set[int]:
    """The ids of the members whom a vote concerns, by its action or by an option's."""
    payloads = [proposal.payload, *(option.get("payload") for option in proposal.options)]
    concerned = {one for payload in payloads if payload for one in _concerns(proposal, payload)}
    owners = Emergency.objects.filter(proposal=proposal, node__owner__isnull=False)
    return concerned | set(owners.values_list("node__owner_id", flat=True))


def _concerns(proposal: Proposal, payload: dict[str, Any]) -> set[int]:
    action = ACTIONS.get(proposal.action)
    concerns = getattr(action, "concerns", None)
    return set() if concerns is None else set(concerns(payload))


def _is_own_draft(actor: User, proposal: Proposal) -> bool:
    in_hand = proposal.state == Proposal.State.DRAFT and proposal.because not in CALLED
    return in_hand and proposal.proposer.user_id == actor.pk


def _has_signed(actor: User, proposal: Proposal) -> bool:
    """Whether an actor signed the emergency that a vote ratifies."""
    return EmergencySignature.objects.filter(emergency__proposal=proposal, steward=actor).exists()
