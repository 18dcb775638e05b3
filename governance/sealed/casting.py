"""Casting sealed ballots: one that the site seals for its voter, one that was sealed elsewhere."""

import hashlib

from governance.methods.answers import Answer, check_answer
from governance.models import Ballot, Proposal
from governance.sealed.sealing import seal
from governance.services.cast import cast
from ledger.errors import KeyConflict
from members.models import Member, User
from signing import strict_json


def cast_sealed_here(
    *,
    proposal: Proposal,
    member: Member,
    actor: User | None,
    answer: Answer,
    tracker: str,
    key: str,
) -> Ballot:
    """An answer sealed by the site and cast; sent a second time alike it is the same entry.

    Answer and tracker are kept nowhere. Raises what `seal` and `cast` raise.
    """
    once = _key(key, check_answer(proposal, answer), tracker)
    earlier = proposal.ballots.filter(member=member, key=once).first()
    if earlier is not None:
        return earlier
    sealed = seal(proposal, answer, tracker)
    try:
        return cast(proposal_id=proposal.pk, member=member, actor=actor, sealed=sealed, key=once)
    except KeyConflict:
        # Two clicks at once: each sealed afresh, so the same answer has two ciphertexts.
        return proposal.ballots.get(member=member, key=once)


def cast_sealed_elsewhere(
    *, proposal: Proposal, member: Member, actor: User | None, sealed: bytes
) -> Ballot:
    """A ciphertext from the voter's machine cast; the same one twice is one entry.

    Raises what `cast` raises: for a copy of another's ballot BadSealedBallot.
    """
    key = f"sealed {hashlib.sha256(sealed).hexdigest()}"
    return cast(proposal_id=proposal.pk, member=member, actor=actor, sealed=sealed, key=key)


def _key(key: str, answer: Answer, tracker: str) -> str:
    # The page's key is random and kept nowhere, so nobody can try out answers on this hash.
    content = strict_json.dumps({"key": key, "answer": answer, "tracker": tracker})
    return f"here {hashlib.sha256(content).hexdigest()}"
