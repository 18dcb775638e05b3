"""Named reads of the register."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from members.models import Cooperative, Member, Role

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
    """The register's row of a user, applicants included, or None."""
    if user is None or not user.is_authenticated:
        return None
    return Member.objects.filter(user_id=user.pk).first()
