"""The fleet's pages: who sees what, how many queries it takes, evidence down to the envelope."""

import html
import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.models import Asset
from metering import services
from metering.fleet.coverage import coverage_of
from metering.models import Envelope, Node, NodeKey, Reading, Refusal
from signing import dsse
from tests.metering.machine import CPU, TX, Machine, post
from tests.metering.test_pages import GB, as_user, measured, text
from tests.metering.world import Valley

EXPIRE = (
    "UPDATE metering_envelope SET payload = '', expired_at = now(),"
    " payload_size = length(payload), payload_digest = encode(sha256(payload), 'hex')"
)


def batch_of(row: Reading) -> str:
    return f"/nodes/{row.envelope.node.uuid}/batches/1/{row.envelope.seq}/"


def test_whose_use_a_meter_measures_is_for_stewards_and_the_member(valley: Valley) -> None:
    row = measured(valley, 2 * GB)
    Node.objects.update(label="Ana's attic", owner=valley.ana)
    address = f"/nodes/{valley.machine.row.uuid}/"
    public, ben = text(Client().get(address)), text(as_user(valley.ben.user).get(address))
    ana, steward = as_user(valley.ana.user), as_user(valley.steward)
    assert "attic" not in public + text(Client().get("/nodes/"))
    assert TX not in public
    assert "Ana (2)" not in public + ben
    assert "private" in ben
    assert "2 GB" in text(ana.get(address))
    assert "me: Bandwidth" in text(ana.get(address))
    assert "Ana (2): Bandwidth" in text(steward.get(address))
    assert Client().get(batch_of(row)).status_code == 403
    hidden = text(as_user(valley.ben.user).get(batch_of(row)))
    assert "only a steward can hand out the whole" in hidden
    assert str(row.value) not in hidden
    for file in ("envelope.json", "receipt.json"):
        assert Client().get(batch_of(row) + file).status_code == 403
    assert as_user(valley.ben.user).get(batch_of(row) + "envelope.json").status_code == 403
    assert ana.get(batch_of(row) + "envelope.json").status_code == 200


def test_the_list_takes_as_many_queries_for_many_nodes_as_for_one(
    valley: Valley, django_assert_max_num_queries: Any
) -> None:
    client = as_user(valley.steward)
    post(valley.machine.batches(0, 1))
    with CaptureQueriesContext(connection) as one:
        client.get("/nodes/")
    queries = len(one)
    for _ in range(6):
        machine = Machine().enrolled().described()
        post(machine.batches(0, 1))
    with django_assert_max_num_queries(queries):
        page = text(client.get("/nodes/"))
    assert page.count("/nodes/") >= 7
    assert "No node is like this" in text(client.get("/nodes/?state=revoked"))
    assert "7 nodes." in text(client.get("/nodes/?state=nonsense"))
    assert "No node is like this" in text(client.get(f"/nodes/?pool={valley.pool.code}"))


def test_a_batch_is_shown_with_its_place_its_proof_and_what_it_became(valley: Valley) -> None:
    row = measured(valley, 2 * GB, 3 * GB)
    steward = as_user(valley.steward)
    evidence = text(steward.get(f"/usage/evidence/{row.pk}/"))
    assert f"{batch_of(row)}?record=1#record-1" in evidence
    page = text(steward.get(f"{batch_of(row)}?record=1"))
    assert "signature holds" in page
    assert "is the one that it names" in page
    assert "No later one is there yet." in page
    assert "Became 3 GB of Bandwidth from Valley backbone, used by member 2 in now." in page
    assert 'class="record here"' in page
    assert "The difference was used." in page
    assert row.envelope.chain in page


def test_what_the_page_says_to_run_does_prove_the_batch(valley: Valley, tmp_path: Path) -> None:
    row = measured(valley, 2 * GB)
    client = as_user(valley.ana.user)
    file = tmp_path / f"batch-1-{row.envelope.seq}.json"
    file.write_bytes(client.get(batch_of(row) + "envelope.json").content)
    page = client.get(batch_of(row)).content.decode()
    said = {name: command(page, name) for name in ("with-python", "with-openssl")}
    assert run(said["with-python"], tmp_path).stdout == "holds\n"
    shown = run(said["with-openssl"], tmp_path).stdout
    assert "Signature Verified Successfully" in shown
    assert row.envelope.chain in shown
    value = json.loads(file.read_text())
    value["payload"] = value["payload"][:-4] + "e30="
    file.write_text(json.dumps(value))
    assert run(said["with-python"], tmp_path).returncode != 0


def command(page: str, name: str) -> str:
    found = re.search(f'<pre id="{name}">(.*?)</pre>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1]).replace("python3", sys.executable)


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_expired_payload_is_said_and_what_was_read_stays(valley: Valley) -> None:
    row = measured(valley, 2 * GB)
    with connection.cursor() as cursor:
        cursor.execute(EXPIRE + " WHERE id = %s", [row.envelope_id])
    for client in (as_user(valley.ana.user), as_user(valley.steward)):
        page = text(client.get(batch_of(row)))
        assert "payload expired" in page
        assert row.envelope.chain in page
        assert "2 GB" in page
        assert "emptied on" in text(client.get(f"/usage/evidence/{row.pk}/"))
        assert client.get(batch_of(row) + "envelope.json").status_code in (403, 404)
    assert "not known" in text(Client().get("/nodes/"))


def test_what_was_refused_is_counted_by_reason_and_shown(valley: Valley) -> None:
    machine = valley.machine
    body = machine.body(machine.counted(1), seq=0)
    for _ in range(3):
        post([machine.signed(json.dumps(body).encode())])
    forged = dsse.Envelope(
        "application/vnd.coop.usage-batch+json;v=1",
        b"{}",
        (dsse.Signature(dsse.keyid(machine.public), b"x" * 64),),
    )
    post([forged])
    assert dict(Refusal.objects.values_list("code", "times")) == {"schema": 3, "bad_signature": 1}
    page = text(as_user(valley.ana.user).get(f"/nodes/{machine.row.uuid}/"))
    assert "3 times, the last one" in page
    assert "somebody else may have tried" in page
    assert "somebody else" not in text(Client().get("/nodes/"))
    post([Machine().signed(b"{}")])
    assert Refusal.objects.count() == 2


def test_hours_are_measured_missing_or_not_looked_at(valley: Valley) -> None:
    machine = valley.machine
    since = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=10)
    NodeKey.objects.update(created_at=since)
    Node.objects.update(created_at=since)
    machine.clock = since
    records = [machine.counted(0, seconds=0), machine.counted(1, seconds=3 * 3600)]
    records.append({"k": "gap", "why": "agent_stopped", **machine.times(2 * 3600)})
    records.append(machine.counted(1, seconds=3600))
    post([machine.batch(*records)])
    services.rate_waiting()
    found = coverage_of(Node.objects.get())
    assert (found.measured, found.partly, found.gap, found.nothing) == (4, 0, 2, 4)
    assert [run.kind for run in found.runs] == ["before", "measured", "gap", "measured", "nothing"]
    assert found.holes[1].reasons == ("agent_stopped",)
    page = text(Client().get(f"/nodes/{machine.row.uuid}/"))
    assert "Measured without a gap in 4 of 10 hours." in page
    assert "the agent stood still" in page
    assert "Measured in 4 of 10 hours; the list below names the others" in page


def test_grave_decisions_have_a_page_a_reason_and_a_way_to_a_vote(valley: Valley) -> None:
    steward, node = as_user(valley.steward), valley.machine.row
    address = f"/nodes/{node.uuid}/decide/quarantine/"
    assert as_user(valley.ana.user).get(address).status_code == 403
    assert steward.get(address).headers["Location"] == f"/emergencies/new/?node={node.uuid}"
    page = text(steward.post(address, {"reason": "its disk failed"}))
    assert "No steward quarantines a node alone." in page
    assert f"/decisions/new/confirm_quarantine/?node={node.pk}" in page
    assert Node.objects.get().state == "active"
    services.quarantine_node(actor=valley.steward, node=node, reason="its disk failed")
    for reader in (as_user(valley.ana.user), Client()):
        page = text(reader.get(f"/nodes/{node.uuid}/"))
        assert "its disk failed" in page
        assert "Without a vote the quarantine ends" in page
        told = reader.get(f"/api/v1/nodes/{node.uuid}/").json()["states"][-1]
        assert told["reason"] == "its disk failed"
    prefilled = text(steward.get(f"/decisions/new/confirm_quarantine/?node={node.pk}"))
    assert f'<option value="{node.pk}" selected>' in prefilled


def test_the_map_shows_nodes_by_shape_word_and_link(valley: Valley) -> None:
    Machine().enrolled()
    services.set_node_state(
        actor=valley.steward, node=valley.machine.row, state="suspect", reason="odd"
    )
    page, other = (text(Client().get("/nodes/map/")) for _ in range(2))
    assert page.count('<a href="/nodes/') >= 4
    assert "spot suspect" in page
    assert "No link is declared yet" in page
    drawn, again = (p[p.index("<svg class=") : p.rindex("</svg>")] for p in (page, other))
    assert drawn == again


def test_programs_read_what_the_pages_show(valley: Valley) -> None:
    row = measured(valley, 2 * GB)
    uuid = str(valley.machine.row.uuid)
    [public] = Client().get("/api/v1/nodes/").json()
    assert (public["id"], public["node_state"]) == (uuid, "active")
    assert public["name"] == f"Node {uuid[:8]}"
    assert "keys" in Client().get(f"/api/v1/nodes/{uuid}/").json()
    assert Client().get(f"/api/v1/nodes/{uuid}/batches/").status_code == 403
    ana, ben = as_user(valley.ana.user), as_user(valley.ben.user)
    batches = ana.get(f"/api/v1/nodes/{uuid}/batches/").json()
    assert [one["seq"] for one in batches] == [2, 1]
    address = f"/api/v1/nodes/{uuid}/batches/1/{row.envelope.seq}/"
    assert ana.get(address).json()["holds"] is True
    assert ben.get(address).status_code == 403
    decided = as_user(valley.steward).post(
        f"/api/v1/nodes/{uuid}/decisions/",
        {"decision": "suspect", "reason": "odd"},
        content_type="application/json",
    )
    assert decided.json()["node_state"] == "suspect"
    assert ana.post(f"/api/v1/nodes/{uuid}/decisions/", {}).status_code == 403


def test_an_asset_of_all_is_open_to_members(valley: Valley) -> None:
    asset = Asset.objects.get(name="Hill mast")
    services.set_node_asset(actor=valley.steward, node=valley.machine.row, asset=asset)
    post([valley.machine.batch(valley.machine.counted(10**9, CPU))])
    services.rate_waiting()
    batch = Envelope.objects.get()
    ben = as_user(valley.ben.user)
    address = f"/nodes/{batch.node.uuid}/batches/1/1/"
    assert "measures the asset itself" in text(ben.get(address))
    assert ben.get(address + "envelope.json").status_code == 200
    assert "Hill mast" in text(Client().get("/nodes/"))
