"""Named reads of units on their way: offers to and from members, places in waiting lists."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from assets.models import Pool
from members.models import Member
from titles.models import Transfer, WaitingPlace

SEEN = ("giver", "receiver", "pool")


def offers_to(member: Member) -> QuerySet[Transfer]:
    """What waits for a member's answer, oldest first."""
    return (
        Transfer.objects.filter(
            receiver=member, state=Transfer.State.OFFERED, expires_at__gte=timezone.now()
        )
        .select_related(*SEEN)
        .order_by("pk")
    )


def offers_from(member: Member) -> QuerySet[Transfer]:
    """What a member has offered and nobody has answered, oldest first."""
    return (
        Transfer.objects.filter(giver=member, state=Transfer.State.OFFERED)
        .select_related(*SEEN)
        .order_by("pk")
    )


def past_transfers_of(member: Member) -> QuerySet[Transfer]:
    """A member's decided offers, given and received, the newest first."""
    mine = Q(giver=member) | Q(receiver=member)
    decided = Transfer.objects.filter(mine).exclude(state=Transfer.State.OFFERED)
    return decided.select_related(*SEEN).order_by("-decided_at", "-pk")


def transfer_of(member: Member, transfer_id: int) -> Transfer | None:
    """An offer that a member gave or received, or None."""
    mine = Q(giver=member) | Q(receiver=member)
    return Transfer.objects.filter(mine, pk=transfer_id).select_related(*SEEN).first()


@dataclass(frozen=True)
class Place:
    """A place in a waiting list, and how many stand before it."""

    row: WaitingPlace
    before: int


def place_of(member: Member, pool: Pool) -> Place | None:
    """A member's standing place in the list of a pool, or None."""
    row = standing_places(member).filter(pool=pool).first()
    return None if row is None else Place(row, _before(row))


def places_of(member: Member) -> list[Place]:
    """A member's standing places, oldest first."""
    return [Place(row, _before(row)) for row in standing_places(member)]


def standing_places(member: Member) -> QuerySet[WaitingPlace]:
    """Places in which a member waits or is offered something, with their pools."""
    found = WaitingPlace.objects.filter(member=member, state__in=WaitingPlace.STANDING)
    return found.select_related("pool")


def waiting_in(pool: Pool) -> int:
    """How many wait for units of a pool."""
    return WaitingPlace.objects.filter(pool=pool, state=WaitingPlace.State.WAITING).count()


def _before(row: WaitingPlace) -> int:
    earlier = Q(created_at__lt=row.created_at) | Q(created_at=row.created_at, pk__lt=row.pk)
    waiting = WaitingPlace.objects.filter(earlier, pool=row.pool_id)
    return waiting.filter(state=WaitingPlace.State.WAITING).count()
