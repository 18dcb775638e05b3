"""Named reads of the register."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from members import bylaws
from members.models import (
    BylawsVersion,
    Contact,
    Cooperative,
    LinkedMembers,
    Member,
    Nominee,
    Particulars,
    Representative,
    Role,
)

OF_THE_BOOKS = (Role.Name.STEWARD, Role.Name.TREASURER)


def cooperative() -> Cooperative:
    """The cooperative that this site serves; raises Cooperative.DoesNotExist before founding."""
    return Cooperative.objects.get(pk=1)


def holds_role(user: Any, *names: str) -> bool:
    """Whether a user holds one of these offices now."""
    if user is None or not user.is_authenticated:
        return False
    return current_roles().filter(user_id=user.pk, name__in=names).exists()


def is_steward(user: Any) -> bool:
    """Whether a user may do a steward's work now."""
    return holds_role(user, Role.Name.STEWARD)


def is_auditor(user: Any) -> bool:
    """Whether a user may read the books by name."""
    return holds_role(user, Role.Name.AUDITOR, *OF_THE_BOOKS)


def current_roles() -> QuerySet[Role]:
    """The offices held at this moment."""
    now = timezone.now()
    return Role.objects.filter(since__lte=now).filter(Q(until=None) | Q(until__gt=now))


def active_members() -> QuerySet[Member]:
    """Members with all rights, by number."""
    return Member.objects.filter(state=Member.State.ACTIVE).order_by("number")


def register() -> QuerySet[Member]:
    """Everybody who ever got a number, by number."""
    return Member.objects.filter(number__isnull=False).select_related("user").order_by("number")


def applicants() -> QuerySet[Member]:
    """Applications that wait for a decision, oldest first."""
    return (
        Member.objects.filter(state=Member.State.APPLICANT)
        .select_related("user")
        .order_by("applied_at", "pk")
    )


def member_of(user: Any) -> Member | None:
    """The register's row of a user, applicants included, or None.

    Who is not on it themselves stands for the organisation that they represent, if any.
    """
    if user is None or not user.is_authenticated:
        return None
    own = Member.objects.filter(user_id=user.pk).first()
    return own if own is not None else organisations_of(user).first()


def organisations_of(user: Any) -> QuerySet[Member]:
    """The organisations for which a user acts at this moment."""
    acts = current_representatives().filter(user_id=user.pk)
    return Member.objects.filter(pk__in=acts.values("member_id")).order_by("pk")


def current_representatives() -> QuerySet[Representative]:
    """Who acts for an organisation at this moment."""
    now = timezone.now()
    return Representative.objects.filter(since__lte=now).filter(Q(until=None) | Q(until__gt=now))


def bylaws_in_force(on: date | None = None) -> BylawsVersion:
    """The bylaws in force on a day (today); where none are published, the software's, unsaved."""
    day = on or timezone.localdate()
    row = BylawsVersion.objects.filter(valid_from__lte=day).order_by("-valid_from", "-pk").first()
    if row is not None:
        return row
    return BylawsVersion(version=bylaws.VERSION, text=bylaws.TEXT, valid_from=day)


def bylaws_to_accept(member: Member) -> BylawsVersion | None:
    """The bylaws in force, where this member has not consented to them yet."""
    current = bylaws_in_force()
    if current.pk is None or current.consents.filter(member=member).exists():
        return None
    return current


def contact_of(member: Member) -> Contact | None:
    """How to reach a member, as recorded last; None where nothing is known or all is forgotten."""
    row = Contact.objects.filter(member=member).order_by("-pk").first()
    return row if row is not None and row.forgotten_at is None else None


def particulars_of(member: Member) -> Particulars | None:
    """Name and address as recorded last."""
    return Particulars.objects.filter(member=member).order_by("-pk").first()


def nominee_of(member: Member) -> Nominee | None:
    """Whom the shares go to on death, where somebody is named."""
    return Nominee.objects.filter(member=member, revoked_at=None).first()


def linked_with(member: Member) -> set[int]:
    """The ids of all members who count as one with this one for caps, their own id among them.

    Links reach through others: where A is linked with B and B with C, A counts with C.
    """
    found, fresh = {member.pk}, {member.pk}
    while fresh:
        pairs = LinkedMembers.objects.filter(ended_at=None).filter(
            Q(first_id__in=fresh) | Q(second_id__in=fresh)
        )
        near = {one for pair in pairs.values_list("first_id", "second_id") for one in pair}
        fresh = near - found
        found |= near
    return found
