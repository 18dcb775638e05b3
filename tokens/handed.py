"""Named reads of what members hand to each other, and of every movement of their tokens."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from ledger.models import Entry
from ledger.reading import rows
from members.models import Member
from tokens.models import Book, Gift, Loan, Period, Voucher

BOOKS = ("yields__pool", "yields__resource", "yields__period")


def loans_of(member: Member, period: Period) -> QuerySet[Loan]:
    """The loans that a member made or took in a period, newest first."""
    mine = Q(lender__member=member) | Q(borrower__member=member)
    return _loans().filter(mine, lender__yields__period=period).order_by("-pk")


def loans_waiting(member: Member) -> QuerySet[Loan]:
    """Loans that a member may accept or decline in the open period."""
    return _loans().filter(
        borrower__member=member,
        state=Loan.State.OFFERED,
        lender__yields__period__state=Period.State.OPEN,
    )


def _loans() -> QuerySet[Loan]:
    return Loan.objects.select_related(
        "lender__member", "borrower__member", *(f"lender__{name}" for name in BOOKS)
    )


def gifts_in(member: Member, period: Period) -> QuerySet[Gift]:
    """The gifts that a member made or got in a period, newest first."""
    mine = Q(giver__member=member) | Q(receiver__member=member)
    found = Gift.objects.filter(mine, giver__yields__period=period)
    related = ("giver__member", "receiver__member", *(f"giver__{name}" for name in BOOKS))
    return found.select_related(*related).order_by("-pk")


def vouchers_of(member: Member, period: Period) -> QuerySet[Voucher]:
    """What a member took out in a period, newest first."""
    mine = Voucher.objects.filter(book__member=member, book__yields__period=period)
    related = ("asset", "book__member", *(f"book__{name}" for name in BOOKS))
    return mine.select_related(*related).order_by("-pk")


@dataclass(frozen=True)
class Movement:
    """One entry of the books on a member's token account: millitokens, and where it is booked.

    `kind` is that of the transaction, `account` "own" or "received".
    """

    at: datetime
    txn_id: int
    kind: str
    account: str
    book: Book
    amount: int
    balance: int


def entries_of(member: Member, period: Period) -> QuerySet[Entry]:
    """Every entry on the accounts of a member's books of a period, newest first."""
    books = Book.objects.filter(member=member, yields__period=period)
    accounts = [
        account
        for pair in books.values_list("own_account", "received_account")
        for account in pair
        if account is not None
    ]
    found = Entry.objects.filter(account_id__in=accounts)
    return found.select_related("txn").order_by("-recorded_at", "-txn_id", "account_id")


def movements(member: Member, period: Period, entries: Iterable[Entry]) -> Iterator[Movement]:
    """What entries of a member's books say, in their order."""
    books = Book.objects.filter(member=member, yields__period=period).select_related(*BOOKS)
    places = {book.own_account: ("own", book) for book in books}
    places |= {b.received_account: ("received", b) for b in books if b.received_account}
    for entry in entries:
        account, book = places[entry.account_id]
        yield Movement(
            entry.recorded_at,
            entry.txn_id,
            entry.txn.kind,
            account,
            book,
            entry.amount,
            entry.balance_after,
        )


HANDED = """
SELECT p.code, pool.code, pool.name, r.code, gm.number, gm.name, rm.number, rm.name, x.way,
       x.gifts, x.amount, x.outstanding, x.last
FROM (
    SELECT g.giver_id, t.member_id AS receiver, 'gift' AS way, count(*) AS gifts,
           sum(g.amount)::bigint AS amount, 0::bigint AS outstanding, max(g.created_at) AS last
    FROM tokens_gift g JOIN tokens_book t ON t.id = g.receiver_id
    WHERE g.state = 'accepted' GROUP BY 1, 2
    UNION ALL
    SELECT l.lender_id, t.member_id, 'loan', count(*), sum(l.amount)::bigint,
           sum(l.amount - l.returned - l.repaid)::bigint, max(l.accepted_at)
    FROM tokens_loan l JOIN tokens_book t ON t.id = l.borrower_id
    WHERE l.accepted_at IS NOT NULL GROUP BY 1, 2
) AS x
JOIN tokens_book b ON b.id = x.giver_id JOIN tokens_yield y ON y.id = b.yields_id
JOIN tokens_period p ON p.id = y.period_id JOIN assets_pool pool ON pool.id = y.pool_id
JOIN assets_resource r ON r.id = y.resource_id
JOIN members_member gm ON gm.id = b.member_id JOIN members_member rm ON rm.id = x.receiver
WHERE %(period)s = '' OR p.code = %(period)s
ORDER BY p.start DESC, gm.number, rm.number, pool.code, r.position, x.way"""

PAIRS = """
SELECT gm.number, gm.name, rm.number, rm.name, pool.name, r.code, count(DISTINCT y.period_id),
       sum(x.amount)::bigint, max(x.last)
FROM (
    SELECT giver_id AS giver, receiver_id AS receiver, amount, created_at AS last
    FROM tokens_gift WHERE state = 'accepted'
    UNION ALL
    SELECT lender_id, borrower_id, amount - returned - repaid, accepted_at
    FROM tokens_loan WHERE state IN ('running', 'owing')
    UNION ALL
    SELECT borrower_id, lender_id, repaid, accepted_at FROM tokens_loan WHERE repaid > 0
) AS x
JOIN tokens_book g ON g.id = x.giver JOIN tokens_book t ON t.id = x.receiver
JOIN tokens_yield y ON y.id = g.yields_id JOIN assets_pool pool ON pool.id = y.pool_id
JOIN assets_resource r ON r.id = y.resource_id
JOIN members_member gm ON gm.id = g.member_id JOIN members_member rm ON rm.id = t.member_id
GROUP BY 1, 2, 3, 4, 5, 6, r.position
HAVING sum(x.amount) > 0
ORDER BY sum(x.amount) DESC, 1, 3 LIMIT %(most)s"""
MOST_PAIRS = 200


@dataclass(frozen=True)
class Handed:
    """What one member gave or lent to another in one period, of one resource; millitokens."""

    period: str
    pool: str
    pool_name: str
    resource: str
    giver: int
    giver_name: str
    receiver: int
    receiver_name: str
    way: str
    count: int
    amount: int
    outstanding: int
    last: datetime


@dataclass(frozen=True)
class Pair:
    """What one member let another have over all periods, of one resource; millitokens.

    Gifts, loans that did not come back, and what was paid back with other tokens than the lent.
    """

    giver: int
    giver_name: str
    receiver: int
    receiver_name: str
    pool_name: str
    resource: str
    periods: int
    amount: int
    last: datetime


def handed_on(period: str = "") -> list[Handed]:
    """The report of gifts and loans: of one period by its code, or of all of them, newest first."""
    return [Handed(*row) for row in rows(HANDED, {"period": period})]


def pairs() -> list[Pair]:
    """Who let whom have most, over time: where something is paid outside of the books, it shows."""
    return [Pair(*row) for row in rows(PAIRS, {"most": MOST_PAIRS})]
