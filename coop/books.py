"""Who may read the books by name (the offices all of them, a member their own), and their head."""

from typing import Any

from django.db.models import QuerySet

from assets.models import Pool
from ledger.access import NOBODY, Reader
from ledger.letterhead import Letterhead
from members.models import Cooperative, Member
from members.queries import is_auditor, is_steward


def reader(user: Any) -> Reader:
    """The ledger's rule of names for a user."""
    if not user.is_authenticated:
        return NOBODY
    sees_all = is_auditor(user)
    known = Member.objects.exclude(number=None)
    own = Member.objects.filter(user=user).values_list("pk", flat=True)
    rows = known if sees_all else known.filter(pk__in=own)
    return Reader(
        sees_all=sees_all,
        own=frozenset(f"member/{pk}" for pk in own),
        numbers=_numbers(rows),
        corrects=is_steward(user),
    )


def everybody() -> Reader:
    """A reader who may name all members."""
    return Reader(sees_all=True, own=frozenset(), numbers=_numbers(Member.objects.all()))


def _numbers(rows: QuerySet[Member]) -> dict[str, int]:
    numbered = rows.exclude(number=None).values_list("pk", "number")
    return {f"member/{pk}": number for pk, number in numbered if number is not None}


def letterhead() -> Letterhead:
    """What stands at the head of a report."""
    cooperative = Cooperative.objects.first()
    name = (cooperative.legal_name or cooperative.name) if cooperative else ""
    return Letterhead(name, dict(Pool.objects.values_list("code", "name")))
