"""What limits a member in a pool: the cap with all that counts under it, and what is bound.

The database holds the cap by itself (titles/migrations/_moves.py); what stands here says before
it what is possible, so that nobody meets the database's refusal.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import F, Sum

from assets.models import Pool
from members.models import Member
from titles.conversion import room_of_group
from titles.errors import BeyondCap, UnitsBound
from titles.models import RedemptionRequest, Title, Transfer
from titles.queries import holding_cap, standing, units_of

GROUPS = """
SELECT m.id, array(SELECT titles_linked(m.id) ORDER BY 1)
FROM unnest(%(ids)s::bigint[]) AS m(id)"""
OCCUPIED = """
SELECT member_id, held + pending FROM titles_position
WHERE pool_id = %(pool)s AND member_id IN (
    SELECT titles_linked(m.id) FROM unnest(%(ids)s::bigint[]) AS m(id))"""
YOUNG = """
WITH RECURSIVE past AS (
    SELECT t.id AS title, t.id, t.member_id, t.origin, t.issued_at FROM titles_title t
    WHERE t.id = ANY(%(ids)s)
    UNION
    SELECT p.title, e.id, e.member_id, e.origin, e.issued_at FROM past p
    JOIN titles_titlelink l ON l.later_id = p.id JOIN titles_title e ON e.id = l.earlier_id
    WHERE p.origin = 'split' AND e.member_id = p.member_id
)
SELECT max(issued_at) FROM past WHERE origin <> 'split'"""


def linked_ids(member: Member) -> set[int]:
    """The ids of all members who count as one with a member, themselves included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT titles_linked(%s)", [member.pk])
        return {row[0] for row in cursor.fetchall()}


def room_for(pool: Pool, member: Member) -> int:
    """Units that a member can acquire under the cap; below zero where more is held already."""
    return holding_cap(pool) - standing(pool, member).total


def require_room(pool: Pool, member: Member, units: int) -> None:
    """Refuse to give a member more units than the cap allows, whatever the way they come.

    The pool is locked. Raises BeyondCap with what is possible.
    """
    room = room_for(pool, member)
    if units > room:
        cap = holding_cap(pool)
        raise BeyondCap(cap=cap, held=cap - room, possible=max(0, room))


def rooms_for(pool: Pool, member_ids: Sequence[int], wishes: Sequence[int]) -> dict[int, int]:
    """Units that each of many members can acquire at once, in two statements.

    Members linked with each other have one room: it is dealt out by their wishes, in units or
    cents, whatever they are measured in; largest remainder, ties in the order given.
    """
    if not member_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(OCCUPIED, {"pool": pool.pk, "ids": list(member_ids)})
        occupied = {member: int(units) for member, units in cursor.fetchall()}
        cursor.execute(GROUPS, {"ids": list(member_ids)})
        groups = {member: tuple(group) for member, group in cursor.fetchall()}
    cap, rooms = holding_cap(pool), dict[int, int]()
    for group in dict.fromkeys(groups[member] for member in member_ids):
        asking = [(m, w) for m, w in zip(member_ids, wishes, strict=True) if groups[m] == group]
        room = max(0, cap - sum(occupied.get(member, 0) for member in group))
        rooms.update(room_of_group(room, asking))
    return rooms


def bound_units(pool: Pool, member: Member) -> int:
    """Units that a member has offered to others or asked to give back: not to be offered twice."""
    offered = Transfer.objects.filter(giver=member, pool=pool, state=Transfer.State.OFFERED)
    returning = RedemptionRequest.objects.filter(
        member=member,
        pool=pool,
        kind=RedemptionRequest.Kind.UNITS,
        state=RedemptionRequest.State.WAITING,
    )
    going_back = returning.aggregate(n=Sum(F("wanted") - F("served")))["n"] or 0
    return (offered.aggregate(n=Sum("units"))["n"] or 0) + going_back


def require_unbound(pool: Pool, member: Member, units: int, *, but: int = 0) -> None:
    """Refuse to promise units that are promised already; `but` are units that may be counted out.

    The pool and the member are locked. Raises UnitsBound with what is possible.
    """
    bound = bound_units(pool, member) - but
    free = max(0, units_of(member, pool) - bound)
    if units > free:
        raise UnitsBound(bound=bound, possible=free)


def acquired_last(titles: Sequence[Title]) -> datetime | None:
    """When the youngest of the units in some titles came to their holder; splits begin nothing."""
    with connection.cursor() as cursor:
        cursor.execute(YOUNG, {"ids": [title.pk for title in titles]})
        row = cursor.fetchone()
    return row[0] if row else None
