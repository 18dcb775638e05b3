"""What members may use as things stand: tokens left, and how far beyond them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from ledger.arithmetic import RATE_SCALE
from ledger.models import Balance
from members.models import Member
from tokens.credit import credit_limit, credit_room, credit_rooms
from tokens.models import Book, OverageWish, Period, Yield

Place = tuple[int, int, int]
"""(member id, pool id, resource id)"""


@dataclass(frozen=True)
class Allowance:
    """Millitokens: `left` of the member's tokens, `over` beyond them (None: as much as they use).

    `over` is 0 by the member's own wish or where their credit limit is reached.
    """

    left: int
    over: int | None


@dataclass(frozen=True)
class Limits:
    """A member's own wish, the credit limit and the room it leaves, in cents (None: no limit)."""

    may_go_over: bool
    limit: int | None
    room: int | None


def limits_of(member: Member) -> Limits:
    """How far a member may go beyond their tokens now."""
    now = timezone.now()
    return Limits(may_go_over(member), credit_limit(now), credit_room(member, now))


def may_go_over(member: Member) -> bool:
    """Whether a member lets themselves use more than their tokens; yes where they said nothing."""
    wish = OverageWish.objects.filter(member=member).first()
    return wish is None or wish.may_go_over


def allowances(places: Collection[Place], at: datetime) -> dict[Place, Allowance]:
    """The allowance of each member, pool and resource in the open period.

    While none is open there are no tokens; what is used then is counted when the next one opens.
    """
    period = Period.objects.filter(state=Period.State.OPEN).first()
    yields = {(y.pool_id, y.resource_id): y for y in Yield.objects.filter(period=period)}
    members = {member for member, _pool, _resource in places}
    left, rooms, unwilling = _left(members, period), credit_rooms(members, at), _unwilling(members)
    return {
        place: Allowance(
            left.get(place, 0),
            _over(place[0] not in unwilling, rooms[place[0]], yields.get(place[1:])),
        )
        for place in places
    }


def _unwilling(member_ids: set[int]) -> set[int]:
    """Those who do not let themselves use more than their tokens."""
    wishes = OverageWish.objects.filter(member__in=member_ids, may_go_over=False)
    return set(wishes.values_list("member", flat=True))


def _over(wants: bool, room: int | None, row: Yield | None) -> int | None:
    """How far beyond; what costs nothing is not limited by credit."""
    if not wants:
        return 0
    if room is None or row is None or row.price == 0:
        return None
    return max(0, room) * RATE_SCALE // row.price


def _left(member_ids: set[int], period: Period | None) -> dict[Place, int]:
    """Own and received tokens not used yet."""
    books = list(
        Book.objects.filter(member__in=member_ids, yields__period=period).select_related("yields")
    )
    accounts = {a for b in books for a in (b.own_account, b.received_account) if a is not None}
    amounts = dict(Balance.objects.filter(account__in=accounts).values_list("account", "amount"))
    return {
        (b.member_id, b.yields.pool_id, b.yields.resource_id): amounts.get(b.own_account, 0)
        + amounts.get(b.received_account or 0, 0)
        for b in books
    }
