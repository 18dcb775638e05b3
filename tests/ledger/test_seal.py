"""The sequencer: everything committed gets its place once, in order, under a signed head."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from ledger.log import records, tree
from ledger.log.invariants import (
    every_head_is_the_tree_over_the_records,
    nothing_was_passed_over,
)
from ledger.log.seal import CHUNK, ONE_AT_A_TIME, TreeChanged, place_of, seal, seal_chunk
from ledger.models import Checkpoint, Leaf, Transaction
from ledger.reading import rows
from ledger.services import (
    Leg,
    Posting,
    ensure_commodity,
    open_account,
    post,
    post_many,
    record_documents,
)
from signing import merkle, notes
from tests.sealing import past_the_triggers, seal_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def euros() -> dict[str, int]:
    ensure_commodity(code="EUR", kind="money", exponent=2)
    kinds = ("cash:operating", "cost_income", "expense")
    return {kind: open_account(commodity="EUR", kind=kind) for kind in kinds}


def pay(accounts: dict[str, int], key: str, amount: int = 5) -> int:
    legs = [Leg(accounts["cash:operating"], amount), Leg(accounts["cost_income"], -amount)]
    return post(Posting(source="test", key=key, kind="payment", legs=legs))


def recomputed() -> bytes:
    """The root over the leaves as their rows stand."""
    ids = Leaf.objects.order_by("index").values_list("txn_id", "document_id")
    contents = []
    for txn_id, document_id in ids:
        if txn_id:
            contents += [place_of(record).content for record in records.transactions([txn_id])]
        else:
            contents += [record.as_bytes() for record in records.documents([document_id])]
    return merkle.root(map(merkle.leaf_hash, contents))


def test_what_was_booked_is_sealed_in_order_under_a_signed_head(euros: dict[str, int]) -> None:
    ids = [pay(euros, str(n)) for n in range(300)]
    assert seal_all() == 300
    assert list(Leaf.objects.order_by("index").values_list("txn_id", flat=True)) == ids
    head = tree.newest()
    assert head is not None
    opened = notes.open_checkpoint(head.note, tree.verifier_key())
    assert (opened.size, opened.root) == (300, recomputed())


def test_sealing_again_adds_nothing_and_later_goes_on(euros: dict[str, int]) -> None:
    pay(euros, "1")
    assert (seal_all(), seal()) == (1, 0)
    first = Checkpoint.objects.get()
    for n in range(2, 600):
        pay(euros, str(n))
    record_documents([("title", bytes(32)), ("certificate", bytes(31) + b"1")])
    assert seal_all() == 600
    second = tree.newest()
    assert second is not None and second.root == recomputed()
    proof = tree.consistency(first.size, second.size)
    merkle.verify_consistency(1, bytes(first.root), second.size, bytes(second.root), proof)


def test_every_leaf_is_proved_to_be_in_the_tree(euros: dict[str, int]) -> None:
    for n in range(20):
        pay(euros, str(n))
    seal_all()
    head = tree.newest()
    assert head is not None
    for leaf in Leaf.objects.exclude(txn=None):
        content = place_of(records.transactions([leaf.txn_id])[0]).content
        proof = tree.inclusion(leaf.index, head.size)
        hashed = merkle.leaf_hash(content)
        merkle.verify_inclusion(hashed, leaf.index, head.size, proof, bytes(head.root))


def test_more_than_a_chunk_is_sealed_in_whole_chunks(euros: dict[str, int]) -> None:
    with transaction.atomic():
        for n in range(CHUNK + 7):
            pay(euros, str(n))
    wait_until_all_is_past()
    assert [seal_chunk(), seal_chunk(), seal_chunk()] == [CHUNK, 7, 0]
    assert Checkpoint.objects.count() == 2
    assert bytes(tree.newest().root) == recomputed()  # type: ignore[union-attr]


def wait_until_all_is_past() -> None:
    """Wait until no database transaction that runs elsewhere is older than what was booked."""
    horizon = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    newest = "SELECT coalesce(max(xid::text::bigint), 0) FROM ledger_transaction"
    while rows(horizon)[0][0] <= rows(newest)[0][0]:
        pass


@pytest.fixture
def other() -> Iterator[psycopg.Cursor[Any]]:
    """A second connection to the database, outside of any transaction."""
    params = connection.get_connection_params()
    named = {name: params[name] for name in ("dbname", "user", "host", "port") if name in params}
    with psycopg.connect(**named, autocommit=True) as second, second.cursor() as cursor:
        yield cursor


def test_what_has_not_ended_is_not_sealed_and_nobody_passes_who_depends_on_it(
    euros: dict[str, int], other: psycopg.Cursor[Any]
) -> None:
    other.execute("BEGIN")
    other.execute("SELECT pg_current_xact_id()")
    late = pay(euros, "by somebody who began later but committed first")
    assert seal() == 0
    other.execute(
        "SELECT ledger_post(ARRAY['t'], ARRAY['x'], ARRAY['k'], ARRAY[''], ARRAY[''],"
        " ARRAY[''], ARRAY[NULL]::timestamptz[], ARRAY[NULL]::bigint[], ARRAY[1, 1],"
        " %s::bigint[], ARRAY[7, -7]::bigint[])",
        [[euros["cash:operating"], euros["expense"]]],
    )
    other.execute("COMMIT")
    assert seal_all() == 2
    first, second = Leaf.objects.order_by("index").values_list("txn_id", flat=True)
    assert (first, second) == (late, Transaction.objects.latest("id").pk)


def test_two_sequencers_do_not_get_in_each_others_way(
    euros: dict[str, int], other: psycopg.Cursor[Any]
) -> None:
    pay(euros, "1")
    other.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
    assert seal() == 0
    other.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
    assert seal_all() == 1


def test_the_tree_and_its_heads_cannot_be_changed(euros: dict[str, int]) -> None:
    pay(euros, "1")
    seal_all()
    for sql in (
        "UPDATE ledger_leaf SET index = 5",
        "DELETE FROM ledger_leaf",
        "UPDATE ledger_checkpoint SET size = 5",
        "UPDATE ledger_tile SET data = ''",
        "DELETE FROM ledger_tile",
        "TRUNCATE ledger_checkpoint",
    ):
        with pytest.raises(Exception, match=r"append-only|only ever grows"), transaction.atomic():
            connection.cursor().execute(sql)


def test_nothing_is_signed_over_a_tree_that_was_changed(euros: dict[str, int]) -> None:
    pay(euros, "1")
    seal_all()
    past_the_triggers("UPDATE ledger_tile SET data = sha256(data)")
    pay(euros, "2")
    wait_until_all_is_past()
    with pytest.raises(TreeChanged):
        seal()
    assert Checkpoint.objects.count() == 1


@pytest.mark.parametrize("waited", [0, CHUNK + 5])
def test_a_dump_restored_into_a_server_that_counts_anew_is_sealed_on(
    euros: dict[str, int], waited: int
) -> None:
    pay(euros, "sealed before the dump")
    seal_all()
    legs = [Leg(euros["cash:operating"], 5), Leg(euros["cost_income"], -5)]
    post_many([Posting("test", f"waited {n}", "payment", legs) for n in range(waited)])
    wait_until_all_is_past()
    far = 10**9
    past_the_triggers(
        "UPDATE ledger_transaction SET xid = (xid::text::bigint + %s)::text::xid8", [far]
    )
    past_the_triggers("UPDATE ledger_checkpoint SET xid_floor = xid_floor + %s", [far])
    pay(euros, "booked on the new server")
    assert nothing_was_passed_over() == []
    assert seal_all() == waited + 1
    pay(euros, "and later")
    assert seal_all() == 1
    assert every_head_is_the_tree_over_the_records() + nothing_was_passed_over() == []
    sealed = Leaf.objects.order_by("index").values_list("txn_id", flat=True)
    assert list(sealed) == sorted(sealed)
