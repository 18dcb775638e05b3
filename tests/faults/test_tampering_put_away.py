"""The past rewritten whose entries were put away: what is carried, and what the places remember."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coop.invariants import all_broken
from ledger import partitions
from ledger.reading import rows
from tests.faults.tampered import MEMBERS, PUBLIC
from tests.faults.test_tampering import as_superuser, audited, export
from tests.ledger.test_bundle import cut_books
from tests.ledger.test_partitions import run
from tests.sealing import seal_all
from tests.valley import taken_back

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["cut_books"]
FIRST = "WHERE account_id = (SELECT min(account_id) FROM ledger_carried)"
CHANGES = {
    ("ledger_carried", "account_id"): f"account_id + 1000000 {FIRST}",
    ("ledger_carried", "version"): f"version + 1 {FIRST}",
    ("ledger_carried", "amount"): f"amount + 1 {FIRST}",
    ("ledger_cut", "through"): "now()",
    ("ledger_cut", "document_id"): "1000000",
    ("ledger_leaf", "entries_count"): "entries_count + 1 WHERE index = 2",
    ("ledger_leaf", "entries_root"): "sha256(entries_root) WHERE index = 2",
}
OUTSIDE = {
    ("ledger_cut", "id"): "nothing points to it",
    ("ledger_cut", "cut_at"): "when it was done, which nobody signs",
}


@pytest.fixture(autouse=True)
def tables_as_they_were() -> Iterator[None]:
    yield
    for table in partitions.away_tables():
        run(f"DROP TABLE {table}")
    partitions.keep_ahead()


def test_every_column_was_thought_of() -> None:
    columns = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name IN ('ledger_carried', 'ledger_cut')"""
    thought_of = {key for key in CHANGES if key[0] != "ledger_leaf"} | set(OUTSIDE)
    assert set(rows(columns)) == thought_of


def test_what_is_carried_cannot_be_changed_unseen(cut_books: Path, tmp_path: Path) -> None:
    seal_all()
    assert all_broken() == []
    for number, ((table, name), value) in enumerate(CHANGES.items()):
        with taken_back():
            as_superuser(f"UPDATE {table} SET {name} = {value}")
            assert all_broken(), name
            for kind in (PUBLIC, MEMBERS):
                folder = tmp_path / f"{number} {kind}"
                export(folder, kind)
                assert not audited(folder)[0], (name, kind)
                assert not audited(folder, cut_books / "checkpoint")[0], (name, kind)
    assert all_broken() == []
    for kind in (PUBLIC, MEMBERS):
        assert export(tmp_path / kind, kind) == ""
        assert audited(tmp_path / kind, cut_books / "checkpoint")[0]
