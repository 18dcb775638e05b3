"""Months of entries: made ahead, put away with what every account held, brought back."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from coop.celery import app
from coop.invariants import all_broken
from coop.local.places import find_places
from coop.local.programs import postgres_folder
from ledger import asof, invariants, partitions, queries
from ledger.asof import BeforeTheCut
from ledger.log import invariants as log_invariants
from ledger.log import tree
from ledger.log.mirror import mirror
from ledger.models import Balance, Carried, Cut, Document, Entry, Leaf, Transaction
from ledger.services import Leg, Posting, ensure_commodity, open_account, post, reverse
from ledger.tasks import keep_partitions_ahead
from signing import notes
from tests.sealing import seal_all
from tests.valley import make_valley
from tokens.services import record_usage

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
CUT = NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
for _n in range(3):
    CUT = CUT.replace(year=CUT.year - (CUT.month == 1), month=(CUT.month - 2) % 12 + 1)
MONTH = f"{CUT:%Y-%m}"


def run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


def rewrite(sql: str, *params: Any) -> None:
    """What somebody does who can switch the rules off."""
    with transaction.atomic():
        run("SET LOCAL session_replication_role = replica")
        run(sql, *params)


def wrong() -> list[str]:
    checks = [*invariants.INVARIANTS, *log_invariants.INVARIANTS]
    return [sentence for check in checks for sentence in check()]


@pytest.fixture(autouse=True)
def tables_as_they_were() -> Iterator[None]:
    yield
    for table in partitions.away_tables():
        run(f"DROP TABLE {table}")
    partitions.keep_ahead()


@pytest.fixture
def euros() -> dict[str, int]:
    ensure_commodity(code="EUR", kind="money", exponent=2)
    kinds = ("cash:operating", "cost_income", "expense", "capital")
    return {kind: open_account(commodity="EUR", kind=kind) for kind in kinds}


def pay(accounts: dict[str, int], key: str, amount: int, of: str = "cost_income") -> int:
    legs = [Leg(accounts["cash:operating"], amount), Leg(accounts[of], -amount)]
    return post(Posting(source="test", key=key, kind="payment", legs=legs))


def age(months: int) -> None:
    """Let everything so far have been recorded so many months earlier."""
    back = f"interval '{months} months'"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(recorded_at) - {back} - interval '1 day' FROM ledger_entry")
        first = cursor.fetchone()[0].date()
    run("SELECT ledger_make_partitions(%s, %s)", first, NOW.date())
    for table in ("transaction", "entry", "balance"):
        rewrite(f"UPDATE ledger_{table} SET recorded_at = recorded_at - {back}")


@pytest.fixture
def books(euros: dict[str, int]) -> dict[str, int]:
    """Ten payments nine months ago, ten six months ago, ten today; the log complete."""
    for batch, months in ((0, 3), (1, 6), (2, 0)):
        for n in range(10):
            pay(euros, f"{batch} {n}", 5 + n, of=("cost_income", "capital", "expense")[batch])
        age(months) if months else None
    seal_all()
    assert wrong() == []
    return euros


def detach() -> str:
    out = StringIO()
    call_command("detach_entries", "--before", MONTH, stdout=out)
    seal_all()
    return out.getvalue()


def test_the_months_ahead_always_have_their_partition() -> None:
    keep_partitions_ahead()
    months = [partitions.month_of(table) for table in partitions.kept_tables()]
    assert NOW.replace(year=NOW.year + 2, day=1).date() == months[-1].date()
    run(f"DROP TABLE {partitions.kept_tables()[-1]}")
    assert (partitions.keep_ahead(), partitions.keep_ahead()) == ((1, 0), (0, 0))
    assert [partitions.month_of(table) for table in partitions.kept_tables()] == months


def test_without_a_partition_nothing_is_lost(euros: dict[str, int]) -> None:
    pay(euros, "1", 5)
    this = f"ledger_entry_y{NOW:%Y}m{NOW:%m}"
    run(f"ALTER TABLE ledger_entry DETACH PARTITION {this}")
    run(f"DROP TABLE {this}")
    rewrite("DELETE FROM ledger_transaction")
    rewrite("UPDATE ledger_balance SET amount = 0, version = 0, recorded_at = NULL")
    pay(euros, "2", 7)
    assert queries.balance("EUR", "cash:operating") == 7
    assert [s for s in wrong() if "partition_entries" in s]
    out = StringIO()
    call_command("partition_entries", stdout=out)
    assert "2 entries moved" in out.getvalue()
    assert (partitions.rows_in_rest(), wrong()) == (0, [])
    assert this in partitions.kept_tables()
    pay(euros, "3", 1)
    for change in ("UPDATE {} SET amount = 3", "DELETE FROM {}", "TRUNCATE {}"):
        for table in (this, "ledger_entry_rest"):
            with pytest.raises(DatabaseError, match="append-only"):
                run(change.format(table))


def test_an_old_entry_without_a_partition_counts_in_a_balance_of_then(
    euros: dict[str, int],
) -> None:
    cash = euros["cash:operating"]
    pay(euros, "1", 5)
    long_ago = partitions.first_kept() - timedelta(days=40)
    for table in ("transaction", "entry", "balance"):
        rewrite(f"UPDATE ledger_{table} SET recorded_at = %s", long_ago)
    pay(euros, "2", 7)
    assert partitions.rows_in_rest() == 2
    for before, held in ((timedelta(days=41), 0), (timedelta(days=39), 5), (-timedelta(1), 5)):
        then = partitions.first_kept() - before
        assert asof.balance(cash, asof.Moment(known=then)) == held
    assert asof.balance(cash, asof.Moment(known=datetime.now(UTC))) == 12


def test_put_away_months_leave_every_balance_and_the_log_as_they_were(
    books: dict[str, int],
) -> None:
    before = dict(Balance.objects.values_list("account_id", "amount"))
    total = Entry.objects.count()
    told = detach()
    assert "carried over" in told and "pg_dump" in told and partitions.root().hex() in told
    assert Entry.objects.count() == 20 < total
    assert dict(Balance.objects.values_list("account_id", "amount")) == before
    carried = dict(Carried.objects.values_list("account_id", "amount"))
    assert carried == {
        books["cash:operating"]: 190, books["cost_income"]: -95, books["capital"]: -95
    }  # fmt: skip
    assert Carried.objects.get(account_id=books["cash:operating"]).version == 20
    document = Cut.objects.get(through=CUT).document
    assert Leaf.objects.filter(document=document).exists()
    assert wrong() == []
    pay(books, "after", 3)
    seal_all()
    assert wrong() == []


def test_the_digest_is_over_lines_that_can_be_made_by_hand(books: dict[str, int]) -> None:
    detach()
    cash, income, capital = (books[kind] for kind in ("cash:operating", "cost_income", "capital"))
    lines = {
        cash: b'{"account":%d,"amount":190,"version":20}' % cash,
        income: b'{"account":%d,"amount":-95,"version":10}' % income,
        capital: b'{"account":%d,"amount":-95,"version":10}' % capital,
    }
    first, second, third = (leaf(lines[account]) for account in sorted(lines))
    assert bytes(Document.objects.get().digest) == node(node(first, second), third)


def leaf(content: bytes) -> bytes:
    return sha256(b"\x00" + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def test_a_second_cut_carries_what_did_not_move_since_the_first(books: dict[str, int]) -> None:
    old = CUT.replace(year=CUT.year - (CUT.month < 6), month=(CUT.month + 6) % 12 + 1)
    assert old < CUT
    partitions.detach(old)
    assert Carried.objects.count() == 2
    seal_all()
    assert wrong() == []
    detach()
    assert Carried.objects.get(account_id=books["cost_income"]).amount == -95
    assert (Carried.objects.count(), wrong()) == (3, [])
    with pytest.raises(partitions.LaterCut):
        partitions.detach(old)


def test_no_app_above_misses_what_was_put_away() -> None:
    """A period that was closed and paid, all of its entries detached."""
    valley = make_valley()
    with transaction.atomic():
        record_usage(rows=[valley.use("ana", 150_000, "1")], actor=None)
    valley.close()
    age(6)
    seal_all()
    assert all_broken() == []
    detach()
    assert (Entry.objects.count(), all_broken()) == (0, [])
    valley.open_july()
    seal_all()
    assert (Entry.objects.count() > 0, all_broken()) == (True, [])


def test_nothing_is_detached_that_is_not_in_the_log(euros: dict[str, int]) -> None:
    pay(euros, "1", 5)
    age(6)
    with pytest.raises(CommandError, match="seal first"):
        detach()
    assert (Cut.objects.count(), Carried.objects.count(), Entry.objects.count()) == (0, 0, 2)
    assert partitions.away_tables() == []


def test_nothing_is_detached_from_broken_books(books: dict[str, int]) -> None:
    rewrite("UPDATE ledger_entry SET amount = amount + 1 WHERE version = 3")
    with pytest.raises(CommandError, match="Nothing was detached"):
        detach()
    assert partitions.away_tables() == []


def test_a_month_that_is_not_over_stays(books: dict[str, int]) -> None:
    with pytest.raises(partitions.CutTooLate):
        partitions.detach(partitions.next_month(NOW.replace(day=1)))


def test_where_there_is_nothing_before_the_cut_none_is_made(euros: dict[str, int]) -> None:
    pay(euros, "1", 5)
    seal_all()
    with pytest.raises(partitions.NothingToDetach):
        partitions.detach(CUT)
    assert Cut.objects.count() == 0


def test_detached_months_still_refuse_change_and_are_still_checked(books: dict[str, int]) -> None:
    detach()
    table = partitions.away_tables()[0]
    for change in (f"UPDATE {table} SET amount = 3", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(DatabaseError, match="append-only"):
            run(change)
    filled = full_tables()
    rewrite(f"UPDATE {filled[0]} SET amount = amount + 1 WHERE version = 3")
    assert [s for s in wrong() if s.startswith("put away")]
    rewrite(f"UPDATE {filled[0]} SET amount = amount - 1 WHERE version = 3")
    assert wrong() == []
    rewrite(f"DELETE FROM {filled[0]} WHERE version <= 2")
    assert [s for s in wrong() if "its first entry is" in s]


def full_tables() -> list[str]:
    """The detached months with entries in them."""
    full = []
    for table in partitions.away_tables():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            full += [table] if cursor.fetchone()[0] else []
    return full


def test_a_dropped_month_is_no_broken_promise_but_a_changed_balance_is(
    books: dict[str, int],
) -> None:
    detach()
    run(f"DROP TABLE {full_tables()[0]}")
    assert wrong() == []
    for table in partitions.away_tables():
        run(f"DROP TABLE {table}")
    assert wrong() == []
    rewrite("UPDATE ledger_carried SET amount = amount + 1 WHERE amount > 0")
    rewrite("UPDATE ledger_balance SET amount = amount + 1 WHERE amount > 0")
    assert [s for s in wrong() if "not those in the log" in s]


def test_what_was_brought_back_is_read_and_checked_again(books: dict[str, int]) -> None:
    entries = list(Entry.objects.order_by("account_id", "version").values())
    detach()
    out = StringIO()
    call_command("attach_entries", stdout=out)
    assert "attached ledger_entry_y" in out.getvalue()
    assert list(Entry.objects.order_by("account_id", "version").values()) == entries
    assert (partitions.away_tables(), wrong()) == ([], [])
    filled = Entry.objects.earliest("recorded_at").recorded_at
    with pytest.raises(DatabaseError, match="append-only"):
        run(f"DELETE FROM ledger_entry_y{filled:%Y}m{filled:%m}")
    rewrite("UPDATE ledger_entry SET balance_after = 0 WHERE version = 3 AND recorded_at < %s", CUT)
    assert [s for s in wrong() if s.startswith("put away")]
    rewrite(
        "UPDATE ledger_entry e SET balance_after = b.balance_after + e.amount FROM ledger_entry b"
        " WHERE e.version = 3 AND b.version = 2 AND b.account_id = e.account_id"
    )
    again = partitions.detach(CUT)
    assert (full_tables() != [], Entry.objects.count(), Cut.objects.count()) == (True, 20, 1)
    assert again.digest == bytes(Document.objects.get().digest)
    assert wrong() == []


def program(name: str, *arguments: str) -> None:
    """A program of PostgreSQL on the database of this test."""
    found = postgres_folder(find_places()) / name
    given = connection.get_connection_params()
    keys = ("host", "port", "user", "password", "dbname")
    target = " ".join(f"{key}='{given[key]}'" for key in keys if given.get(key))
    subprocess.run([found, f"--dbname={target}", *arguments], check=True, capture_output=True)


def test_a_dump_of_what_was_put_away_can_be_brought_back(
    books: dict[str, int], tmp_path: Path
) -> None:
    entries = list(Entry.objects.order_by("account_id", "version").values())
    told, file = detach(), str(tmp_path / "entries.dump")
    program("pg_dump", "--format=custom", f"--file={file}", "-t", "detached_entry_*")
    run(told[told.index("DROP TABLE") :].partition(";")[0])
    assert (partitions.away_tables(), Entry.objects.count(), wrong()) == ([], 20, [])
    program("pg_restore", file)
    call_command("attach_entries", stdout=StringIO())
    assert list(Entry.objects.order_by("account_id", "version").values()) == entries
    assert wrong() == []
    with pytest.raises(DatabaseError, match="append-only"):
        run(f"DELETE FROM {partitions.kept_tables()[0]}")


def test_the_daily_task_stands_in_the_timetable() -> None:
    planned = [entry["task"] for entry in app.conf.beat_schedule.values()]
    assert keep_partitions_ahead.name in planned


def test_what_was_put_away_cannot_be_reversed(books: dict[str, int]) -> None:
    oldest = Transaction.objects.earliest("id").pk
    detach()
    with pytest.raises(BeforeTheCut), transaction.atomic():
        reverse(txn_id=oldest, source="test", key="r", actor=None, memo="")


def test_pages_say_what_was_put_away(books: dict[str, int]) -> None:
    oldest = Transaction.objects.earliest("id").pk
    address = f"/books/accounts/{books['cash:operating']}/"
    sentence = "were put away"
    assert sentence not in Client().get(address).content.decode()
    detach()
    page = Client().get(address).content.decode()
    assert sentence in page and "€1.90" in page
    untouched = Client().get(f"/books/accounts/{books['expense']}/").content.decode()
    assert sentence not in untouched
    assert sentence in Client().get(f"/books/transactions/{oldest}/").content.decode()
    partitions.attach()
    assert sentence not in Client().get(address).content.decode()
    assert sentence not in Client().get(f"/books/transactions/{oldest}/").content.decode()


# What the log still proves --------------------------------------------------------------------


def test_what_was_put_away_is_still_in_the_log(books: dict[str, int], tmp_path: Path) -> None:
    txn = Transaction.objects.earliest("pk").pk
    entry = {"account": books["cash:operating"], "version": 1}
    assert Client().get("/api/v1/log/proofs/entry", entry).status_code == 200
    detach()
    proof = Client().get(f"/books/log/transactions/{txn}/proof").content
    assert notes.verify_proof(proof, tree.verifier_key()).index == 0
    assert "Sealed as leaf 0" in Client().get(f"/books/transactions/{txn}/").content.decode()
    gone = Client().get("/api/v1/log/proofs/entry", entry)
    assert (gone.status_code, gone.json()["code"]) == (410, "put_away")
    kept = Balance.objects.get(account=books["cash:operating"]).version
    there = Client().get("/api/v1/log/proofs/entry", entry | {"version": kept})
    assert there.status_code == 200
    assert mirror(tmp_path) == 4


def test_an_attached_month_is_held_against_the_log(books: dict[str, int]) -> None:
    partitions.detach(CUT)
    seal_all()
    partitions.attach()
    assert wrong() == []
    first, second = Transaction.objects.order_by("pk").values_list("pk", flat=True)[:2]
    rewrite(
        "UPDATE ledger_entry SET amount = amount + sign(amount),"
        " balance_after = balance_after + sign(amount) WHERE txn_id = %s",
        first,
    )
    rewrite("UPDATE ledger_entry SET amount = amount - sign(amount) WHERE txn_id = %s", second)
    assert [sentence.partition(" has")[0] for sentence in wrong()] == [
        f"leaf 0 (transaction {first})",
        f"leaf 1 (transaction {second})",
    ]
