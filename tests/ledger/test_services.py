"""The books: what they take, what they refuse, under repetition and concurrency."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError

from ledger import queries
from ledger.errors import (
    AlreadyReversed,
    ImplausibleMoment,
    InsufficientBalance,
    KeyConflict,
    NotTheOpposite,
    Unbalanced,
    UnknownAccount,
)
from ledger.invariants import INVARIANTS
from ledger.models import Balance, Commodity, Entry, Transaction
from ledger.services import Leg, Posting, ensure_commodity, open_account, post, post_many, reverse
from tests.at_once import run_at_once

pytestmark = pytest.mark.django_db


def verify() -> list[str]:
    return [sentence for check in INVARIANTS for sentence in check()]


@pytest.fixture
def euros() -> dict[str, int]:
    ensure_commodity(code="EUR", kind="money", exponent=2)
    return {
        name: open_account(commodity="EUR", kind=name, floor=floor)
        for name, floor in (("cash", 0), ("income", None), ("other", None))
    }


def pay(accounts: dict[str, int], amount: int, key: str = "1", into: str = "cash") -> Posting:
    legs = [Leg(accounts[into], amount), Leg(accounts["income"], -amount)]
    return Posting(source="test", key=key, kind="payment", legs=legs)


def test_a_posting_moves_both_sides(euros: dict[str, int]) -> None:
    txn_id = post(pay(euros, 500))
    assert queries.balance("EUR", "cash") == 500
    assert queries.balance("EUR", "income") == -500
    assert Entry.objects.filter(txn_id=txn_id).count() == 2
    assert verify() == []


def test_the_same_key_and_content_gives_the_first_transaction(euros: dict[str, int]) -> None:
    assert post(pay(euros, 500)) == post(pay(euros, 500))
    assert queries.balance("EUR", "cash") == 500


def test_the_same_key_with_other_content_is_refused(euros: dict[str, int]) -> None:
    post(pay(euros, 500))
    with pytest.raises(KeyConflict):
        post(pay(euros, 501))
    assert queries.balance("EUR", "cash") == 500


def test_a_key_twice_in_a_batch_posts_once(euros: dict[str, int]) -> None:
    ids = post_many([pay(euros, 5), pay(euros, 5), pay(euros, 7, key="2")])
    assert ids[0] == ids[1] != ids[2]
    assert queries.balance("EUR", "cash") == 12
    assert verify() == []


def test_a_key_twice_in_a_batch_with_other_content_is_refused(euros: dict[str, int]) -> None:
    with pytest.raises(KeyConflict):
        post_many([pay(euros, 5), pay(euros, 6)])
    assert Transaction.objects.count() == 0


def test_what_does_not_sum_to_zero_is_refused(euros: dict[str, int]) -> None:
    legs = [Leg(euros["cash"], 2), Leg(euros["income"], -1)]
    with pytest.raises(Unbalanced):
        post(Posting(source="test", key="1", kind="payment", legs=legs))
    assert Transaction.objects.count() == 0


def test_zero_sum_holds_per_commodity(euros: dict[str, int]) -> None:
    ensure_commodity(code="unit:mast", kind="unit", exponent=0)
    units = open_account(commodity="unit:mast", kind="treasury")
    legs = [Leg(euros["cash"], 2), Leg(units, -2)]
    with pytest.raises(Unbalanced):
        post(Posting(source="test", key="1", kind="mix", legs=legs))


def test_nothing_at_all_is_not_a_transaction(euros: dict[str, int]) -> None:
    with pytest.raises(Unbalanced):
        post(Posting(source="test", key="1", kind="none", legs=[Leg(euros["cash"], 0)]))


def test_below_the_floor_is_refused(euros: dict[str, int]) -> None:
    post(pay(euros, 10))
    with pytest.raises(InsufficientBalance):
        post(pay(euros, -11, key="2"))
    assert queries.balance("EUR", "cash") == 10
    assert verify() == []


def test_an_unknown_account_is_refused(euros: dict[str, int]) -> None:
    legs = [Leg(10**12, 1), Leg(euros["income"], -1)]
    with pytest.raises(UnknownAccount):
        post(Posting(source="test", key="1", kind="payment", legs=legs))


def test_a_reversal_cites_and_comes_once(euros: dict[str, int]) -> None:
    txn_id = post(pay(euros, 10))
    back = reverse(txn_id=txn_id, source="test", key="back", actor=None, memo="typo")
    assert queries.transaction(back).reverses_id == txn_id
    assert queries.balance("EUR", "cash") == 0
    post(pay(euros, 50, key="2"))
    with pytest.raises(AlreadyReversed):
        reverse(txn_id=txn_id, source="test", key="again", actor=None, memo="typo")


def test_a_reversal_that_is_not_the_opposite_is_refused(euros: dict[str, int]) -> None:
    txn_id = post(pay(euros, 10))
    for amount, into in ((-9, "cash"), (10, "cash"), (-10, "other")):
        wrong = replace(pay(euros, amount, key="back", into=into), reverses=txn_id)
        with pytest.raises(NotTheOpposite):
            post(wrong)
    right = post(replace(pay(euros, -10, key="back"), reverses=txn_id))
    assert queries.transaction(right).reverses_id == txn_id
    assert verify() == []


@pytest.mark.parametrize("year", [1, 1899, 9000])
def test_a_moment_that_nobody_means_is_refused(euros: dict[str, int], year: int) -> None:
    moment = datetime(year, 6, 1, tzinfo=UTC)
    with pytest.raises(ImplausibleMoment):
        post(replace(pay(euros, 10), effective_at=moment))
    assert Transaction.objects.count() == 0


def test_verify_finds_a_reversal_that_was_made_up(euros: dict[str, int]) -> None:
    first, second = post(pay(euros, 10)), post(pay(euros, -9, key="2"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE ledger_transaction SET reverses_id = %s WHERE id = %s", [first, second]
        )
    assert verify() == [f"transaction {second} is not the opposite of {first}, which it reverses"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET amount = 1",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry CASCADE",
        "UPDATE ledger_transaction SET memo = 'x'",
        "DELETE FROM ledger_transaction",
        "TRUNCATE ledger_transaction CASCADE",
        "UPDATE ledger_account SET floor = NULL",
        "DELETE FROM ledger_account",
        "DELETE FROM ledger_balance",
    ],
)
def test_the_database_refuses_to_rewrite_the_past(euros: dict[str, int], sql: str) -> None:
    post(pay(euros, 10))
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(sql)


# Both sides of a transaction moved once more, with balances and versions that agree: five into
# the first account, five out of the second. {table} and {commodity} are what a test varies.
AFTERTHOUGHT = """
WITH b AS (
    UPDATE ledger_balance
    SET amount = amount + CASE account_id WHEN %(first)s THEN 5 ELSE -5 END, version = version + 1
    WHERE account_id IN (%(first)s, %(second)s) RETURNING *
)
INSERT INTO {table} (account_id, recorded_at, version, txn_id, commodity_id, amount, balance_after)
SELECT b.account_id, b.recorded_at, b.version, %(txn)s, {commodity},
       CASE b.account_id WHEN %(first)s THEN 5 ELSE -5 END, b.amount
FROM b JOIN ledger_account a ON a.id = b.account_id"""


@pytest.mark.parametrize("whole", [True, False])
def test_a_balanced_afterthought_is_refused(euros: dict[str, int], whole: bool) -> None:
    txn_id = post(pay(euros, 10))
    table = "ledger_entry" if whole else partition_of(txn_id)
    sql = AFTERTHOUGHT.format(table=table, commodity="a.commodity_id")
    ids = {"first": euros["cash"], "second": euros["income"], "txn": txn_id}
    with pytest.raises(IntegrityError, match="entries already"), transaction.atomic():
        connection.cursor().execute(sql, ids)


def test_a_partition_refuses_changes_as_the_whole_does(euros: dict[str, int]) -> None:
    part = partition_of(post(pay(euros, 10)))
    for sql in (f"UPDATE {part} SET amount = 1", f"DELETE FROM {part}", f"TRUNCATE {part}"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(sql)


def partition_of(txn_id: int) -> str:
    """The table that really holds the entries of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM ledger_entry WHERE txn_id = %s", [txn_id]
        )
        name: str = cursor.fetchone()[0]
    assert name.startswith("ledger_entry_y20")
    return name


FIRST_ENTRIES = """
WITH t AS (
    INSERT INTO ledger_transaction (source, key, body_hash, kind, about, actor, memo, effective_at,
                                    recorded_at)
    VALUES ('x', 'x', '', 'x', '', '', '', now(), now()) RETURNING id
), b AS (
    UPDATE ledger_balance b SET amount = amount + v.n * {kept}, version = version + {kept},
                                recorded_at = now()
    FROM (VALUES (%(first)s, 1), (%(second)s, -1)) AS v(a, n) WHERE b.account_id = v.a
)
INSERT INTO ledger_entry (account_id, recorded_at, version, txn_id, commodity_id, amount,
                          balance_after)
SELECT v.a, now(), 1, t.id, %(commodity)s, v.n, v.n
FROM t, (VALUES (%(first)s, 1), (%(second)s, -1)) AS v(a, n)"""


@pytest.mark.parametrize("is_foreign", [False, True])
def test_entries_that_do_not_agree_with_the_balance_or_the_account_are_refused(
    euros: dict[str, int], is_foreign: bool
) -> None:
    ensure_commodity(code="unit:mast", kind="unit", exponent=0)
    code = "unit:mast" if is_foreign else "EUR"
    ids = {"first": euros["cash"], "second": euros["income"]}
    ids["commodity"] = Commodity.objects.get(code=code).pk
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="differ"):
        cursor.execute(FIRST_ENTRIES.format(kept=int(is_foreign)), ids)


def test_verify_finds_a_balance_that_was_tampered_with(euros: dict[str, int]) -> None:
    post(pay(euros, 10))
    Balance.objects.filter(account_id=euros["cash"]).update(amount=11)
    assert any(f"account {euros['cash']}" in sentence for sentence in verify())


def test_verify_finds_an_entry_that_was_tampered_with(euros: dict[str, int]) -> None:
    post(pay(euros, 10))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE ledger_entry SET amount = amount + 1 WHERE amount > 0")
        cursor.execute("SET session_replication_role = origin")
    assert any("does not sum to zero" in sentence for sentence in verify())


def posting(one: Posting) -> Callable[[], int]:
    """A job that books one transaction of its own."""

    def job() -> int:
        with transaction.atomic():
            return post(one)

    return job


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_cannot_overdraw(euros: dict[str, int]) -> None:
    post(pay(euros, 10, key="first"))
    results = run_at_once([posting(pay(euros, -1, key=str(n))) for n in range(20)])
    assert sum(isinstance(r, int) for r in results) == 10
    assert sum(isinstance(r, InsufficientBalance) for r in results) == 10
    assert queries.balance("EUR", "cash") == 0
    assert verify() == []


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_once_posts_once(euros: dict[str, int]) -> None:
    results = run_at_once([posting(pay(euros, 3))] * 10)
    assert len(set(results)) == 1
    assert queries.balance("EUR", "cash") == 3


@pytest.mark.django_db(transaction=True)
def test_crossing_transfers_do_not_deadlock(euros: dict[str, int]) -> None:
    jobs = [
        posting(
            Posting(
                source="test",
                key=str(n),
                kind="swap",
                legs=[
                    Leg(euros["income"], 1 if n % 2 else -1),
                    Leg(euros["other"], -1 if n % 2 else 1),
                ],
            )
        )
        for n in range(20)
    ]
    assert all(isinstance(r, int) for r in run_at_once(jobs))
    assert verify() == []
