"""Token books: making them for many members at once, locking them, rating them.

Rating is a pure function of the state of the period: for the usage so far it is computed what a
book has left, has redeemed and went over, and what is posted is the difference to what stands.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection

from assets.accounts import MONEY
from ledger.services import Posting, actor_name, array_of, open_accounts, post_set
from tokens.accounts import member_money, pool_money
from tokens.calendar import counted_in
from tokens.models import Book, RatingRun, Yield

MAKE = """
WITH shares AS MATERIALIZED ({shares}),
wanted AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('ledger_account', 'id')) AS account, member_id, part
    FROM shares WHERE member_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM tokens_book b WHERE b.yields_id = %s AND b.member_id = shares.member_id)
), opened AS (
    INSERT INTO ledger_account (id, commodity_id, kind, owner, floor)
    SELECT account, %s, 'own', 'member/' || member_id, 0 FROM wanted
    ON CONFLICT (commodity_id, kind, owner) DO NOTHING RETURNING id
), made AS (
    INSERT INTO tokens_book (yields_id, member_id, issued, redeemed, overage, own_account)
    SELECT %s, w.member_id, w.part, 0, 0, w.account
    FROM wanted w JOIN opened o ON o.id = w.account
)
SELECT coalesce(sum(part) FILTER (WHERE member_id IS NULL), 0)::bigint FROM shares"""

LACKING = """
SELECT w.id FROM unnest(%s::bigint[]) AS w(id) WHERE NOT EXISTS (
    SELECT FROM tokens_book WHERE yields_id = %s AND member_id = w.id) ORDER BY w.id"""
LOCK = """
SELECT member_id, id FROM tokens_book WHERE yields_id = %s AND member_id = ANY(%s::bigint[])
ORDER BY id FOR UPDATE"""

OPEN_RECEIVED = """
WITH wanted AS MATERIALIZED (
    SELECT b.id, nextval(pg_get_serial_sequence('ledger_account', 'id')) AS account,
           y.commodity_id, b.member_id
    FROM tokens_book b JOIN tokens_yield y ON y.id = b.yields_id
    WHERE b.id = ANY(%s) AND b.received_account IS NULL
), opened AS (
    INSERT INTO ledger_account (id, commodity_id, kind, owner, floor)
    SELECT account, commodity_id, 'received', 'member/' || member_id, 0 FROM wanted
)
UPDATE tokens_book b SET received_account = w.account FROM wanted w WHERE b.id = w.id"""

TARGETS = """
added AS (
    SELECT book_id, sum(amount)::bigint AS amount
    FROM tokens_usage WHERE rating_id = ANY(%(runs)s) GROUP BY book_id
), flows AS (
    SELECT b.id, b.member_id, b.yields_id, b.own_account, b.received_account, b.redeemed,
           b.overage,
           coalesce((SELECT sum(amount) FROM tokens_gift
                     WHERE receiver_id = b.id AND state = 'accepted'), 0)
         + coalesce((SELECT sum(bought) FROM tokens_bid WHERE book_id = b.id), 0)
         + coalesce(l.borrowed, 0) + coalesce(g.repaid, 0) AS bought,
           b.issued
         - coalesce((SELECT sum(amount) FROM tokens_gift
                     WHERE giver_id = b.id AND state = 'accepted'), 0)
         - coalesce((SELECT sum(sold) FROM tokens_ask WHERE book_id = b.id), 0)
         - coalesce(g.lent, 0) - coalesce(l.repaid, 0) - coalesce(v.taken_out, 0) AS own,
           coalesce(v.via, 0) AS via
    FROM tokens_book b
    LEFT JOIN LATERAL (
        SELECT sum(amount - returned) AS lent, sum(repaid) AS repaid FROM tokens_loan
        WHERE lender_id = b.id AND state IN ('running', 'owing', 'back')) g ON true
    LEFT JOIN LATERAL (
        SELECT sum(amount - returned) AS borrowed, sum(repaid) AS repaid FROM tokens_loan
        WHERE borrower_id = b.id AND state IN ('running', 'owing', 'back')) l ON true
    LEFT JOIN LATERAL (
        SELECT sum(amount) AS taken_out, sum(least(presented, amount)) AS via FROM tokens_voucher
        WHERE book_id = b.id AND state = 'out') v ON true
    WHERE b.id = ANY(%(books)s)
), held AS (
    SELECT b.id, b.member_id, b.own_account, b.received_account, b.redeemed, b.overage,
           b.bought, b.own, b.via, y.sale_cost, y.price, y.unbacked_account, y.redeemed_account,
           y.overage_account, y.vouchers_account, y.pool_id, runs.n, ob.amount AS has_own,
           coalesce(rb.amount, 0) AS has_received,
           b.redeemed + b.overage + coalesce(added.amount, 0) - b.via AS used
    FROM flows b JOIN tokens_yield y ON y.id = b.yields_id
    JOIN unnest(%(yields)s::bigint[]) WITH ORDINALITY AS runs(yields_id, n) ON runs.yields_id = y.id
    JOIN ledger_balance ob ON ob.account_id = b.own_account
    LEFT JOIN ledger_balance rb ON rb.account_id = b.received_account
    LEFT JOIN added ON added.book_id = b.id
), b AS MATERIALIZED (
    SELECT *, least(used, bought) AS by_received,
           least(used - least(used, bought), own) AS by_own,
           greatest(used - bought - own, 0) AS over
    FROM held
)"""
"""The runs' books: what they hold and have used, and what they come to with all usage so far.

`via` was used through vouchers, `used` otherwise; `own` is without what was taken out.
"""

RATED = f"""
{TARGETS}, changed AS (
    UPDATE tokens_book t SET redeemed = b.by_received + b.by_own + b.via, overage = b.over
    FROM b WHERE t.id = b.id
      AND (t.redeemed, t.overage) <> (b.by_received + b.by_own + b.via, b.over)
), money AS (
    SELECT n, member_id, pool_id,
           ledger_charge(over::bigint, sale_cost) - ledger_charge(overage, sale_cost) AS cost,
           ledger_charge(over::bigint, price - sale_cost)
           - ledger_charge(overage, price - sale_cost) AS profit
    FROM b WHERE over <> overage
)"""

RATING = f"""
SELECT n, own_account AS account, own - by_own - has_own AS amount FROM b
UNION ALL SELECT n, received_account, bought - by_received - has_received FROM b
UNION ALL SELECT n, redeemed_account, sum(by_received + by_own + via - redeemed)
FROM b GROUP BY 1, 2
UNION ALL SELECT n, vouchers_account, sum(redeemed + has_own + has_received - own - bought - via)
FROM b GROUP BY 1, 2
UNION ALL SELECT n, overage_account, sum(over - overage) FROM b GROUP BY 1, 2
UNION ALL SELECT n, unbacked_account, sum(overage - over) FROM b GROUP BY 1, 2
UNION ALL SELECT n, {member_money("provisional_receivable")}, cost + profit FROM money b
UNION ALL SELECT n, {pool_money("provisional_cost")}, -cost
FROM (SELECT n, pool_id, sum(cost) AS cost FROM money GROUP BY 1, 2) AS m
JOIN assets_pool p ON p.id = m.pool_id
UNION ALL SELECT n, {pool_money("provisional_profit")}, -profit
FROM (SELECT n, pool_id, sum(profit) AS profit FROM money GROUP BY 1, 2) AS m
JOIN assets_pool p ON p.id = m.pool_id"""

LOOK_AT = f"WITH {TARGETS} SELECT id, used < 0 FROM b WHERE used < 0 OR over > overage"


def make_books(row: Yield, *, shares: str, params: Sequence[Any]) -> int:
    """Make the books that a yield lacks, from SQL that gives (member_id, part issued).

    Returns the part of the row without a member: the pool's. Call inside a transaction that has
    the period locked.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            MAKE.format(shares=shares),
            [*params, row.pk, row.commodity_id, row.pk],
        )
        part: int = cursor.fetchone()[0]
    return part


def books_for(row: Yield, member_ids: Sequence[int]) -> dict[int, Book]:
    """The books of these members in a yield by member id, empty ones made; locked in id order."""
    found = Book.objects.in_bulk(book_ids_for(row, member_ids).values())
    return {book.member_id: book for book in found.values()}


def book_ids_for(row: Yield, member_ids: Sequence[int]) -> dict[int, int]:
    """The ids of these members' books by member id, empty ones made; locked in id order."""
    wanted = array_of(sorted(set(member_ids)))
    with connection.cursor() as cursor:
        cursor.execute(LACKING, [wanted, row.pk])
        lacking = [member_id for (member_id,) in cursor.fetchall()]
    if lacking:
        empty = "SELECT unnest(%s::bigint[]) AS member_id, 0::bigint AS part"
        make_books(row, shares=empty, params=[lacking])
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [row.pk, wanted])
        return dict(cursor.fetchall())


def received_accounts(book_ids: Sequence[int]) -> dict[int, int]:
    """The accounts of received tokens by book id, opened where not yet; the books are locked."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN_RECEIVED, [list(book_ids)])
    found = Book.objects.filter(pk__in=book_ids).exclude(received_account=None)
    return {book.pk: book.received_account for book in found if book.received_account}


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
        cursor.execute(LOOK_AT, params)
        found = cursor.fetchall()
    if any(is_below for _, is_below in found):
        return False
    owners = "SELECT 'member/' || member_id FROM tokens_book WHERE id = ANY(%s)"
    over = [[book_id for book_id, _ in found]]
    if found:
        open_accounts(commodity=MONEY, kind="provisional_receivable", owners=owners, params=over)
    ids = post_set([_posting(run, actor) for run in runs], before=RATED, legs=RATING, params=params)
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
