"""Members' own keys: registered with proof of possession, rotated, ended; and what they signed."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from ledger.services import record_documents
from members.identity import statements
from members.identity.errors import (
    EndUnknown,
    HasKey,
    KeyEnded,
    KeyTaken,
    NoKey,
    NotAKey,
    NotAMember,
    StatementChanged,
)
from members.identity.queries import current_key, key_at, keys_of
from members.identity.statements import END, KEY, ROTATION, Draft
from members.models import Cooperative, Member, MemberKey, User
from signing import dsse, keys, strict_json
from signing.errors import SigningError

KEY_DOCUMENT = "member-key"
END_DOCUMENT = "member-key-end"
SALT_BYTES = 32
HEX_DIGITS = 64
WITH_KEYS = (Member.State.ACTIVE, Member.State.LEAVING)
BY_HAND = (MemberKey.End.RETIRED, MemberKey.End.LOST, MemberKey.End.EXPOSED)


@dataclass(frozen=True)
class Verified:
    """A statement that holds: the key that signed it, and the bytes that it signed."""

    key: MemberKey
    payload: bytes


def draft_key(*, member: Member, public_key: str, at: datetime | None = None) -> Draft:
    """What is to be signed to register this key: with it alone, or with the current one as well.

    Raises NotAMember, NotAKey, KeyTaken.
    """
    require_member(member)
    new = normal_key(public_key)
    if MemberKey.objects.filter(public_key=new).exists():
        raise KeyTaken
    current = current_key(member)
    kind = KEY if current is None else ROTATION
    return statements.draft(kind, _says(member, new, current), at=at or timezone.now())


@transaction.atomic(durable=True)
def register_key(*, member_id: int, envelope: dsse.Envelope, actor: User | None) -> MemberKey:
    """The member's key from now on; the same statement again gives the same key.

    Raises the refusals of statements, NotSigned, HasKey, KeyTaken, NotAMember.
    """
    member, now = _locked(member_id), timezone.now()
    require_member(member)
    new = _new_key(envelope, KEY, member, None, now)
    if (known := _taken_before(member, new, envelope)) is not None:
        return known
    if current_key(member) is not None:
        raise HasKey
    return _enter(member, new, envelope, None, now)


@transaction.atomic(durable=True)
def rotate_key(*, member_id: int, envelope: dsse.Envelope, actor: User | None) -> MemberKey:
    """A new key in place of the current one; both have signed, and the old one ends now.

    The same statement again gives the same key. Raises the refusals of statements, NotSigned,
    NoKey, KeyTaken, NotAMember.
    """
    member, now = _locked(member_id), timezone.now()
    require_member(member)
    if (known := _rotated_before(member, envelope)) is not None:
        return known
    old = current_key(member)
    if old is None:
        raise NoKey
    new = _new_key(envelope, ROTATION, member, old, now)
    statements.require_signed(envelope, ROTATION, old.public_key)
    _end(old, MemberKey.End.ROTATED, envelope.as_json(), now, actor)
    return _enter(member, new, envelope, old, now)


@transaction.atomic(durable=True)
def revoke_key(*, member_id: int, end: str, note: str = "", actor: User | None) -> MemberKey:
    """The member's current key ended now; by the member, or by a steward whom they asked.

    A key that ended for the same reason stays as it is. Raises NoKey, EndUnknown.
    """
    if end not in BY_HAND:
        raise EndUnknown
    member = _locked(member_id)
    key = end_current_key(member, end, actor=actor, at=timezone.now(), note=note)
    return _ended_before(member, end) if key is None else key


def end_current_key(
    member: Member, end: str, *, actor: User | None, at: datetime, note: str = ""
) -> MemberKey | None:
    """The current key ended, with a document that the cooperative signs; None without a key.

    Call inside a transaction, with the member locked.
    """
    key = current_key(member)
    if key is None:
        return None
    document = {
        "v": statements.VERSION,
        "member": member.number,
        "public_key": key.public_key,
        "end": end,
        "revoked_at": statements.utc(at),
    }
    signed = keys.sign_document(END, strict_json.dumps(document)).as_json()
    key.note = note.strip()
    return _end(key, end, signed, at, actor)


def verify_statement(
    *, member: Member, envelope: dsse.Envelope, kind: str, at: datetime
) -> Verified:
    """The statement, if the key that was the member's at that moment signed it as this kind.

    Raises NoKey (the member never had one), KeyEnded (signed with another key of theirs, or none
    was valid then), NotSigned.
    """
    key = key_at(member, at)
    if key is not None and is_signed_by(key, envelope, kind):
        return Verified(key, envelope.payload)
    known = list(keys_of(member))
    if not known:
        raise NoKey
    if key is None or any(is_signed_by(other, envelope, kind) for other in known):
        raise KeyEnded
    statements.require_signed(envelope, kind, key.public_key)
    raise AssertionError("a signature cannot hold and not hold")


def is_signed_by(key: MemberKey, envelope: dsse.Envelope, kind: str) -> bool:
    """Whether this key made a signature of the envelope, whenever that was."""
    try:
        dsse.verify(envelope, bytes.fromhex(key.public_key), kind)
    except SigningError:
        return False
    return True


def normal_key(text: str) -> str:
    """A public key as the register spells it: 64 small hex digits; raises NotAKey."""
    digits = "".join(text.split()).lower()
    if len(digits) != HEX_DIGITS or not set(digits) <= set("0123456789abcdef"):
        raise NotAKey
    return digits


def require_member(member: Member) -> None:
    """Raises NotAMember unless this member may have a key of their own."""
    if member.number is None or member.state not in WITH_KEYS:
        raise NotAMember


def _says(member: Member, new: str, current: MemberKey | None) -> dict[str, object]:
    says: dict[str, object] = {
        "statement": "This key is mine, and I sign with it from now on.",
        "cooperative": Cooperative.objects.get(pk=1).legal_name,
        "member": member.number,
        "public_key": new,
    }
    return says if current is None else {**says, "in_place_of": current.public_key}


def _new_key(
    envelope: dsse.Envelope, kind: str, member: Member, old: MemberKey | None, at: datetime
) -> str:
    """The key that a statement is over, in hex, if it is the member's to say and it signed."""
    says = statements.words_of(envelope, kind, at=at)
    replaced = "" if old is None else old.public_key
    if (says["member"], says.get("in_place_of", "")) != (member.number, replaced):
        raise StatementChanged
    new: str = says["public_key"]
    statements.require_signed(envelope, kind, new)
    return new


def _taken_before(member: Member, new: str, envelope: dsse.Envelope) -> MemberKey | None:
    known = MemberKey.objects.filter(public_key=new).first()
    if known is None:
        return None
    if known.member_id == member.pk and bytes(known.proof) == envelope.as_json():
        return known
    raise KeyTaken


def _rotated_before(member: Member, envelope: dsse.Envelope) -> MemberKey | None:
    sent = envelope.as_json()
    return keys_of(member).filter(proof=sent, succeeds__isnull=False).first()


def _ended_before(member: Member, end: str) -> MemberKey:
    last = keys_of(member).first()
    if last is None or last.end != end:
        raise NoKey
    return last


def _enter(
    member: Member, new: str, envelope: dsse.Envelope, old: MemberKey | None, at: datetime
) -> MemberKey:
    key = MemberKey(
        member=member,
        public_key=new,
        keyid=dsse.keyid(bytes.fromhex(new)),
        registered_at=at,
        succeeds=old,
        proof=envelope.as_json(),
        salt=secrets.token_bytes(SALT_BYTES),
    )
    try:
        with transaction.atomic():
            key.save(force_insert=True)
    except IntegrityError as error:
        raise KeyTaken from error
    record_documents([(KEY_DOCUMENT, statements.key_digest(bytes(key.proof), bytes(key.salt)))])
    return key


def _end(key: MemberKey, end: str, document: bytes, at: datetime, actor: User | None) -> MemberKey:
    key.revoked_at, key.end, key.end_document, key.revoked_by = at, end, document, actor
    key.save(update_fields=["revoked_at", "end", "note", "end_document", "revoked_by"])
    record_documents([(END_DOCUMENT, statements.end_digest(document, bytes(key.salt)))])
    return key


def _locked(member_id: int) -> Member:
    return Member.objects.select_for_update(no_key=True).get(pk=member_id)
