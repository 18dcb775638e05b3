"""`manage.py runlocal` from nothing to the running site and back, with every real program."""

import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from coop.local import Services
from coop.local.places import PROJECT, find_places
from coop.local.process import PROC, wait_until
from coop.local.supervisor import Program, Supervisor
from tests.conftest import remove

READY = "Ctrl-C ends it."


@pytest.fixture
def services() -> Iterator[Services]:
    """The services that a run in a fresh folder would use; removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="coop-run-"))
    home.chmod(0o755)
    services = Services(find_places(home))
    yield services
    remove(services)


def run_site(services: Services) -> subprocess.Popen[str]:
    own = ("DATABASE_URL", "REDIS_URL", "PORT", "COOP_TEST_DB")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.Popen(
        [sys.executable, "-u", "manage.py", "runlocal", "--bare"],
        cwd=PROJECT,
        env={**kept, "COOP_DATA_DIR": str(services.places.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def heard_until_ready(site: subprocess.Popen[str]) -> str:
    assert site.stdout is not None
    heard = ""
    for line in site.stdout:
        heard += line
        if READY in line:
            return heard
    raise AssertionError(f"never ready:\n{heard}")


def address_in(heard: str) -> str:
    return heard.split("The site runs at ", 1)[1].split()[0]


def processes_of(services: Services) -> list[int]:
    """Every process that was started with this data folder in its environment."""
    mark = f"COOP_DATA_DIR={services.places.home}".encode()
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in environment:
            found.append(int(entry.name))
    return found


@pytest.mark.skipif(not PROC.is_dir(), reason="looks at processes in /proc")
def test_ctrl_c_ends_every_program_and_keeps_the_data(services: Services) -> None:
    site = run_site(services)
    try:
        address = address_in(heard_until_ready(site))
        with urllib.request.urlopen(f"{address}/health/ready/", timeout=30) as response:
            assert response.status == 200
        assert len(processes_of(services)) > 4
        refused, _ = run_site(services).communicate(timeout=120)
        assert "runs already" in refused
        site.send_signal(signal.SIGINT)
        said, _ = site.communicate(timeout=120)
        assert site.returncode == 0, said
    finally:
        site.kill()
        site.communicate()
    assert_ended(services)
    assert services.postgres.data.is_dir()


def assert_ended(services: Services) -> None:
    assert processes_of(services) == []
    assert not services.postgres.is_running()
    assert not services.redis.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell children nothing")
def test_a_killed_run_takes_its_programs_along_and_the_next_one_starts(services: Services) -> None:
    site = run_site(services)
    heard_until_ready(site)
    site.kill()
    site.communicate()
    assert wait_until(lambda: processes_of(services) == [], seconds=60)
    assert services.postgres.is_running()

    again = run_site(services)
    try:
        assert "Creating" not in heard_until_ready(again)
    finally:
        again.send_signal(signal.SIGTERM)
        again.communicate(timeout=120)
    assert_ended(services)


def test_a_program_that_dies_is_started_again(tmp_path: Path) -> None:
    counted = tmp_path / "starts"
    heard: list[str] = []
    supervisor = Supervisor(tmp_path, heard.append)
    supervisor.start(Program("brief", ["sh", "-c", f"echo started >> {counted}; exit 3"]))

    def twice() -> bool:
        supervisor.look()
        return counted.exists() and counted.read_text().count("started") >= 2

    assert wait_until(twice, seconds=30)
    supervisor.stop()
    assert heard[0].startswith("brief ended (3)")


def test_a_program_that_will_not_end_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coop.local.supervisor.PATIENCE", 0.2)
    script = "trap '' TERM; sleep 1000 & echo $! > child; while :; do sleep 0.05; done"
    supervisor = Supervisor(tmp_path, lambda line: None)
    supervisor.start(Program("deaf", ["sh", "-c", f"cd {tmp_path}; {script}"]))
    note = tmp_path / "child"
    assert wait_until(lambda: note.exists() and note.read_text().strip() != "", seconds=30)
    child = PROC / note.read_text().strip() / "cwd"

    supervisor.stop()
    assert wait_until(lambda: not os.path.exists(child), seconds=30)
