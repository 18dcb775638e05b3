"""The account of suspense: usage of quarantined nodes, kept apart until somebody decided.

For each member and yield the millitokens lie on an account of kind `suspense`, in the tokens of
their period; its other side is the yield's account `suspended`, which stands at minus all of it.
Nothing that was issued moves, nothing is redeemed or charged (docs/ledger.md, decision 0030).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from ledger.models import Account
from ledger.services import Leg, Posting, actor_name, open_account, open_accounts, post_many
from members.models import User
from metering.models import Node, NodeStateChange, Reading

SOURCE = "metering.suspense"
KINDS = {
    "in": "usage in suspense",
    "out": "usage out of suspense",
    "let go": "usage in suspense let go",
}
PLACE = """
WITH due AS (
    SELECT r.id, r.received_at, r.assignment_id, r.quantity, a.num, a.den, p.id AS period_id
    FROM metering_reading r
    JOIN metering_meter m ON m.id = r.meter_id
    JOIN metering_meterassignment a ON a.id = r.assignment_id
    JOIN tokens_period p ON p.start <= r.ends_at - interval '1 microsecond'
                        AND p.end > r.ends_at - interval '1 microsecond'
    JOIN tokens_yield y ON y.period_id = p.id AND y.pool_id = a.pool_id
                       AND y.resource_id = a.resource_id
    WHERE m.node_id = %s AND r.state = 'suspense' AND r.period_id IS NULL
), stood AS (
    SELECT r.assignment_id, r.period_id, sum(r.quantity) AS raw
    FROM metering_reading r
    JOIN (SELECT DISTINCT assignment_id, period_id FROM due) d USING (assignment_id, period_id)
    WHERE r.state IN ('rated', 'suspense') GROUP BY 1, 2
), ordered AS (
    SELECT d.*, coalesce(s.raw, 0) - d.quantity
           + sum(d.quantity) OVER (PARTITION BY d.assignment_id, d.period_id ORDER BY d.id) AS raw
    FROM due d LEFT JOIN stood s USING (assignment_id, period_id)
)
UPDATE metering_reading r
SET period_id = o.period_id, raw_before = o.raw,
    amount = div((o.raw + o.quantity) * o.num, o.den) - div(o.raw * o.num, o.den)
FROM ordered o WHERE r.id = o.id AND r.received_at = o.received_at RETURNING r.id"""
"""Gives readings in suspense the period that they belong to, and their millitokens."""

LINES = """
SELECT y.id, c.code, a.member_id, sum(r.amount)::bigint
FROM metering_reading r
JOIN metering_meter m ON m.id = r.meter_id
JOIN metering_meterassignment a ON a.id = r.assignment_id
JOIN tokens_yield y ON y.period_id = r.period_id AND y.pool_id = a.pool_id
                   AND y.resource_id = a.resource_id
JOIN ledger_commodity c ON c.id = y.commodity_id
WHERE m.node_id = %s AND r.state = 'suspense' AND r.amount > 0 AND (%s::bigint[] IS NULL
      OR r.id = ANY(%s::bigint[]))
GROUP BY 1, 2, 3 ORDER BY 1, 3"""


class Line(NamedTuple):
    """Millitokens of one member in the tokens of one yield."""

    yield_id: int
    commodity: str
    member_id: int
    amount: int


def suspend(*, node: Node) -> int:
    """Put what waits to be rated of a quarantined node into suspense; how much came to be there.

    Readings whose period has no tokens of the resource lie in suspense without an amount until it
    has. Call inside a transaction, with the node locked; a second time adds nothing.
    """
    mine = Reading.objects.filter(meter__node=node)
    mine.filter(state=Reading.State.WAITING).update(state=Reading.State.SUSPENSE)
    with connection.cursor() as cursor:
        cursor.execute(PLACE, [node.pk])
        placed = [pk for (pk,) in cursor.fetchall()]
    lines = lines_of(node, placed) if placed else []
    change = NodeStateChange.objects.filter(node=node).latest("pk")
    move(lines, what="in", key=f"{change.pk}:{max(placed, default=0)}", actor=None, sign=1)
    return sum(line.amount for line in lines)


def let_out(*, node: Node, change: NodeStateChange) -> int:
    """The usage is out of suspense and waits to be rated like any; returns how much it was.

    Call inside a transaction, with the node locked.
    """
    lines = lines_of(node)
    move(lines, what="out", key=str(change.pk), actor=change.actor, sign=-1)
    in_suspense(node).update(state=Reading.State.WAITING, period=None, raw_before=None, amount=None)
    return sum(line.amount for line in lines)


def let_go(*, node: Node, change: NodeStateChange) -> int:
    """The usage is never counted; the readings stay, and say so. Returns how much it was.

    Call inside a transaction, with the node locked.
    """
    lines = lines_of(node)
    move(lines, what="let go", key=str(change.pk), actor=change.actor, sign=-1)
    in_suspense(node).update(state=Reading.State.LET_GO)
    return sum(line.amount for line in lines)


def in_suspense(node: Node) -> QuerySet[Reading]:
    """The readings of a node that lie in suspense."""
    return Reading.objects.filter(meter__node=node, state=Reading.State.SUSPENSE)


def lines_of(node: Node, readings: Sequence[int] | None = None) -> list[Line]:
    """What lies in suspense of a node, or of just these readings of it."""
    only = None if readings is None else list(readings)
    with connection.cursor() as cursor:
        cursor.execute(LINES, [node.pk, only, only])
        return [Line(*row) for row in cursor.fetchall()]


def move(lines: Sequence[Line], *, what: str, key: str, actor: User | None, sign: int) -> None:
    """Book the lines into suspense (`sign` 1) or out of it (-1), one transaction per yield."""
    by_yield: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for line in lines:
        by_yield[line.yield_id, line.commodity].append(line)
    post_many(
        [
            Posting(
                source=SOURCE,
                key=f"{what}:{key}:{yield_id}",
                kind=KINDS[what],
                legs=legs_of(commodity, mine, sign),
                about=f"yield:{yield_id}",
                actor=actor_name(actor),
            )
            for (yield_id, commodity), mine in sorted(by_yield.items())
        ]
    )


def legs_of(commodity: str, lines: Sequence[Line], sign: int) -> list[Leg]:
    """The members' accounts against the one of the yield, opened where they are missing."""
    owners = {f"member/{line.member_id}": line.amount for line in lines}
    origin = open_account(commodity=commodity, kind="suspended")
    open_accounts(
        commodity=commodity, kind="suspense", owners="SELECT unnest(%s::text[])",
        params=[list(owners)], floor=0,
    )  # fmt: skip
    accounts = Account.objects.filter(
        commodity__code=commodity, kind="suspense", owner__in=list(owners)
    ).values_list("pk", "owner")
    legs = [Leg(pk, sign * owners[owner]) for pk, owner in accounts]
    return [*legs, Leg(origin, -sign * sum(owners.values()))]
