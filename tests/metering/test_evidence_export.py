"""What is exported as evidence, and what the auditor's own program finds in it."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from coop_verify import cli
from coop_verify.metered import EvidenceCheck
from coop_verify.note import Key
from metering import services
from metering.bundle import Asked, export_evidence
from metering.models import Reading
from signing import keys
from tests.metering.machine import CPU, FS, TX, Machine, post
from tests.metering.test_rerate import story
from tests.metering.world import Valley
from tests.sealing import past_the_triggers

__all__ = ["story"]
GB = 10**9
Lines = list[dict[str, Any]]


def found(folder: Path) -> dict[str, list[str]]:
    """The broken promises of a folder, with what speaks against them."""
    report = EvidenceCheck(folder, Key(keys.public_key())).run()
    return {name: p.sentences for name, p in report.promises.items() if p.found}


def exported(folder: Path, **asked: Any) -> Path:
    export_evidence(folder, Asked(**asked))
    return folder


def test_an_export_holds_and_is_counted_to_the_same_numbers(
    story: Valley, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = StringIO()
    call_command("export_evidence", tmp_path / "all", stdout=said, stderr=StringIO())
    assert "2 keys, 2 inventories, 8 envelopes" in said.getvalue()
    arguments = ["evidence", str(tmp_path / "all"), "--key", keys.public_key().hex()]
    assert cli.main(arguments) == 0
    told = capsys.readouterr().out
    assert "8 batches, 10 readings" in told
    assert "Everything that was checked holds." in told
    assert told.count("ok ") == 8


def test_the_programs_own_rules_agree_on_every_kind_of_record(
    valley: Valley, tmp_path: Path
) -> None:
    machine = valley.machine
    machine.meters += [
        {"m": "if:old:rx", "k": "counter", "u": "By", "driver": "netdev", "bits": 32, "cap": "9999"}
    ]
    post([machine.inventory()])
    valley.assign(valley.ana)
    counter = {"k": "counter", "m": TX, "inc": "aa" * 32}
    fresh = {"k": "counter", "m": TX, "inc": "bb" * 32, "f": ["fresh"]}
    old = {"k": "counter", "m": "if:old:rx", "inc": "aa" * 32}
    post([
        machine.batch(machine.counted(0), machine.held(GB), machine.counted(5, CPU)),
        machine.batch(counter | machine.times(300) | {"r0": "1000", "r1": "700"}),
        machine.batch(counter | machine.times(300) | {"r0": "800", "r1": "900"}),
        machine.batch(fresh | machine.times(0) | {"r0": "77", "r1": "77"}),
        machine.batch(fresh | machine.times(300) | {"r0": "77", "r1": "99", "inc": "cc" * 32}),
        machine.batch(old | machine.times(0) | {"r0": "4294967000", "r1": "4294967000"}),
        machine.batch(old | machine.times(300) | {"r0": "4294967000", "r1": "200"}),
        machine.batch(old | machine.times(300) | {"r0": "200", "r1": "9999999"}),
        machine.batch({"k": "gauge", "m": TX, "v": "4"} | machine.times(300)),
        machine.batch(machine.held(7), sent="2029-01-01T00:00:00Z"),
        machine.batch({**machine.held(GB), "t0": None, "t1": None} , clock="unset"),
    ])  # fmt: skip
    while services.rate_waiting():
        pass
    rules = set(Reading.objects.values_list("rule", flat=True))
    assert rules == {*Reading.Rule.values}
    assert found(exported(tmp_path / "all")) == {}


def change(folder: Path, name: str, edit: Callable[[Lines], object]) -> None:
    """Edit the lines of a file, and let the manifest agree with it."""
    path = folder / f"{name}.ndjson"
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    edit(lines)
    raw = b"".join(
        json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        for line in lines
    )
    path.write_bytes(raw)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"][path.name] = {"lines": len(lines), "sha256": sha256(raw).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def booked(lines: Lines) -> dict[str, Any]:
    return next(line for line in lines if line["amount"] == 1000)


CHANGES: dict[str, tuple[str, Callable[[Lines], object], str]] = {
    "a quantity": ("readings", lambda ls: booked(ls).update(quantity="5"), "readings"),
    "an amount": ("readings", lambda ls: booked(ls).update(amount=999), "booked"),
    "a whole reading": ("readings", lambda ls: ls.remove(booked(ls)), "readings"),
    "another member": ("readings", lambda ls: booked(ls).update(assignment=None), "assigned"),
    "a batch": ("envelopes", lambda ls: ls.pop(1), "chains"),
    "the order": ("envelopes", lambda ls: ls[1].update(prev="00" * 32), "chains"),
    "the newest batch": ("envelopes", lambda ls: ls.pop(5), "chains"),
    "a receipt": ("envelopes", lambda ls: ls[2].update(receipt=ls[3]["receipt"]), "receipts"),
    "the time": ("envelopes", lambda ls: ls[2].update(received_at="2020-01-01T00:00:00.000000Z"),
                 "receipts"),
    "a payload": ("envelopes", lambda ls: ls[2]["envelope"].update(ls[3]["envelope"], signatures=(
                  ls[2]["envelope"]["signatures"])), "signatures"),
    "a key": ("keys", lambda ls: ls[0].update(public_key=ls[1]["public_key"]), "signatures"),
    "the key after it": ("keys", lambda ls: ls.append(ls[0] | {"epoch": 2, "head_seq": 0}),
                         "keys"),
    "who is revoked": ("revocations", lambda ls: ls[0]["envelope"].update(payload="e30="),
                       "receipts"),
    "a limit": ("inventories", lambda ls: ls[0].update(envelope=ls[1]["envelope"]), "signatures"),
}  # fmt: skip


def test_what_was_changed_in_a_folder_is_found(
    story: Valley, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = exported(tmp_path / "all")
    for name, (file, edit, promise) in CHANGES.items():
        folder = Path(copytree(whole, tmp_path / name))
        change(folder, file, edit)
        assert promise in found(folder), name
    assert cli.main(["evidence", str(folder)]) == 1
    assert "BROKEN" in capsys.readouterr().out


def test_what_the_site_changed_before_the_export_is_found(story: Valley, tmp_path: Path) -> None:
    row = Reading.objects.filter(state="rated", amount=1000, meter__name=TX).latest("pk")
    past_the_triggers("UPDATE metering_reading SET quantity = 7 WHERE id = %s", [row.pk])
    [sentence] = found(exported(tmp_path / "all"))["readings"]
    assert sentence.endswith("its quantity is 7, counted anew 1000000000")


def test_a_member_takes_only_what_is_theirs(story: Valley, tmp_path: Path) -> None:
    """Ana and Ben share a node: the batch that names both is there as chain and receipt only."""
    folder = exported(tmp_path / "ana", member=story.ana)
    lines = [json.loads(line) for line in (folder / "envelopes.ndjson").read_bytes().splitlines()]
    assert [line["absent"] for line in lines] == ["", "others", "", "", "", "others"]
    readings = (folder / "readings.ndjson").read_text()
    assert FS not in readings and CPU not in readings and TX in readings
    assert FS not in (folder / "inventories.ndjson").read_text()
    assert found(folder) == {}


def test_one_node_and_a_time_can_be_asked_for(story: Valley, tmp_path: Path) -> None:
    folder = exported(tmp_path / "one", node=story.machine.row)
    assert found(folder) == {}
    first = story.machine.row.envelopes.order_by("pk")[2]
    some = exported(tmp_path / "some", since=first.received_at)
    assert found(some) == {}
    assert len((some / "envelopes.ndjson").read_bytes().splitlines()) == 6
    assert len((folder / "keys.ndjson").read_bytes().splitlines()) == 1


def test_a_folder_that_is_in_use_is_left_alone(story: Valley, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("export_evidence", tmp_path, stdout=StringIO(), stderr=StringIO())


def test_what_is_no_evidence_is_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evidence", str(tmp_path / "none")]) == 2
    (tmp_path / "manifest.json").write_text('{"format":"coop-books/1"}')
    assert cli.main(["evidence", str(tmp_path)]) == 2
    assert "coop-evidence/1" in capsys.readouterr().err


def test_hostile_lines_stop_the_check_and_not_the_program(story: Valley, tmp_path: Path) -> None:
    whole = exported(tmp_path / "all")
    for number, (file, edit) in enumerate(
        [
            ("envelopes", lambda ls: ls.append([])),
            ("envelopes", lambda ls: ls[0].pop("seq")),
            ("envelopes", lambda ls: ls[0].update(envelope={"payload": 3})),
            ("keys", lambda ls: ls[0].update(public_key="00")),
            ("readings", lambda ls: ls[0].update(quantity="many")),
            ("assignments", lambda ls: ls[0].update(num="x")),
        ]
    ):
        folder = Path(copytree(whole, tmp_path / str(number)))
        change(folder, file, edit)
        assert cli.main(["evidence", str(folder)]) == 2, file


def test_a_machine_that_nobody_measures_with_is_evidence_too(
    valley: Valley, tmp_path: Path
) -> None:
    Machine().enrolled()
    assert found(exported(tmp_path / "all")) == {}


def test_a_member_downloads_what_is_theirs_and_a_stranger_nothing(
    story: Valley, tmp_path: Path
) -> None:
    client, other = Client(), Client()
    assert story.ana.user is not None
    client.force_login(story.ana.user)
    other.force_login(story.steward)
    for number, (who, address) in enumerate(
        [
            (client, "/usage/evidence.zip"),
            (client, "/api/v1/usage/evidence/"),
            (other, "/nodes/evidence.zip?since=2020-01-01"),
            (other, "/api/v1/nodes/evidence/?since=never"),
        ]
    ):
        answer = who.get(address)
        assert answer.headers["Content-Type"] == "application/zip"
        with zipfile.ZipFile(BytesIO(b"".join(answer.streaming_content))) as packed:
            packed.extractall(tmp_path / str(number))
        assert found(tmp_path / str(number) / "evidence") == {}
    assert client.get("/nodes/evidence.zip").status_code == 403
    assert client.get("/api/v1/nodes/evidence/").status_code == 403
    assert Client().get("/usage/evidence.zip").status_code == 302
