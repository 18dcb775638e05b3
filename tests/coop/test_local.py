"""The embedded PostgreSQL and Redis, with real servers in folders of their own."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from coop.local import LocalError, Services
from coop.local.account import Account, can_reach, private_folder, service_account
from coop.local.places import LONGEST_SOCKET, PROJECT, SOCKET_NAME, find_places
from coop.local.process import is_alive, wait_until, workers_in
from coop.local.secret import secret_of_this_machine

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="shows what root does")
START = """
from pathlib import Path
import sys
from coop.local import Services
from coop.local.places import find_places
services = Services(find_places(Path(sys.argv[1])), durable=False)
services.start()
print(services.postgres.pid(), services.redis.pid())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may walk into, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="coop-local-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def services(folder: Path) -> Iterator[Services]:
    """Services in a fresh folder, not started."""
    yield from stopped_at_the_end(Services(find_places(folder / "data"), durable=False))


def stopped_at_the_end(services: Services) -> Iterator[Services]:
    yield services
    services.stop()
    shutil.rmtree(services.places.sockets, ignore_errors=True)
    shutil.rmtree(services.places.state, ignore_errors=True)


def write_note(services: Services) -> None:
    with psycopg.connect(services.postgres.url) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")


def read_note(services: Services) -> str:
    with psycopg.connect(services.postgres.url) as connection:
        row = connection.execute("SELECT text FROM note").fetchone()
    assert row is not None
    return str(row[0])


def python_for(account: Account) -> str | None:
    """An interpreter of our release, and our packages, within reach of the account."""
    release = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (sys.executable, f"/usr/bin/{release}"):
        paths = (Path(os.path.realpath(candidate)), Path(sysconfig.get_path("purelib")), PROJECT)
        within_reach = all(path.exists() and can_reach(account, path.parent) for path in paths)
        if within_reach and has_our_packages(candidate):
            return candidate
    return None


def has_our_packages(python: str) -> bool:
    """Whether our packages, chosen for our own interpreter, work with this one too."""
    found = subprocess.run(
        [python, "-B", "-W", "ignore", "-c", "import redis, psycopg"],
        capture_output=True,
        check=False,
        env={"PYTHONPATH": sysconfig.get_path("purelib")},
    )
    return found.returncode == 0


def test_a_second_start_finds_the_first_and_a_second_stop_nothing(services: Services) -> None:
    services.start()
    first = services.postgres.pid(), services.redis.pid()
    write_note(services)
    services.start()
    assert (services.postgres.pid(), services.redis.pid()) == first

    services.stop()
    services.stop()
    assert not services.postgres.is_running()
    assert not services.redis.is_running()

    services.start()
    assert read_note(services) == "kept"


def test_neither_listens_on_a_network(services: Services) -> None:
    services.start()
    with psycopg.connect(services.postgres.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    with redis.Redis.from_url(services.redis.url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_a_killed_server_starts_again_with_its_data(services: Services) -> None:
    services.start()
    write_note(services)
    with psycopg.connect(services.postgres.url) as connection:
        connection.execute("CHECKPOINT")
    for pid in (services.postgres.pid(), services.redis.pid()):
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not workers_in(services.postgres.data), seconds=30)

    assert not services.postgres.is_running()
    assert (services.postgres.data / "postmaster.pid").exists()
    services.start()
    assert read_note(services) == "kept"


def test_a_pid_file_that_names_a_stranger_stops_nothing_and_kills_nobody(
    services: Services,
) -> None:
    services.start()
    postmaster = (services.postgres.data / "postmaster.pid").read_text().split("\n")
    services.stop()
    account = services.places.account
    with subprocess.Popen(["sleep", "300"], cwd="/", **account.switch) as stranger:
        try:
            stale = "\n".join([str(stranger.pid), *postmaster[1:]])
            (services.postgres.data / "postmaster.pid").write_text(stale)
            (services.redis.data / "redis.pid").write_text(f"{stranger.pid}\n")
            services.stop()
            services.start()
            assert services.postgres.pid() != stranger.pid
            assert services.postgres.is_running()
            assert services.redis.is_running()
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_deep_folder_gets_its_sockets_elsewhere(folder: Path) -> None:
    deep = folder.joinpath(*["a-rather-long-name"] * 6)
    services = Services(find_places(deep), durable=False)
    for _ in stopped_at_the_end(services):
        socket = services.places.sockets / SOCKET_NAME
        assert len(os.fsencode(deep / SOCKET_NAME)) > LONGEST_SOCKET
        assert len(os.fsencode(socket)) <= LONGEST_SOCKET
        services.start()
        assert socket.exists()
        assert services.places.sockets.stat().st_mode & 0o077 == 0
        assert find_places(deep).sockets == services.places.sockets


def test_two_processes_that_start_at_once_get_the_same_servers(services: Services) -> None:
    command = [sys.executable, "-c", START, str(services.places.home)]
    both = [
        subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    answers = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0] == answers[1] == f"{services.postgres.pid()} {services.redis.pid()}\n"


def test_data_of_another_release_is_refused_by_name(services: Services) -> None:
    services.start()
    services.stop()
    (services.postgres.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(LocalError, match="was written by PostgreSQL 9"):
        services.start()


@pytest.mark.parametrize("mode", [0o750, 0o705])
def test_a_folder_open_to_others_is_refused(folder: Path, mode: int) -> None:
    account = service_account()
    shared = private_folder(folder / "shared", account)
    shared.chmod(mode)
    with pytest.raises(LocalError, match="open to others"):
        private_folder(shared, account)


def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    mine = private_folder(folder / "mine", service_account())
    stranger = Account("stranger", uid=service_account().uid + 1, gid=1)
    with pytest.raises(LocalError, match="not to stranger"):
        private_folder(mine, stranger)


@only_root
def test_root_runs_the_servers_as_a_user_without_rights(services: Services) -> None:
    services.start()
    uid = services.places.account.uid
    assert uid != 0
    for pid in (services.postgres.pid(), services.redis.pid()):
        assert Path(f"/proc/{pid}").stat().st_uid == uid


@only_root
def test_a_home_that_is_closed_to_the_user_stays_closed(folder: Path) -> None:
    home = folder / "home"
    home.mkdir(mode=0o700)
    services = Services(find_places(home / "project" / ".local"), durable=False)
    heard: list[str] = []
    for _ in stopped_at_the_end(services):
        services.start(heard.append)
        assert services.postgres.is_running()
        assert home.stat().st_mode & 0o777 == 0o700
        assert not can_reach(services.places.account, home)
        assert home not in services.places.state.parents
        assert any(str(services.places.state) in line for line in heard)


@only_root
def test_an_ordinary_user_has_servers_of_their_own(folder: Path) -> None:
    account = service_account()
    python = python_for(account)
    if python is None:
        pytest.skip(f"user {account.name} can run no Python of this release here")
    home = folder / "theirs"
    home.mkdir()
    os.chown(home, account.uid, account.gid)
    command = [python, "-B", "-c", START, str(home / ".local")]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(home), "PYTHONPATH": sysconfig.get_path("purelib")},
        **account.switch,
    )
    services = Services(find_places(home / ".local"), durable=False)
    for _ in stopped_at_the_end(services):
        assert done.returncode == 0, done.stderr
        pids = [int(word) for word in done.stdout.split()]
        assert all(is_alive(pid) for pid in pids)
        assert pids == [services.postgres.pid(), services.redis.pid()]


def test_the_secret_key_is_drawn_once_and_is_ours_alone(folder: Path) -> None:
    first = secret_of_this_machine(folder / "data", may_make=True)
    assert len(first) >= 50
    assert secret_of_this_machine(folder / "data", may_make=True) == first
    assert (folder / "data" / "secret-key").stat().st_mode & 0o077 == 0
    assert secret_of_this_machine(folder / "other", may_make=True) != first


def test_a_site_in_production_must_be_told_its_secret(folder: Path) -> None:
    with pytest.raises(LocalError, match="COOP_SECRET_KEY"):
        secret_of_this_machine(folder, may_make=False)
