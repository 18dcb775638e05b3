"""Usage that comes after the close of its period (economics, section 6, the last paragraph).

What stands of a closed book is a pure function of all usage of its period: late usage takes the
member's expired tokens first, what is beyond them is overage at that period's price; taking back
goes the same way backwards. What is posted is the difference to what stood before, so that late
usage in any order and any batches ends in the same books.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction

from assets.accounts import MONEY
from ledger.services import Posting, actor_name, open_accounts, post_set
from tokens.accounts import member_money, pool_money
from tokens.calendar import counted_in
from tokens.errors import BelowZero, ReasonMissing
from tokens.models import Period, RatingRun, Yield
from tokens.services.books import books_for
from tokens.services.usage import UsageRow, insert_usage, open_period_shared

BEFORE = """
before AS (
    SELECT b.id, b.member_id, y.price, y.settled_cost, coalesce(s.used, 0) AS used,
           coalesce(s.overage, 0) AS overage, coalesce(s.expired, 0) AS expired,
           coalesce(s.overage, 0) + coalesce((
               SELECT sum(d.bought) FROM tokens_bid d
               WHERE d.book_id = b.id AND d.price = y.price), 0) AS bought,
           coalesce((SELECT sum(from_expired + over) FROM tokens_adjustment
                     WHERE book_id = b.id), 0) AS late
    FROM tokens_book b JOIN tokens_yield y ON y.id = b.yields_id
    LEFT JOIN tokens_settlement s ON s.book_id = b.id
    WHERE b.id = ANY(%(books)s)
)"""
"""The books as their close settled them, and what came late so far."""

ADJUST = f"""
WITH {BEFORE}, came AS (
    SELECT u.id AS usage_id, u.amount, i.yields_id AS booked_in, b.*,
           b.late + sum(u.amount) OVER (PARTITION BY b.id ORDER BY u.id) AS sum_after
    FROM tokens_usage u JOIN before b ON b.id = u.book_id
    JOIN unnest(%(runs)s::bigint[], %(booked_in)s::bigint[]) AS i(run, yields_id)
        ON i.run = u.rating_id
), beyond AS (
    SELECT *, CASE WHEN sum_after >= 0 THEN greatest(0, sum_after - expired)
                   ELSE greatest(sum_after, -overage) END AS over_after,
              CASE WHEN sum_after - amount >= 0 THEN greatest(0, sum_after - amount - expired)
                   ELSE greatest(sum_after - amount, -overage) END AS over_before
    FROM came
), adjusted AS (
    INSERT INTO tokens_adjustment (usage_id, book_id, booked_in_id, from_expired, over, cost_part,
                                   profit)
    SELECT usage_id, id, booked_in, amount - (over_after - over_before), over_after - over_before,
           ledger_charge((bought + over_after)::bigint, settled_cost)
           - ledger_charge((bought + over_before)::bigint, settled_cost),
           ledger_charge((bought + over_after)::bigint, price - settled_cost)
           - ledger_charge((bought + over_before)::bigint, price - settled_cost)
    FROM beyond ORDER BY usage_id RETURNING book_id, from_expired, over
)
UPDATE tokens_book b SET redeemed = b.redeemed + a.from_expired, overage = b.overage + a.over
FROM (SELECT book_id, sum(from_expired) AS from_expired, sum(over) AS over
      FROM adjusted GROUP BY 1) AS a
WHERE b.id = a.book_id"""
"""One adjustment per new usage: the difference that it makes to what its book comes to."""

BELOW_ZERO = f"""
WITH {BEFORE}
SELECT count(*) FROM before b WHERE used + late + (
    SELECT sum(amount) FROM tokens_usage WHERE book_id = b.id AND rating_id = ANY(%(runs)s)) < 0"""

LEGS = f"""
WITH new AS (
    SELECT i.n, y.redeemed_account, y.overage_account, y.expired_account, y.unbacked_account,
           y.pool_id, b.member_id, a.from_expired, a.over, a.cost_part, a.profit
    FROM unnest(%(runs)s::bigint[]) WITH ORDINALITY AS i(run, n)
    JOIN tokens_usage u ON u.rating_id = i.run
    JOIN tokens_adjustment a ON a.usage_id = u.id JOIN tokens_book b ON b.id = a.book_id
    JOIN tokens_yield y ON y.id = b.yields_id
)
SELECT n, redeemed_account AS account, sum(from_expired) AS amount FROM new GROUP BY 1, 2
UNION ALL SELECT n, expired_account, -sum(from_expired) FROM new GROUP BY 1, 2
UNION ALL SELECT n, overage_account, sum(over) FROM new GROUP BY 1, 2
UNION ALL SELECT n, unbacked_account, -sum(over) FROM new GROUP BY 1, 2
UNION ALL SELECT n, {member_money("provisional_receivable")}, amount
FROM (SELECT n, member_id, sum(cost_part + profit) AS amount FROM new GROUP BY 1, 2) AS b
UNION ALL SELECT n, {pool_money("provisional_cost")}, -cost
FROM (SELECT n, pool_id, sum(cost_part) AS cost FROM new GROUP BY 1, 2) AS m
JOIN assets_pool p ON p.id = m.pool_id
UNION ALL SELECT n, {pool_money("provisional_profit")}, -profit
FROM (SELECT n, pool_id, sum(profit) AS profit FROM new GROUP BY 1, 2) AS m
JOIN assets_pool p ON p.id = m.pool_id"""
"""The tokens move in the closed period's own books, the provisional money in those of now."""

Place = tuple[int, int]
"""(pool id, resource id)"""


@dataclass
class LateOutcome:
    """What became of late rows: ids of new usage, and the rows that no books are there for."""

    recorded: list[int] = field(default_factory=list)
    left: list[UsageRow] = field(default_factory=list)


@transaction.atomic
def record_late(*, rows: Sequence[UsageRow], actor: AbstractBaseUser | None) -> LateOutcome:
    """Record usage of closed periods as adjustments of the open one; known keys add nothing.

    A row comes back as `left` where no period was closed over its moment, or where its pool does
    not yield the resource then and now: nothing is recorded of it. The others are recorded all
    together or not at all. Raises BelowZero, ReasonMissing.
    """
    if any(row.kind == "correction" and not row.reason for row in rows):
        raise ReasonMissing
    outcome = LateOutcome()
    period = open_period_shared()
    if period is None:
        outcome.left = list(rows)
        return outcome
    closed, now = _closed_yields(rows), _by_place(period)
    by_yield: dict[int, list[UsageRow]] = defaultdict(list)
    for row in rows:
        found = _yield_of(row, closed)
        if found is None or (row.pool_id, row.resource_id) not in now:
            outcome.left.append(row)
        else:
            by_yield[found.pk].append(row)
    yields = {found.pk: found for found in closed}
    if by_yield:
        outcome.recorded = _record(by_yield, yields, now, actor)
    return outcome


def _closed_yields(rows: Sequence[UsageRow]) -> list[Yield]:
    """What was yielded in the closed periods that the rows may belong to."""
    if not rows:
        return []
    ended = Period.objects.filter(
        state=Period.State.CLOSED,
        end__gt=min(row.used_at for row in rows),
        start__lte=max(row.used_at for row in rows),
    )
    return list(Yield.objects.filter(period__in=ended).select_related("period").order_by("pk"))


def _by_place(period: Period) -> dict[Place, Yield]:
    found = Yield.objects.filter(period=period).select_related("period")
    return {(row.pool_id, row.resource_id): row for row in found}


def _yield_of(row: UsageRow, closed: Sequence[Yield]) -> Yield | None:
    for found in closed:
        there = (found.pool_id, found.resource_id) == (row.pool_id, row.resource_id)
        if there and found.period.start <= row.used_at < found.period.end:
            return found
    return None


def _record(
    by_yield: dict[int, list[UsageRow]],
    yields: dict[int, Yield],
    now: dict[Place, Yield],
    actor: AbstractBaseUser | None,
) -> list[int]:
    runs: list[RatingRun] = []
    booked_in: list[Yield] = []
    columns: list[tuple[int, int, UsageRow]] = []
    for pk in sorted(by_yield):
        books = books_for(yields[pk], [row.member_id for row in by_yield[pk]])
        run = RatingRun.objects.create(yields=yields[pk])
        runs.append(run)
        booked_in.append(now[yields[pk].pool_id, yields[pk].resource_id])
        columns += [(books[row.member_id].pk, run.pk, row) for row in by_yield[pk]]
    added = insert_usage(columns, actor)
    if added:
        _adjust(runs, booked_in, sorted({book_id for _, book_id in added}), actor)
    return [usage_id for usage_id, _ in added]


def _adjust(
    runs: Sequence[RatingRun],
    booked_in: Sequence[Yield],
    book_ids: list[int],
    actor: AbstractBaseUser | None,
) -> None:
    """Write the adjustments of the runs' usage and post them; the books are locked."""
    params = {
        "runs": [run.pk for run in runs],
        "booked_in": [row.pk for row in booked_in],
        "books": book_ids,
    }
    with connection.cursor() as cursor:
        cursor.execute(BELOW_ZERO, params)
        if cursor.fetchone()[0]:
            raise BelowZero
        cursor.execute(ADJUST, params)
    owners = "SELECT 'member/' || member_id FROM tokens_book WHERE id = ANY(%s)"
    open_accounts(commodity=MONEY, kind="provisional_receivable", owners=owners, params=[book_ids])
    postings = [
        Posting(
            source="tokens.late",
            key=str(run.pk),
            kind="late usage",
            about=f"yield:{run.yields_id}",
            actor=actor_name(actor),
            effective_at=counted_in(row.period),
            memo=run.yields.period.code,
        )
        for run, row in zip(runs, booked_in, strict=True)
    ]
    ids = post_set(postings, legs=LEGS, params=params)
    for run, txn_id in zip(runs, ids, strict=True):
        RatingRun.objects.filter(pk=run.pk).update(txn_id=txn_id)
