"""The program as people start it: real processes, real counters, real signals."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from coop_agent.store import Store
from signing import dsse, strict_json
from tests.agent.site import NODE, RunningSite
from tests.agent.test_drivers import send_over_loopback

pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).parents[2]
MOVED = 5_000_000
QUICK = ["--sample", "1", "--record", "1", "--seal", "1", "--retry", "1"]


class Program:
    """`coop-agent` on one state folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "coop_agent", "--state", str(self.folder), *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT / "agent")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def ask(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate()
        return process.returncode, out, err


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path / "state")
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def until(fact: Callable[[], Any]) -> None:
    """Wait for a fact; the limit on the test ends what never comes true."""
    while not fact():
        Event().wait(0.05)


def readings(running: RunningSite, meter: str) -> list[dict[str, Any]]:
    batches = running.site.batches
    records = [r for seq in sorted(batches) for r in batches[seq].body["records"]]
    return [r for r in records if r.get("m") == meter]


def test_real_traffic_is_delivered_over_a_kill_and_a_restart(
    running: RunningSite, program: Program
) -> None:
    first = program.start("run", "--server", running.url, *QUICK)
    until(lambda: len(running.site.batches) >= 2)
    first.send_signal(signal.SIGKILL)
    first.wait()
    send_over_loopback(MOVED)
    before = len(running.site.batches)
    second = program.start("run", *QUICK)
    until(lambda: len(running.site.batches) >= before + 3)
    second.send_signal(signal.SIGTERM)
    assert second.wait() == 0
    records = readings(running, "if:lo:tx")
    counted = sum(int(r["r1"]) - int(r["r0"]) for r in records)
    assert counted >= MOVED
    assert counted == int(records[-1]["r1"]) - int(records[0]["r0"])
    assert {"if:lo:rx", "cpu:total", "fs:/"} <= {
        m["m"] for inventory in running.site.inventories.values() for m in inventory["meters"]
    }
    assert program.ask("verify") == (0, "the chain is whole\n", "")


def test_enrol_shows_the_code_and_writes_it_for_programs(
    running: RunningSite, program: Program, tmp_path: Path
) -> None:
    running.site.claimed = False
    code = tmp_path / "code"
    process = program.start("enrol", "--server", running.url, "--code-file", str(code))
    until(code.exists)
    assert code.read_text() == "BCDF-GHJK\n"
    running.site.claimed = True
    out, _ = process.communicate()
    assert process.returncode == 0
    assert "BCDF-GHJK" in out
    assert f"enrolled as node {NODE}" in out
    assert not code.exists()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_node_that_waits_for_its_claim(
    running: RunningSite, program: Program, tmp_path: Path, sent: signal.Signals
) -> None:
    running.site.claimed = False
    code = tmp_path / "code"
    process = program.start("run", "--server", running.url, "--code-file", str(code))
    until(code.exists)
    process.send_signal(sent)
    assert process.wait() == 0
    assert not code.exists()


def test_two_agents_cannot_share_a_state_folder(running: RunningSite, program: Program) -> None:
    program.start("run", "--server", running.url, *QUICK)
    until(lambda: running.site.batches)
    status, _, err = program.ask("run", "--server", running.url)
    assert status == 1
    assert "another agent" in err


def test_run_without_an_identity_says_what_to_do(program: Program) -> None:
    status, _, err = program.ask("run")
    assert status == 1
    assert "--server" in err


def test_intervals_that_contradict_each_other_are_refused_at_once(
    running: RunningSite, program: Program
) -> None:
    arguments = ["run", "--server", running.url, "--sample", "9", "--seal", "5"]
    status, _, err = program.ask(*arguments)
    assert status == 1
    assert "sample <= record <= seal" in err


def test_status_tells_how_far_it_is(running: RunningSite, program: Program) -> None:
    assert program.ask("status")[0] == 1
    process = program.start("run", "--server", running.url, *QUICK)
    until(lambda: len(running.site.batches) >= 2)
    process.terminate()
    process.wait()
    status, out, _ = program.ask("status", "--json")
    facts = json.loads(out)
    assert status == 0
    assert facts["node"] == NODE
    assert facts["receipted"] >= 1
    assert facts["alerts"] == []
    assert NODE in program.ask("status")[1]


def test_what_could_not_be_delivered_is_exported_and_the_site_takes_it(
    running: RunningSite, program: Program, tmp_path: Path
) -> None:
    assert program.ask("enrol", "--server", running.url)[0] == 0
    process = program.start("run", "--server", "http://127.0.0.1:1", *QUICK)
    store = Store.opened(program.folder)
    until(lambda: store.number("SELECT count(*) FROM envelope") >= 2)
    store.close()
    process.terminate()
    assert process.wait() == 0
    file = tmp_path / "stick.coopbatch"
    assert program.ask("export", str(file))[0] == 0
    lines = [dsse.Envelope.from_json(line) for line in file.read_bytes().splitlines()]
    assert [e.payload_type for e in lines[:2]] == [
        dsse.payload_type("meter-inventory"),
        dsse.payload_type("usage-batch"),
    ]
    running.site.accepted(lines)
    assert len(running.site.batches) == len(lines) - 1
    process = program.start("run", "--server", running.url, *QUICK)
    until(lambda: len(running.site.batches) >= len(lines) + 1)
    process.terminate()
    process.wait()
    assert json.loads(program.ask("status", "--json")[1])["halted"] is None


def test_meters_and_doctor_read_this_machine(program: Program) -> None:
    status, out, _ = program.ask("meters", "--meter", "netdev:lo", "--meter", "cpu")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == ["if:lo:rx", "if:lo:tx", "cpu:total"]
    status, out, _ = program.ask("doctor", "--meter", "dir:/does/not/exist")
    assert status == 1
    assert "BAD  dirsize" in out
    assert "none yet: made by `coop-agent enrol`" in out


def test_a_damaged_chain_is_found(running: RunningSite, program: Program) -> None:
    process = program.start("run", "--server", running.url, *QUICK)
    until(lambda: len(running.site.batches) >= 3)
    process.terminate()
    process.wait()
    with closing(sqlite3.connect(program.folder / "agent.sqlite3")) as db, db:
        [payload] = db.execute("SELECT payload FROM envelope WHERE seq = 2").fetchone()
        body = strict_json.loads(payload)
        body["records"] = []
        db.execute("UPDATE envelope SET payload = ? WHERE seq = 2", [strict_json.dumps(body)])
    status, out, _ = program.ask("verify")
    assert status == 1
    assert "batch 2: the signature is wrong" in out


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc says what is resident")
def test_a_running_node_is_small(running: RunningSite, program: Program) -> None:
    assert program.ask("enrol", "--server", running.url)[0] == 0
    process = program.start("run", *QUICK, "--meter", "netdev:lo", "--meter", "cpu")
    until(lambda: len(running.site.batches) >= 5)
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    [resident] = [int(line.split()[1]) for line in lines if line.startswith("VmRSS:")]
    # 25 MiB on the machine of the benchmark; another build of Python may take a little more.
    assert resident <= 28 * 1024
