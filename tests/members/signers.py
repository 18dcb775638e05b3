"""Members who sign for themselves, in tests: keys that never leave this process."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from nacl.signing import SigningKey

from members.identity.statements import Draft
from members.models import Member, MemberKey, Vouch
from members.services import draft_key, draft_vouch, register_key, rotate_key, vouch
from signing.dsse import Envelope, Signature, keyid, pae


@dataclass
class Signer:
    """A member and the seed of their key."""

    member: Member
    seed: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def public_key(self) -> str:
        """The public half, in hex."""
        return bytes(SigningKey(self.seed).verify_key).hex()

    def sign(self, draft: Draft, *more: bytes) -> Envelope:
        """A draft signed with this seed, and with others."""
        return signed(draft, self.seed, *more)


def signed(draft: Draft, *seeds: bytes) -> Envelope:
    """A draft with a signature by each seed."""
    message = pae(draft.payload_type, draft.payload)
    made = []
    for seed in seeds:
        key = SigningKey(seed)
        made.append(Signature(keyid(bytes(key.verify_key)), key.sign(message).signature))
    return Envelope(draft.payload_type, draft.payload, tuple(made))


def with_key(member: Member, seed: bytes = b"") -> Signer:
    """The member with a registered key."""
    signer = Signer(member, seed or secrets.token_bytes(32))
    register(signer)
    return signer


def register(signer: Signer) -> MemberKey:
    """The signer's key, registered."""
    draft = draft_key(member=signer.member, public_key=signer.public_key)
    return register_key(
        member_id=signer.member.pk, envelope=signer.sign(draft), actor=signer.member.user
    )


def rotate(signer: Signer) -> Signer:
    """The same member with a new key in place of the old one."""
    new = Signer(signer.member)
    draft = draft_key(member=signer.member, public_key=new.public_key)
    rotate_key(
        member_id=signer.member.pk,
        envelope=new.sign(draft, signer.seed),
        actor=signer.member.user,
    )
    return new


def vouch_for(
    voucher: Signer, vouched: Signer, *, days: int = 30, at: datetime | None = None
) -> Vouch:
    """The voucher's word for the other's current key."""
    draft = draft_vouch(voucher=voucher.member, vouched=vouched.member, days=days, at=at)
    return vouch(
        voucher_id=voucher.member.pk, envelope=voucher.sign(draft), actor=voucher.member.user
    )
