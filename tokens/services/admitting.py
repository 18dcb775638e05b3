"""Who of those that asked and bid is still taken when an auction clears, and why not.

What was checked when an ask or a bid was placed may have changed: accounts are found to be linked,
money is used up, a member is suspended. Looked at in this order: membership, both sides, price,
credit. What is left out says why.
"""

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from ledger.arithmetic import charge
from members.access import has_rights
from tokens.credit import credit_limit, credit_room
from tokens.models import Ask, Bid, LeftOut

GROUPS = """
SELECT m.id, (SELECT min(linked) FROM titles_linked(m.id) AS linked)
FROM unnest(%s::bigint[]) AS m(id)"""
"""(member, the least id of all who count as one with them)"""


def leave_out(asks: Sequence[Ask], bids: Sequence[Bid], *, floor: int) -> None:
    """Mark what may not take part; both stand in the order of time, with their members.

    Call inside a transaction that holds the auction.
    """
    orders: list[Ask | Bid] = [*asks, *bids]
    for order in orders:
        if not has_rights(order.member):
            order.left_out = LeftOut.MEMBER
    _one_side(orders)
    for bid in bids:
        if not bid.left_out and bid.price < floor:
            bid.left_out = LeftOut.PRICE
    if credit_limit(timezone.now()) is not None:
        _covered(bids)


def _one_side(orders: Sequence[Ask | Bid]) -> None:
    """Leave out whoever came later to the other side of somebody they count as one with."""
    groups = _groups({order.member_id for order in orders})
    asks_first: dict[int, bool] = {}
    for order in sorted(orders, key=lambda order: order.created_at):
        if order.left_out:
            continue
        asks = isinstance(order, Ask)
        if asks_first.setdefault(groups[order.member_id], asks) != asks:
            order.left_out = LeftOut.LINKED


def _groups(member_ids: set[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, [sorted(member_ids)])
        return dict(cursor.fetchall())


def _covered(bids: Sequence[Bid]) -> None:
    """Leave out each member's latest bids until what is left fits their credit limit."""
    by_member: dict[int, list[Bid]] = defaultdict(list)
    for bid in bids:
        by_member[bid.member_id].append(bid)
    for mine in by_member.values():
        missing = -(credit_room(mine[0].member, timezone.now()) or 0)
        missing -= sum(charge(bid.amount, bid.price) for bid in mine if bid.left_out)
        for bid in reversed([bid for bid in mine if not bid.left_out]):
            if missing <= 0:
                break
            bid.left_out = LeftOut.CREDIT
            missing -= charge(bid.amount, bid.price)
