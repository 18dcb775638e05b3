"""The books: what they take, what they refuse, under repetition and concurrency."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError

from ledger import queries
from ledger.errors import InsufficientBalance, KeyConflict, Unbalanced, UnknownAccount
from ledger.invariants import INVARIANTS
from ledger.models import Account, Balance, Entry, Transaction
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
    with pytest.raises(IntegrityError), transaction.atomic():
        reverse(txn_id=txn_id, source="test", key="again", actor=None, memo="typo")


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


def test_a_balanced_afterthought_is_refused(euros: dict[str, int]) -> None:
    txn_id = post(pay(euros, 10))
    sql = (
        "WITH b AS (UPDATE ledger_balance SET amount = amount + CASE account_id WHEN %s THEN 5"
        " ELSE -5 END, version = version + 1 WHERE account_id IN (%s, %s) RETURNING *)"
        " INSERT INTO ledger_entry SELECT account_id, version, %s, (SELECT commodity_id FROM"
        " ledger_account a WHERE a.id = account_id), CASE account_id WHEN %s THEN 5 ELSE -5 END,"
        " amount FROM b"
    )
    columns = "(account_id, version, txn_id, commodity_id, amount, balance_after)"
    sql = sql.replace("INTO ledger_entry", f"INTO ledger_entry {columns}")
    cash, income = euros["cash"], euros["income"]
    with pytest.raises(IntegrityError, match="entries already"), transaction.atomic():
        connection.cursor().execute(sql, [cash, cash, income, txn_id, cash])


def test_an_entry_that_leaves_the_balance_behind_is_refused(euros: dict[str, int]) -> None:
    commodity = Account.objects.get(pk=euros["cash"]).commodity_id
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="differ"):
        cursor.execute(
            "WITH t AS (INSERT INTO ledger_transaction (source, key, body_hash, kind, about,"
            " actor, memo, effective_at, posted_at) VALUES ('x', 'x', '', 'x', '', '', '',"
            " now(), now()) RETURNING id) INSERT INTO ledger_entry (account_id, version, txn_id,"
            " commodity_id, amount, balance_after)"
            " SELECT v.a, 1, t.id, %s, v.n, v.n FROM t, (VALUES (%s, 1), (%s, -1)) AS v(a, n)",
            [commodity, euros["cash"], euros["income"]],
        )


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
