"""Emergency quarantine: several stewards, for three days at most, and a vote on it (R17).

Called by one steward with a reason and evidence, in force with the last signature that it takes.
From then on a vote runs by itself that ends within the hard stop: it confirms the quarantine, or
the node is released and who signed loses the power until elected again.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from governance import clock
from governance.errors import (
    AnsweredAlready,
    EmergencyOver,
    NoPower,
    NotYourNode,
    TextMissing,
)
from governance.lifecycle.drafting import announce, draft
from governance.models import Certificate, Emergency, EmergencySignature, LostPower, Proposal
from governance.offices.facts import facts_digest, require_new_facts
from governance.offices.powers import is_of_the_node, why_not_sign
from governance.offices.queries import signatures_needed, signatures_that_count
from governance.offices.telling import tell_in_force, tell_stewards
from governance.queries import locked
from governance.sweeping import swept
from members.models import Member, User
from members.queries import member_of
from metering.errors import NotPossibleNow, ReasonNeeded
from metering.models import Node
from metering.services import quarantine_node, release_node
from metering.trust.standing import public_name, standing_of
from policies.queries import policy

State = Emergency.State
POSSIBLE = (Node.State.ACTIVE, Node.State.SILENT, Node.State.SUSPECT)
RUNNING = (State.CALLED, State.IN_FORCE)
LONGEST_TITLE = 160


@transaction.atomic(durable=True)
def call_emergency(*, node: Node, reason: str, evidence: str, actor: User) -> Emergency:
    """A call for the quarantine of a node, signed by who makes it.

    In force at once where one signature is enough. The same call by the same steward again gives
    the call that there is. Raises NoPower, ReasonNeeded, TextMissing, NotPossibleNow, SameFacts.
    """
    require_power(actor)
    row = Node.objects.select_for_update(no_key=True).get(pk=node.pk)
    digest = facts_digest(evidence)
    earlier = Emergency.objects.filter(node=row, evidence_sha256=digest, state__in=RUNNING).first()
    if earlier is not None and earlier.signatures.filter(steward=actor).exists():
        return earlier
    _require_callable(row, reason, evidence)
    at = clock.now()
    emergency = Emergency.objects.create(
        node=row, reason=reason.strip(), evidence=evidence.strip(), evidence_sha256=digest, at=at,
        until=at + timedelta(seconds=policy("emergency_call_seconds", at)),
    )  # fmt: skip
    EmergencySignature.objects.create(emergency=emergency, steward=actor, at=at)
    if not _in_force_if_signed(emergency):
        tell_stewards(emergency)
    return emergency


def _require_callable(node: Node, reason: str, evidence: str) -> None:
    if not reason.strip():
        raise ReasonNeeded
    if not evidence.strip():
        raise TextMissing
    if node.state not in POSSIBLE or node.emergencies.filter(state=State.CALLED).exists():
        raise NotPossibleNow(state=node.get_state_display())
    require_new_facts(node, evidence)


@transaction.atomic(durable=True)
def sign_emergency(*, emergency_id: int, actor: User) -> Emergency:
    """A steward's signature; the last that it takes puts the quarantine in force.

    A second time changes nothing. Raises NoPower, EmergencyOver, NotPossibleNow.
    """
    emergency = _locked(emergency_id)
    if emergency.signatures.filter(steward=actor).exists():
        return emergency
    require_power(actor)
    at = clock.now()
    if emergency.state != State.CALLED or emergency.until is None or emergency.until <= at:
        raise EmergencyOver
    EmergencySignature.objects.create(emergency=emergency, steward=actor, at=at)
    _in_force_if_signed(emergency)
    return emergency


def require_power(actor: User) -> None:
    """Raise NoPower with what keeps a user from signing emergencies."""
    why = why_not_sign(actor)
    if why:
        raise NoPower(why=why)


def _in_force_if_signed(emergency: Emergency) -> bool:
    """Quarantine and vote, where enough have signed who are still stewards."""
    if signatures_that_count(emergency) < signatures_needed():
        return False
    node = Node.objects.select_for_update(no_key=True).get(pk=emergency.node_id)
    if node.state not in POSSIBLE:
        raise NotPossibleNow(state=node.get_state_display())
    at = clock.now()
    emergency.state, emergency.in_force_from = State.IN_FORCE, at
    emergency.until = at + timedelta(seconds=policy("emergency_seconds", at))
    quarantine_node(
        actor=None, node=node, reason=emergency.reason, evidence=evidence_note(emergency),
        until=emergency.until, source=source_of(emergency),
    )  # fmt: skip
    _call_the_vote(emergency)
    tell_in_force(emergency)
    return True


def evidence_note(emergency: Emergency) -> str:
    """What the node's public history says of the evidence: its hash."""
    return f"sha256 {emergency.evidence_sha256}"


def source_of(emergency: Emergency) -> str:
    """How the node's history names what stands behind the quarantine."""
    return f"emergency:{emergency.pk}"


def _call_the_vote(emergency: Emergency) -> None:
    first = emergency.signatures.order_by("pk").select_related("steward").first()
    proposer = None if first is None else member_of(first.steward)
    if proposer is None:
        raise NoPower(why=_("stewards who sign are members"))
    with override(settings.LANGUAGE_CODE):
        title, text = words_of(emergency)
    node = {"node": str(emergency.node.uuid), "reason": emergency.reason}
    proposal = draft(
        title=title, text=text, action="confirm_quarantine", payload=node, member=proposer,
        actor=None, key=source_of(emergency), because=Proposal.Because.RATIFICATION,
    )  # fmt: skip
    emergency.proposal = proposal
    emergency.save()
    announce(proposal, actor=None)


def words_of(emergency: Emergency) -> tuple[str, str]:
    """Title and text of the vote."""
    title = _("Confirm the emergency quarantine of %(node)s")
    text = _(
        "%(reason)s\n\nSeveral stewards quarantined this node together. A yes lets the quarantine "
        "stand. Otherwise the node is released, and who signed loses this power until elected "
        "again. The quarantine stops by itself after its short time in any case.\n\n"
        "SHA-256 of the evidence: %(digest)s"
    )
    words = {
        "node": public_name(emergency.node),
        "reason": emergency.reason,
        "digest": emergency.evidence_sha256,
    }
    return (title % words)[:LONGEST_TITLE], text % words


@transaction.atomic(durable=True)
def answer_emergency(
    *, emergency_id: int, member: Member, text: str, actor: User | None
) -> Emergency:
    """What the node's people say, on the record, once.

    The same text again changes nothing. Raises NotYourNode, TextMissing, AnsweredAlready.
    """
    emergency = _locked(emergency_id)
    if not is_of_the_node(member, emergency.node):
        raise NotYourNode
    if not text.strip():
        raise TextMissing
    if emergency.answer and emergency.answer != text.strip():
        raise AnsweredAlready
    if not emergency.answer:
        emergency.answer, emergency.answered_at = text.strip(), clock.now()
        emergency.save(update_fields=["answer", "answered_at"])
    return emergency


def sweep_emergencies() -> int:
    """Calls that lapsed, quarantines that a vote confirmed or refused; how many. Any time."""
    waiting = Emergency.objects.filter(state__in=RUNNING).order_by("pk")
    votes = dict(waiting.values_list("pk", "proposal_id"))

    def settled(pk: int) -> bool:
        return settle(emergency_id=pk, proposal_id=votes[pk])

    return len(swept(votes, settled))


@transaction.atomic(durable=True)
def settle(*, emergency_id: int, proposal_id: int | None) -> bool:
    """What time or the vote brought to an emergency; whether anything. A second call is nothing."""
    proposal = None if proposal_id is None else locked(proposal_id)
    emergency = _locked(emergency_id)
    if emergency.state == State.CALLED:
        return _lapsed(emergency)
    if emergency.state != State.IN_FORCE or proposal is None:
        return False
    if proposal.state == Proposal.State.WITHDRAWN:
        return _reverted(emergency, proposal)
    certificate = Certificate.objects.filter(proposal=proposal).first()
    if certificate is None:
        return False
    return _ratified(emergency) if certificate.passed else _reverted(emergency, proposal)


def _lapsed(emergency: Emergency) -> bool:
    if emergency.until is None or emergency.until > clock.now():
        return False
    return _came_to(emergency, State.LAPSED)


def _ratified(emergency: Emergency) -> bool:
    """The vote's own action confirms the quarantine."""
    return _came_to(emergency, State.RATIFIED)


def _reverted(emergency: Emergency, proposal: Proposal) -> bool:
    """The node released, where this emergency holds it still; who signed loses the power."""
    node = emergency.node
    if node.state == Node.State.QUARANTINED and _holds_it(emergency):
        reason = "no vote ratified the emergency quarantine"
        release_node(actor=None, node=node, reason=reason, source=f"proposal:{proposal.pk}")
    at = clock.now()
    LostPower.objects.bulk_create(
        [
            LostPower(steward_id=signature.steward_id, emergency=emergency, at=at)
            for signature in emergency.signatures.order_by("pk")
        ],
        ignore_conflicts=True,
    )
    return _came_to(emergency, State.REVERTED)


def _holds_it(emergency: Emergency) -> bool:
    return standing_of(emergency.node).source == source_of(emergency)


def _came_to(emergency: Emergency, state: str) -> bool:
    emergency.state = state
    emergency.save(update_fields=["state"])
    return True


def _locked(emergency_id: int) -> Emergency:
    rows = Emergency.objects.select_for_update(of=("self",)).select_related("node__asset")
    return rows.get(pk=emergency_id)
