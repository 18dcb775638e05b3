"""Who may read the books by name: the offices all of them, a member their own."""

from typing import Any

from django.utils import timezone

from ledger.access import NOBODY, Reader
from members.models import Member, Role


def reader(user: Any) -> Reader:
    """The ledger's rule of names for a user."""
    if not user.is_authenticated:
        return NOBODY
    sees_all = holds_office(user)
    known = Member.objects.exclude(number=None)
    own = Member.objects.filter(user=user).values_list("pk", flat=True)
    rows = known if sees_all else known.filter(pk__in=own)
    return Reader(
        sees_all=sees_all,
        own=frozenset(f"member/{pk}" for pk in own),
        numbers={f"member/{pk}": number for pk, number in rows.values_list("pk", "number")},
    )


def holds_office(user: Any) -> bool:
    """Steward, treasurer or auditor today."""
    now = timezone.now()
    held = Role.objects.filter(user=user, since__lte=now)
    return held.filter(until=None).exists() or held.filter(until__gt=now).exists()
