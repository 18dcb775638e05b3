"""The database held against the model: its rows, its log, its answers about any moment."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

from ledger.asof import TICK, Moment, Movement, Window, balances, movements
from ledger.log import tree
from ledger.log.invariants import nothing_was_passed_over
from ledger.log.seal import seal
from ledger.reading import rows
from signing import merkle
from tests.properties.books_model import LARGEST, Books, Line, fits
from tests.properties.books_tree import (
    OPENINGS,
    PREIMAGES,
    document_leaf,
    path,
    proof,
    root,
    transaction_leaf,
)
from tests.sealing import WAITING

Head = tuple[int, bytes]
TRANSACTIONS = """
SELECT id, source, key, kind, about, actor, memo, effective_at, recorded_at, reverses_id
FROM ledger_transaction"""
ENTRIES = """
SELECT txn_id, account_id, version, amount, balance_after, recorded_at
FROM ledger_entry ORDER BY account_id, version"""
ACCOUNTS = """
SELECT a.id, c.code, a.kind, a.owner, a.floor, b.floor, b.amount, b.version,
       coalesce(sum(e.amount), 0), count(e.amount)
FROM ledger_account a JOIN ledger_commodity c ON c.id = a.commodity_id
JOIN ledger_balance b ON b.account_id = a.id LEFT JOIN ledger_entry e ON e.account_id = a.id
WHERE a.id = ANY (%s) GROUP BY a.id, c.code, b.account_id"""
LEAVES = """
SELECT l.index, l.txn_id, d.id, d.kind, d.digest, d.recorded_at
FROM ledger_leaf l LEFT JOIN ledger_document d ON d.id = l.document_id ORDER BY l.index"""


def assert_balances(books: Books, accounts: Iterable[int]) -> None:
    """Kept balance = balance derived from the entries = balance of the model."""
    expected = {}
    for place in map(books.places.__getitem__, accounts):
        now, n = place.balances[-1], place.version
        facts = place.commodity, place.kind, place.owner, place.floor, place.floor
        expected[place.id] = (*facts, now, n, now, n)
    found = {row[0]: row[1:] for row in rows(ACCOUNTS, [list(expected)])}
    assert found == expected


def assert_rows(books: Books) -> None:
    """Every transaction and every entry of the database is one of the model, and the reverse."""
    found = {row[0]: row[1:] for row in rows(TRANSACTIONS)}
    assert found == {
        done.id: (
            *(getattr(done.posting, name) for name in TEXTS),
            done.effective_at,
            done.recorded_at,
            done.posting.reverses,
        )
        for done in books.booked.values()
    }
    wanted = {(d.id, *vars(x).values(), d.recorded_at) for d in books.booked.values()
              for x in d.lines}  # fmt: skip
    there = rows(ENTRIES)
    assert len(there) == len(wanted) and set(there) == wanted
    assert_in_order(there)
    assert books.wrong() == []
    assert_balances(books, books.places)


TEXTS = ("source", "key", "kind", "about", "actor", "memo")


def assert_in_order(entries: Sequence[tuple[Any, ...]]) -> None:
    """Per account the versions have no gap and the times do not go back."""
    for before, after in pairwise(entries):
        if before[1] == after[1]:
            assert before[2] + 1 == after[2] and before[5] <= after[5]
        else:
            assert after[2] == 1


def assert_floors(books: Books) -> None:
    """Where an account's moment ends, its balance is not below its floor."""
    last: dict[int, tuple[datetime, Line]] = {}
    for done in books.booked.values():
        for line in done.lines:
            moment, before = last.get(line.account, (done.recorded_at, line))
            place = books.places[line.account]
            assert moment == done.recorded_at or place.may_hold(before.balance), before
            last[line.account] = done.recorded_at, line


def assert_log(books: Books, heads: Iterable[Head], chance: Random, documents: int) -> None:
    """Once all is sealed: the heads are over the leaves, and continue one another.

    Every transaction and document stands in it once; proofs are those of the recursions.
    """
    seal_the_rest()
    places = rows(LEAVES)
    assert [place[0] for place in places] == list(range(len(places)))
    assert sorted(place[1] for place in places if place[1]) == sorted(books.booked)
    assert len({place[2] for place in places if place[2]}) == documents
    assert len(places) == len(books.booked) + documents
    leaves = leaves_of(books, places)
    newest = tree.newest()
    if newest is None:
        assert not leaves
        return
    last = newest.size, bytes(newest.root)
    for head in {*heads, last}:
        assert_continued(leaves, head, last)
    for index in chance.sample(range(len(leaves)), min(5, len(leaves))):
        assert tree.inclusion(index, len(leaves)) == path(index, leaves)


def seal_the_rest() -> None:
    """Seal until nothing waits; what was passed over would wait for ever."""
    while rows(WAITING)[0][0]:
        seal()
        assert nothing_was_passed_over() == []


def leaves_of(books: Books, places: Iterable[tuple[Any, ...]]) -> list[bytes]:
    """The bytes of all leaves, in their order."""
    preimages = {row[0]: row[1:] for row in rows(PREIMAGES)}
    openings = {row[0]: row[1:] for row in rows(OPENINGS)}
    return [
        transaction_leaf(books, books.booked[txn], preimages, openings)
        if txn
        else document_leaf(document[0], document[1], bytes(document[2]), document[3])
        for _, txn, *document in places
    ]


def assert_continued(leaves: Sequence[bytes], head: Head, newest: Head) -> None:
    """A head is over the first leaves, and the proof that the newest continues it is right."""
    size, its_root = head
    assert newest[0] == len(leaves) >= size > 0
    assert its_root == root(leaves[:size])
    shown = tree.consistency(size, newest[0])
    assert shown == proof(size, leaves)
    merkle.verify_consistency(size, its_root, *newest, shown)


def assert_moments(books: Books, accounts: Sequence[int], chance: Random, count: int) -> None:
    """Balances and movements at random moments of both times are those of a replay."""
    times = {t for d in books.booked.values() for t in (d.effective_at, d.recorded_at)}
    beside = sorted(t + step for t in times for step in (-TICK, 0 * TICK, TICK))
    for _ in range(count):
        effective, known = chance.choice([None, *beside]), chance.choice([None, *beside])
        assert_moment(books, accounts, effective, known)
        if beside:
            start, end = sorted(chance.choices(beside, k=2))
            assert_stretch(books, accounts, start, end)


def assert_moment(
    books: Books, accounts: Sequence[int], effective: datetime | None, known: datetime | None
) -> None:
    """Balances at a moment; those that would not fit into the database are not asked for."""
    held = books.held(effective, known)
    asked = [account for account in fits(held) if account in accounts]
    found = balances(asked, Moment(effective=effective, known=known))
    assert found == {account: held[account] for account in asked}


def assert_stretch(books: Books, accounts: Sequence[int], start: datetime, end: datetime) -> None:
    """What came and went in a stretch of time."""
    moved = books.moved(start, end)
    asked = [a for a in accounts if max(moved[a][0], -moved[a][1]) <= LARGEST]
    found = movements(asked, Window(start, end))
    assert found == {a: Movement(*moved[a]) for a in asked if any(moved[a])}
