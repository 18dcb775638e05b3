"""The locks of the desk, in the order of docs/locking.md: pools → members → lines → charges.

Whoever decides about lines holds every pool: what a payment brings is known only while it is
booked, and one transaction may number titles more than once.
"""

from collections.abc import Collection

from assets.models import Pool
from bank.errors import LineDecided
from bank.models import WAITING, Line
from members.models import Member
from titles.services.locks import lock_members, lock_pools


def lock_desk(member_ids: Collection[int]) -> None:
    """Every pool, then these members."""
    lock_pools(list(Pool.objects.values_list("code", flat=True)))
    lock_members(Member.objects.filter(pk__in=member_ids))


def lock_new(ids: Collection[int]) -> list[Line]:
    """Those of these lines that nobody has looked at yet."""
    found = Line.objects.select_for_update(no_key=True, of=("self",)).filter(
        pk__in=ids, state=Line.State.NEW
    )
    return list(found.order_by("pk"))


def lock_line(line_id: int) -> Line:
    """The line as it is now."""
    return Line.objects.select_for_update(no_key=True, of=("self",)).get(pk=line_id)


def require_waiting(line: Line) -> None:
    """Refuse to decide what somebody else decided meanwhile."""
    if line.state not in WAITING:
        raise LineDecided
