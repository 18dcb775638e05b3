"""Ballots that members sign with keys of their own: what is drafted, and whether it was signed.

The board shows of the member's statement only its hash. The hash covers the signature, so nobody
can try out whose it is; the statement itself is the voter's to show, and the auditors'.
"""

import hashlib
from datetime import datetime
from typing import Any

from django.utils import timezone

from governance import board
from governance.documents import sealed_words
from governance.errors import NotOnRoll, OtherBallot
from governance.methods.answers import Answer, check_answer
from governance.models import Ballot, Proposal
from governance.queries import chambers_of
from members.identity import statements
from members.identity.errors import KeyEnded, NoKey, NotSigned
from members.identity.statements import Draft
from members.models import Member
from members.services import verify_statement
from signing import strict_json
from signing.dsse import Envelope, payload_type
from signing.errors import SigningError

KIND = payload_type("own-ballot")
Words = dict[str, Any]


def draft(
    *,
    proposal: Proposal,
    member: Member,
    choice: Answer = "",
    reason: str = "",
    sealed: bytes | None = None,
    counter: int = 1,
    at: datetime | None = None,
) -> Draft:
    """What the member signs: the announced proposal, the answer, the hash of the reason.

    Of a sealed ballot it is the hash of the ciphertext and the voter's counter. Raises NotOnRoll,
    UnknownChoice.
    """
    chambers = chambers_of(proposal, member)
    if not chambers:
        raise NotOnRoll
    if sealed is None:
        answer = check_answer(proposal, choice)
        words: Words = {"choices": dict.fromkeys(chambers, answer)}
    else:
        words = sealed_words(sealed, counter)
    says = _says(proposal, member, words, reason)
    return statements.draft(KIND, says, at=at or timezone.now())


def words_in(
    *,
    proposal: Proposal,
    member: Member,
    envelope: Envelope,
    reason: str,
    at: datetime,
    sealed: bytes | None = None,
) -> Words:
    """What a signed statement answers in this vote, for this member, at this moment.

    Its "choices"; of a sealed ballot its "counter". Raises the refusals of statements, NoKey,
    KeyEnded, NotSigned, OtherBallot.
    """
    says = statements.words_of(envelope, KIND, at=at)
    verify_statement(member=member, envelope=envelope, kind=KIND, at=at)
    wanted = _says(proposal, member, _answered(says, sealed), reason)
    if {name: says.get(name) for name in wanted} != wanted:
        raise OtherBallot
    return says


def _answered(says: Words, sealed: bytes | None) -> Words:
    if sealed is None:
        return {"choices": says.get("choices", {})}
    return sealed_words(sealed, says.get("counter"))


def hash_of(envelope: bytes) -> str:
    """What the board says of a statement."""
    return hashlib.sha256(envelope).hexdigest()


def wrong_with(ballot: Ballot, document: dict[str, Any]) -> str:
    """How an entry and its member's statement differ; "" where they agree or there is none."""
    kept = ballot.own_envelope
    if document["attested"] != ballot.attested or ballot.attested == (kept is not None):
        return "does not say who signed it"
    if kept is None:
        return ""
    if document.get("own_sha256") != hash_of(bytes(kept)):
        return "is not over the statement that the member signed"
    return _wrong_in_statement(ballot, bytes(kept))


def _wrong_in_statement(ballot: Ballot, kept: bytes) -> str:
    try:
        envelope = Envelope.from_json(kept)
        verify_statement(member=ballot.member, envelope=envelope, kind=KIND, at=ballot.cast_at)
        said = strict_json.loads(envelope.payload)
    except (SigningError, NoKey, KeyEnded, NotSigned):
        return "is not signed with a key that was the member's then"
    words = {"choices": ballot.choices}
    if ballot.sealed is not None:
        words = sealed_words(bytes(ballot.sealed), ballot.counter)
    wanted = {"proposal": ballot.proposal_id, **words}
    agrees = {name: said.get(name) for name in wanted} == wanted
    return "" if agrees else "says another thing than the member signed"


def _says(proposal: Proposal, member: Member, words: Words, reason: str) -> Words:
    return {
        **words,
        "statement": "This is my vote.",
        "proposal": proposal.pk,
        "title": proposal.title,
        "notice_sha256": proposal.notice_hash,
        "member": member.number,
        "reason_sha256": board.text_hash(reason.strip()),
    }
