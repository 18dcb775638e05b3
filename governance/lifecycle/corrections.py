"""Who was wrongly left off a roll, added before the close, signed and for all to see (R7).

The roll as frozen stays, and so does its root. A correction is a row behind its last one, with a
signed statement that the log of the books covers and the certificate names.
"""

import hashlib
import secrets
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from governance import clock
from governance.documents import utc
from governance.errors import (
    NotCorrectable,
    NotOfThisChamber,
    OnRollAlready,
    ReasonMissing,
    VotingClosed,
)
from governance.lifecycle.drafting import require
from governance.models import Chamber, Proposal, RollCorrection, RollRow
from governance.offices.locks import require_unconflicted
from governance.queries import locked
from governance.roll import Voter, leaf_of
from governance.terms import OWNERS
from ledger.services import record_documents
from members.models import Member, Role, User
from members.queries import holds_role
from signing import strict_json
from signing.dsse import payload_type
from signing.keys import sign_document

CORRECTION = payload_type("roll-correction")
DOCUMENT = "roll-correction"
"""what the log of the books calls one"""
UNITS = """
SELECT coalesce(sum(b.amount), 0)::bigint FROM ledger_account a
JOIN ledger_commodity c ON c.id = a.commodity_id AND c.kind = 'unit'
JOIN ledger_balance b ON b.account_id = a.id
WHERE a.kind = 'holding' AND a.owner = %s"""


@transaction.atomic(durable=True)
def correct_roll(
    *, proposal_id: int, member: Member, chambers: list[str], actor: User, reason: str
) -> list[RollCorrection]:
    """A member of before the notice, added to these chambers of an open vote.

    By a steward or an auditor, never for themselves. In the owners' chamber sits who holds units
    now. Raises NotCorrectable, ReasonMissing, VotingClosed, OnRollAlready, NotOfThisChamber.
    """
    if not reason.strip():
        raise ReasonMissing
    proposal = locked(proposal_id)
    require_unconflicted(actor, proposal)
    require(proposal, Proposal.State.OPEN)
    at = clock.now()
    if proposal.closes_at is None or at >= proposal.closes_at:
        raise VotingClosed
    _require_wronged(proposal, member, actor)
    voter = _voter(proposal, member)
    rows = [_added(chamber, voter) for chamber in _chosen(proposal, chambers, voter)]
    return [_signed(proposal, row, actor, reason.strip(), at) for row in rows]


def _require_wronged(proposal: Proposal, member: Member, actor: User) -> None:
    """Who was a member before the notice, and is now, can have been left out wrongly."""
    notice = proposal.notice_at or clock.now()
    office = holds_role(actor, Role.Name.STEWARD, Role.Name.AUDITOR)
    early = member.admitted_at is not None and member.admitted_at < notice
    active = member.state == Member.State.ACTIVE
    if not office or member.user_id == actor.pk or not (early and active):
        raise NotCorrectable


def _voter(proposal: Proposal, member: Member) -> Voter:
    """The pseudonym that the member has in this vote, or a new one."""
    row = RollRow.objects.filter(chamber__proposal=proposal, member=member).first()
    with connection.cursor() as cursor:
        cursor.execute(UNITS, [f"member/{member.pk}"])
        found = cursor.fetchone()
    units = 0 if found is None else int(found[0])
    return Voter(member.pk, secrets.token_hex(16) if row is None else row.voter, units)


def _chosen(proposal: Proposal, chambers: list[str], voter: Voter) -> list[Chamber]:
    found = list(proposal.chambers.filter(name__in=chambers))
    if not found or len(found) != len(set(chambers)):
        raise NotOfThisChamber
    if OWNERS in chambers and voter.units < 1:
        raise NotOfThisChamber
    if RollRow.objects.filter(chamber__in=found, member_id=voter.member_id).exists():
        raise OnRollAlready
    return found


def _added(chamber: Chamber, voter: Voter) -> RollRow:
    place = (chamber.rows.aggregate(last=Max("position"))["last"] or 0) + 1
    return RollRow.objects.create(
        chamber=chamber,
        member_id=voter.member_id,
        position=place,
        voter=voter.pseudonym,
        weight=1,
        units=voter.units,
        leaf=leaf_of(chamber.proposal_id, chamber.name, place, voter),
    )


def _signed(
    proposal: Proposal, row: RollRow, actor: User, reason: str, at: datetime
) -> RollCorrection:
    document = {
        "proposal": proposal.pk,
        "notice_sha256": proposal.notice_hash,
        "chamber": row.chamber.name,
        "roll_root": row.chamber.root,
        "position": row.position,
        "voter": row.voter,
        "weight": row.weight,
        "leaf": row.leaf,
        "reason": reason,
        "at": utc(at),
    }
    envelope = sign_document(CORRECTION, strict_json.dumps(document)).as_json()
    record_documents([(DOCUMENT, hashlib.sha256(envelope).digest())])
    return RollCorrection.objects.create(row=row, reason=reason, by=actor, at=at, envelope=envelope)
