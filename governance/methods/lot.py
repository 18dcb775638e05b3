"""The lot of R6: a seed that nobody knows before the close, and everybody can compute after it.

seed = SHA-256("coop lot v1" || newline || Merkle root of the closed board || newline || nonce …),
the site's nonce first, of which the SHA-256 is public from the opening on, then in sealed votes
the one that came out of the trustees' key. So no voter can try out ballots for a lot that favours
somebody, and the site cannot choose its nonce after the ballots. Whoever knows the nonces (of an
open vote the site alone) and casts the last ballot still could try; of a sealed vote that takes
k trustees as well.
"""

import hashlib
import secrets

from governance import board
from governance.models import Lot, Proposal
from governance.sealed.queries import lot_nonce
from ledger.models import Document
from ledger.services import record_documents

DOMAIN = "coop lot v1"
DOCUMENT = "lot"
"""what the log of the books calls the commitment"""


def commit(proposal: Proposal) -> Lot:
    """The site's nonce drawn, its hash entered in the log of the books. Call at the opening."""
    nonce = secrets.token_hex(32)
    digest = hashlib.sha256(bytes.fromhex(nonce)).digest()
    record_documents([(DOCUMENT, digest)])
    return Lot.objects.create(proposal=proposal, nonce=nonce, commitment=digest.hex())


def is_as_committed(proposal: Proposal) -> bool:
    """Whether the site's nonce gives the commitment, and that stands in the log of the books."""
    row = Lot.objects.filter(proposal=proposal).first()
    if row is None:
        return True
    digest = hashlib.sha256(bytes.fromhex(row.nonce)).digest()
    logged = Document.objects.filter(kind=DOCUMENT, digest=digest).exists()
    return digest.hex() == row.commitment and logged


def nonces_of(proposal: Proposal) -> list[str]:
    """What goes into the seed besides the board; votes from before the lot have no nonce."""
    own = Lot.objects.filter(proposal=proposal).values_list("nonce", flat=True)
    sealed = proposal.ballot_kind == Proposal.BallotKind.SEALED
    return [*own, *([lot_nonce(proposal)] if sealed else [])]


def seed_of(proposal: Proposal) -> str:
    """The seed in hex. Of a vote that is still open it says nothing."""
    leaves = list(proposal.ballots.order_by("index").values_list("leaf", flat=True))
    return seed_from(board.merkle_root(leaves), nonces_of(proposal))


def seed_from(root: str, nonces: list[str]) -> str:
    """The seed from what is public after the close."""
    return hashlib.sha256("\n".join((DOMAIN, root, *nonces)).encode()).hexdigest()
