"""The past rewritten by the database's superuser, triggers off: found, and its place named."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from assets.services import create_pool
from coop.invariants import all_broken
from coop_verify.checks import Check, Request
from coop_verify.errors import Unreadable
from coop_verify.note import Key
from ledger.log import records, seal, tree
from ledger.models import Account, Checkpoint, Leaf
from ledger.reading import rows
from ledger.services import Leg, Posting, post, reverse
from signing import keys
from tests.faults.tampered import (
    COLUMNS,
    EXPORT,
    FREED,
    HERE,
    MEMBERS,
    OUTSIDE,
    PUBLIC,
    ROWS,
    Change,
)
from tests.sealing import seal_all
from tests.valley import make_valley
from titles.models import Title
from tokens.services import record_usage

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
AUDITORS = {PUBLIC, MEMBERS}
Facts = dict[str, Any]
PASSED_BY = """
SELECT t.id FROM ledger_transaction t WHERE t.kind = 'cost paid' ORDER BY t.id"""
FACTS = """
SELECT (SELECT index FROM ledger_leaf WHERE txn_id = %(txn)s) AS leaf,
       (SELECT min(account_id) FROM ledger_entry WHERE txn_id = %(txn)s) AS account,
       (SELECT min(index) FROM ledger_leaf l JOIN ledger_entry e ON e.txn_id = l.txn_id
        WHERE e.version = 1 AND e.account_id = (
            SELECT min(account_id) FROM ledger_entry WHERE txn_id = %(txn)s)) AS opened_at_leaf,
       (SELECT id FROM ledger_commodity WHERE code = 'EUR') AS commodity,
       (SELECT id FROM ledger_commodity WHERE code = 'unit:backbone') AS other_commodity,
       (SELECT min(index) FROM ledger_leaf l JOIN ledger_entry e ON e.txn_id = l.txn_id
        JOIN ledger_commodity c ON c.id = e.commodity_id
        WHERE e.version = 1 AND c.code = 'EUR') AS first_of_commodity,
       (SELECT max(id) FROM ledger_account a WHERE a.owner = 'pool/backbone'
        AND NOT EXISTS (SELECT FROM ledger_entry e
                        WHERE e.txn_id = %(txn)s AND e.account_id = a.id)) AS other_account,
       (SELECT id FROM ledger_document ORDER BY id OFFSET 1 LIMIT 1) AS document,
       (SELECT index FROM ledger_leaf WHERE document_id = (
           SELECT id FROM ledger_document ORDER BY id OFFSET 1 LIMIT 1)) AS document_leaf,
       (SELECT max(size) FROM ledger_checkpoint) AS size,
       (SELECT max(number) FROM titles_title) AS titles,
       (SELECT id FROM assets_pool WHERE code = 'mesh') AS other_pool"""


@pytest.fixture(scope="module")
def books(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Facts]:
    """A period from founding to conversion, then costs paid and one taken back; all sealed.

    Committed for this module; each test's own changes are rolled back.
    """
    with django_db_blocker.unblock():
        try:
            work_a_period()
            yield facts(tmp_path_factory.mktemp("kept"))
        finally:
            call_command("flush", interactive=False, verbosity=0)


def work_a_period() -> None:
    valley = make_valley()
    create_pool(code="mesh", name="Mesh", actor=None)
    rows = [("ana", 450_000), ("ben", 170_000), ("chloe", 120_000)]
    record_usage(rows=[valley.use(name, used, name) for name, used in rows], actor=None)
    valley.close()
    seal_all()
    cash, expense = (
        Account.objects.get(kind="cash:operating", owner="pool/backbone").pk,
        Account.objects.get(kind="expense").pk,
    )
    for n in range(6):
        legs = [Leg(cash, -100 - n), Leg(expense, 100 + n)]
        last = post(Posting("test", f"cost {n}", "cost paid", legs))
    reverse(txn_id=last, source="test", key="back", actor=None, memo="twice")
    seal_all()
    assert all_broken() == []


def facts(folder: Path) -> Facts:
    """What the changes are about: a transaction in the middle, one of its accounts, a title."""
    paid = [row[0] for row in rows(PASSED_BY)]
    with connection.cursor() as cursor:
        cursor.execute(FACTS, {"txn": paid[2]})
        assert cursor.description is not None
        row = cursor.fetchone()
        found = dict(zip((column.name for column in cursor.description), row, strict=True))
    title = Title.objects.order_by("number")[1]
    other = Title.objects.exclude(member=title.member).order_by("number")[0]
    holding = Account.objects.get(kind="holding", owner=f"member/{other.member_id}")
    for head in Checkpoint.objects.order_by("size"):
        (folder / str(head.size)).write_text(head.note)
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    return {
        **found,
        "txn": paid[2],
        "other_txn": paid[3],
        "title": title.number,
        "other_member": other.member_id,
        "other_holding": holding.pk,
        "before": sizes[-2],
        "kept": folder,
    }


def as_superuser(sql: str) -> None:
    """What only who owns the database can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in sql.split(";"):
            cursor.execute(statement)
            assert cursor.rowcount > 0, statement


def export(folder: Path, kind: str) -> str:
    """What the command said where it ended with status 1, else nothing."""
    said = StringIO()
    try:
        call_command("export_books", str(folder), kind=kind, stdout=said, stderr=said)
    except CommandError as error:
        refused = error
    else:
        return ""
    assert refused.returncode == 1
    return str(refused)


def audited(folder: Path, *held: Path) -> tuple[bool, str]:
    """Whether the auditor's program holds the bundle for good, and all that it says."""
    key = Key(keys.public_key())
    try:
        report = Check(Request(folder, key, held)).run()
    except Unreadable as error:
        return False, str(error)
    return report.holds, "\n".join([*report.lines(), *report.notes])


def seen_by(folder: Path) -> dict[str, str]:
    """Who finds something, and what they say."""
    found = {}
    for kind in (PUBLIC, MEMBERS):
        if complaint := export(folder / kind, kind):
            found[EXPORT] = complaint
        holds, said = audited(folder / kind)
        if not holds:
            found[kind] = said
    if broken := all_broken():
        found[HERE] = "\n".join(broken)
    return found


def check(change: Change, books: Facts, folder: Path) -> None:
    as_superuser(change.sql.format(**books))
    found = seen_by(folder)
    assert change.seen <= set(found), found
    assert not AUDITORS & set(found) - change.seen, found
    place = change.place.format(**books)
    for finder in change.seen & (AUDITORS if change.seen & AUDITORS else {EXPORT}):
        assert place in found[finder], found[finder]


def test_untouched_books_hold(books: Facts, tmp_path: Path) -> None:
    assert seen_by(tmp_path) == {}
    for kind in (PUBLIC, MEMBERS):
        held = [books["kept"] / str(books[size]) for size in ("before", "size")]
        assert audited(tmp_path / kind, *held)[0]


def test_every_column_was_thought_of() -> None:
    tables = {table for table, _ in COLUMNS}
    columns = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = ANY (%s)"""
    assert set(rows(columns, [sorted(tables)])) == set(COLUMNS) | set(OUTSIDE)
    assert set(FREED) == set(OUTSIDE) and not set(COLUMNS) & set(OUTSIDE)


@pytest.mark.parametrize(("table", "name"), COLUMNS, ids=map(".".join, COLUMNS))
def test_a_column_changed(books: Facts, tmp_path: Path, table: str, name: str) -> None:
    check(COLUMNS[table, name], books, tmp_path)


@pytest.mark.parametrize("what", ROWS)
def test_rows_changed(books: Facts, tmp_path: Path, what: str) -> None:
    check(ROWS[what], books, tmp_path)


@pytest.mark.parametrize(("table", "name"), OUTSIDE, ids=map(".".join, OUTSIDE))
def test_what_is_outside_the_promise(books: Facts, tmp_path: Path, table: str, name: str) -> None:
    """Changed in every row, it makes a bundle none the worse."""
    rows = " WHERE number = {title}" if name == "reference" else ""
    as_superuser(f"UPDATE {table} SET {name} = {FREED[table, name]}{rows}".format(**books))
    for kind in (PUBLIC, MEMBERS):
        assert export(tmp_path / kind, kind) == ""
        assert audited(tmp_path / kind) == (True, audited(tmp_path / kind)[1])


@pytest.mark.parametrize("kind", [PUBLIC, MEMBERS])
def test_the_auditors_program_on_its_own(books: Facts, tmp_path: Path, kind: str) -> None:
    """As a process, without Django on its path, against the key from elsewhere."""
    export(tmp_path / "good", kind)
    as_superuser(ROWS["an amount changed with every balance after it"].sql.format(**books))
    export(tmp_path / "bad", kind)
    statuses = {}
    for folder in ("good", "bad"):
        done = subprocess.run(
            [sys.executable, "-m", "coop_verify", folder, "--key", keys.public_key().hex()],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT / "verifier"), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        statuses[folder] = done.returncode
        assert ("BROKEN" in done.stdout) == (folder == "bad"), done.stderr
    assert statuses == {"good": 0, "bad": 1}
    assert f"leaf {books['leaf']} (transaction {books['txn']}) commits to others" in done.stdout


def make_the_log_anew() -> None:
    """What who also has the signing key does: leaves, tiles and the head, as if it were so."""
    order = Leaf.objects.order_by("index").values_list("txn_id", "document_id")
    places = []
    for txn_id, document_id in order:
        if txn_id:
            places += [seal.place_of(record) for record in records.transactions([txn_id])]
        else:
            (document,) = records.documents([document_id])
            places.append(seal.Place(document.as_bytes(), document_id=document_id))
    head = tree.newest()
    assert head is not None
    for table in ("leaf", "tile", "checkpoint"):
        as_superuser(f"DELETE FROM ledger_{table}")
    seal.write(0, places, seal.Window(0, head.xid_floor, None))


@pytest.mark.parametrize("kind", [PUBLIC, MEMBERS])
def test_who_has_the_key_is_found_by_the_checkpoint_that_the_auditor_kept(
    books: Facts, tmp_path: Path, kind: str
) -> None:
    as_superuser(ROWS["an amount changed with every balance after it"].sql.format(**books))
    make_the_log_anew()
    assert all_broken() == []
    assert export(tmp_path / "b", kind) == ""
    assert audited(tmp_path / "b")[0]
    assert audited(tmp_path / "b", books["kept"] / str(books["before"]))[0]
    holds, said = audited(tmp_path / "b", books["kept"] / str(books["size"]))
    assert not holds and f"the first {books['size']} leaves have another root now" in said


ROLL_BACK = """
DELETE FROM ledger_entry WHERE txn_id IN (
    SELECT txn_id FROM ledger_leaf WHERE index >= {before});
DELETE FROM ledger_transaction WHERE id IN (
    SELECT txn_id FROM ledger_leaf WHERE index >= {before});
DELETE FROM ledger_leaf WHERE index >= {before};
UPDATE ledger_balance b
SET amount = e.balance_after, version = e.version, recorded_at = e.recorded_at
FROM ledger_entry e WHERE e.account_id = b.account_id AND NOT EXISTS (
    SELECT FROM ledger_entry n WHERE n.account_id = e.account_id AND n.version > e.version);
UPDATE ledger_balance b SET amount = 0, version = 0, recorded_at = NULL
WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.account_id = b.account_id)"""


@pytest.mark.parametrize("kind", [PUBLIC, MEMBERS])
def test_a_log_set_back_is_found_by_the_checkpoint_that_the_auditor_kept(
    books: Facts, tmp_path: Path, kind: str
) -> None:
    as_superuser(ROLL_BACK.format(**books))
    make_the_log_anew()
    assert all_broken() == []
    assert export(tmp_path / "b", kind) == ""
    assert audited(tmp_path / "b", books["kept"] / str(books["before"]))[0]
    holds, said = audited(tmp_path / "b", books["kept"] / str(books["size"]))
    assert not holds and "history was rewritten" in said


@pytest.mark.parametrize("kind", [PUBLIC, MEMBERS])
def test_a_head_taken_back_is_found_by_the_checkpoint_that_the_auditor_kept(
    books: Facts, tmp_path: Path, kind: str
) -> None:
    """The records stay; they are shown as not sealed yet."""
    as_superuser("DELETE FROM ledger_checkpoint WHERE size = {size}".format(**books))
    assert export(tmp_path / "b", kind) == ""
    assert audited(tmp_path / "b", books["kept"] / str(books["before"]))[0]
    assert not audited(tmp_path / "b", books["kept"] / str(books["size"]))[0]


def test_the_rows_are_put_back_after_each_test(books: Facts) -> None:
    with transaction.atomic():
        as_superuser(ROWS["an amount changed on both sides"].sql.format(**books))
        assert all_broken()
        transaction.set_rollback(True)
    assert all_broken() == []
