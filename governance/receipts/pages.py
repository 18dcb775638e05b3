"""The contexts of the pages of receipts."""

from typing import Any

from django.urls import reverse

from governance.models import Ballot, Proposal
from governance.pages import answers_of
from governance.receipts.checking import BROKEN, Line, check
from governance.receipts.making import inclusion, leaves_of, receipt_file
from signing import merkle


def receipt_context(ballot: Ballot) -> dict[str, Any]:
    """A receipt, with every question to it asked now."""
    proposal = ballot.proposal
    lines = check(receipt_file(ballot))
    return {
        "ballot": ballot,
        "proposal": proposal,
        "answers": answers_of(ballot),
        "size": proposal.ballots.count(),
        "lines": lines,
        "holds": holds(lines),
        "replaced": proposal.ballots.filter(
            member_id=ballot.member_id, index__gt=ballot.index
        ).exists(),
        "entry": reverse("governance:entry", args=[proposal.pk, ballot.leaf]),
        "envelope": bytes(ballot.envelope).decode(),
        "own": bytes(ballot.own_envelope).decode() if ballot.own_envelope else "",
        "receipt": bytes(ballot.receipt).decode(),
    }


def holds(lines: list[Line]) -> bool:
    """Whether no question was answered with no."""
    return all(line.state != BROKEN for line in lines)


def entry_context(proposal: Proposal, leaf: str) -> dict[str, Any]:
    """One leaf beside the board as it is now: its place, and the way up to the root."""
    leaves = leaves_of(proposal)
    index = leaves.index(leaf) + 1 if leaf in leaves else 0
    root = merkle.root(map(bytes.fromhex, leaves)).hex()
    return {
        "proposal": proposal,
        "leaf": leaf,
        "index": index,
        "size": len(leaves),
        "root": root,
        "path": inclusion(leaves, index) if index else [],
        "counted": counted_board(proposal) == (len(leaves), root),
        "certified": hasattr(proposal, "certificate"),
    }


def counted_board(proposal: Proposal) -> tuple[int, str] | None:
    """Size and root of the board that the certificate names; None before the count."""
    certificate = getattr(proposal, "certificate", None)
    said = None if certificate is None else certificate.result["board"]
    return None if said is None else (said["size"], said["root"])
