"""Lending own unused tokens until a moment of the same period, and getting them back.

What is unused of the borrowed tokens returns to the lender as their own; what was used is made up
for out of the borrower's own unused tokens, as a gift. What neither covers stays outstanding.
"""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone

from assets.models import Pool, Resource
from ledger.errors import KeyConflict
from ledger.services import Leg, Posting, actor_name, post, post_set
from members.models import Member
from members.services import need_free_hands
from tokens.calendar import counted_in
from tokens.errors import (
    BadReturnMoment,
    LoanDecided,
    LoanToOneself,
    NoOpenPeriod,
    NothingToReturn,
    NotLent,
)
from tokens.models import Book, Loan, Period, RatingRun, Yield
from tokens.services.books import books_for, rate, received_accounts, rerate
from tokens.services.gifts import open_yield
from tokens.services.given import need_own, need_within_cap
from tokens.services.usage import open_period_shared

LENT = (Loan.State.RUNNING, Loan.State.OWING)
PARTS = """
due AS (
    SELECT l.id, l.lender_id, l.borrower_id, l.amount - l.returned - l.repaid AS owed
    FROM tokens_loan l WHERE l.id = ANY(%(loans)s)
), placed AS (
    SELECT d.*, v.amount AS has, coalesce(sum(d.owed) OVER (
        PARTITION BY d.borrower_id ORDER BY d.id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS earlier
    FROM due d JOIN tokens_book b ON b.id = d.borrower_id
    JOIN ledger_balance v ON v.account_id = b.{source}
), parts AS MATERIALIZED (
    SELECT id, lender_id, borrower_id,
           least(owed, greatest(has - earlier, 0))::bigint AS part FROM placed
), changed AS (
    UPDATE tokens_loan l SET {column} = {column} + p.part
    FROM parts p WHERE l.id = p.id AND p.part > 0
)"""
"""What each loan gets back from one account of its borrower, the oldest loan first."""
LEGS = """
SELECT n, account, sum(amount)::bigint AS amount FROM (
    SELECT b.yields_id, b.{source} AS account, -p.part AS amount
    FROM parts p JOIN tokens_book b ON b.id = p.borrower_id
    UNION ALL
    SELECT b.yields_id, b.{target}, p.part FROM parts p JOIN tokens_book b ON b.id = p.lender_id
) AS x JOIN unnest(%(yields)s::bigint[]) WITH ORDINALITY AS runs(yields_id, n)
    ON runs.yields_id = x.yields_id
GROUP BY n, account"""
STATES = """
UPDATE tokens_loan SET
    state = CASE WHEN amount = returned + repaid THEN 'back'
                 WHEN due_at <= %s OR %s THEN 'owing' ELSE state END,
    closed_at = CASE WHEN amount = returned + repaid THEN %s ELSE NULL END
WHERE id = ANY(%s)"""
STEPS = (
    ("received_account", "own_account", "returned"),
    ("own_account", "received_account", "repaid"),
)
"""first the borrowed tokens themselves, then the borrower's own"""


@transaction.atomic
def lend(
    *,
    lender: Member,
    borrower: Member,
    pool: Pool,
    resource: Resource,
    amount: int,
    due_at: datetime,
    actor: AbstractBaseUser | None,
    key: str,
) -> Loan:
    """Offer own unused tokens as a loan that returns at `due_at`; they move when it is accepted.

    Raises LoanToOneself, BadReturnMoment, NotEnoughTokens, GiftCapReached, NoOpenPeriod,
    UnknownYield, KeyConflict.
    """
    if lender.pk == borrower.pk:
        raise LoanToOneself
    row = open_yield(pool, resource)
    books = books_for(row, [lender.pk, borrower.pk])
    wanted = (books[lender.pk].pk, books[borrower.pk].pk, amount, due_at)
    earlier = Loan.objects.filter(key=key).first()
    if earlier is not None:
        return _same(earlier, wanted)
    need_free_hands(lender)
    _need_moment(due_at, row.period)
    need_own(books[lender.pk], amount)
    need_within_cap(books[lender.pk], amount)
    return Loan.objects.create(
        lender=books[lender.pk],
        borrower=books[borrower.pk],
        amount=amount,
        due_at=due_at,
        key=key,
    )


def _same(loan: Loan, wanted: tuple[int, int, int, datetime]) -> Loan:
    if (loan.lender_id, loan.borrower_id, loan.amount, loan.due_at) != wanted:
        raise KeyConflict
    return loan


def _need_moment(due_at: datetime, period: Period) -> None:
    if not timezone.now() < due_at <= period.end:
        raise BadReturnMoment(end=timezone.localtime(period.end).strftime("%Y-%m-%d %H:%M"))


@transaction.atomic
def accept_loan(*, loan_id: int, actor: AbstractBaseUser | None) -> Loan:
    """Borrow: own tokens of the lender become received tokens of the borrower.

    Accepting twice changes nothing more. Raises LoanDecided, BadReturnMoment where it would have
    to return at once, NotEnoughTokens, NoOpenPeriod.
    """
    loan = _locked(loan_id)
    if loan.accepted_at is not None:
        return loan
    period = loan.lender.yields.period
    if loan.state != Loan.State.OFFERED or period.state != Period.State.OPEN:
        raise LoanDecided
    _need_moment(loan.due_at, period)
    need_own(loan.lender, loan.amount)
    loan.txn_id = _move(loan, actor)
    loan.state, loan.accepted_at = Loan.State.RUNNING, timezone.now()
    loan.save(update_fields=["state", "accepted_at", "txn_id"])
    rerate(loan.lender.yields, [loan.borrower_id], actor)
    return loan


def _locked(loan_id: int) -> Loan:
    """A loan with its books, all locked, in the open period; raises NoOpenPeriod."""
    if open_period_shared() is None:
        raise NoOpenPeriod
    loan = Loan.objects.select_for_update().get(pk=loan_id)
    books_for(loan.lender.yields, [loan.lender.member_id, loan.borrower.member_id])
    return loan


def _move(loan: Loan, actor: AbstractBaseUser | None) -> int:
    received = received_accounts([loan.borrower_id])
    return post(
        Posting(
            source="tokens.loan",
            key=str(loan.pk),
            kind="tokens lent",
            about=f"yield:{loan.lender.yields_id}",
            actor=actor_name(actor),
            effective_at=counted_in(loan.lender.yields.period),
            legs=[
                Leg(loan.lender.own_account, -loan.amount),
                Leg(received[loan.borrower_id], loan.amount),
            ],
        )
    )


@transaction.atomic
def decline_loan(*, loan_id: int, actor: AbstractBaseUser | None) -> Loan:
    """Turn a loan down; nothing moves. Raises LoanDecided where it was accepted."""
    return _end_offer(loan_id, Loan.State.DECLINED)


@transaction.atomic
def withdraw_loan(*, loan_id: int, actor: AbstractBaseUser | None) -> Loan:
    """Take an offered loan back before it is accepted. Raises LoanDecided."""
    return _end_offer(loan_id, Loan.State.WITHDRAWN)


def _end_offer(loan_id: int, state: Loan.State) -> Loan:
    loan = Loan.objects.select_for_update().get(pk=loan_id)
    if loan.state not in (Loan.State.OFFERED, state):
        raise LoanDecided
    loan.state = state
    loan.save(update_fields=["state"])
    return loan


@transaction.atomic
def return_loan(*, loan_id: int, actor: AbstractBaseUser | None) -> Loan:
    """Give back what the borrower can give now; a loan that is back stays as it is.

    Raises NotLent, NothingToReturn, NoOpenPeriod.
    """
    period = open_period_shared()
    if period is None:
        raise NoOpenPeriod
    before = Loan.objects.select_for_update().get(pk=loan_id)
    if before.state == Loan.State.BACK:
        return before
    if before.state not in LENT or before.lender.yields.period_id != period.pk:
        raise NotLent
    _give_back([loan_id], actor)
    loan = Loan.objects.get(pk=loan_id)
    if loan.outstanding == before.outstanding:
        raise NothingToReturn
    return loan


def return_due_loans(*, now: datetime, actor: AbstractBaseUser | None = None) -> int:
    """Give back every loan whose moment has come, as far as its borrower can; how many.

    One transaction for each yield, so that it waits for nobody who holds what it holds of another.
    """
    due = Loan.objects.filter(state=Loan.State.RUNNING, due_at__lte=now).order_by()
    yields = due.values_list("lender__yields", flat=True).distinct()
    return sum(_return_due(yields_id, now, actor) for yields_id in sorted(yields))


@transaction.atomic
def _return_due(yields_id: int, now: datetime, actor: AbstractBaseUser | None) -> int:
    period = open_period_shared()
    if period is None:
        return 0
    due = Loan.objects.filter(
        state=Loan.State.RUNNING,
        due_at__lte=now,
        lender__yields=yields_id,
        lender__yields__period=period,
    )
    return _give_back(_lock(list(due.values_list("pk", flat=True))), actor)


def end_loans(period: Period, actor: AbstractBaseUser | None) -> int:
    """Give back all that is still lent in a period that is about to close; how many loans.

    Call inside a transaction that has the period locked, while it is still open.
    """
    lent = Loan.objects.filter(state__in=LENT, lender__yields__period=period)
    return _give_back(_lock(list(lent.values_list("pk", flat=True))), actor, ending=True)


def _lock(ids: Sequence[int]) -> list[int]:
    rows = Loan.objects.select_for_update().filter(pk__in=ids, state__in=LENT)
    return [loan.pk for loan in rows.order_by("pk")]


def _give_back(loan_ids: list[int], actor: AbstractBaseUser | None, *, ending: bool = False) -> int:
    """Move what locked loans get back, in two postings for each yield; how many loans."""
    if not loan_ids:
        return 0
    pairs = Loan.objects.filter(pk__in=loan_ids).values_list("lender_id", "borrower_id")
    lenders = sorted({lender for lender, _ in pairs})
    books = {book for pair in pairs for book in pair}
    locked = Book.objects.select_for_update().filter(pk__in=books).order_by("pk")
    rows = Yield.objects.filter(pk__in={book.yields_id for book in locked})
    received_accounts(lenders)
    for source, target, column in STEPS:
        names = {"source": source, "target": target, "column": column}
        _step(loan_ids, lenders, list(rows.select_related("period")), names, actor)
    with connection.cursor() as cursor:
        now = timezone.now()
        cursor.execute(STATES, [now, ending, now, loan_ids])
    return len(loan_ids)


def _step(
    loan_ids: list[int],
    lenders: list[int],
    rows: list[Yield],
    names: dict[str, str],
    actor: AbstractBaseUser | None,
) -> None:
    """Move one kind of tokens back, and rate the lenders with what they have again."""
    runs = [RatingRun.objects.create(yields=row) for row in rows]
    post_set(
        [_posting(run, actor) for run in runs],
        before=PARTS.format(**names),
        legs=LEGS.format(**names),
        params={"loans": loan_ids, "yields": [row.pk for row in rows]},
    )
    rate(runs, lenders, actor)


def _posting(run: RatingRun, actor: AbstractBaseUser | None) -> Posting:
    return Posting(
        source="tokens.loan.back",
        key=str(run.pk),
        kind="tokens returned",
        about=f"yield:{run.yields_id}",
        actor=actor_name(actor),
        effective_at=counted_in(run.yields.period),
    )
