"""Named reads of sanctions."""

from datetime import datetime

from django.db.models import Q, QuerySet

from governance.models import Panelist, Sanction, SanctionAppeal
from members.models import Member, Role
from members.queries import active_members, linked_with, roles_in_term

State = Member.State


def sanctions() -> QuerySet[Sanction]:
    """All of them with their members, newest first."""
    return Sanction.objects.select_related("member", "by", "appeal").order_by("-pk")


def in_force(at: datetime) -> QuerySet[Sanction]:
    """What runs at a moment."""
    return sanctions().filter(ended_at=None, until__gt=at)


def of_member(member: Member) -> QuerySet[Sanction]:
    """A member's own, newest first."""
    return sanctions().filter(member=member)


def counted_since(member: Member, since: datetime) -> QuerySet[Sanction]:
    """What was put on a member since then, and was not struck down by a panel."""
    struck = Q(appeal__result=SanctionAppeal.Result.ENDED)
    return of_member(member).filter(at__gte=since).exclude(struck)


def uninvolved(sanction: Sanction) -> list[int]:
    """The numbers of the active members whom the lot of a panel can fall on.

    Neither the member nor who is linked with them, nor who holds an office or put it on.
    """
    officers = roles_in_term().filter(name__in=Role.Name.values).values("user_id")
    rows = (
        active_members()
        .filter(number__isnull=False)
        .exclude(pk__in=[sanction.member_id, *linked_with(sanction.member)])
    )
    rows = rows.exclude(user__in=officers).exclude(user=sanction.by_id)
    return [number for number in rows.values_list("number", flat=True) if number is not None]


def sitting(appeal: SanctionAppeal) -> QuerySet[Panelist]:
    """Who sits on a panel and did not decline, in the order of the lot."""
    return appeal.panel.filter(declined_at=None).select_related("member").order_by("pk")


def waiting_for(member: Member) -> QuerySet[Panelist]:
    """Panels on which a member sits and has not answered."""
    rows = Panelist.objects.filter(member=member, declined_at=None, vote="")
    return rows.filter(appeal__result="").select_related("appeal__sanction").order_by("pk")


def appeals() -> QuerySet[SanctionAppeal]:
    """All appeals, newest first."""
    return SanctionAppeal.objects.select_related("sanction").order_by("-pk")
