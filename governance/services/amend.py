"""Changing what a proposal says: a draft is edited, an announced one gets a new version (R15)."""

from typing import Any

from django.db import transaction

from governance import clock
from governance.errors import NothingChanged, NotYours, ProposersAlone
from governance.lifecycle.access import is_theirs_now
from governance.lifecycle.content import content_of
from governance.lifecycle.drafting import Options, announce, check_content, require
from governance.lifecycle.objections import settle
from governance.lifecycle.versions import record_version
from governance.models import Proposal
from governance.offices.locks import require_free_hand, require_unconflicted
from governance.queries import locked
from members.models import User
from members.queries import is_steward

State = Proposal.State


@transaction.atomic(durable=True)
def amend(
    *,
    proposal_id: int,
    actor: User,
    title: str | None = None,
    text: str | None = None,
    payload: dict[str, Any] | None = None,
    kind: str | None = None,
    ballot_kind: str | None = None,
    options: Options | None = None,
    seats: int | None = None,
    why: str = "",
) -> Proposal:
    """The proposal with what is given changed; what is None stays.

    A draft is saved. After the notice the change is version n + 1: notice is given anew to
    everybody, and its time begins again. The proposer and the stewards edit a draft; what was
    announced, or has members behind it, the proposer alone changes, or a steward could hold it
    up. Raises NotYours, ProposersAlone, CalledByOthers, ConflictOfInterest, WrongState once the
    ballot opened, NothingChanged, and what `propose` and `publish` raise.
    """
    proposal = locked(proposal_id)
    if not is_theirs_now(actor, proposal):
        raise ProposersAlone if is_steward(actor) else NotYours
    require_free_hand(proposal)
    require_unconflicted(actor, proposal)
    require(proposal, State.DRAFT, State.NOTICE)
    before = content_of(proposal)
    given = {
        "title": title, "text": text, "payload": payload, "kind": kind, "seats": seats,
        "ballot_kind": ballot_kind, "options": None if options is None else list(options),
    }  # fmt: skip
    for name, value in given.items():
        if value is not None:
            setattr(proposal, name, value)
    check_content(proposal)
    require_unconflicted(actor, proposal)
    if content_of(proposal) == before:
        raise NothingChanged
    return _saved(proposal, actor, why)


def _saved(proposal: Proposal, actor: User, why: str) -> Proposal:
    if proposal.state == State.NOTICE:
        proposal.version += 1
        announce(proposal, actor=actor, why=why)
        settle(proposal, clock.now())
        return proposal
    proposal.save()
    record_version(proposal, by=actor, why=why)
    return proposal
