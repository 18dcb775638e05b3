"""What many programs were told, held against a serial replay in the order of the log."""

from collections.abc import Iterable, Iterator
from itertools import combinations

from ledger.errors import (
    AlreadyReversed,
    AmountTooLarge,
    InsufficientBalance,
    KeyConflict,
    NotTheOpposite,
    Unbalanced,
    UnknownAccount,
)
from ledger.reading import rows
from ledger.services import Posting
from tests.properties.books_checks import seal_the_rest
from tests.properties.books_model import LARGEST, Books, Key, content, moves
from tests.properties.books_programs import Call, Town, is_deadlock

IN_LOG = """
SELECT t.id, t.recorded_at FROM ledger_leaf l JOIN ledger_transaction t ON t.id = l.txn_id
ORDER BY l.index"""


def judge(town: Town) -> Books:
    """The books after all calls; whatever was told wrongly is an AssertionError."""
    seal_the_rest()
    told = acknowledged(town.calls)
    order = rows(IN_LOG)
    assert {txn for txn, _ in order} == set(told)
    assert_commits_respected([txn for txn, _ in order], town.calls)
    books = Books(dict(town.places))
    for place in books.places.values():
        place.balances[1:] = []
    for txn, recorded_at in order:
        books.book(told[txn], txn, recorded_at)
    for call in town.calls:
        if call.error is not None:
            assert is_right(call.error, call, books, town), f"{call.error!r} for {call}"
    return books


def acknowledged(calls: Iterable[Call]) -> dict[int, Posting]:
    """What was booked, by id: each key once, and always with the content it was first told."""
    ids: dict[Key, int] = {}
    postings: dict[int, Posting] = {}
    for call in calls:
        for posting, txn in zip(call.postings, call.ids, strict=False):
            if txn is not None:
                assert ids.setdefault((posting.source, posting.key), txn) == txn
                assert content(postings.setdefault(txn, posting)) == content(posting)
    assert len(ids) == len(postings)
    return postings


def assert_commits_respected(order: list[int], calls: Iterable[Call]) -> None:
    """What had ended before another began stands before it in the log."""
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    for call in calls:
        for txn in filter(None, call.ids):
            begins[txn] = min(begins.get(txn, call.begin), call.begin)
            ends[txn] = max(ends.get(txn, call.end), call.end)
    earliest_end = max(ends.values(), default=0)
    for txn in reversed(order):
        assert earliest_end >= begins[txn], f"transaction {txn} stands too early"
        earliest_end = min(earliest_end, ends[txn])


def is_right(error: Exception, call: Call, books: Books, town: Town) -> bool:
    """Whether a refusal can be justified by what the books were during the call.

    One transaction never meets a deadlock, unless somebody books several things one after the
    other in a database transaction.
    """
    if is_deadlock(error):
        return town.has_long_business or len(call.postings) > 1
    if isinstance(error, UnknownAccount):
        return any(leg.account_id not in books.places for p in call.postings for leg in p.legs)
    if isinstance(error, KeyConflict):
        return books.has_conflict(call.postings)
    if isinstance(error, Unbalanced):
        return any(Unbalanced in structure(books, posting) for posting in call.postings)
    if isinstance(error, AlreadyReversed | NotTheOpposite):
        return any(posting.reverses in books.reversals for posting in call.postings)
    return any(isinstance(error, reason) for reason in justified(call, books))


def structure(books: Books, posting: Posting) -> set[type[Exception]]:
    """What is wrong with a posting whatever the balances are."""
    return books.reasons_of_legs([posting]) | (set() if moves(posting) else {Unbalanced})


def justified(call: Call, books: Books) -> Iterator[type[Exception]]:
    """What may have been wrong: at some balance during the call, with some keys known before."""
    if any(not -LARGEST - 1 <= leg.amount <= LARGEST for p in call.postings for leg in p.legs):
        yield AmountTooLarge
    for size in range(1, len(call.postings) + 1):
        for fresh in combinations(call.postings, size):
            yield from too_much(call, books, fresh)


def too_much(call: Call, books: Books, fresh: Iterable[Posting]) -> Iterator[type[Exception]]:
    """What any account could not have borne, at any of its versions during the call."""
    amounts: dict[int, list[int]] = {}
    for leg in (leg for posting in fresh for leg in moves(posting)):
        amounts.setdefault(leg.account_id, []).append(leg.amount)
    for account, steps in amounts.items():
        place = books.places[account]
        versions = range(call.before.get(account, 0), call.after.get(account, 0) + 1)
        for balance in (place.balances[version] for version in versions):
            sums = [balance + sum(steps[: n + 1]) for n in range(len(steps))]
            if not place.may_hold(sums[-1]):
                yield InsufficientBalance
            if any(not -LARGEST - 1 <= held <= LARGEST for held in sums):
                yield AmountTooLarge
