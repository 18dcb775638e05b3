"""What goes into the file of a receipt (docs/governance.md, “Receipts”).

The file proves by itself that the ballot is on a board whose head the cooperative signed; once the
vote is counted also that this is the board of the certificate, and that the log of the books has
the certificate. It names nobody: what it says of a person is the pseudonym of this one vote.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from governance import board, clock
from governance.documents import utc
from governance.models import Ballot, Proposal
from ledger.log import proofs
from signing import merkle, strict_json
from signing.dsse import Envelope, payload_type
from signing.keys import sign_document

FORMAT = "coop-receipt/1"
HEAD = payload_type("board-head")


def leaves_of(proposal: Proposal) -> list[str]:
    """The leaves of a board, in order."""
    return list(proposal.ballots.order_by("index").values_list("leaf", flat=True))


def receipt_file(ballot: Ballot) -> dict[str, Any]:
    """The receipt of one entry, against the board as it is now."""
    proposal = ballot.proposal
    leaves = leaves_of(proposal)
    given = {
        "format": FORMAT,
        "proposal": proposal.pk,
        "index": ballot.index,
        "ballot": _value(ballot.envelope),
        "receipt": _value(ballot.receipt),
        "head": signed_head(proposal, leaves, clock.now()).as_dict(),
        "inclusion": inclusion(leaves, ballot.index),
    }
    return given | _own(ballot) | certified(proposal)


def signed_head(proposal: Proposal, leaves: Sequence[str], at: datetime) -> Envelope:
    """The board as of now, signed: size, head of the chain, Merkle root.

    Two of them with one size and two roots would prove that two boards were shown.
    """
    says = board.summary(leaves) | {
        "proposal": proposal.pk,
        "notice_sha256": proposal.notice_hash,
        "at": utc(at),
    }
    return sign_document(HEAD, strict_json.dumps(says))


def inclusion(leaves: Sequence[str], index: int) -> list[str]:
    """The hashes that lead from entry `index`, counted from 1, to the board's root."""
    node = nodes_over(leaves)
    return [h.hex() for h in merkle.inclusion_proof(index - 1, len(leaves), node)]


def consistency(leaves: Sequence[str], old: int, new: int) -> list[str]:
    """The hashes that show that the board of `old` entries begins the one of `new`."""
    return [h.hex() for h in merkle.consistency_proof(old, new, nodes_over(leaves))]


def nodes_over(leaves: Sequence[str]) -> merkle.NodeReader:
    """Reads the complete nodes of the tree over these leaves."""
    levels = [[bytes.fromhex(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = range(0, len(below) - 1, 2)
        levels.append([merkle.node_hash(below[n], below[n + 1]) for n in pairs])
    return lambda level, index: levels[level][index]


def certified(proposal: Proposal) -> dict[str, Any]:
    """The certificate, and its place in the log of the books once it has one."""
    certificate = getattr(proposal, "certificate", None)
    if certificate is None:
        return {}
    envelope = bytes(certificate.envelope)
    found = {"certificate": _value(envelope)}
    try:
        place = proofs.place_of_document(hashlib.sha256(envelope).digest())
        return found | {"log": proofs.inclusion(place).file()}
    except (proofs.NotSealed, proofs.NotInTheLog, proofs.RecordChanged):
        return found


def _own(ballot: Ballot) -> dict[str, Any]:
    """What the voter signed or sealed themselves; only they have it in their file."""
    own = {} if ballot.own_envelope is None else {"own": _value(ballot.own_envelope)}
    if ballot.sealed is None:
        return own
    return own | {"sealed": base64.b64encode(bytes(ballot.sealed)).decode()}


def _value(envelope: bytes | memoryview) -> dict[str, Any]:
    value: dict[str, Any] = strict_json.loads(bytes(envelope))
    return value
