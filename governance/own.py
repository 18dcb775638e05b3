"""Ballots that members sign with keys of their own: what is drafted, and whether it was signed.

The board shows of the member's statement only its hash. The hash covers the signature, so nobody
can try out whose it is; the statement itself is the voter's to show, and the auditors'.
"""

import hashlib
from datetime import datetime
from typing import Any

from django.utils import timezone

from governance import board
from governance.counting import CHOICES
from governance.errors import NotOnRoll, OtherBallot, UnknownChoice
from governance.models import Ballot, Proposal, RollRow
from members.identity import statements
from members.identity.errors import KeyEnded, NoKey, NotSigned
from members.identity.statements import Draft
from members.models import Member
from members.services import verify_statement
from signing import strict_json
from signing.dsse import Envelope, payload_type
from signing.errors import SigningError

KIND = payload_type("own-ballot")
Choices = dict[str, str]


def draft(
    *, proposal: Proposal, member: Member, choice: str, reason: str, at: datetime | None = None
) -> Draft:
    """What the member signs: the announced proposal, the answer, the hash of the reason.

    Raises NotOnRoll, UnknownChoice.
    """
    rows = RollRow.objects.filter(chamber__proposal=proposal, member=member)
    chambers = list(rows.order_by("chamber__position").values_list("chamber__name", flat=True))
    if not chambers:
        raise NotOnRoll
    if choice not in CHOICES:
        raise UnknownChoice
    choices = dict.fromkeys(chambers, choice)
    says = _says(proposal, member, choices, reason)
    return statements.draft(KIND, says, at=at or timezone.now())


def choices_in(
    *, proposal: Proposal, member: Member, envelope: Envelope, reason: str, at: datetime
) -> Choices:
    """The answers that a signed statement gives in this vote, for this member, at this moment.

    Raises the refusals of statements, NoKey, KeyEnded, NotSigned, OtherBallot.
    """
    says = statements.words_of(envelope, KIND, at=at)
    verify_statement(member=member, envelope=envelope, kind=KIND, at=at)
    said: Choices = says["choices"]
    wanted = _says(proposal, member, said, reason)
    if {name: says.get(name) for name in wanted} != wanted:
        raise OtherBallot
    return said


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
    agrees = (said["choices"], said["proposal"]) == (ballot.choices, ballot.proposal_id)
    return "" if agrees else "says another thing than the member signed"


def _says(proposal: Proposal, member: Member, choices: Choices, reason: str) -> dict[str, Any]:
    return {
        "statement": "This is my vote.",
        "proposal": proposal.pk,
        "title": proposal.title,
        "notice_sha256": proposal.notice_hash,
        "member": member.number,
        "choices": choices,
        "reason_sha256": board.text_hash(reason.strip()),
    }
