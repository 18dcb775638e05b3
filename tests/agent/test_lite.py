"""The lite agent against a site over real sockets: what it sends, and what it survives."""

import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signing import dsse, strict_json
from signing.words import fingerprint_words
from tests.agent.lite import SHELLS, Lite, Tree, end, needs_signer, until
from tests.agent.site import NODE, Reply, RunningSite

pytestmark = [needs_signer, pytest.mark.timeout(60)]
BIG = 2**64 - 1


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path / "tree")
    made.put("wan", 3, 5_000, 7_000)
    return made


@pytest.fixture
def lite(running: RunningSite, tree: Tree, tmp_path: Path) -> Iterator[Lite]:
    made = Lite(tmp_path / "lite", running.url, root=str(tree.root))
    yield made
    made.stop()


def records(running: RunningSite) -> list[dict[str, Any]]:
    batches = running.site.batches
    return [record for seq in sorted(batches) for record in batches[seq].body["records"]]


def of(running: RunningSite, meter: str = "if:wan:rx") -> list[dict[str, Any]]:
    return [r for r in records(running) if r.get("m") == meter and r["k"] == "counter"]


def arrived(running: RunningSite, value: int, meter: str = "if:wan:rx") -> bool:
    return any(r["r1"] == str(value) for r in of(running, meter))


def assert_chained(running: RunningSite) -> None:
    """One chain from the beginning, every link signed."""
    batches, public = running.site.batches, running.site.public
    assert sorted(batches) == list(range(1, len(batches) + 1))
    link = hashlib.sha256(f"coop-usage-chain-v1\n{NODE}\n1\n".encode() + public).hexdigest()
    for seq in sorted(batches):
        dsse.verify(batches[seq].envelope, public, dsse.payload_type("usage-batch"))
        assert batches[seq].body["prev"] == link
        link = batches[seq].envelope.digest


def assert_joined(running: RunningSite) -> None:
    """Within an incarnation every record begins where the one before ended."""
    for before, after in itertools.pairwise(of(running)):
        if before["inc"] == after["inc"]:
            assert (after["r0"], after["mt0"]) == (before["r1"], before["mt1"])


def stopped(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate()
    assert process.returncode == 0
    return out


@pytest.mark.parametrize("shell", SHELLS)
def test_a_router_is_let_in_and_delivers_one_chain(
    running: RunningSite, lite: Lite, tree: Tree, shell: str
) -> None:
    lite.shell = shell
    process = lite.start("run")
    until(lambda: arrived(running, 5_000))
    tree.put("wan", 3, 5_600, BIG)
    until(lambda: arrived(running, 5_600) and arrived(running, BIG, "if:wan:tx"))
    out = stopped(process)
    assert "BCDF-GHJK" in out and f"enrolled as node {NODE}" in out
    assert fingerprint_words(running.site.public) in out
    assert_chained(running)
    assert_joined(running)
    [inventory] = running.site.inventories.values()
    assert [m["m"] for m in inventory["meters"]] == ["if:wan:rx", "if:wan:tx"]
    assert of(running)[0]["inc"] == hashlib.sha256(f"{tree.boot}\n3\nwan".encode()).hexdigest()
    assert lite.ask("verify") == (0, "the chain is whole\n")
    assert "without a receipt" in lite.ask("status")[1]
    assert (lite.run / "alerts").read_text() == ""


STEP = """#!/bin/sh
n=$(($(cat "$COUNT") + 1))
echo $n >"$COUNT"
if [ "$n" = "$DIE_BEFORE" ]; then kill -9 0; fi
PATH=$REAL "${0##*/}" "$@"
code=$?
if [ "$n" = "$DIE_AFTER" ]; then kill -9 0; fi
exit $code
"""


def killed_at(lite: Lite, folder: Path, before: int, after: int) -> None:
    """Let it work until the given step, which is a sync, a rename or a signature; kill it there."""
    folder.mkdir(exist_ok=True)
    for name in ("sync", "mv", "signify-openbsd"):
        (folder / name).write_text(STEP)
        (folder / name).chmod(0o755)
    (folder / "count").write_text("0")
    lite.first = str(folder)
    lite.more = {
        "COUNT": str(folder / "count"),
        "DIE_BEFORE": str(before),
        "DIE_AFTER": str(after),
        "REAL": os.environ["PATH"],
    }
    process = lite.start("run")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    lite.first, lite.more = "", {}


@pytest.mark.parametrize("power", ["stays", "is cut"])
def test_killed_at_its_steps_it_uses_no_number_twice_and_loses_nothing(
    running: RunningSite, lite: Lite, tree: Tree, tmp_path: Path, power: str
) -> None:
    assert lite.ask("enrol")[0] == 0
    value = 5_000
    first = 1 if power == "stays" else 2
    for step in range(first, 13, 2):
        before, after = (step, 0) if step % 4 < 2 else (0, step)
        killed_at(lite, tmp_path / "steps", before, after)
        sealed = lite.sealed()
        assert max(running.site.batches, default=0) <= sealed, "nothing is sent before it is kept"
        if power == "is cut":
            lite.cut_power()
        value += 1_000
        tree.put("wan", 3, value, 7_000)
    process = lite.start("run")
    until(lambda: arrived(running, value))
    stopped(process)
    assert_chained(running)
    assert_joined(running)
    counted = sum(int(r["r1"]) - int(r["r0"]) for r in of(running))
    assert counted == value - int(of(running)[0]["r0"])


def test_a_power_cut_makes_what_was_counted_since_fresh(
    running: RunningSite, lite: Lite, tree: Tree
) -> None:
    process = lite.start("run")
    until(lambda: arrived(running, 5_000))
    end(process)
    lite.cut_power()
    tree.boot = "22222222-2222-3333-4444-555555555555"
    tree.put("wan", 3, 900, 10)
    process = lite.start("run")
    until(lambda: arrived(running, 900))
    stopped(process)
    assert_chained(running)
    [fresh] = [r for r in of(running) if "f" in r]
    assert (fresh["r0"], fresh["r1"], fresh["f"]) == ("900", "900", ["fresh"])
    assert [r["e"] for r in records(running) if r["k"] == "event"] == ["reboot"]


def test_an_interface_made_anew_and_one_set_back_are_said(
    running: RunningSite, lite: Lite, tree: Tree
) -> None:
    process = lite.start("run")
    until(lambda: arrived(running, 5_000))
    tree.put("wan", 9, 70, 70)
    until(lambda: arrived(running, 70))
    tree.put("wan", 9, BIG - 1, 70)
    until(lambda: arrived(running, BIG - 1))
    tree.put("wan", 9, 40, 70)
    until(lambda: arrived(running, 40))
    stopped(process)
    assert [r["m"] for r in records(running) if r.get("e") == "iface_new"] == [
        "if:wan:rx",
        "if:wan:tx",
    ]
    assert [r["r1"] for r in of(running) if "f" in r] == ["70"]
    [fall] = [r for r in of(running) if int(r["r1"]) < int(r["r0"])]
    assert (fall["r0"], fall["r1"]) == (str(BIG - 1), "40")


def test_what_the_site_refuses_is_put_aside_and_said(
    running: RunningSite, lite: Lite, tree: Tree
) -> None:
    def refuse(envelopes: list[dsse.Envelope]) -> Reply:
        first, second = envelopes[:2]
        status, body, headers = running.site.accepted([first])
        seq = strict_json.loads(second.payload)["seq"]
        running.refused = (seq, second.digest)  # type: ignore[attr-defined]
        body["results"].append(running.site.result(None, "", "rejected", None, "schema"))
        return status, body, headers

    running.site.tricks = [refuse]
    process = lite.start("run")
    until(lambda: len(running.site.batches) >= 3)
    stopped(process)
    seq, chain = running.refused  # type: ignore[attr-defined]
    [gap] = [r for r in records(running) if r["k"] == "gap"]
    assert (gap["why"], gap["seq"], gap["chain"]) == ("refused", seq, chain)
    assert seq not in running.site.batches
    assert [p.name for p in (lite.state / "dead").iterdir()] == [f"{seq:010}.said"]
    offered = [number for offer in running.site.offers for number in offer]
    assert offered.count(seq) == 1


def test_a_conflict_halts_it_only_with_the_sites_own_receipt(
    running: RunningSite, lite: Lite
) -> None:
    def conflict(seed: bytes) -> Any:
        def answer(envelopes: list[dsse.Envelope]) -> Reply:
            status, body, headers = running.site.accepted(envelopes[:1])
            body["next"] = None
            seed_before, running.site.seed = running.site.seed, seed
            receipt = running.site.receipt(1, "ab" * 32)
            running.site.seed = seed_before
            body["results"].append(running.site.result(1, "ab" * 32, "conflict", receipt))
            for later in envelopes[2:]:
                body["results"].append(running.site.result(2, later.digest, "pending_gap", None))
            return status, body, headers

        return answer

    running.site.tricks = [conflict(bytes(32)), conflict(running.site.seed)]
    process = lite.start("run")
    until(lambda: (lite.state / "halted").exists())
    sealed = lite.sealed()
    stopped(process)
    assert len(running.site.offers) == 2
    assert lite.sealed() == sealed
    assert "conflict" in (lite.state / "halted").read_text()
    status, out = lite.ask("status")
    assert status == 1
    assert "halted" in out and "without proof" in out


def test_a_receipt_of_another_key_is_not_believed(running: RunningSite, lite: Lite) -> None:
    assert lite.ask("enrol")[0] == 0
    pinned, running.site.seed = running.site.seed, bytes(range(64, 96))
    process = lite.start("run")
    until(lambda: "not the site's" in lite.ask("status")[1])
    running.site.seed = pinned
    for stored in running.site.batches.values():
        stored.receipt = running.site.receipt(stored.body["seq"], stored.envelope.digest)
    until(lambda: (lite.run / "acked").exists() and int((lite.run / "acked").read_text()) >= 1)
    stopped(process)
    assert_chained(running)


def test_a_machine_that_is_late_with_its_samples_delivers(
    running: RunningSite, lite: Lite, tmp_path: Path
) -> None:
    assert lite.ask("enrol")[0] == 0
    slow = tmp_path / "slow" / "awk"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep 1.1\nexec {shutil.which("awk")} "$@"\n')
    slow.chmod(0o755)
    lite.first = str(slow.parent)
    process = lite.start("run")
    until(lambda: 1 in running.site.batches)
    end(process)


def test_looking_at_a_node_changes_nothing_of_it(running: RunningSite, lite: Lite) -> None:
    assert lite.ask("enrol")[0] == 0
    process = lite.start("run")
    for look in ["status", "verify", "meters"] * 12:
        assert lite.ask(look)[0] == 0
    until(lambda: (lite.run / "acked").exists() and int((lite.run / "acked").read_text()) >= 5)
    stopped(process)
    assert_chained(running)
    assert_joined(running)
    assert list(lite.run.glob("look.*")) == []


def test_batches_go_by_stick_and_receipts_come_back(
    running: RunningSite, lite: Lite, tmp_path: Path
) -> None:
    assert lite.ask("enrol")[0] == 0
    url, lite.server = lite.server, "http://127.0.0.1:1"
    process = lite.start("run")
    until(lambda: lite.sealed() >= 2)
    stopped(process)
    stick, back = tmp_path / "a.coopbatch", tmp_path / "a.coopreceipts"
    assert lite.ask("export", str(stick))[0] == 0
    envelopes = [dsse.Envelope.from_json(line) for line in stick.read_bytes().splitlines()]
    _, answer, _ = running.site.accepted(envelopes)
    back.write_text("".join(json.dumps(result) + "\n" for result in answer["results"]))
    status, out = lite.ask("import-receipts", str(back))
    assert (status, f"up to {len(envelopes) - 1} are receipted" in out) == (0, True)
    lite.server = url
    process = lite.start("run")
    until(lambda: len(running.site.batches) >= len(envelopes) + 1)
    stopped(process)
    assert_chained(running)


def test_two_cannot_share_a_folder(running: RunningSite, lite: Lite) -> None:
    lite.start("run")
    until(lambda: running.site.batches)
    status, out = lite.ask("run")
    assert (status, "another agent" in out) == (1, True)


DATE = """#!/bin/sh
if [ "$1" = +%s ] && [ ! -e "$CLOCK_IS_SET" ]; then echo 1000; else PATH=$REAL date "$@"; fi
"""


def test_without_a_clock_it_says_only_how_long_since_the_boot(
    running: RunningSite, lite: Lite, tmp_path: Path
) -> None:
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock/date").write_text(DATE)
    (tmp_path / "clock/date").chmod(0o755)
    lite.first = str(tmp_path / "clock")
    lite.more = {"CLOCK_IS_SET": str(tmp_path / "set"), "REAL": os.environ["PATH"]}
    process = lite.start("run")
    until(lambda: len(running.site.batches) >= 2)
    (tmp_path / "set").touch()
    known = len(running.site.batches)
    until(lambda: len(running.site.batches) >= known + 3)
    stopped(process)
    first, last = running.site.batches[1].body, running.site.batches[known + 3].body
    assert (first["clock"], "sent" in first) == ("unset", False)
    assert all("t1" not in r and "mt1" in r for r in first["records"])
    assert last["clock"] in ("rtc", "ntp") and "sent" in last
    assert all("t0" in r and "t1" in r for r in last["records"])
    assert_chained(running)
    assert_joined(running)


def test_a_full_flash_takes_nothing_and_nothing_is_lost(
    running: RunningSite, lite: Lite, tree: Tree
) -> None:
    plain = lite.settings
    lite.settings += "\nMIN_FREE_KIB=999999999999"
    process = lite.start("run")
    until(lambda: "flash is full" in lite.ask("status")[1])
    tree.put("wan", 3, 9_000, 7_000)
    stopped(process)
    assert (lite.sealed(), running.site.batches) == (0, {})
    lite.settings = plain
    process = lite.start("run")
    until(lambda: arrived(running, 9_000))
    stopped(process)
    assert_joined(running)
    assert [r["r0"] for r in of(running)][:1] == ["5000"]
