"""Token books: making them for many members at once, locking them, rating them.

Rating is a pure function of the state of the period: for the usage so far the targets of the four
accounts of a book are computed, and what is posted is the difference to what they hold.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection

from assets.accounts import MONEY
from ledger.services import Posting, actor_name, open_accounts, post_set
from tokens.accounts import BOOK_KINDS, member_money, pool_money
from tokens.calendar import counted_in
from tokens.models import Book, RatingRun, Yield

MAKE = """
WITH shares AS MATERIALIZED ({shares}),
wanted AS (
    SELECT member_id, part FROM shares WHERE member_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM tokens_book b WHERE b.yields_id = %s AND b.member_id = shares.member_id)
), opened AS (
    INSERT INTO ledger_account (commodity_id, kind, owner, floor)
    SELECT %s, k.kind, 'member/' || w.member_id, 0
    FROM wanted w CROSS JOIN unnest(%s::text[]) AS k(kind) ORDER BY w.member_id
    ON CONFLICT (commodity_id, kind, owner) DO NOTHING
    RETURNING id, kind, owner
), made AS (
    INSERT INTO tokens_book (yields_id, member_id, issued, own_account, received_account,
                             redeemed_account, overage_account)
    SELECT %s, w.member_id, w.part, max(o.id) FILTER (WHERE kind = 'own'),
           max(o.id) FILTER (WHERE kind = 'received'),
           max(o.id) FILTER (WHERE kind = 'redeemed'), max(o.id) FILTER (WHERE kind = 'overage')
    FROM wanted w JOIN opened o ON o.owner = 'member/' || w.member_id
    GROUP BY w.member_id, w.part
)
SELECT coalesce(sum(part) FILTER (WHERE member_id IS NULL), 0)::bigint FROM shares"""

TARGETS = """
WITH added AS (
    SELECT book_id, sum(amount)::bigint AS amount
    FROM tokens_usage WHERE rating_id = ANY(%(runs)s) GROUP BY book_id
), flows AS (
    SELECT b.id,
           coalesce((SELECT sum(amount) FROM tokens_gift
                     WHERE receiver_id = b.id AND state = 'accepted'), 0)
         + coalesce((SELECT sum(bought) FROM tokens_bid WHERE book_id = b.id), 0) AS bought,
           b.issued
         - coalesce((SELECT sum(amount) FROM tokens_gift
                     WHERE giver_id = b.id AND state = 'accepted'), 0)
         - coalesce((SELECT sum(sold) FROM tokens_ask WHERE book_id = b.id), 0) AS own
    FROM tokens_book b WHERE b.id = ANY(%(books)s)
), held AS (
    SELECT b.*, f.bought, f.own, y.sale_cost, y.price, y.unbacked_account, y.pool_id, runs.n,
           ob.amount AS has_own, rb.amount AS has_received, db.amount AS has_redeemed,
           vb.amount AS has_overage,
           db.amount + vb.amount + coalesce(added.amount, 0) AS used
    FROM flows f JOIN tokens_book b ON b.id = f.id
    JOIN tokens_yield y ON y.id = b.yields_id
    JOIN unnest(%(yields)s::bigint[]) WITH ORDINALITY AS runs(yields_id, n) ON runs.yields_id = y.id
    JOIN ledger_balance ob ON ob.account_id = b.own_account
    JOIN ledger_balance rb ON rb.account_id = b.received_account
    JOIN ledger_balance db ON db.account_id = b.redeemed_account
    JOIN ledger_balance vb ON vb.account_id = b.overage_account
    LEFT JOIN added ON added.book_id = b.id
), b AS (
    SELECT *, least(used, bought) AS by_received,
           least(used - least(used, bought), own) AS by_own,
           greatest(used - bought - own, 0) AS over
    FROM held
)"""

RATING = f"""
{TARGETS}, money AS (
    SELECT n, member_id, pool_id,
           ledger_charge(over::bigint, sale_cost) - ledger_charge(has_overage, sale_cost) AS cost,
           ledger_charge(over::bigint, price - sale_cost)
           - ledger_charge(has_overage, price - sale_cost) AS profit
    FROM b
)
SELECT n, own_account AS account, own - by_own - has_own AS amount FROM b
UNION ALL SELECT n, received_account, bought - by_received - has_received FROM b
UNION ALL SELECT n, redeemed_account, by_received + by_own - has_redeemed FROM b
UNION ALL SELECT n, overage_account, over - has_overage FROM b
UNION ALL SELECT n, unbacked_account, sum(has_overage - over) FROM b GROUP BY 1, 2
UNION ALL SELECT n, {member_money("provisional_receivable")}, cost + profit FROM money b
UNION ALL SELECT n, {pool_money("provisional_cost")}, -cost
FROM (SELECT n, pool_id, sum(cost) AS cost FROM money GROUP BY 1, 2) AS m
JOIN assets_pool p ON p.id = m.pool_id
UNION ALL SELECT n, {pool_money("provisional_profit")}, -profit
FROM (SELECT n, pool_id, sum(profit) AS profit FROM money GROUP BY 1, 2) AS m
JOIN assets_pool p ON p.id = m.pool_id"""

BELOW_ZERO = f"{TARGETS} SELECT count(*) FROM b WHERE used < 0"


def make_books(row: Yield, *, shares: str, params: Sequence[Any]) -> int:
    """Make the books that a yield lacks, from SQL that gives (member_id, part issued).

    Returns the part of the row without a member: the pool's. Call inside a transaction that has
    the period locked.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            MAKE.format(shares=shares),
            [*params, row.pk, row.commodity_id, list(BOOK_KINDS), row.pk],
        )
        part: int = cursor.fetchone()[0]
    return part


def books_for(row: Yield, member_ids: Sequence[int]) -> dict[int, Book]:
    """The books of these members in a yield by member id, empty ones made; locked in id order."""
    wanted = sorted(set(member_ids))
    have = Book.objects.filter(yields=row, member_id__in=wanted).count()
    if have < len(wanted):
        make_books(
            row,
            shares="SELECT unnest(%s::bigint[]) AS member_id, 0::bigint AS part",
            params=[wanted],
        )
    books = Book.objects.select_for_update().filter(yields=row, member_id__in=wanted)
    return {book.member_id: book for book in books.order_by("pk")}


def rate(
    runs: Sequence[RatingRun], book_ids: Sequence[int], actor: AbstractBaseUser | None
) -> bool:
    """Post what the runs' usage changes in these locked books; False where it would be below zero.

    One posting per run, all in one statement. Call inside a transaction.
    """
    params = {
        "runs": [run.pk for run in runs],
        "books": list(book_ids),
        "yields": [run.yields_id for run in runs],
    }
    with connection.cursor() as cursor:
        cursor.execute(BELOW_ZERO, params)
        if cursor.fetchone()[0]:
            return False
    owners = "SELECT 'member/' || member_id FROM tokens_book WHERE id = ANY(%s)"
    open_accounts(
        commodity=MONEY, kind="provisional_receivable", owners=owners, params=[list(book_ids)]
    )
    ids = post_set([_posting(run, actor) for run in runs], legs=RATING, params=params)
    for run, txn_id in zip(runs, ids, strict=True):
        if txn_id is not None:
            RatingRun.objects.filter(pk=run.pk).update(txn_id=txn_id)
    return True


def rerate(row: Yield, book_ids: Sequence[int], actor: AbstractBaseUser | None) -> None:
    """Bring locked books to their targets after a gift or a purchase; call inside a transaction."""
    rate([RatingRun.objects.create(yields=row)], book_ids, actor)


def _posting(run: RatingRun, actor: AbstractBaseUser | None) -> Posting:
    return Posting(
        source="tokens.rate",
        key=str(run.pk),
        kind="usage rated",
        about=f"yield:{run.yields_id}",
        actor=actor_name(actor),
        effective_at=counted_in(run.yields.period),
    )
