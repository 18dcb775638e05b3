"""Keys of demo members and who vouches for whom. Anybody can compute these keys: never use them."""

from hashlib import sha256

from nacl.signing import SigningKey

from members.identity.queries import current_key
from members.identity.statements import Draft
from members.models import Member, Vouch
from members.services import draft_key, draft_vouch, register_key, vouch
from signing import dsse

WORDS = (("ana", "ben"), ("ben", "chloe"), ("ana", "dario"), ("dario", "chloe"))
"""Voucher and vouched: two ways lead from Ana to Chloe."""
DAYS = 365


def sign_and_vouch(people: dict[str, Member]) -> None:
    """Keys and vouches that are not there yet."""
    for name in sorted({name for pair in WORDS for name in pair}):
        _give_key(people[name])
    for one, other in WORDS:
        _vouch(people[one], people[other])


def _give_key(member: Member) -> None:
    if current_key(member) is None:
        public_key = bytes(SigningKey(_seed(member)).verify_key).hex()
        draft = draft_key(member=member, public_key=public_key)
        register_key(member_id=member.pk, envelope=_signed(member, draft), actor=member.user)


def _vouch(one: Member, other: Member) -> None:
    if not Vouch.objects.filter(voucher=one, vouched=other).exists():
        draft = draft_vouch(voucher=one, vouched=other, days=DAYS)
        vouch(voucher_id=one.pk, envelope=_signed(one, draft), actor=one.user)


def _signed(member: Member, draft: Draft) -> dsse.Envelope:
    return dsse.sign(_seed(member), draft.payload_type, draft.payload)


def _seed(member: Member) -> bytes:
    return sha256(f"coop demo key of {member.name}".encode()).digest()
