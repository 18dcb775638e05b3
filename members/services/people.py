"""Who acts for whom, who counts as one, and whom shares go to on death."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from members.errors import (
    NameMissing,
    NotAnOrganisation,
    NothingToRevoke,
    NotYet,
    ReasonMissing,
    SameMember,
)
from members.models import LinkedMembers, Member, Nominee, Representative, User
from members.services.lifecycle import locked


@transaction.atomic
def name_nominee(
    *,
    member_id: int,
    name: str,
    actor: User | None,
    contact: str = "",
    nominee_id: int | None = None,
    named_on: date | None = None,
) -> Nominee:
    """Whom the shares go to on the member's death; takes the place of who was named before.

    `nominee_id` is their id where they are a member too. The same naming again changes nothing.
    Raises NameMissing, SameMember, NotYet.
    """
    if not name.strip():
        raise NameMissing
    if nominee_id == member_id:
        raise SameMember
    if named_on is not None and named_on > timezone.localdate():
        raise NotYet
    member = locked(member_id)
    current = Nominee.objects.filter(member=member, revoked_at=None).first()
    said = (name.strip(), contact.strip(), nominee_id)
    if current is not None:
        if (current.name, current.contact, current.nominee_member_id) == said:
            return current
        _revoke(current, actor)
    return Nominee.objects.create(
        member=member,
        name=said[0],
        contact=said[1],
        nominee_member_id=nominee_id,
        named_on=named_on or timezone.localdate(),
        recorded_at=timezone.now(),
        recorded_by=actor,
    )


@transaction.atomic
def revoke_nominee(*, member_id: int, actor: User | None) -> Nominee:
    """Nobody is named any more; raises NothingToRevoke."""
    member = locked(member_id)
    current = Nominee.objects.filter(member=member, revoked_at=None).first()
    if current is None:
        raise NothingToRevoke
    return _revoke(current, actor)


def _revoke(row: Nominee, actor: User | None) -> Nominee:
    row.revoked_at, row.revoked_by = timezone.now(), actor
    row.save(update_fields=["revoked_at", "revoked_by"])
    return row


@transaction.atomic
def appoint_representative(
    *, member_id: int, user: User, source: str, actor: User | None
) -> Representative:
    """The user acts for the organisation from now on; one who does already stays.

    `source` says what shows that they may ("company register of 3 May"). Raises
    NotAnOrganisation, ReasonMissing where the source is empty.
    """
    if not source.strip():
        raise ReasonMissing
    member = locked(member_id)
    if member.kind != Member.Kind.ORGANISATION:
        raise NotAnOrganisation(name=member.name)
    row, _made = Representative.objects.get_or_create(
        member=member,
        user=user,
        until=None,
        defaults={"since": timezone.now(), "source": source.strip(), "granted_by": actor},
    )
    return row


@transaction.atomic
def end_representation(*, representative_id: int, actor: User | None) -> Representative:
    """The user acts for the organisation no longer; raises NothingToRevoke."""
    row = Representative.objects.select_for_update(of=("self",)).get(pk=representative_id)
    if row.until is not None:
        raise NothingToRevoke
    row.until, row.ended_by = timezone.now(), actor
    row.save(update_fields=["until", "ended_by"])
    return row


@transaction.atomic
def link_members(
    *, member_id: int, other_id: int, reason: str, actor: User | None
) -> LinkedMembers:
    """The fact that two members count as one for caps; nothing is merged. Again: nothing.

    Raises SameMember, ReasonMissing.
    """
    if member_id == other_id:
        raise SameMember
    if not reason.strip():
        raise ReasonMissing
    first, second = sorted((member_id, other_id))
    for one in (first, second):
        locked(one)
    row, _made = LinkedMembers.objects.get_or_create(
        first_id=first,
        second_id=second,
        ended_at=None,
        defaults={"reason": reason.strip(), "linked_at": timezone.now(), "linked_by": actor},
    )
    return row


@transaction.atomic
def unlink_members(*, link_id: int, actor: User | None) -> LinkedMembers:
    """The two count as two again; that they were linked stays. Raises NothingToRevoke."""
    row = LinkedMembers.objects.select_for_update(of=("self",)).get(pk=link_id)
    if row.ended_at is not None:
        raise NothingToRevoke
    row.ended_at, row.ended_by = timezone.now(), actor
    row.save(update_fields=["ended_at", "ended_by"])
    return row
