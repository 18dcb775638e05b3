"""The contexts of the pages of keys and vouches."""

import json
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from ledger.log.showing import Shown, document_or_none
from members.identity import queries
from members.identity.statements import Draft, key_digest
from members.models import Member, MemberKey
from members.services import draft_key, draft_vouch
from signing.words import fingerprint_words


@dataclass(frozen=True)
class KeyShown:
    """A key with its words, which two people can read to each other."""

    key: MemberKey
    words: str

    @classmethod
    def of(cls, key: MemberKey) -> "KeyShown":
        """The key and the words of its fingerprint."""
        return cls(key, fingerprint_words(bytes.fromhex(key.public_key)))


def keys_context(member: Member) -> dict[str, Any]:
    """A member's keys, the current one apart, with its place in the log."""
    shown = [KeyShown.of(key) for key in queries.keys_of(member)]
    current = next((entry for entry in shown if entry.key.revoked_at is None), None)
    return {
        "current": current,
        "earlier": [entry for entry in shown if entry is not current],
        "proof": _place(current.key) if current else None,
    }


def key_draft(member: Member, public_key: str) -> Draft:
    """What to sign for a new key."""
    return draft_key(member=member, public_key=public_key)


def vouch_draft(me: Member, them: Member, days: int) -> Draft:
    """What to sign to vouch for somebody."""
    return draft_vouch(voucher=me, vouched=them, days=days)


def draft_context(draft: Draft) -> dict[str, Any]:
    """A statement as it is to be read, and as it is to be signed."""
    said = json.loads(draft.payload)
    shown = {name: value for name, value in said.items() if name not in ("seal", "v")}
    return {
        "says": json.dumps(shown, indent=2, ensure_ascii=False),
        "statement": draft.as_json().decode(),
        "is_replacement": "in_place_of" in said,
    }


def vouching_context(member: Member) -> dict[str, Any]:
    """Vouches for a member's current key, and those that they gave."""
    standing = queries.standing_vouches()
    return {
        "current": queries.current_key(member),
        "received": standing.filter(vouched=member),
        "given": standing.filter(voucher=member),
        "now": timezone.now(),
    }


def path_context(me: Member, them: Member) -> dict[str, Any]:
    """The shortest chains of vouches from one to the other, and what may be done."""
    key = queries.current_key(them)
    return {
        "them": them,
        "is_me": me.pk == them.pk,
        "key": KeyShown.of(key) if key else None,
        "my_key": queries.current_key(me),
        "paths": queries.named_paths(me, them),
        "mine": queries.standing_vouches().filter(voucher=me, vouched=them).first(),
        "longest": queries.LONGEST_PATH,
        "action": reverse("members:vouch", args=[them.number]),
    }


def _place(key: MemberKey) -> Shown | None:
    return document_or_none(key_digest(bytes(key.proof), bytes(key.salt)))
