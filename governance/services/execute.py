"""Carrying out what was voted: exactly that, once, and only what a certificate says."""

from datetime import datetime

from django.db import transaction

from governance import board, clock
from governance.actions import Action, Effect, action_named
from governance.actions.base import ElectsPeople, Payload
from governance.documents import notice_document
from governance.errors import BadPayload, NotYet
from governance.lifecycle.halts import require_not_halted
from governance.models import Execution, Proposal
from governance.offices.locks import require_unconflicted
from governance.queries import locked
from governance.services.propose import require
from ledger.errors import DomainError
from members.models import Member, User
from signing import strict_json
from signing.dsse import Envelope
from signing.errors import SigningError
from signing.keys import verify_document

State = Proposal.State
DONE = (State.EXECUTED, State.REFUSED, State.EXPIRED)
LONGEST_REFUSAL = 300


@transaction.atomic(durable=True)
def execute(*, proposal_id: int, actor: User | None) -> Proposal:
    """The action carried out, once per proposal, whoever calls and however often.

    Payload and notice must still match their hashes and the signed certificate must say that it
    passed; what can no longer be done is recorded as refused, what is too late as expired.
    Of a ranked motion the winning option's own payload is carried out, where it has one; of an
    election the winners are put into office. Raises WrongState, ConflictOfInterest, NotYet, Halted.
    """
    proposal = locked(proposal_id)
    if proposal.state in DONE:
        return proposal
    require(proposal, State.TIMELOCKED)
    require_unconflicted(actor, proposal)
    at = clock.now()
    if proposal.executes_from is None or at < proposal.executes_from:
        raise NotYet
    require_not_halted(proposal, at)
    if proposal.expires_at is not None and at >= proposal.expires_at:
        return _moved(proposal, State.EXPIRED)
    winners = _certified_winners(proposal)
    return _carry_out(proposal, action_named(proposal.action), winners, actor, at)


def source_of(proposal: Proposal) -> str:
    """How the books name the decision behind what it did."""
    return f"proposal:{proposal.pk}"


def _certified_winners(proposal: Proposal) -> list[str]:
    """The winning options, by id, of a certificate that still matches; raises BadPayload."""
    try:
        envelope = Envelope.from_json(bytes(proposal.certificate.envelope))
        certificate = strict_json.loads(verify_document(envelope, board.CERTIFICATE))
    except SigningError as error:
        raise BadPayload from error
    expected = {
        "proposal": proposal.pk,
        "outcome": "passed",
        "payload_sha256": board.document_hash(proposal.payload),
        "notice_sha256": board.document_hash(notice_document(proposal)),
    }
    if {name: certificate.get(name) for name in expected} != expected:
        raise BadPayload
    winners: list[str] = certificate.get("result", {}).get("winners", [])
    return winners


def payload_of(proposal: Proposal, winners: list[str]) -> Payload:
    """What is carried out: the winning option's own payload, else the proposal's."""
    payload: Payload = proposal.payload
    for option in proposal.options:
        if option["id"] in winners:
            payload = option.get("payload", payload)
    return payload


def _carry_out(
    proposal: Proposal, action: Action, winners: list[str], actor: User | None, at: datetime
) -> Proposal:
    before: Effect = {}
    payload = payload_of(proposal, winners)
    try:
        with transaction.atomic():
            action.check(action.read(payload))
            before = action.dry_run(payload)
            effects = _effects(proposal, action, payload, winners, actor)
    except DomainError as error:
        _record(proposal, actor, at, before, [], refusal=str(error)[:LONGEST_REFUSAL])
        return _moved(proposal, State.REFUSED)
    _record(proposal, actor, at, before, effects)
    return _moved(proposal, State.EXECUTED)


def _effects(
    proposal: Proposal, action: Action, payload: Payload, winners: list[str], actor: User | None
) -> list[Effect]:
    source = source_of(proposal)
    if not isinstance(action, ElectsPeople):
        return action.execute(payload, actor=actor, source=source)
    numbers = {option["id"]: option["member"] for option in proposal.options}
    members = dict(Member.objects.filter(number__in=numbers.values()).values_list("number", "pk"))
    elected = [members[numbers[winner]] for winner in winners]
    return action.elect(payload, winners=elected, actor=actor, source=source)


def _record(
    proposal: Proposal,
    actor: User | None,
    at: datetime,
    before: Effect,
    effects: list[Effect],
    refusal: str = "",
) -> None:
    Execution.objects.create(
        proposal=proposal, actor=actor, at=at, before=before, effects=effects, refusal=refusal
    )


def _moved(proposal: Proposal, state: str) -> Proposal:
    proposal.state = state
    proposal.save(update_fields=["state"])
    return proposal
