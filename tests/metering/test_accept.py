"""Taking in envelopes: what is stored, what is answered, what is refused."""

import base64
import gzip
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.test import Client

from metering.invariants import signatures_hold
from metering.models import (
    Envelope,
    EnvelopeConflict,
    Meter,
    MeterInventory,
    Node,
    NodeKey,
    Receipt,
)
from metering.services import batches, inventories, signed
from metering.services.enrol import genesis, start_enrolment
from signing import dsse, keys, strict_json
from tests.metering.machine import BATCH, TX, URL, Machine, post, post_raw, statuses

pytestmark = pytest.mark.django_db

Make = Callable[[Machine], dsse.Envelope]
REBOOT = {"k": "event", "e": "reboot"}
GOLDEN_SEED = bytes(range(32))
GOLDEN_NODE = "0192f3a4-0000-7000-8000-000000000001"
GOLDEN_CHAIN = [
    "b0bb0105da1332565e605a8fdb6074c9008d57bcdaa7cfe47c0242cd73921a76",
    "ee2d22c586a8495a6457bcc131d7716397c45c7949bf76b8253303240e0aeb57",
    "b1d90c7c0b3f6560a3465875e90102d635221648cd517860c122258b4d61ca3e",
]


def golden(seq: int) -> dsse.Envelope:
    payload = (
        f'{{"v":1,"node":"{GOLDEN_NODE}","epoch":1,"seq":{seq},'
        f'"prev":"{GOLDEN_CHAIN[seq - 1]}","records":[]}}'
    )
    return dsse.sign(GOLDEN_SEED, BATCH, payload.encode())


def nothing_is_stored() -> bool:
    return not Envelope.objects.exists() and not MeterInventory.objects.exists()


def code_of(response: Any) -> tuple[int, str]:
    assert response["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


@pytest.fixture
def machine() -> Machine:
    return Machine().enrolled()


def test_the_chain_begins_and_goes_on_as_the_golden_vectors_say() -> None:
    public = bytes(dsse.SigningKey(GOLDEN_SEED).verify_key)
    assert genesis(GOLDEN_NODE, 1, public) == GOLDEN_CHAIN[0]
    assert [golden(1).digest, golden(2).digest] == GOLDEN_CHAIN[1:]


def test_a_batch_is_stored_byte_for_byte_and_receipted(machine: Machine) -> None:
    envelope = machine.batch(machine.counted(5_000))
    response = post([envelope])
    assert response.status_code == 200
    [result] = response.json()["results"]
    assert (result["status"], result["seq"], result["chain"]) == ("accepted", 1, envelope.digest)
    row = Envelope.objects.get()
    assert bytes(row.payload) == envelope.payload
    assert bytes(row.signature) == envelope.signatures[0].sig
    assert response.json()["next"] == {"epoch": 1, "seq": 2}


def test_the_receipt_is_signed_by_the_cooperative_and_names_the_batch(machine: Machine) -> None:
    envelope = machine.batch()
    [result] = post([envelope]).json()["results"]
    receipt = dsse.Envelope.from_dict(result["receipt"])
    said = strict_json.loads(keys.verify_document(receipt, dsse.payload_type("receipt")))
    assert (said["node"], said["epoch"], said["seq"]) == (str(machine.row.uuid), 1, 1)
    assert (said["chain"], said["status"], said["via"]) == (envelope.digest, "accepted", "direct")


def test_the_same_batches_again_get_the_same_receipts_and_add_nothing(machine: Machine) -> None:
    batches = machine.batches(1, 2, 3)
    first = post(batches).json()["results"]
    for _ in range(3):
        response = post(batches)
        assert statuses(response) == ["duplicate"] * 3
        assert [r["receipt"] for r in response.json()["results"]] == [r["receipt"] for r in first]
    assert Envelope.objects.count() == Receipt.objects.count() == 3


def test_a_lost_receipt_is_made_when_the_batch_comes_again(machine: Machine) -> None:
    batch = machine.batch()
    post([batch])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM metering_receipt")
        cursor.execute("SET LOCAL session_replication_role = origin")
    [result] = post([batch]).json()["results"]
    assert result["status"] == "duplicate"
    keys.verify_document(dsse.Envelope.from_dict(result["receipt"]), dsse.payload_type("receipt"))


def test_a_batch_whose_predecessors_are_missing_waits_without_a_receipt(machine: Machine) -> None:
    first, second, third = machine.batches(1, 2, 3)
    waiting = post([third, second])
    assert statuses(waiting) == ["pending_gap"] * 2
    assert [r["receipt"] for r in waiting.json()["results"]] == [None, None]
    assert waiting.json()["next"] == {"epoch": 1, "seq": 1}
    assert statuses(post([first])) == ["accepted"]
    again = post([second, third])
    assert statuses(again) == ["duplicate"] * 2
    assert all(r["receipt"] for r in again.json()["results"])
    assert again.json()["next"] == {"epoch": 1, "seq": 4}


def test_any_order_through_two_paths_ends_in_the_chain_of_the_ordered_run() -> None:
    straight, mixed = Machine(seed=b"a" * 32).enrolled(), Machine(seed=b"b" * 32).enrolled()
    amounts = list(range(40))
    post(straight.batches(*amounts)[:32])
    shuffled = random.Random(7)
    batches = mixed.batches(*amounts)
    paths = [batches[:], batches[:]]
    for path in paths:
        shuffled.shuffle(path)
    for start in range(0, len(batches), 8):
        for path in paths:
            post(path[start : start + 8], **{"Coop-Node": str(straight.row.uuid)})
    rows = Envelope.objects.filter(node=mixed.row).order_by("seq")
    assert {row.status for row in rows} == {"accepted"}
    assert [row.chain for row in rows] == [batch.digest for batch in batches]
    assert {row.via for row in rows} == {str(straight.row.uuid)}
    assert NodeKey.objects.get(node=mixed.row).head_chain == mixed.chain


def test_a_second_batch_of_one_number_is_kept_and_makes_the_node_suspect(
    machine: Machine,
) -> None:
    fork = machine.signed(strict_json.dumps(machine.body(machine.counted(9))))
    honest = machine.batch(machine.counted(1))
    post([honest])
    assert statuses(post([fork, fork])) == ["conflict"] * 2
    assert bytes(EnvelopeConflict.objects.get().payload) == fork.payload
    assert bytes(Envelope.objects.get().payload) == honest.payload
    machine.row.refresh_from_db()
    assert machine.row.state == Node.State.SUSPECT
    assert statuses(post([machine.batch()])) == ["accepted"]


def test_a_batch_that_follows_on_another_history_is_not_linked(machine: Machine) -> None:
    post(machine.batches(1, 2))
    machine.chain = "0" * 64
    assert statuses(post([machine.batch()])) == ["conflict"]
    machine.row.refresh_from_db()
    assert machine.row.state == Node.State.SUSPECT
    assert NodeKey.objects.get().head_seq == 2


def test_the_chain_is_linked_over_a_batch_that_the_node_says_was_refused(machine: Machine) -> None:
    post(machine.batches(1))
    lost = machine.batch()
    gap = {"k": "gap", "why": "refused", "seq": 2, "chain": lost.digest}
    assert statuses(post([machine.batch(gap)])) == ["accepted"]
    assert statuses(post([machine.batch()])) == ["accepted"]
    assert code_of(post([lost])) == (422, "schema")


def test_an_inventory_describes_the_meters_once(machine: Machine) -> None:
    inventory = machine.inventory()
    response = post([inventory])
    assert statuses(response) == ["accepted"]
    [result] = response.json()["results"]
    assert (result["seq"], result["receipt"]) == (None, None)
    assert result["chain"] == MeterInventory.objects.get().digest
    assert statuses(post([inventory])) == ["duplicate"]
    assert Meter.objects.get(name=TX).ceiling == 125_000_000


def test_a_meter_never_becomes_another_one(machine: Machine) -> None:
    post([machine.inventory()])
    machine.meters[0]["u"] = "us"
    assert code_of(post([machine.inventory()])) == (422, "schema")
    assert Meter.objects.get(name=TX).unit == "By"


def test_one_bad_envelope_leaves_the_others_standing(machine: Machine) -> None:
    response = post([stranger(machine).batch(), machine.batch()])
    assert response.status_code == 200
    assert [(r["status"], r["code"]) for r in response.json()["results"]] == [
        ("rejected", "unknown_key"),
        ("accepted", ""),
    ]


# --- what is refused -------------------------------------------------------------------------


def stranger(machine: Machine) -> Machine:
    return Machine(seed=b"s" * 32, node=machine.row, chain=machine.chain)


def waiting(machine: Machine) -> dsse.Envelope:
    asking = stranger(machine)
    start_enrolment(envelope=asking.request())
    return asking.batch()


def retired(machine: Machine) -> dsse.Envelope:
    Node.objects.filter(pk=machine.row.pk).update(state="retired")
    return machine.batch()


def forged(machine: Machine) -> dsse.Envelope:
    good = machine.batch()
    signature = dsse.Signature(good.signatures[0].keyid, bytes(64))
    return dsse.Envelope(good.payload_type, good.payload, (signature,))


def as_kind(kind: str) -> Make:
    return lambda m: m.signed(m.batch().payload, dsse.payload_type(kind))


def spelled(records: str) -> Make:
    """A validly signed batch whose records are spelled out."""

    def make(machine: Machine) -> dsse.Envelope:
        body = machine.body(records=0)
        return machine.signed(json.dumps(body).replace('"records": 0', records).encode())

    return make


def with_record(**changes: Any) -> Make:
    return lambda m: m.batch(m.counted(1) | changes)


BAD_ENVELOPES: dict[str, tuple[Make, int, str]] = {
    "unknown node": (lambda m: stranger(m).batch(), 401, "unknown_key"),
    "not enrolled yet": (waiting, 403, "not_enrolled"),
    "retired": (retired, 403, "revoked_key"),
    "wrong signature": (forged, 401, "bad_signature"),
    "wrong payloadType": (as_kind("poll"), 422, "schema"),
    "an inventory's type on a batch": (as_kind("meter-inventory"), 422, "schema"),
    "another node's name": (lambda m: m.batch(node=GOLDEN_NODE), 422, "schema"),
    "another epoch": (lambda m: m.batch(epoch=2), 422, "schema"),
    "duplicate key": (spelled('"records":[{"n":1,"n":1,"k":"event","e":"x"}]'), 400, "malformed"),
    "NaN": (spelled('"records":[{"n":NaN,"k":"event","e":"x"}]'), 400, "malformed"),
    "float": (spelled('"records":[{"n":1.0,"k":"event","e":"x"}]'), 400, "malformed"),
    "NUL": (spelled('"records":[{"n":1,"k":"event","e":"\\u0000"}]'), 400, "malformed"),
    "2^53": (spelled('"records":[{"n":9007199254740992,"k":"event","e":"x"}]'), 400, "malformed"),
    "not UTF-8": (lambda m: m.signed(b'{"v":"\xff"}'), 400, "malformed"),
    "1001 records": (lambda m: m.batch(*[REBOOT] * 1001), 413, "too_large"),
    "ten thousand years": (
        spelled(
            '"records":[{"n":1,"k":"counter","m":"a","inc":"' + "aa" * 32 + '","r0":"0","r1":"0",'
            '"mt0":"0","mt1":"99999999999999999999"}]'
        ),
        422,
        "schema",
    ),
    "the year 1": (
        spelled('"records":[{"n":1,"k":"event","e":"x","t1":"0001-01-01T00:00:00Z"}]'),
        422,
        "schema",
    ),
    "the year 9999": (
        spelled('"records":[{"n":1,"k":"event","e":"x","t1":"9999-12-31T23:59:59Z"}]'),
        422,
        "schema",
    ),
    "a gauge of no time": (
        spelled('"records":[{"n":1,"k":"gauge","m":"a","v":"1","t1":"2026-01-01T00:00:00Z"}]'),
        422,
        "schema",
    ),
    "numbers out of order": (spelled('"records":[{"n":2,"k":"event","e":"x"}]'), 422, "schema"),
    "unknown key in a record": (with_record(price="0"), 422, "schema"),
    "unknown key in the batch": (lambda m: m.batch(price="0"), 422, "schema"),
    "21 digits": (with_record(r1="1" * 21), 422, "schema"),
    "30 February": (with_record(t1="2026-02-30T00:00:00Z"), 422, "schema"),
    "payload over 256 KiB": (lambda m: m.batch(x={"pad": "x" * 262_144}), 413, "too_large"),
}


@pytest.mark.parametrize("name", BAD_ENVELOPES)
def test_an_envelope_that_is_not_right_is_refused_with_its_code(
    machine: Machine, name: str
) -> None:
    make, status, code = BAD_ENVELOPES[name]
    assert code_of(post([make(machine)])) == (status, code)
    assert nothing_is_stored()
    assert NodeKey.objects.get(node=machine.row).head_seq == 0


def other_digest(good: bytes) -> Any:
    other = base64.b64encode(bytes(32)).decode()
    return post_raw(good, **{"content-digest": f"sha-256=:{other}:"})


def zipped(raw: bytes) -> Any:
    return post_raw(raw, **{"content-encoding": "gzip"})


def bomb(good: bytes) -> Any:
    packed = gzip.compress(good + b" " * 50_000_000)
    assert len(packed) < 100_000
    return zipped(packed)


def as_form(good: bytes) -> Any:
    return post_raw(b"envelopes=1", **{"content-type": "application/x-www-form-urlencoded"})


def many(good: bytes) -> Any:
    [one] = json.loads(good)["envelopes"]
    return post_raw(json.dumps({"envelopes": [one] * 33}).encode())


BAD_REQUESTS: dict[str, tuple[Callable[[bytes], Any], int, str]] = {
    "not JSON": (lambda good: post_raw(good[:-3]), 400, "malformed"),
    "duplicate key": (lambda good: post_raw(good[:-1] + b',"envelopes":[]}'), 400, "malformed"),
    "not gzip": (zipped, 400, "malformed"),
    "half a gzip": (lambda good: zipped(gzip.compress(good)[:-9]), 400, "malformed"),
    "no signature": (lambda good: post_raw(good.replace(b'"sig"', b'"gis"')), 400, "malformed"),
    "digest of something else": (other_digest, 400, "digest_mismatch"),
    "a gzip bomb": (bomb, 413, "too_large"),
    "more than 2 MiB": (lambda good: post_raw(good + b" " * 2_100_000), 413, "too_large"),
    "33 envelopes": (many, 413, "too_large"),
    "a form": (as_form, 415, "unsupported_media_type"),
    "brotli": (
        lambda good: post_raw(good, **{"content-encoding": "br"}),
        415,
        "unsupported_media_type",
    ),
    "no envelopes": (lambda good: post_raw(b'{"envelopes":[]}'), 422, "schema"),
    "another body": (lambda good: post_raw(b'{"envelope":{}}'), 422, "schema"),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_a_request_that_is_not_right_books_nothing_of_it(machine: Machine, name: str) -> None:
    send, status, code = BAD_REQUESTS[name]
    good = json.dumps({"envelopes": [machine.batch().as_dict()]}).encode()
    assert code_of(send(good)) == (status, code)
    assert nothing_is_stored()


def test_the_request_that_the_bad_ones_are_made_from_is_right(machine: Machine) -> None:
    good = json.dumps({"envelopes": [machine.batch().as_dict()]}).encode()
    assert statuses(post_raw(good)) == ["accepted"]


def test_reading_is_not_offered_at_the_address_of_writing() -> None:
    assert code_of(Client().get(URL)) == (405, "method_not_allowed")


# --- what the database itself refuses ---------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE metering_envelope SET payload = ''",
        "UPDATE metering_envelope SET status = 'pending_gap'",
        "DELETE FROM metering_envelope",
        "TRUNCATE metering_envelope CASCADE",
        "UPDATE metering_receipt SET payload = ''",
        "DELETE FROM metering_receipt",
        "UPDATE metering_meterinventory SET digest = ''",
    ],
)
def test_evidence_cannot_be_changed(machine: Machine, statement: str) -> None:
    post([machine.inventory(), machine.batch()])
    refused = pytest.raises((IntegrityError, InternalError))
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def test_a_rated_mark_is_set_once(machine: Machine) -> None:
    post([machine.batch()])
    Envelope.objects.update(rated_at="2026-01-01T00:00Z")
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Envelope.objects.update(rated_at=None)


# --- what a relay, a clock or a neighbour may try ---------------------------------------------


def test_a_second_signature_with_the_same_keyid_is_refused(machine: Machine) -> None:
    good = machine.batch()
    bogus = dsse.Signature(good.signatures[0].keyid, bytes(64))
    for both in ((good.signatures[0], bogus), (bogus, good.signatures[0])):
        relayed = dsse.Envelope(good.payload_type, good.payload, both)
        assert code_of(post([relayed])) == (400, "malformed")
    assert nothing_is_stored()
    assert statuses(post([good])) == ["accepted"]


def test_the_signature_that_is_kept_is_the_one_that_was_verified(machine: Machine) -> None:
    other = Machine().enrolled()
    good = machine.batch()
    bogus = dsse.Signature(other.batch().signatures[0].keyid, bytes(64))
    for added in ((good.signatures[0], bogus), (bogus, good.signatures[0])):
        relayed = dsse.Envelope(good.payload_type, good.payload, added)
        assert statuses(post([relayed]))[0] in ("accepted", "duplicate")
    row = Envelope.objects.get()
    assert bytes(row.signature) == good.signatures[0].sig
    assert signatures_hold() == []
    key_only = dsse.Envelope(good.payload_type, good.payload, (bogus,))
    assert code_of(post([key_only])) == (401, "bad_signature")


def test_all_that_version_one_may_say_is_taken(machine: Machine) -> None:
    times = {"t0": "2026-01-01T00:00:00.25Z", "t1": "2026-01-01T00:05:00.123456789Z"}
    batches = [
        machine.batch(),
        machine.batch({"k": "gauge", "m": "fs:/", "v": "7", **times}),
        machine.batch({"k": "redeem", "ticket": "ab" * 32, "q": "1024", "u": "By", **times}),
        machine.batch(records=[]),
    ]
    assert statuses(post(batches)) == ["accepted"] * 4


def test_the_answer_proves_what_it_says_is_next(machine: Machine) -> None:
    envelopes = [machine.batch(), machine.batch()]
    answer = post(envelopes).json()
    assert answer["next_receipt"] == answer["results"][-1]["receipt"]
    empty = post([Machine().enrolled().inventory()]).json()
    assert empty["next"] == {"epoch": 1, "seq": 1}
    assert empty["next_receipt"] is None


def test_a_conflict_comes_with_the_receipt_of_the_other_batch(machine: Machine) -> None:
    twin = Machine(seed=machine.seed, node=machine.node, chain=machine.chain)
    [first] = post([machine.batch(machine.counted(1))]).json()["results"]
    [second] = post([twin.batch(twin.counted(2))]).json()["results"]
    assert second["status"] == "conflict"
    assert second["receipt"] == first["receipt"]


def test_one_nodes_backlog_keeps_nobody_else_out(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_WAITING", 1)
    machine.batch()
    late = [machine.batch(), machine.batch()]
    other = Machine().enrolled().batch()
    assert statuses(post([*late, other])) == ["pending_gap", "rejected", "accepted"]
    response = post(late[1:])
    assert code_of(response) == (429, "too_many_waiting")
    assert response["retry-after"] == "60"


def test_a_node_has_no_more_meters_and_inventories_than_the_limit(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed, "MAX_METERS", 4)
    monkeypatch.setattr(inventories, "MOST_INVENTORIES", 1)
    assert statuses(post([machine.inventory()])) == ["accepted"]
    assert code_of(post([machine.inventory(since="2026-01-02T00:00:00Z")])) == (413, "too_large")
    assert statuses(post([machine.inventory()])) == ["duplicate"]
    body = machine.body(machine.held(1, "fs:/a"), machine.held(1, "fs:/b"))
    assert code_of(post([machine.signed(strict_json.dumps(body))])) == (413, "too_large")
    assert statuses(post([machine.batch(machine.held(1, "fs:/a"))])) == ["accepted"]
