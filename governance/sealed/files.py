"""The files that a sealed vote hands out: ceremony, ballot paper, closed set, published tally."""

from collections.abc import Iterable
from typing import Any

from governance import board
from governance.documents import notice_document
from governance.errors import NotSealed, WrongState
from governance.models import Proposal, RollCorrection, SealedVote, TrusteeKey
from governance.queries import CLOSED
from governance.sealed import formats
from governance.sealed.queries import chamber_of, sealed_vote_of, tally_of
from signing import strict_json


def ceremony(proposal: Proposal, keys: Iterable[TrusteeKey], threshold: int) -> dict[str, Any]:
    """What the dealer needs: whose keys, and how many of them shall open the vote."""
    return {
        "format": formats.CEREMONY,
        "proposal": proposal.pk,
        "title": proposal.title,
        "threshold": threshold,
        "trustees": [
            {"member": key.member.number, "label": key.label, "public_key": key.public_key}
            for key in keys
        ],
    }


def ballot_paper(proposal: Proposal) -> dict[str, Any]:
    """What a voter needs to seal a ballot elsewhere; the hash binds all of it.

    Raises NotSealed, WrongState for a draft.
    """
    _vote_of(proposal)
    return {"format": formats.PAPER, **_announced(proposal)}


def closed_set(proposal: Proposal) -> dict[str, Any]:
    """What the trustees need: notice, deal, roll, and every entry of the board with its ciphertext.

    Raises NotSealed, and WrongState before the close.
    """
    vote = _vote_of(proposal)
    if proposal.state not in CLOSED:
        raise WrongState(state=proposal.get_state_display())
    ballots = list(proposal.ballots.order_by("index"))
    return {
        "format": formats.SET,
        **_announced(proposal),
        "deal": vote.deal,
        "roll": _roll(proposal),
        "board": board.summary([ballot.leaf for ballot in ballots]),
        "ballots": [
            {
                "envelope": strict_json.loads(bytes(ballot.envelope)),
                "sealed": formats.to_base64(ballot.sealed or b""),
            }
            for ballot in ballots
        ],
    }


def published(proposal: Proposal) -> dict[str, Any]:
    """What voters check: notice, deal and the tally as the trustees signed it.

    Raises NotSealed, and WrongState before there is one.
    """
    vote, tally = _vote_of(proposal), tally_of(proposal)
    if tally is None:
        raise WrongState(state=proposal.get_state_display())
    return {
        "format": formats.PUBLISHED,
        **_announced(proposal),
        "deal": vote.deal,
        "tally": strict_json.loads(bytes(tally.envelope)),
    }


def _vote_of(proposal: Proposal) -> SealedVote:
    vote = sealed_vote_of(proposal)
    if vote is None:
        raise NotSealed
    if not proposal.notice_hash:
        raise WrongState(state=proposal.get_state_display())
    return vote


def _announced(proposal: Proposal) -> dict[str, Any]:
    return {"notice": notice_document(proposal), "notice_sha256": proposal.notice_hash}


def _roll(proposal: Proposal) -> dict[str, Any]:
    chamber = chamber_of(proposal)
    added = RollCorrection.objects.filter(row__chamber=chamber).order_by("row__position")
    rows = chamber.rows.filter(correction=None).order_by("position")
    return {
        "chamber": chamber.name,
        "root": chamber.root,
        "rows": list(rows.values("position", "voter", "weight")),
        "corrections": [strict_json.loads(bytes(one.envelope)) for one in added],
    }
