"""Named reads of keys, vouches and requests for erasure."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from members.models import ErasureRequest, Member, MemberKey, Vouch

LONGEST_PATH = 5
"""How many vouches lie between two people at most."""
FEW = 3
"""How many ways back are followed from each person, so that a path search stays small."""
STANDING = """
    SELECT v.voucher_id AS voucher, v.vouched_id AS vouched
    FROM members_vouch v
    JOIN members_memberkey k ON k.id = v.key_id AND k.revoked_at IS NULL
    JOIN members_memberkey own ON own.id = v.voucher_key_id AND own.revoked_at IS NULL
    WHERE v.withdrawn_at IS NULL AND v.said_at <= %(at)s AND v.expires_at > %(at)s"""
PATHS = f"""
WITH RECURSIVE edge AS MATERIALIZED ({STANDING}),
reached (member, steps) AS (
    SELECT %(source)s::bigint, 0
    UNION
    SELECT e.vouched, r.steps + 1
    FROM reached r JOIN edge e ON e.voucher = r.member
    WHERE r.steps < %(longest)s AND r.member <> %(target)s
), nearest AS MATERIALIZED (
    SELECT member, min(steps) AS steps FROM reached GROUP BY member
), back (path, member, steps) AS (
    SELECT ARRAY[n.member], n.member, n.steps FROM nearest n WHERE n.member = %(target)s
    UNION ALL
    SELECT b4.member || b.path, b4.member, b4.steps
    FROM back b CROSS JOIN LATERAL (
        SELECT n.member, n.steps
        FROM edge e JOIN nearest n ON n.member = e.voucher
        WHERE e.vouched = b.member AND n.steps = b.steps - 1
        ORDER BY n.member LIMIT %(few)s
    ) AS b4
    WHERE b.steps > 0
)
SELECT path FROM back WHERE steps = 0 ORDER BY path"""


class Step(NamedTuple):
    """One person on a path."""

    number: int
    name: str


def current_key(member: Member) -> MemberKey | None:
    """The key that a member signs with now, or None."""
    return MemberKey.objects.filter(member=member, revoked_at=None).first()


def keys_of(member: Member) -> QuerySet[MemberKey]:
    """Every key that a member ever had, newest first."""
    return MemberKey.objects.filter(member=member)


def key_at(member: Member, at: datetime) -> MemberKey | None:
    """The key of a member that was valid at a moment, or None."""
    began = MemberKey.objects.filter(member=member, registered_at__lte=at)
    return began.filter(Q(revoked_at=None) | Q(revoked_at__gt=at)).first()


def standing_vouches(at: datetime | None = None) -> QuerySet[Vouch]:
    """Vouches that hold: not withdrawn, not expired, both keys current."""
    at = at or timezone.now()
    return Vouch.objects.filter(
        withdrawn_at=None,
        said_at__lte=at,
        expires_at__gt=at,
        key__revoked_at=None,
        voucher_key__revoked_at=None,
    ).select_related("voucher", "vouched", "key", "voucher_key")


def paths(
    source: Member,
    target: Member,
    *,
    at: datetime | None = None,
    longest: int = LONGEST_PATH,
    few: int = FEW,
) -> list[list[int]]:
    """The shortest chains of vouches from one member to another, as ids of members, in order.

    Each begins with `source` and ends with `target`. None longer than `longest` vouches; of
    equally short ones those over the members registered first, `few` ways back from each member.
    """
    values: dict[str, int | datetime] = {
        "source": source.pk,
        "target": target.pk,
        "at": at or timezone.now(),
        "longest": longest,
        "few": few,
    }
    with connection.cursor() as cursor:
        cursor.execute(PATHS, values)
        return [list(path) for (path,) in cursor.fetchall()]


def named_paths(source: Member, target: Member) -> list[list[Step]]:
    """The same, with the numbers and names that members may read."""
    found = paths(source, target)
    people = Member.objects.in_bulk({pk for path in found for pk in path})
    steps = {pk: Step(member.number or 0, member.name) for pk, member in people.items()}
    return [[steps[pk] for pk in path] for path in found]


def erasure_waiting() -> QuerySet[ErasureRequest]:
    """Requests that no steward has decided, oldest first."""
    waiting = ErasureRequest.objects.filter(state=ErasureRequest.State.WAITING)
    return waiting.select_related("member__user")


def last_request(member: Member) -> ErasureRequest | None:
    """The newest request for erasure of a member, or None."""
    return ErasureRequest.objects.filter(member=member).order_by("-asked_at", "-pk").first()


def is_erased(member: Member) -> bool:
    """Whether this person was pseudonymised."""
    return ErasureRequest.objects.filter(member=member, state=ErasureRequest.State.DONE).exists()
