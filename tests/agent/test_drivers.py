"""The drivers read this very machine."""

import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from coop_agent.clock import boot_id
from coop_agent.drivers import Reading
from coop_agent.drivers.choose import Guarded, driver
from coop_agent.errors import AgentError, DriverFailed


def read(spec: str) -> dict[str, Reading]:
    source = Guarded(driver(spec))
    return {r.meter: r for r in source.read(boot_id()) if source.measures(r.meter)}


def send_over_loopback(count: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = socket.create_connection(server.getsockname())
        receiver, _ = server.accept()
        thread = threading.Thread(target=sender.sendall, args=(bytes(count),))
        thread.start()
        left = count
        while left:
            left -= len(receiver.recv(1 << 16))
        thread.join()
        sender.close()
        receiver.close()


def test_bytes_through_an_interface_are_counted() -> None:
    before = read("netdev:lo")
    send_over_loopback(3_000_000)
    after = read("netdev:lo")
    for meter in ("if:lo:rx", "if:lo:tx"):
        assert after[meter].value - before[meter].value >= 3_000_000
        assert after[meter].inc == before[meter].inc


def test_patterns_choose_interfaces() -> None:
    assert set(read("netdev:l?")) == {"if:lo:rx", "if:lo:tx"}
    assert set(read("netdev:lo")) <= set(read("netdev"))
    assert read("netdev:nothing*") == {}


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and the ip program"
)
def test_an_interface_made_anew_has_another_incarnation_and_a_higher_order() -> None:
    name = f"coopt{os.getpid() % 10**6}"
    seen: list[Reading] = []
    for _ in range(2):
        made = subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=False)
        if made.returncode:
            pytest.skip("this machine cannot make an interface")
        seen.append(read(f"netdev:{name}")[f"if:{name}:tx"])
        subprocess.run(["ip", "link", "del", name], check=True)
    assert seen[0].inc != seen[1].inc
    assert seen[0].order < seen[1].order


def test_work_of_the_processor_is_counted_in_core_microseconds() -> None:
    before = read("cpu")["cpu:total"].value
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    # The kernel counts in ticks of 10 ms, so a fifth of a second is sure to show.
    assert read("cpu")["cpu:total"].value - before >= 200_000


def test_a_control_group_is_counted_where_there_is_one() -> None:
    try:
        readings = read("cgroup:/")
    except DriverFailed as failure:
        pytest.skip(str(failure))
    assert readings["cpu:/"].value > 0


def test_a_file_system_says_what_is_in_use(tmp_path: Path) -> None:
    [reading] = read(f"fs:{tmp_path}").values()
    assert 0 < reading.value <= (reading.cap or 0)


def test_a_folder_is_its_files_each_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(os.urandom(1_000_000))
    os.link(tmp_path / "sub" / "a", tmp_path / "b")
    (tmp_path / "c").symlink_to("/")
    os.sync()
    [reading] = read(f"dir:{tmp_path}").values()
    assert 1_000_000 <= reading.value < 1_200_000


def test_a_folder_that_is_not_there_fails_alone(tmp_path: Path) -> None:
    with pytest.raises(DriverFailed):
        read(f"dir:{tmp_path}/none")


@pytest.mark.parametrize(
    "spec", ["", "fs", "fs:relative", "cpu:1", "tape:/x", "fs:/a\nb", "dir:", "fs:/" + "a" * 190]
)
def test_an_unknown_meter_is_refused_with_the_known_forms(spec: str) -> None:
    with pytest.raises(AgentError):
        driver(spec)


class Stuck:
    """A driver whose source never answers, as a dead network disk does."""

    name = "stuck"

    def __init__(self) -> None:
        self.calls = 0
        self.release = threading.Event()

    def read(self, boot: str, deadline: float) -> list[Reading]:
        self.calls += 1
        self.release.wait()
        return []

    def measures(self, meter: str) -> bool:
        return True


def test_a_driver_that_hangs_is_given_up_and_not_started_twice() -> None:
    stuck = Stuck()
    source = Guarded(stuck, timeout=0)
    for _ in range(3):
        with pytest.raises(DriverFailed):
            source.read("boot")
    assert stuck.calls == 1
    stuck.release.set()
