"""Sealing a ballot on the site, for whoever does not do it on a machine of their own.

The site sees the answer for a moment: it keeps neither answer nor tracker, but a site that was
broken into could. Pages say so beside the button.
"""

import secrets

from nacl.public import PublicKey, SealedBox

from governance.errors import BadTracker, NotSealed
from governance.methods.answers import Answer, check_answer
from governance.models import Proposal
from governance.sealed import formats
from governance.sealed.queries import sealed_vote_of
from signing import strict_json


def new_tracker() -> str:
    """128 random bits, as 32 hex digits."""
    return secrets.token_hex(16)


def seal(proposal: Proposal, answer: Answer, tracker: str) -> bytes:
    """The ciphertext of an answer under the vote's key.

    Raises NotSealed, BadTracker, and what `check_answer` raises.
    """
    vote = sealed_vote_of(proposal)
    if vote is None:
        raise NotSealed
    if not formats.is_tracker(tracker):
        raise BadTracker
    inner = {
        "v": formats.VERSION,
        "proposal": proposal.pk,
        "notice": proposal.notice_hash,
        "choice": check_answer(proposal, answer),
        "tracker": tracker,
    }
    key = PublicKey(bytes.fromhex(vote.public_key))
    return bytes(SealedBox(key).encrypt(formats.padded(strict_json.dumps(inner))))
