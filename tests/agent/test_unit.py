"""The unit for systemd: systemd's own tools read it, and the program speaks to a supervisor."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from coop_agent.pulse import Pulse, feeding_interval, notify
from tests.agent.site import RunningSite
from tests.agent.test_program import QUICK, Program, program

__all__ = ["program"]
UNIT = Path(__file__).parents[2] / "agent" / "coop-agent.service"
ANALYZE = shutil.which("systemd-analyze")
analyzed = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
# systemd's own measure, from 0 (nothing is open) to 10.
OPEN_AT_MOST = 2.5


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there; all else is as it is shipped."""
    copy = tmp_path / UNIT.name
    text = UNIT.read_text().replace("/opt/coop-agent/bin/coop-agent", "/bin/true")
    # A user that every Debian has; the README says how to make the unit's own.
    copy.write_text(re.sub(r"(?m)^(User|Group)=.*$", r"\1=daemon", text))
    return copy


@analyzed
def test_systemd_finds_no_fault_in_the_unit(unit: Path) -> None:
    done = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, ours) == (0, [])


@analyzed
def test_systemd_finds_little_that_is_open(unit: Path) -> None:
    done = subprocess.run(
        [str(ANALYZE), "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"Overall exposure level[^:]*: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= OPEN_AT_MOST, done.stdout


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(60)
        yield channel


@pytest.mark.timeout(300)
def test_the_program_tells_its_supervisor_that_it_lives(
    running: RunningSite, program: Program, supervisor: socket.socket, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    process = program.start("run", "--server", running.url, *QUICK)
    said = [supervisor.recv(100) for _ in range(4)]
    assert said == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    supervisor.setblocking(False)
    rest = []
    try:
        while True:
            rest.append(supervisor.recv(100))
    except BlockingIOError:
        pass
    assert rest[-1] == b"STOPPING=1"


def test_who_is_late_is_named() -> None:
    pulse = Pulse()
    pulse.expect("sampling", 1000)
    pulse.expect("sending", -1)
    assert pulse.late() == ["sending"]
    pulse.rest("sending")
    assert pulse.late() == []


def test_an_abstract_address_is_understood_and_none_is_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify("READY=1") is False
    name = f"coop-agent-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert notify("READY=1") is True
        assert channel.recv(100) == b"READY=1"


def test_the_watchdog_of_another_process_is_not_fed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "300000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert feeding_interval() == 150
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert feeding_interval() is None
