"""Named reads of sealed votes."""

from typing import Any

from governance.models import Proposal, SealedTally


def tallied_answers(proposal: Proposal) -> list[Any]:
    """The answers that the trustees opened, without their voters; none before the tally."""
    tally = SealedTally.objects.filter(sealed_vote__proposal=proposal).first()
    if tally is None:
        return []
    return [ballot["choice"] for ballot in tally.document.get("ballots", [])]


def lot_nonce(proposal: Proposal) -> str:
    """The trustees' part of the seed of the lot (R6), from the tally; "" before it."""
    tally = SealedTally.objects.filter(sealed_vote__proposal=proposal).first()
    return "" if tally is None else str(tally.document.get("lot_nonce", ""))
