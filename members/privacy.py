"""What the register says of a person, in short, and how it forgets them."""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.utils import timezone

from members.models import (
    Appeal,
    Contact,
    ErasureRequest,
    LinkedMembers,
    Member,
    MemberEvent,
    MemberKey,
    Nominee,
    Particulars,
    Representative,
    Role,
    User,
    Vouch,
)
from members.services.identity import end_current_key

ERASED = "(erased)"
"""What stands in the place of a name."""
NOWHERE = "erased.invalid"
"""A domain that never exists (RFC 2606), so that no mail goes anywhere."""


def data_on(member: Member) -> dict[str, Any]:
    """Who the member is on the register, and how they log in."""
    return {
        "number": member.number,
        "name": member.name,
        "state": member.state,
        "kind": member.kind,
        "applied_at": member.applied_at.isoformat(),
        "admitted_at": member.admitted_at and member.admitted_at.isoformat(),
        "ended_on": member.ended_on and member.ended_on.isoformat(),
        "e-mail": member.user.email if member.user else None,
    }


def forget(*, member: Member, actor: User | None) -> None:
    """Name, address, contact data, free texts and login gone; number, dates and keys stay.

    Call inside a transaction, with the member locked.
    """
    now = timezone.now()
    end_current_key(member, MemberKey.End.RETIRED, actor=actor, at=now)
    _end_vouches(member, now)
    _empty_life(member, now)
    _empty_people(member, now)
    member.name, member.address, member.decision_reason = ERASED, "", ""
    member.save(update_fields=["name", "address", "decision_reason"])
    if member.user is not None:
        _close_login(member.user, now)


def _end_vouches(member: Member, now: datetime) -> None:
    standing = Vouch.objects.filter(Q(voucher=member) | Q(vouched=member), withdrawn_at=None)
    standing.update(withdrawn_at=now)
    MemberKey.objects.filter(member=member).update(note="")


def _empty_life(member: Member, now: datetime) -> None:
    said = MemberEvent.objects.filter(member=member, forgotten_at=None)
    said.update(text="", appeal="", forgotten_at=now)
    appeals = Appeal.objects.filter(event__member=member, forgotten_at=None)
    appeals.update(text="", answer="", forgotten_at=now)
    stood = Particulars.objects.filter(member=member, forgotten_at=None)
    stood.update(name=ERASED, address="", born_on=None, forgotten_at=now)
    ErasureRequest.objects.filter(member=member).update(answer="")


def _empty_people(member: Member, now: datetime) -> None:
    reached = Contact.objects.filter(member=member, forgotten_at=None)
    reached.update(address="", phone="", email="", language="", way="email", forgotten_at=now)
    Nominee.objects.filter(member=member, forgotten_at=None, revoked_at=None).update(revoked_at=now)
    Nominee.objects.filter(Q(member=member) | Q(nominee_member=member), forgotten_at=None).update(
        name=ERASED, contact="", forgotten_at=now
    )
    acts = Representative.objects.filter(member=member)
    acts.filter(until=None).update(until=now)
    acts.update(source="")
    linked = LinkedMembers.objects.filter(Q(first=member) | Q(second=member))
    linked.update(reason="")


def _close_login(user: User, now: datetime) -> None:
    """The row stays, because others point to it; nobody can be told from it, or log in with it."""
    Role.objects.filter(user=user, until=None).update(until=now, ended_by="erasure")
    EmailAddress.objects.filter(user=user).delete()
    user.email = f"erased-{user.pk}@{NOWHERE}"
    user.set_unusable_password()
    user.is_active, user.is_staff, user.is_superuser = False, False, False
    user.last_login, user.language, user.theme = None, "en", "auto"
    user.save()
