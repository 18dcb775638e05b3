"""Limits: for a time a member gives, lends, sells and takes out none of their tokens."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from members.errors import HandsNothingOn
from members.models import Member, MemberLimit, User
from members.queries import limit_of


@transaction.atomic
def limit(*, member_id: int, until: datetime, actor: User | None, source: str) -> MemberLimit:
    """A limit from now on. The same source gives the same limit."""
    row, _made = MemberLimit.objects.get_or_create(
        source=source,
        defaults={"member_id": member_id, "since": timezone.now(), "until": until},
    )
    return row


@transaction.atomic
def lift_limit(*, source: str, actor: User | None) -> None:
    """The limit that this decided is over now, if it still holds."""
    now = timezone.now()
    running = MemberLimit.objects.filter(source=source, ended_at=None, until__gt=now)
    running.update(ended_at=now)


def need_free_hands(member: Member) -> None:
    """Raise HandsNothingOn while a limit keeps the member from handing tokens on."""
    running = limit_of(member)
    if running is not None:
        raise HandsNothingOn(
            until=date_format(timezone.localtime(running.until), "DATETIME_FORMAT")
        )
