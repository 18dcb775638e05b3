"""The log as files and its proofs over the API, checked with what is not ours where there is it."""

import hashlib
import json
from typing import Any

import pymerkle
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pymerkle.proof import InclusionProof

from ledger.models import Checkpoint, Entry
from ledger.services import (
    Leg,
    Posting,
    ensure_commodity,
    open_account,
    post,
    post_many,
    record_documents,
)
from signing import merkle, notes, tiles
from signing.errors import BadProof
from signing.tiles import Address
from tests.sealing import past_the_triggers, seal_all

pytestmark = pytest.mark.django_db(transaction=True)

API = "/api/v1/log/"
MANY = 300


@pytest.fixture
def accounts() -> list[int]:
    ensure_commodity(code="EUR", kind="money", exponent=2)
    kinds = ("cash:operating", "cost_income", "expense")
    return [open_account(commodity="EUR", kind=kind) for kind in kinds]


def paid(accounts: list[int], key: str) -> Posting:
    legs = [Leg(accounts[0], 5), Leg(accounts[1], -3), Leg(accounts[2], -2)]
    return Posting(source="test", key=key, kind="payment", legs=legs)


@pytest.fixture
def sealed(accounts: list[int]) -> list[int]:
    """A log of 300 leaves under two heads; the ids of its transactions."""
    ids = post_many([paid(accounts, str(n)) for n in range(7)])
    seal_all()
    ids += post_many([paid(accounts, str(n)) for n in range(7, MANY)])
    seal_all()
    return ids


def asked(what: str, status: int = 200, **query: Any) -> Any:
    answer = Client().get(f"{API}{what}", query)
    assert answer.status_code == status, answer.content
    return answer.json()


def head() -> notes.Checkpoint:
    """The newest head, as one who has the key alone reads it."""
    key = notes.VerifierKey.parse(Client().get("/log/key").content.decode().strip())
    return notes.open_checkpoint(Client().get("/log/checkpoint").content, key)


# Files ----------------------------------------------------------------------------------------


def test_the_whole_tree_can_be_read_from_its_files_alone(sealed: list[int]) -> None:
    newest = head()
    assert newest.size == MANY
    contents: list[bytes] = []
    for address in [Address(None, 0), Address(None, 1, MANY - 256)]:
        contents += tiles.parse_bundle(file(address))
    hashes = [merkle.leaf_hash(content) for content in contents]
    assert merkle.root(hashes) == newest.root
    read = {(a.level, a.number): file(a) for a in tiles.addresses(MANY)}
    assert read == tiles.grow(0, hashes, lambda _level, _number: b"")
    assert [json.loads(content)["id"] for content in contents] == sealed


def file(address: Address) -> bytes:
    answer = Client().get(f"/log/{address.path()}")
    assert answer.status_code == 200, address.path()
    return answer.content


def test_a_file_may_be_kept_by_anybody_for_ever(sealed: list[int]) -> None:
    client = Client()
    client.cookies["theme"] = "dark"
    first = client.get("/log/tile/entries/000")
    assert first["Cache-Control"] == "public, max-age=31536000, immutable"
    assert first["Content-Type"] == "application/octet-stream"
    assert first["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in first
    assert not first.cookies
    again = client.get("/log/tile/entries/000", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head("/log/tile/0/000").status_code == 200
    assert client.post("/log/tile/0/000").status_code == 405


CHANGES = [
    ("UPDATE ledger_transaction SET memo = 'x' WHERE id = %s", "changed since it was sealed"),
    ("DELETE FROM ledger_transaction WHERE id = %s", "the record of leaf 9 is gone"),
    ("DELETE FROM ledger_leaf WHERE txn_id = %s", "the log has a gap"),
    ("UPDATE ledger_leaf SET entries_count = 4 WHERE txn_id = %s", "changed since it was sealed"),
]


@pytest.mark.parametrize(("change", "why"), CHANGES)
def test_leaves_that_were_changed_are_not_given_to_any_cache(
    sealed: list[int], caplog: pytest.LogCaptureFixture, change: str, why: str
) -> None:
    path = "/log/tile/entries/000.p/20"
    before = Client().get(path)
    past_the_triggers(change, [sealed[9]])
    for conditional in ({}, {"If-None-Match": before["ETag"]}):
        answer = Client().get(path, headers=conditional)
        assert (answer.status_code, answer["Cache-Control"]) == (500, "no-store")
        assert why in answer.content.decode()
        assert answer.content.count(b"\n") == 1
    ours = [record for record in caplog.records if record.name == "ledger.log.serving"]
    assert [record.levelname for record in ours] == ["ERROR"] * 2
    assert why in ours[0].getMessage()
    # What does not have it in it is still given out.
    assert Client().get("/log/tile/entries/001.p/44").status_code == 200
    assert Client().get("/log/tile/0/000").status_code == 200


def test_leaves_are_given_out_without_reading_entries(sealed: list[int]) -> None:
    with CaptureQueriesContext(connection) as asked_for:
        assert Client().get("/log/tile/entries/000").status_code == 200
    read = [query["sql"] for query in asked_for.captured_queries]
    assert any("ledger_leaf" in sql for sql in read)
    assert not any("ledger_entry" in sql for sql in read)


def test_the_head_is_kept_for_moments_only(sealed: list[int]) -> None:
    answer = Client().get("/log/checkpoint")
    assert answer["Cache-Control"] == "public, max-age=5"
    assert answer["Content-Type"].startswith("text/plain")
    assert "Vary" not in answer


def test_the_beginning_of_a_tile_stays_where_it_was(sealed: list[int]) -> None:
    for kind in ("0", "entries"):
        whole, part = (Client().get(f"/log/tile/{kind}/000{end}").content for end in ("", ".p/7"))
        assert whole.startswith(part)
        assert len(part) < len(whole)
    assert len(Client().get("/log/tile/0/000.p/7").content) == 7 * 32


NOT_THERE = [
    "tile/0/001", "tile/0/001.p/45", "tile/entries/001.p/45", "tile/0/002.p/1", "tile/1/000",
    "tile/1/000.p/2", "tile/9/000", "tile/0/0", "tile/0/000.p/256", "tile/0/000.p/0",
    "tile/00/000", "tile/0/x000/000", "tile/-1/000", "tile/64/000", "", "nothing", "tile/0/000/",
]  # fmt: skip


def test_what_the_head_does_not_cover_is_not_there(sealed: list[int]) -> None:
    for path in NOT_THERE:
        answer = Client().get(f"/log/{path}")
        assert answer.status_code == 404, path
        assert answer["Cache-Control"] == "no-store"


def test_what_is_not_under_a_head_yet_is_not_given_out(sealed: list[int]) -> None:
    past_the_triggers("DELETE FROM ledger_checkpoint WHERE size = %s", [MANY])
    assert Client().get("/log/tile/0/000.p/7").status_code == 200
    assert Client().get("/log/tile/0/000.p/8").status_code == 404


def test_before_the_first_head_there_is_a_key_and_nothing_else() -> None:
    assert Client().get("/log/key").status_code == 200
    assert Client().get("/log/checkpoint").status_code == 404
    assert asked("checkpoint", 404)["code"] == "unknown"
    assert asked("proofs/inclusion", 422, index=0)["code"] == "beyond_the_log"


# Inclusion ------------------------------------------------------------------------------------


def test_the_head_over_the_api_is_the_signed_one(sealed: list[int]) -> None:
    facts = asked("checkpoint")
    opened = notes.open_checkpoint(facts["note"], notes.VerifierKey.parse(facts["vkey"]))
    assert (facts["origin"], facts["size"]) == (opened.origin, opened.size)
    assert facts["root"] == opened.root.hex()


def test_pymerkle_comes_to_the_same_root_and_believes_our_proofs(sealed: list[int]) -> None:
    theirs, root = tree_of_pymerkle(), head().root
    assert theirs.get_root(MANY) == root
    for index in (0, 1, 6, 7, 255, 256, 298, 299):
        facts = asked("proofs/inclusion", transaction=sealed[index])
        assert (facts["index"], facts["size"]) == (index, MANY)
        assert json.loads(facts["leaf"])["id"] == sealed[index]
        leaf, hashes = hashlib.sha256(b"\0" + facts["leaf"].encode()), from_hex(facts["hashes"])
        assert facts["leaf_hash"] == leaf.hexdigest()
        merkle.verify_inclusion(leaf.digest(), index, MANY, hashes, root)
        # They count leaves from one and put the leaf's own hash first.
        rule = theirs.prove_inclusion(index + 1, MANY).rule
        made = InclusionProof("sha256", True, MANY, index + 1, rule, [leaf.digest(), *hashes])
        pymerkle.verify_inclusion(leaf.digest(), root, made, index=index + 1, size=MANY)


def tree_of_pymerkle() -> pymerkle.InmemoryTree:
    """The leaves that the site gives out, hashed by somebody else's program."""
    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    for address in (Address(None, 0), Address(None, 1, MANY - 256)):
        for content in tiles.parse_bundle(file(address)):
            theirs.append_entry(content)
    return theirs


def from_hex(hashes: list[str]) -> list[bytes]:
    return [bytes.fromhex(hashed) for hashed in hashes]


def test_older_sizes_are_proved_too(sealed: list[int]) -> None:
    first, newest = Checkpoint.objects.order_by("size")
    facts = asked("proofs/inclusion", index=3, size=7)
    leaf = bytes.fromhex(facts["leaf_hash"])
    merkle.verify_inclusion(leaf, 3, 7, from_hex(facts["hashes"]), bytes(first.root))
    assert facts["checkpoint"] == first.note
    facts = asked("proofs/inclusion", index=3, size=100)
    root = bytes.fromhex(facts["root"])
    merkle.verify_inclusion(leaf, 3, 100, from_hex(facts["hashes"]), root)
    assert facts["checkpoint"] == ""
    assert asked("proofs/inclusion", index=3)["checkpoint"] == newest.note


def test_a_document_is_proved_by_its_digest(sealed: list[int]) -> None:
    digest = hashlib.sha256(b"a document").digest()
    assert asked("proofs/inclusion", 404, document=digest.hex())["code"] == "unknown"
    record_documents([("certificate", digest)])
    assert asked("proofs/inclusion", 409, document=digest.hex())["code"] == "not_sealed"
    seal_all()
    facts = asked("proofs/inclusion", document=digest.hex())
    assert json.loads(facts["leaf"])["digest"] == digest.hex()
    leaf = merkle.leaf_hash(facts["leaf"].encode())
    merkle.verify_inclusion(leaf, MANY, MANY + 1, from_hex(facts["hashes"]), head().root)


def test_what_waits_says_so(accounts: list[int], sealed: list[int]) -> None:
    waiting = post(paid(accounts, "waits"))
    facts = asked("proofs/inclusion", 409, transaction=waiting)
    assert facts["code"] == "not_sealed"
    assert "few seconds" in facts["detail"]
    assert asked("proofs/inclusion", 404, transaction=waiting + 1)["code"] == "unknown"


NOT_PROVED: list[tuple[dict[str, Any], int, str]] = [
    ({"index": MANY}, 422, "beyond_the_log"),
    ({"index": 5, "size": MANY + 1}, 422, "beyond_the_log"),
    ({"index": 5, "size": 5}, 422, "beyond_the_log"),
    ({}, 400, "one_name"),
    ({"index": 5, "transaction": 1}, 400, "one_name"),
    ({"index": -1}, 400, "invalid"),
    ({"index": "x"}, 400, "invalid"),
    ({"document": "beef"}, 400, "invalid"),
    ({"index": 2**63}, 400, "invalid"),
]


def test_what_cannot_be_proved_is_a_problem_that_says_why(sealed: list[int]) -> None:
    for query, status, code in NOT_PROVED:
        answer = Client().get(f"{API}proofs/inclusion", query)
        assert (answer.status_code, answer.json()["code"]) == (status, code), query
        assert answer["Content-Type"] == "application/problem+json"


def test_a_record_that_was_changed_is_not_proved_but_told(sealed: list[int]) -> None:
    past_the_triggers("UPDATE ledger_transaction SET kind = 'gift' WHERE id = %s", [sealed[9]])
    facts = asked("proofs/inclusion", 500, transaction=sealed[9])
    assert facts["code"] == "record_changed"
    assert "leaf 9" in facts["detail"]
    assert asked("proofs/inclusion", transaction=sealed[8])["index"] == 8


# Growth ---------------------------------------------------------------------------------------


def test_the_log_only_grew(sealed: list[int]) -> None:
    theirs, note = tree_of_pymerkle(), Client().get("/log/checkpoint").content.decode()
    for old in (1, 5, 7, 8, 255, 256, 257, 299, 300):
        facts = asked("proofs/consistency", **{"from": old})
        assert (facts["from"], facts["to"], facts["checkpoint"]) == (old, MANY, note)
        assert facts["from_root"] == theirs.get_root(old).hex()
        hashes = from_hex(facts["hashes"])
        merkle.verify_consistency(old, theirs.get_root(old), MANY, head().root, hashes)
    assert asked("proofs/consistency", **{"from": 0})["hashes"] == []


def test_the_two_heads_are_consistent(sealed: list[int]) -> None:
    first, newest = Checkpoint.objects.order_by("size")
    facts = asked("proofs/consistency", **{"from": first.size, "to": newest.size})
    hashes = from_hex(facts["hashes"])
    merkle.verify_consistency(7, bytes(first.root), MANY, bytes(newest.root), hashes)
    with pytest.raises(BadProof):
        merkle.verify_consistency(6, bytes(first.root), MANY, bytes(newest.root), hashes)


def test_growth_that_never_was_is_refused(sealed: list[int]) -> None:
    asked("proofs/consistency", 422, **{"from": MANY + 1})
    asked("proofs/consistency", 422, **{"from": 9, "to": 8})
    asked("proofs/consistency", 400, to=8)
    asked("proofs/consistency", 400, **{"from": -1})


# Entries --------------------------------------------------------------------------------------


def test_one_entry_is_shown_without_the_others(accounts: list[int], sealed: list[int]) -> None:
    for version in (1, 2, 8, 150, MANY):
        facts = asked("proofs/entry", account=accounts[1], version=version)
        entry = json.loads(facts["entry"])
        assert (entry["account"], entry["version"]) == (accounts[1], version)
        assert entry["amount"] == -3
        leaf = json.loads(asked("proofs/inclusion", index=facts["index"])["leaf"])
        assert leaf["entries"] == {"count": 3, "root": facts["root"]}
        hashed = merkle.leaf_hash(facts["entry"].encode())
        root, hashes = bytes.fromhex(facts["root"]), from_hex(facts["hashes"])
        merkle.verify_inclusion(hashed, facts["position"], facts["count"], hashes, root)


def test_many_entries_of_one_moment_are_told_apart(accounts: list[int]) -> None:
    legs = [Leg(accounts[0], n) for n in range(1, 40)]
    legs.append(Leg(accounts[1], -sum(leg.amount for leg in legs)))
    post(Posting(source="test", key="one", kind="payment", legs=legs))
    seal_all()
    assert Entry.objects.values("recorded_at").distinct().count() == 1
    for version in range(1, 40):
        facts = asked("proofs/entry", account=accounts[0], version=version)
        assert json.loads(facts["entry"])["amount"] == version


def test_entries_that_are_not_there(accounts: list[int], sealed: list[int]) -> None:
    assert asked("proofs/entry", 404, account=accounts[1], version=MANY + 1)["code"] == "unknown"
    assert asked("proofs/entry", 404, account=10**9, version=1)["code"] == "unknown"
    asked("proofs/entry", 400, account=accounts[1], version=0)
    post(paid(accounts, "waits"))
    facts = asked("proofs/entry", 409, account=accounts[1], version=MANY + 1)
    assert facts["code"] == "not_sealed"
