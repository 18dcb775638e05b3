"""What this room shows on the page of a decision."""

from typing import Any

from django.http import HttpRequest

from governance.delegations.showing import in_vote, totals
from governance.models import Proposal
from members.models import Member

NOT_YET = (Proposal.State.DRAFT, Proposal.State.WITHDRAWN)


def panel(request: HttpRequest, proposal: Proposal, member: Member | None) -> dict[str, Any]:
    """The context of the panel; empty where it has nothing to say.

    Members read who votes for them and for whom they vote; everybody reads the numbers from the
    close on.
    """
    if proposal.state in NOT_YET:
        return {}
    if proposal.ballot_kind == Proposal.BallotKind.SEALED:
        return {"secret": True} if member else {}
    shown: dict[str, Any] = {} if member is None else in_vote(proposal, member)
    if proposal.decided_at is not None:
        shown |= {"totals": totals(proposal)}
    return shown
