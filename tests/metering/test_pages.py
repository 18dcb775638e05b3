"""The pages: who sees what, what a steward does on them, and that bad input is told so."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from members.models import User
from metering import services
from metering.models import EnrolmentRequest, MeterAssignment, Node, NodeKey, Reading
from signing import keys
from tests.makers import make_member
from tests.metering.machine import CPU, FS, TX, Machine, post
from tests.metering.world import Valley

GB = 10**9


def as_user(user: User | None) -> Client:
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def measured(valley: Valley, *amounts: int) -> Reading:
    """The last reading of Ana's use after so much traffic."""
    valley.assign(valley.ana)
    post(valley.machine.batches(0, *amounts))
    services.rate_waiting()
    return Reading.objects.order_by("-pk")[0]


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_member_sees_what_they_used_within_the_next_poll(valley: Valley) -> None:
    measured(valley, 2 * GB, 3 * GB)
    client = as_user(valley.ana.user)
    page = client.get("/usage/")
    assert "5 <small>GB used" in text(page)
    assert "<html" in text(page)
    part = client.get("/usage/", headers={"HX-Request": "true"})
    assert "5 <small>GB used" in text(part)
    assert "<html" not in text(part)
    assert "HX-Request" in part["Vary"]


def test_each_reading_leads_to_its_evidence(valley: Valley) -> None:
    row = measured(valley, 2 * GB)
    client = as_user(valley.ana.user)
    address = reverse("metering:evidence", args=[row.pk])
    assert address in text(client.get("/usage/"))
    page = text(client.get(address))
    assert row.envelope.chain in page
    assert "signature holds" in page
    assert "2 GB" in page.replace("<strong>", "").replace("</strong>", "")
    assert "verify_evidence" in page


def test_a_day_leads_to_the_readings_behind_it(valley: Valley) -> None:
    row = measured(valley, 2 * GB)
    day = f"{row.ends_at:%Y-%m-%d}"
    client = as_user(valley.ana.user)
    here = client.get(f"/usage/?resource=bandwidth&day={day}")
    assert reverse("metering:evidence", args=[row.pk]) in text(here)
    elsewhere = client.get("/usage/?resource=bandwidth&day=2020-01-01")
    assert "No readings there." in text(elsewhere)


def test_what_others_used_is_not_shown(valley: Valley) -> None:
    row = measured(valley, 2 * GB)
    ben = as_user(valley.ben.user)
    for name in ("evidence", "bundle"):
        assert ben.get(reverse(f"metering:{name}", args=[row.pk])).status_code == 404
    assert as_user(valley.steward).get(f"/usage/evidence/{row.pk}/").status_code == 200
    assert Client().get(f"/usage/evidence/{row.pk}/").status_code == 302


def test_a_batch_that_holds_others_use_is_handed_out_by_stewards_only(valley: Valley) -> None:
    machine = valley.machine
    valley.assign(valley.ana, TX, "bandwidth")
    valley.assign(valley.ben, CPU, "cpu")
    start = machine.clock
    records = [machine.counted(0, TX)]
    machine.clock = start
    records.append(machine.counted(0, CPU))
    post([machine.batch(*records)])
    services.rate_waiting()
    row = Reading.objects.get(meter__name=TX)
    ana = as_user(valley.ana.user)
    page = text(ana.get(f"/usage/evidence/{row.pk}/"))
    assert TX in page
    assert CPU not in page
    assert ana.get(f"/usage/evidence/{row.pk}/file.json").status_code == 403
    assert as_user(valley.steward).get(f"/usage/evidence/{row.pk}/file.json").status_code == 200


def test_a_meter_that_was_ever_anothers_keeps_a_batch_with_the_stewards(valley: Valley) -> None:
    machine = valley.machine
    valley.assign(valley.ana, TX, "bandwidth")
    start = machine.clock
    records = [machine.counted(0, TX)]
    machine.clock = start
    post([machine.batch(*records, machine.counted(0, CPU))])
    services.rate_waiting()
    row = Reading.objects.get(meter__name=TX)
    ana = as_user(valley.ana.user)
    assert ana.get(f"/usage/evidence/{row.pk}/file.json").status_code == 200
    valley.assign(valley.ben, CPU, "cpu")
    assert Reading.objects.get(meter__name=CPU).assignment is None
    assert ana.get(f"/usage/evidence/{row.pk}/file.json").status_code == 403


def test_what_a_meter_cannot_count_is_told_to_member_and_steward(valley: Valley) -> None:
    valley.assign(valley.ana)
    post(valley.machine.batches(0, 60 * GB))
    services.rate_waiting()
    row = Reading.objects.get(state="held")
    page = text(as_user(valley.ana.user).get(f"/usage/evidence/{row.pk}/"))
    assert "More than the meter can count in that time" in page
    node = text(as_user(valley.steward).get(reverse("metering:node", args=[row.meter.node.uuid])))
    assert "never charged" in node
    assert f"/usage/evidence/{row.pk}/" in node


def test_what_came_late_is_shown_with_how_much_it_is(valley: Valley) -> None:
    NodeKey.objects.update(created_at=valley.period.start - timedelta(days=1))
    valley.machine.clock = valley.period.start.replace(microsecond=0) - timedelta(hours=1)
    valley.assign(valley.ana)
    post(valley.machine.batches(0, 2 * GB))
    services.rate_waiting()
    page = text(as_user(valley.ana.user).get("/usage/"))
    assert "2 readings came after the close of their period: 2 " in page
    assert "They came too late to be charged and are kept as evidence." in page


def test_the_evidence_verifies_offline_and_a_changed_file_does_not(
    valley: Valley, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = measured(valley, 2 * GB)
    client = as_user(valley.ana.user)
    file = tmp_path / "reading.json"
    file.write_bytes(client.get(f"/usage/evidence/{row.pk}/file.json").content)
    trusted = f"--cooperative-key={keys.public_key().hex()}"
    call_command("verify_evidence", file, trusted)
    assert str(valley.machine.row.uuid) in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("verify_evidence", file, f"--cooperative-key={'0' * 64}")
    value = json.loads(file.read_text())
    value["envelope"]["payload"] = "e30="
    file.write_text(json.dumps(value))
    with pytest.raises(CommandError):
        call_command("verify_evidence", file)


def test_the_api_lists_own_readings(valley: Valley) -> None:
    measured(valley, 2 * GB)
    [row] = as_user(valley.ana.user).get("/api/v1/usage/").json()["results"]
    assert (row["quantity"], row["amount"], row["meter"]) == (str(2 * GB), 2_000, TX)
    assert as_user(valley.ben.user).get("/api/v1/usage/").json()["results"] == []
    assert Client().get("/api/v1/usage/").status_code == 403


def test_a_steward_lets_a_node_in_by_its_code(valley: Valley) -> None:
    machine = Machine()
    codes = services.start_enrolment(envelope=machine.request())
    client = as_user(valley.steward)
    shown = f"{codes.user_code[:4]}-{codes.user_code[4:]}".lower()
    found = client.post("/nodes/enrol/", {"code": shown})
    assert (found.status_code, found["location"]) == (303, f"/nodes/enrol/{codes.user_code}/")
    done = client.post(found["location"], {"label": "North mast", "pool": valley.pool.pk})
    assert done.status_code == 303
    node = Node.objects.get(label="North mast")
    assert node.pool == valley.pool
    assert EnrolmentRequest.objects.get(node=node).decided_by == valley.steward


def test_a_wrong_code_is_told_at_the_field_and_kept(valley: Valley) -> None:
    client = as_user(valley.steward)
    for code in ("BCDFGHJK", "AEIOU"):
        response = client.post("/nodes/enrol/", {"code": code})
        assert response.status_code == 422
        assert code in text(response)


def test_a_node_can_be_turned_away(valley: Valley) -> None:
    codes = services.start_enrolment(envelope=Machine().request())
    client = as_user(valley.steward)
    assert client.post(f"/nodes/enrol/{codes.user_code}/", {"deny": "1"}).status_code == 303
    assert EnrolmentRequest.objects.get(user_code=codes.user_code).state == "denied"
    assert client.get(f"/nodes/enrol/{codes.user_code}/").status_code == 404


def assignment_data(valley: Valley, meter: str) -> dict[str, int]:
    return {
        "meter": valley.meter(meter).pk,
        "member": valley.ana.pk,
        "pool": valley.pool.pk,
        "resource": valley.resource("bandwidth").pk,
    }


def test_a_steward_assigns_a_meter_and_ends_it(valley: Valley) -> None:
    client, node = as_user(valley.steward), valley.machine.row
    response = client.post(f"/nodes/{node.uuid}/assign/", assignment_data(valley, TX))
    assert response.status_code == 303
    row = MeterAssignment.objects.get()
    assert (row.member, row.made_by, row.num, row.den) == (valley.ana, valley.steward, 1, 10**6)
    assert "Ana (2): Bandwidth" in text(client.get(f"/nodes/{node.uuid}/"))
    client.post(f"/nodes/{node.uuid}/end/{row.pk}/")
    row.refresh_from_db()
    assert row.until is not None


def test_a_meter_that_cannot_become_the_resource_is_refused_in_words(valley: Valley) -> None:
    client, node = as_user(valley.steward), valley.machine.row
    response = client.post(f"/nodes/{node.uuid}/assign/", assignment_data(valley, FS))
    assert response.status_code == 422
    assert "cannot be turned into Bandwidth" in text(response)
    assert not MeterAssignment.objects.exists()


def test_a_steward_decides_about_a_node_with_a_reason(valley: Valley) -> None:
    client, node = as_user(valley.steward), valley.machine.row
    address = f"/nodes/{node.uuid}/decide/suspect/"
    assert "nothing of it is counted" in text(client.get(address))
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "odd"}).status_code == 303
    assert Node.objects.get().state == "suspect"
    assert text(client.get("/nodes/?state=eyes")).count("suspect") >= 1
    assert client.get(address).status_code == 404


def test_what_is_missing_in_a_chain_is_named(valley: Valley) -> None:
    batches = valley.machine.batches(0, 1, 2, 3)
    post([batches[0], batches[3]])
    page = text(as_user(valley.steward).get(f"/nodes/{valley.machine.row.uuid}/"))
    assert "Batch 2–3 is missing" in page


@pytest.mark.parametrize("path", ["/stewardship/disputes/", "/stewardship/usage/2/"])
def test_the_stewards_pages_are_for_stewards(valley: Valley, path: str) -> None:
    assert as_user(valley.ana.user).get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_a_user_without_usage_is_told_what_will_stand_there(valley: Valley) -> None:
    newcomer = make_member("Dora")
    page = as_user(newcomer.user).get("/usage/")
    assert "Nothing used yet" in text(page)
