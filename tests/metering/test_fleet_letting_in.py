"""Letting in on pages: the paste line, two owners, files without a line; files of batches."""

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from assets.models import Asset
from metering import services
from metering.models import EnrolmentRequest, FileDelivery, Node
from signing import dsse, keys
from tests.metering.machine import Machine
from tests.metering.test_pages import as_user, text
from tests.metering.world import Valley
from titles.services import issue_founding_units


def shared(valley: Valley) -> Asset:
    """The mast, of which Ben now owns a part as well."""
    issue_founding_units(
        member=valley.ben, pool=valley.pool, units=10, actor=None, key="ben", from_treasury=True
    )
    return Asset.objects.get(name="Hill mast")


def test_a_shared_assets_node_needs_a_second_owner(valley: Valley) -> None:
    asset = shared(valley)
    code = services.start_enrolment(envelope=Machine().request()).user_code
    ana, ben = as_user(valley.ana.user), as_user(valley.ben.user)
    assert ana.post(f"/nodes/enrol/{code}/", {"label": "mast"}).status_code == 422
    said = {"label": "mast", "asset": asset.pk}
    assert ana.post(f"/nodes/enrol/{code}/", said).status_code == 303
    assert "Another owner of the asset" in text(ana.get(f"/nodes/enrol/{code}/"))
    assert ana.post(f"/nodes/enrol/{code}/", {}).status_code == 422
    assert not Node.objects.filter(label="mast").exists()
    assert f"/nodes/enrol/{code}/" in text(ben.get("/nodes/enrol/"))
    assert ben.post(f"/nodes/enrol/{code}/", {}).status_code == 303
    node = Node.objects.get(label="mast")
    assert (node.asset, node.pool, node.owner) == (asset, valley.pool, valley.ana)


def test_a_second_node_of_an_asset_is_told_to_take_the_place_of_the_first(valley: Valley) -> None:
    asset, ana = Asset.objects.get(name="Hill mast"), as_user(valley.ana.user)
    services.set_node_asset(actor=valley.steward, node=valley.machine.row, asset=asset)
    code = services.start_enrolment(envelope=Machine().request()).user_code
    said: dict[str, Any] = {"label": "new mast", "asset": asset.pk}
    refused = ana.post(f"/nodes/enrol/{code}/", said)
    assert refused.status_code == 422
    assert "A node stands for this asset already" in text(refused)
    assert ana.post(f"/nodes/enrol/{code}/", said | {"replace": "on"}).status_code == 303
    assert Node.objects.get(label="gate").state == "retired"
    assert Node.objects.get(label="new mast").state == "active"


def test_only_a_steward_lets_in_what_stands_for_nothing(valley: Valley) -> None:
    code = services.start_enrolment(envelope=Machine().request()).user_code
    page = text(as_user(valley.steward).get(f"/nodes/enrol/{code}/"))
    assert 'name="pool"' not in text(as_user(valley.ana.user).get(f"/nodes/enrol/{code}/"))
    assert Client().get("/nodes/enrol/").status_code == 302
    row = EnrolmentRequest.objects.get(user_code=code)
    assert row.keyid in page
    assert as_user(valley.ana.user).post(f"/nodes/enrol/deny/{row.pk}/").status_code == 403
    assert as_user(valley.steward).post(f"/nodes/enrol/deny/{row.pk}/").status_code == 303
    assert EnrolmentRequest.objects.get(pk=row.pk).state == "denied"


def test_a_node_without_a_line_is_let_in_by_files(valley: Valley) -> None:
    machine, steward = Machine(), as_user(valley.steward)
    broken = SimpleUploadedFile("request.json", b'{"a": 1}')
    assert steward.post("/nodes/enrol/file/", {"file": broken}).status_code == 422
    request = SimpleUploadedFile("request.json", machine.request().as_json())
    review = steward.post("/nodes/enrol/file/", {"file": request})["location"]
    assert Client().get(review).status_code == 302
    assert steward.get(f"{review}answer.json").status_code == 404
    assert steward.post(review, {"label": "far"}).status_code == 303
    assert "The node is in" in text(steward.get(review))
    answer = dsse.Envelope.from_json(steward.get(f"{review}answer.json").content.strip())
    said = json.loads(keys.verify_document(answer, dsse.payload_type("enrolled")))
    assert said["node"] == str(Node.objects.get(label="far").uuid)
    assert said["pub"] == machine.public.hex()


def test_the_paste_line_names_the_site_its_key_and_code_that_runs(
    valley: Valley, tmp_path: Path
) -> None:
    page = text(as_user(valley.ana.user).get("/nodes/enrol/"))
    line = f"coop-agent enrol --server http://testserver --server-key {keys.public_key().hex()}"
    assert line in page
    archive = Client().get("/nodes/enrol/coop-agent.zip")
    assert archive.content == Client().get("/nodes/enrol/coop-agent.zip").content
    zipfile.ZipFile(io.BytesIO(archive.content)).extractall(tmp_path)
    shown = subprocess.run(
        [sys.executable, "-m", "coop_agent", "--version"],
        cwd=tmp_path / "coop-agent", capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert shown.stdout.strip()
    lite = Client().get("/nodes/enrol/coop-agent-lite.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(lite.content)) as files:
        assert files.getmember("usr/bin/coop-lite").mode == 0o755
        assert "usr/lib/coop-lite/seal.sh" in files.getnames()


def test_a_file_of_batches_is_answered_with_receipts(valley: Valley) -> None:
    batches = valley.machine.batches(0, 1, 2)
    lines = b"".join(batch.as_json() + b"\n" for batch in batches) + b"no envelope\n"
    ben = as_user(valley.ben.user)
    assert ben.post("/nodes/upload/", {}).status_code == 422
    there = ben.post("/nodes/upload/", {"file": SimpleUploadedFile("gate.coopbatch", lines)})
    assert there.status_code == 303
    page = text(ben.get(there["location"]))
    assert "4 envelopes out of gate.coopbatch" in page
    assert '<dd class="figure">3</dd><dt>taken in' in page
    assert "it cannot be read" in page
    answer = ben.get(f"{there['location']}file")
    assert 'filename="gate.coopreceipts"' in answer["Content-Disposition"]
    results = [json.loads(line) for line in answer.content.splitlines()]
    assert [one["status"] for one in results] == ["accepted"] * 3 + ["rejected"]
    assert [bool(one["receipt"]) for one in results] == [True, True, True, False]
    assert as_user(valley.ana.user).get(there["location"]).status_code == 404
    assert valley.machine.row.envelopes.get(seq=1).via == f"member:{valley.ben.number}"
    again = ben.post("/api/v1/nodes/files/", lines, content_type="application/x-ndjson").json()
    assert [one["status"] for one in again] == ["duplicate"] * 3 + ["rejected"]
    assert [one["receipt"] for one in again] == [one["receipt"] for one in results]
    assert Client().post("/api/v1/nodes/files/", lines, content_type="x/y").status_code == 403


def test_only_the_newest_answers_of_a_user_are_kept(valley: Valley) -> None:
    ben = as_user(valley.ben.user)
    for n in range(7):
        file = SimpleUploadedFile(f"{n}.coopbatch", b"x\n")
        assert ben.post("/nodes/upload/", {"file": file}).status_code == 303
    kept = FileDelivery.objects.order_by("-pk").values_list("name", flat=True)
    assert list(kept) == [f"{n}.coopbatch" for n in (6, 5, 4, 3, 2)]


def test_a_file_of_very_many_lines_is_not_answered(
    valley: Valley, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two bytes make a line, and each is answered: it is the lines that are bounded."""
    monkeypatch.setattr("metering.fleet.files.MOST_LINES", 2)
    ben = as_user(valley.ben.user)
    for lines, page, said in ((b"x\n" * 2, 303, 200), (b"x\n" * 3, 422, 413)):
        file = SimpleUploadedFile("x.coopbatch", lines)
        assert ben.post("/nodes/upload/", {"file": file}).status_code == page
        sent = ben.post("/api/v1/nodes/files/", lines, content_type="application/x-ndjson")
        assert sent.status_code == said
