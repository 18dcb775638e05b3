"""How much of its issue a book gives away: the cap on gifts and loans, and their tokens."""

from django.db.models import F, Sum
from django.utils import timezone

from ledger.queries import balance_of
from policies.queries import policy
from tokens.errors import GiftCapReached, NotEnoughTokens
from tokens.models import Book, Gift, Loan

OPEN = (Loan.State.OFFERED, Loan.State.RUNNING, Loan.State.OWING)


def need_own(book: Book, amount: int) -> None:
    """Raise NotEnoughTokens unless a locked book has so many own unused millitokens."""
    left = balance_of(book.own_account)
    if amount > left:
        raise NotEnoughTokens(left=left, asked=amount)


def need_within_cap(book: Book, amount: int) -> None:
    """Raise GiftCapReached where a locked book would give more than its pool allows."""
    cap = gift_cap(book)
    given = given_away(book)
    if given + amount > cap:
        raise GiftCapReached(cap=cap, possible=max(0, cap - given))


def gift_cap(book: Book) -> int:
    """Millitokens of its issue that a book may give and lend in its period, rounded down."""
    part, whole = policy("gift_cap", timezone.now(), book.yields.pool.code)
    return int(book.issued * part // whole)


def given_away(book: Book) -> int:
    """Millitokens in gifts that stand or wait, and in loans that wait or are not back."""
    gifts = book.gifts_given.filter(state__in=(Gift.State.OFFERED, Gift.State.ACCEPTED))
    loans = book.loans_given.filter(state__in=OPEN)
    out = Sum(F("amount") - F("returned") - F("repaid"))
    sums = (gifts.aggregate(n=Sum("amount"))["n"], loans.aggregate(n=out)["n"])
    return sum(n or 0 for n in sums)
