"""Vouching: a member's signed word that they know a key to be another member's."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.identity import statements
from members.identity.errors import (
    LastsTooLong,
    NoKey,
    OwnKey,
    StatementChanged,
    StatementUsed,
)
from members.identity.queries import current_key, standing_vouches
from members.identity.statements import VOUCH, Draft
from members.models import Cooperative, Member, MemberKey, User, Vouch
from members.services.identity import require_member, verify_statement
from policies.queries import policy
from signing import dsse


def longest_days(at: datetime | None = None) -> int:
    """For how many days a vouch may hold."""
    days: int = policy("vouch_days", at or timezone.now())
    return days


def draft_vouch(
    *, voucher: Member, vouched: Member, days: int, at: datetime | None = None
) -> Draft:
    """What the voucher signs with their key, over the current key of the other.

    `days` is for how long it shall hold. Raises OwnKey, NoKey (one of the two has none),
    LastsTooLong, NotAMember.
    """
    at = at or timezone.now()
    require_member(voucher)
    require_member(vouched)
    if voucher.pk == vouched.pk:
        raise OwnKey
    _require_days(days, at)
    says = {
        "statement": "I know that this key is this member's.",
        "cooperative": Cooperative.objects.get(pk=1).legal_name,
        "voucher": _named(voucher, _key_of(voucher)),
        "vouched": _named(vouched, _key_of(vouched)),
        "expires_at": statements.utc(at + timedelta(days=days)),
    }
    return statements.draft(VOUCH, says, at=at)


@transaction.atomic(durable=True)
def vouch(*, voucher_id: int, envelope: dsse.Envelope, actor: User | None) -> Vouch:
    """The voucher's word from now on, in place of an earlier one over the same key.

    The same statement again gives the same vouch while it holds. Raises the refusals of
    statements, NoKey, KeyEnded, NotSigned, LastsTooLong, StatementUsed.
    """
    now = timezone.now()
    says = statements.words_of(envelope, VOUCH, at=now)
    voucher, vouched = _locked(voucher_id, _member_numbered(says["vouched"]["member"]).pk)
    require_member(voucher)
    signer = verify_statement(member=voucher, envelope=envelope, kind=VOUCH, at=now).key
    key = _key_of(vouched)
    if says["voucher"] != _named(voucher, signer) or says["vouched"] != _named(vouched, key):
        raise StatementChanged
    if (known := _taken_before(envelope)) is not None:
        return known
    standing = Vouch.objects.filter(voucher=voucher, key=key, withdrawn_at=None)
    standing.update(withdrawn_at=now)
    return Vouch.objects.create(
        voucher=voucher,
        voucher_key=signer,
        vouched=vouched,
        key=key,
        said_at=now,
        expires_at=_expiry(says, now),
        envelope=envelope.as_json(),
        digest=_digest(envelope),
    )


@transaction.atomic(durable=True)
def withdraw_vouch(*, vouch_id: int, actor: User | None) -> Vouch:
    """The vouch ended now; one that was withdrawn stays as it is."""
    found = Vouch.objects.select_for_update(no_key=True).get(pk=vouch_id)
    if found.withdrawn_at is None:
        found.withdrawn_at = timezone.now()
        found.save(update_fields=["withdrawn_at"])
    return found


def _require_days(days: int, at: datetime) -> None:
    most = longest_days(at)
    if not 1 <= days <= most:
        raise LastsTooLong(most=most)


def _expiry(says: dict[str, Any], now: datetime) -> datetime:
    """The moment up to which it holds; policy is asked again, it may have changed since."""
    expires_at = datetime.fromisoformat(says["expires_at"])
    most = longest_days(now)
    if not now < expires_at <= now + timedelta(days=most):
        raise LastsTooLong(most=most)
    return expires_at


def _key_of(member: Member) -> MemberKey:
    key = current_key(member)
    if key is None:
        raise NoKey
    return key


def _named(member: Member, key: MemberKey) -> dict[str, object]:
    return {"member": member.number, "public_key": key.public_key}


def _member_numbered(number: int) -> Member:
    member = Member.objects.filter(number=number).first()
    if member is None:
        raise StatementChanged
    return member


def _locked(voucher_id: int, vouched_id: int) -> tuple[Member, Member]:
    rows = Member.objects.select_for_update(no_key=True).order_by("pk")
    found = {row.pk: row for row in rows.filter(pk__in=[voucher_id, vouched_id])}
    return found[voucher_id], found[vouched_id]


def _taken_before(envelope: dsse.Envelope) -> Vouch | None:
    known = Vouch.objects.filter(digest=_digest(envelope)).first()
    if known is not None and not standing_vouches().filter(pk=known.pk).exists():
        raise StatementUsed
    return known


def _digest(envelope: dsse.Envelope) -> str:
    """Over what was signed, not over the signatures, which could be sent in another form."""
    return hashlib.sha256(dsse.pae(envelope.payload_type, envelope.payload)).hexdigest()
