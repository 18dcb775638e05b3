"""Pages and API of links, delivery notes and storage challenges."""

import base64
import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from coop.invariants import all_broken
from members.identity.statements import Draft
from members.models import Role
from members.services import grant_role
from metering import services
from metering.errors import NoteAnswered
from metering.models import (
    DeliveryNote,
    Dispute,
    LinkPair,
    MeterAssignment,
    Node,
    StorageChallenge,
)
from metering.payloads import spelled
from metering.services.challenges import ANSWER, CHALLENGE, REQUEST
from metering.services.countersign import ENVELOPE
from metering.trust.reputation import reputation_of
from signing import dsse, keys, strict_json
from tests.makers import make_member
from tests.members.signers import with_key
from tests.metering import machine as machines
from tests.metering.link_world import MB, RX, Linked, make_linked, meter_of
from tests.metering.machine import TX, Machine, statuses
from tests.metering.test_disputes import ended
from tests.metering.test_pages import GB, as_user, measured, text
from tests.metering.world import Valley
from tokens.models import Adjustment, Usage

DIR = "dir:/srv/shares"


@pytest.fixture
def linked(valley: Valley) -> Linked:
    return make_linked(valley, back=6)


def send(client: Client, address: str, body: dict[str, Any], method: str = "post") -> Any:
    return getattr(client, method)(
        address, body, content_type="application/json", headers={"Idempotency-Key": "k"}
    )


def post(envelopes: list[dsse.Envelope]) -> Any:
    """Deliver from an address that nobody else delivers from: addresses are limited."""
    address = ".".join(str(secrets.randbelow(254) + 1) for _ in range(3))
    return machines.post(envelopes, **{"x-forwarded-for": f"10.{address}"})


def test_a_steward_declares_a_link_and_both_sides_see_its_hours(linked: Linked) -> None:
    valley = linked.valley
    services.end_link(actor=None, pair=linked.pair, until=linked.start)
    steward = as_user(valley.steward)
    asked = {
        "label": "Ridge", "layer": "l2", "a_overhead": 0, "b_overhead": 0,
        "a_tx": meter_of(linked.a, TX).pk, "a_rx": meter_of(linked.a, RX).pk,
        "b_tx": meter_of(linked.b, TX).pk, "b_rx": meter_of(linked.b, RX).pk,
    }  # fmt: skip
    assert steward.get("/nodes/links/new/").status_code == 200
    assert steward.post("/nodes/links/new/", asked | {"b_rx": ""}).status_code == 422
    twice = steward.post("/nodes/links/new/", asked | {"b_rx": asked["a_rx"]})
    assert twice.status_code == 422 and "A link has two nodes" in text(twice)
    made = steward.post("/nodes/links/new/", asked)
    assert made.status_code == 303
    pair = LinkPair.objects.get(label="Ridge")
    assert steward.post(f"/nodes/links/{pair.pk}/end/").status_code == 303
    assert "Ended" in text(steward.get(f"/nodes/links/{pair.pk}/"))
    member = as_user(valley.ana.user)
    assert member.post("/nodes/links/new/", asked).status_code == 403
    assert member.post(f"/nodes/links/{pair.pk}/end/").status_code == 403


def test_who_is_concerned_sees_the_hours_and_the_dispute_and_nobody_else(linked: Linked) -> None:
    valley = linked.valley
    linked.hours((220 * MB, 200 * MB, 0, 0), (200 * MB, 200 * MB, 0, 0))
    linked.compare()
    dispute = Dispute.objects.get()
    for user in (valley.ana.user, valley.ben.user, valley.steward):
        reader = as_user(user)
        page = text(reader.get(f"/nodes/links/{linked.pair.pk}/"))
        assert "much less arrived" in page and "220 MB" in page
        assert "Mast – ridge" in text(reader.get("/nodes/links/"))
        seen = text(reader.get(f"/usage/disputes/{dispute.pk}/"))
        assert "What gate signed" in seen and "What ridge signed" in seen
        batches = dispute.evidence.count()
        assert seen.count("/batches/") == batches >= 2
    assert "ridge that it received 200000000" in text(as_user(valley.ben.user).get("/usage/"))
    assert "Taken back after comparing" in text(as_user(valley.ana.user).get("/usage/"))
    other = as_user(make_member("Dora").user)
    assert other.get(f"/nodes/links/{linked.pair.pk}/").status_code == 404
    assert other.get(f"/usage/disputes/{dispute.pk}/").status_code == 404
    assert "Mast – ridge" not in text(other.get("/nodes/links/"))
    assert Client().get("/nodes/links/").status_code == 302
    queue = text(as_user(valley.steward).get("/stewardship/"))
    assert "its ends contradict each other" in queue
    desk = text(as_user(valley.steward).get(f"/stewardship/disputes/{dispute.pk}/"))
    assert "What ridge signed" in desk and "Correct the use by" in desk


def test_a_steward_does_not_answer_for_themselves(linked: Linked) -> None:
    """Ana holds the office too: neither her dispute nor her use are hers to judge."""
    valley = linked.valley
    linked.hours((220 * MB, 200 * MB, 0, 0), (200 * MB, 200 * MB, 0, 0))
    linked.compare()
    assert valley.ana.user is not None
    grant_role(user=valley.ana.user, name=Role.Name.STEWARD, actor=None, source="founding")
    ana, dispute = as_user(valley.ana.user), Dispute.objects.get()
    desk = f"/stewardship/disputes/{dispute.pk}/"
    assert "Another steward answers it" in text(ana.get(desk))
    refused = ana.post(desk, {"answer": "I was right", "correction": "20"})
    assert refused.status_code == 422 and "Another steward answers it" in text(refused)
    api = send(ana, f"/api/v1/usage/disputes/{dispute.pk}/answer/", {"answer": "Mine"})
    assert (api.status_code, api.json()["code"]) == (403, "own_dispute")
    own = {
        "pool": valley.pool.pk, "resource": valley.resource("bandwidth").pk, "amount": "-0.1",
        "day": str(timezone.localdate()), "reason": "mine", "key": "k",
    }  # fmt: skip
    refused = ana.post(f"/stewardship/usage/{valley.ana.number}/", own)
    assert refused.status_code == 422 and "This is your own use" in text(refused)
    asked = own | {
        "member": valley.ana.number, "pool": "backbone", "resource": "bandwidth", "amount": -100,
    }  # fmt: skip
    api = send(ana, "/api/v1/usage/corrections/", asked)
    assert (api.status_code, api.json()["code"]) == (403, "own_use")
    assert not Usage.objects.filter(reason="mine").exists()
    Dispute.objects.get(answered_at=None)


def test_clients_read_links_hours_and_reputation(linked: Linked) -> None:
    valley = linked.valley
    linked.hours((220 * MB, 200 * MB, 0, 0), (200 * MB, 200 * MB, 0, 0))
    linked.compare()
    ana, steward = as_user(valley.ana.user), as_user(valley.steward)
    listed = ana.get("/api/v1/links/").json()
    assert [(row["label"], row["mismatches"]) for row in listed] == [("Mast – ridge", 1)]
    hours = ana.get(f"/api/v1/links/{linked.pair.pk}/hours/").json()["results"]
    lie = next(row for row in hours if row["hour_outcome"] == "missing")
    assert (lie["sent"], lie["received"], lie["taken_back"]) == (str(220 * MB), str(200 * MB), -20)
    assert send(ana, "/api/v1/links/", listed[0]).status_code == 403
    again = send(steward, "/api/v1/links/", listed[0])
    assert (again.status_code, again.json()["id"]) == (201, linked.pair.pk)
    assert send(steward, "/api/v1/links/", listed[0] | {"a_tx": "x/y"}).status_code == 400
    ended = send(steward, f"/api/v1/links/{linked.pair.pk}/end/", {})
    assert ended.json()["until"] is not None
    Node.objects.update(created_at=linked.start)
    found = Client().get(f"/api/v1/nodes/{linked.a.row.uuid}/reputation/").json()
    assert (found["compared"], found["agreed"], found["agreement"]) == (4, 3, 750)
    disputes = as_user(valley.ben.user).get("/api/v1/usage/disputes/").json()
    assert disputes[0]["link"] == linked.pair.pk and len(disputes[0]["envelopes"]) >= 2


def test_reputation_is_the_product_of_what_everybody_sees(valley: Valley) -> None:
    machine = valley.machine
    Node.objects.filter(pk=machine.row.pk).update(created_at=timezone.now() - timedelta(hours=8))
    services.accept_envelopes(envelopes=machine.batches(0, 5, 5))
    services.rate_waiting()
    node = Node.objects.get(pk=machine.row.pk)
    before = reputation_of(node)
    assert before.covered in (1, 2), "two, where a full hour lies between the records"
    assert before.conflicts == 0
    assert before.score == before.coverage == 1000 * before.covered // before.hours
    twin = Machine(
        seed=machine.seed, clock=machine.clock, node=machine.node, chain=machine.chain,
        seq=machine.seq - 1, values={},
    )  # fmt: skip
    services.accept_envelopes(envelopes=[twin.batch(twin.counted(7))])
    after = reputation_of(node)
    assert (after.conflicts, after.honesty) == (1, 500)
    assert after.score == after.coverage // 2
    page = Client().get(f"/nodes/{node.uuid}/")
    assert page.status_code == 200


def noted(valley: Valley, *amounts: int) -> tuple[DeliveryNote, MeterAssignment]:
    """A day of Ana's use, put before her."""
    valley.assign(valley.ana)
    assignment = MeterAssignment.objects.get()
    services.countersign_assignment(
        actor=valley.steward, assignment=assignment, since=valley.machine.clock
    )
    services.accept_envelopes(envelopes=valley.machine.batches(*amounts))
    services.rate_waiting()
    assert services.sweep_notes(now=timezone.now() + timedelta(days=1, hours=2)) >= 1
    assert services.sweep_notes(now=timezone.now() + timedelta(days=1, hours=2)) == 0
    return DeliveryNote.objects.earliest("pk"), assignment


def test_a_member_accepts_refuses_or_is_silent(valley: Valley) -> None:
    note, assignment = noted(valley, 0, 2 * GB)
    assert (note.state, note.amount) == ("open", 2000)
    ana, address = as_user(valley.ana.user), f"/usage/notes/{note.pk}/"
    assert "Waiting for your answer" in text(ana.get("/usage/notes/"))
    assert as_user(valley.ben.user).get(address).status_code == 404
    assert ana.get(address).status_code == 200
    assert ana.post(address, {"answer": "refuse", "reason": " "}).status_code == 422
    assert ana.post(address, {"answer": "refuse", "reason": "The line was down"}).status_code == 303
    note.refresh_from_db()
    dispute = Dispute.objects.get()
    assert (note.state, note.dispute) == ("refused", dispute)
    assert (dispute.member, dispute.day, dispute.reason) == (
        valley.ana, note.day, "The line was down",
    )  # fmt: skip
    assert ana.post(address, {"answer": "accept", "reason": ""}).status_code == 422
    services.accept_envelopes(envelopes=valley.machine.batches(GB))
    services.rate_waiting()
    late = timezone.now() + timedelta(days=1, hours=2)
    assert services.sweep_notes(now=late) == 1
    more = DeliveryNote.objects.latest("pk")
    assert (more.number, more.amount, more.day) == (2, 1000, note.day)
    services.sweep_notes(now=late + timedelta(hours=71))
    more.refresh_from_db()
    assert more.state == "open"
    services.sweep_notes(now=late + timedelta(hours=72))
    more.refresh_from_db()
    assert more.state == "silent"
    with pytest.raises(NoteAnswered):
        services.answer_note(note_id=more.pk, accepts=True, actor=valley.ana.user)
    services.end_countersigning(actor=None, assignment=assignment)
    assert all_broken() == []


def test_an_answer_signed_with_the_members_own_key(valley: Valley) -> None:
    note, _assignment = noted(valley, 0, GB)
    signer, ana = with_key(valley.ana), as_user(valley.ana.user)
    draft = send(ana, f"/api/v1/usage/notes/{note.pk}/draft/", {"accepts": True}).json()
    unsigned = Draft(draft["payloadType"], base64.b64decode(draft["payload"]))
    signed = signer.sign(unsigned).as_dict()
    address = f"/api/v1/usage/notes/{note.pk}/answer/"
    refused = send(ana, address, {"accepts": False, "reason": "no", "envelope": signed})
    assert (refused.status_code, refused.json()["code"]) == (422, "other_note")
    done = send(ana, address, {"accepts": True, "envelope": signed})
    assert (done.status_code, done.json()["note_state"], done.json()["is_signed"]) == (
        200, "accepted", True,
    )  # fmt: skip
    assert ana.get(f"/usage/notes/{note.pk}/sign/?answer=accept").status_code == 200
    assert len(ana.get("/api/v1/usage/notes/").json()) == 1


def test_the_consumers_own_node_countersigns(valley: Valley) -> None:
    note, _assignment = noted(valley, 0, GB)
    own = Machine().enrolled(owner=valley.ana)

    def answer(machine: Machine, **changes: Any) -> dsse.Envelope:
        body = {
            "v": 1, "node": str(machine.row.uuid), "note": note.pk, "answer": "accepted",
            "amount": 1000, "sent": "2026-11-23T00:00:00Z",
        }  # fmt: skip
        return machine.signed(strict_json.dumps(body | changes), ENVELOPE)

    stranger = Machine().enrolled(owner=valley.ben)
    assert post([answer(stranger)]).json()["code"] == "schema"
    assert post([answer(valley.machine)]).json()["code"] == "schema"
    assert post([answer(own, amount=999)]).json()["code"] == "schema"
    assert post([answer(own, answer="refused")]).json()["code"] == "schema"
    assert statuses(post([answer(own)])) == ["accepted"]
    assert statuses(post([answer(own)])) == ["duplicate"]
    note.refresh_from_db()
    assert (note.state, note.node) == ("accepted", own.row)
    assert all_broken() == []


def test_stewards_turn_countersigning_on_and_off(valley: Valley) -> None:
    valley.assign(valley.ana)
    row = MeterAssignment.objects.get()
    steward, address = as_user(valley.steward), f"/nodes/countersigning/{row.pk}/"
    assert "Ask each day" in text(steward.get("/nodes/countersigning/"))
    assert steward.post(address).status_code == 303
    assert "Ask no more" in text(steward.get("/nodes/countersigning/"))
    assert steward.post(address, {"end": "1"}).status_code == 303
    assert as_user(valley.ana.user).post(address).status_code == 403
    api = f"/api/v1/usage/countersigning/{row.pk}/"
    assert steward.put(api).status_code == 204 and steward.delete(api).status_code == 204
    assert as_user(valley.ana.user).put(api).status_code == 403


def stored(valley: Valley) -> tuple[MeterAssignment, bytes]:
    """Ana's file lies in a folder that the node measures."""
    machine = valley.machine
    machine.meters.append({"m": DIR, "k": "gauge", "u": "By", "driver": "dirsize"})
    machine.described()
    valley.assign(valley.ana, DIR, "storage")
    return MeterAssignment.objects.get(meter__name=DIR), bytes(range(256)) * 16


def prepared(blob: bytes, count: int = 3) -> dict[str, Any]:
    lines = []
    for n in range(count):
        nonce, block = f"{n:032x}", blob[n * 10 : n * 10 + 1024]
        digest = hashlib.sha256(bytes.fromhex(nonce) + block).hexdigest()
        lines.append({"offset": n * 10, "length": 1024, "nonce": nonce, "digest": digest})
    return {"v": 1, "name": "ana/blob", "size": len(blob), "challenges": lines}


def asked_of(machine: Machine) -> list[dict[str, Any]]:
    """What the site asks the node now, by its signed answer."""
    question = {"v": 1, "node": str(machine.row.uuid), "sent": spelled(timezone.now())}
    envelope = machine.signed(strict_json.dumps(question), REQUEST)
    url, body = "/api/v1/agent/challenges", envelope.as_json()
    answer = Client().post(url, body, content_type="application/json").json()
    said = keys.verify_document(dsse.Envelope.from_dict(answer), CHALLENGE)
    found: list[dict[str, Any]] = json.loads(said)["challenges"]
    return found


def test_nobody_else_learns_what_a_node_is_asked(valley: Valley) -> None:
    url = "/api/v1/agent/challenges"
    assert Client().get(f"{url}/{valley.machine.row.uuid}").status_code == 404
    question = {"v": 1, "node": str(valley.machine.row.uuid), "sent": spelled(timezone.now())}
    envelope = Machine().enrolled().signed(strict_json.dumps(question), REQUEST)
    answer = Client().post(url, envelope.as_json(), content_type="application/json")
    assert answer.status_code == 422 and answer.json()["code"] == "schema"


def answered(machine: Machine, asked: dict[str, Any], blob: bytes) -> dsse.Envelope:
    block = blob[asked["offset"] : asked["offset"] + asked["length"]]
    digest = hashlib.sha256(bytes.fromhex(asked["nonce"]) + block).hexdigest()
    body = {"v": 1, "node": str(machine.row.uuid), "id": asked["id"], "digest": digest}
    return machine.signed(strict_json.dumps(body), ANSWER)


def test_a_node_that_kept_the_file_passes_and_one_that_lost_it_is_suspect(valley: Valley) -> None:
    assignment, blob = stored(valley)
    ana, machine = as_user(valley.ana.user), valley.machine
    assert "Bring challenges" in text(ana.get("/usage/challenges/"))

    def bring(body: Any) -> Any:
        file = SimpleUploadedFile("c.json", json.dumps(body).encode())
        return ana.post("/usage/challenges/", {"assignment": assignment.pk, "file": file})

    assert bring({"v": 2}).status_code == 422
    assert bring(prepared(blob) | {"name": "../up"}).status_code == 422
    assert bring(prepared(blob, 4)).status_code == 303
    assert bring(prepared(blob, 4)).status_code == 303
    assert StorageChallenge.objects.count() == 4
    assert asked_of(machine) == []
    now = timezone.now()
    assert services.sweep_challenges(now=now) == 1
    assert services.sweep_challenges(now=now + timedelta(hours=1)) == 0
    first = asked_of(machine)[0]
    assert (first["meter"], first["name"], first["length"]) == (DIR, "ana/blob", 1024)
    envelope = answered(machine, first, blob)
    assert statuses(post([envelope])) == ["accepted"]
    assert statuses(post([envelope])) == ["duplicate"]
    assert StorageChallenge.objects.get(pk=first["id"]).state == "passed"
    assert "passed" in text(ana.get("/usage/challenges/"))
    assert services.sweep_challenges(now=now + timedelta(hours=25)) == 1
    second = asked_of(machine)[0]
    stranger = Machine().enrolled()
    assert post([answered(stranger, second, blob)]).json()["code"] == "schema"
    assert statuses(post([answered(machine, second, bytes(5000))])) == ["accepted"]
    assert Node.objects.get(pk=machine.row.pk).state == "active"
    assert services.sweep_challenges(now=now + timedelta(hours=50)) == 1
    services.sweep_challenges(now=now + timedelta(hours=75))
    found = StorageChallenge.objects.filter(state="failed").order_by("until")
    assert list(found.values_list("why", flat=True)) == ["wrong", "none"]
    assert Node.objects.get(pk=machine.row.pk).state == "suspect"
    listed = ana.get("/api/v1/usage/challenges/").json()
    assert {row["challenge_state"] for row in listed} == {"passed", "failed", "issued"}
    assert "digest" not in listed[0] and "nonce" not in listed[0]
    assert reputation_of(machine.row).storage == 333
    assert all_broken() == []


def test_challenges_come_by_clients_and_only_for_ones_own_folder(valley: Valley) -> None:
    assignment, blob = stored(valley)
    body = {"assignment": assignment.pk, "prepared": prepared(blob)}
    address = "/api/v1/usage/challenges/"
    assert send(as_user(valley.ana.user), address, body).json() == {"new": 3}
    assert send(as_user(valley.ana.user), address, body).json() == {"new": 0}
    assert send(as_user(valley.ben.user), address, body).status_code == 404
    wrong = send(as_user(valley.ana.user), address, body | {"prepared": {"v": 1}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "no_challenges")


def test_a_decided_dispute_corrects_a_nodes_reading_of_a_closed_period(valley: Valley) -> None:
    row = measured(valley, 2 * GB, 3 * GB)
    ana, steward = as_user(valley.ana.user), as_user(valley.steward)
    ended(valley)
    assert ana.post(
        f"/usage/dispute/?reading={row.pk}", {"reason": "Not mine", "key": "k"}
    ).status_code == 303  # fmt: skip
    dispute = Dispute.objects.get(reading=row)
    answer = {"answer": "The log agrees.", "correction": "−3"}
    assert steward.post(f"/stewardship/disputes/{dispute.pk}/", answer).status_code == 303
    dispute.refresh_from_db()
    assert dispute.correction is not None and dispute.correction.amount == -3000
    assert Adjustment.objects.get().usage == dispute.correction
    assert "The log agrees." in text(ana.get("/usage/"))
    assert all_broken() == []


def test_the_public_does_not_learn_what_a_link_is_called(linked: Linked) -> None:
    """Its label is made of those of its nodes, and these may name a person."""
    for reader, is_inside in ((Client(), False), (as_user(linked.valley.ben.user), True)):
        [told] = reader.get("/api/v1/nodes/links/").json()
        assert ("Mast – ridge" in told["name"]) == is_inside
        for address in ("/nodes/map/", f"/nodes/{linked.a.row.uuid}/"):
            assert ("Mast – ridge" in text(reader.get(address))) == is_inside
