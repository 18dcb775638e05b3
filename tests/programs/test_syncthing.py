"""Two Syncthings in a namespace without a way out: what one sent the other received."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from coop_agent.drivers import Reading
from tests.programs.places import Place, installed, until

MOVED = 5_000_000
FIRST_PORT = 22_000
CONFIGURATION = """<configuration version="36">
<folder id="coop" path="{folder}" rescanIntervalS="2" fsWatcherEnabled="false">
<device id="{own}"/><device id="{other}"/><minDiskFree unit="%">0</minDiskFree></folder>
<device id="{own}" compression="never"><address>dynamic</address></device>
<device id="{other}" compression="never"><address>tcp://127.0.0.1:{other_port}</address></device>
<gui enabled="true" tls="false"><address>127.0.0.1:{gui}</address><apikey>{key}</apikey></gui>
<options><listenAddress>tcp://127.0.0.1:{port}</listenAddress>
<globalAnnounceEnabled>false</globalAnnounceEnabled><localAnnounceEnabled>false</localAnnounceEnabled>
<relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled><urAccepted>-1</urAccepted>
<autoUpgradeIntervalH>0</autoUpgradeIntervalH><crashReportingEnabled>false</crashReportingEnabled>
<startBrowser>false</startBrowser><reconnectionIntervalS>1</reconnectionIntervalS>
</options></configuration>"""


@dataclass
class Device:
    """One of the two: its home, its identity, and how to meter it."""

    home: Path
    own: str
    at: int

    @property
    def folder(self) -> Path:
        return self.home / "shared"

    @property
    def name(self) -> str:
        return f"syncthing:127.0.0.1:{8300 + self.at}"

    @property
    def spec(self) -> str:
        return f"syncthing:http://127.0.0.1:{8300 + self.at},{self.home}/key"

    def configure(self, other: "Device") -> None:
        self.folder.mkdir()
        key = self.home / "key"
        key.write_text(f"key of {self.at}\n")
        key.chmod(0o600)
        (self.home / "config.xml").write_text(CONFIGURATION.format(
            folder=self.folder, own=self.own, other=other.own, gui=8300 + self.at,
            key=f"key of {self.at}", port=FIRST_PORT + self.at, other_port=FIRST_PORT + other.at,
        ))  # fmt: skip


def start(place: Place, device: Device) -> None:
    place.start(
        device.home.with_suffix(".log"), "syncthing", "serve", f"--home={device.home}",
        "--no-browser", "--no-upgrade", "--no-restart",
    )  # fmt: skip


@pytest.fixture
def pair(place: Place, tmp_path: Path) -> tuple[Device, Device]:
    syncthing = installed("syncthing")
    made = []
    for at in (1, 2):
        home = tmp_path / f"device{at}"
        place.run(syncthing, "generate", f"--home={home}", "--no-default-folder")
        own = place.run(syncthing, "serve", f"--home={home}", "--device-id").strip()
        made.append(Device(home, own, at))
    first, second = made
    first.configure(second)
    second.configure(first)
    (first.folder / "file").write_bytes(os.urandom(MOVED))
    return first, second


def test_what_one_sent_is_what_the_other_received(
    place: Place, pair: tuple[Device, Device]
) -> None:
    first, second = pair
    for device in pair:
        start(place, device)
    arrived = second.folder / "file"
    until(lambda: arrived.exists() and arrived.stat().st_size == MOVED)
    # Keep-alives may pass between the two readings, nothing else.
    sent = place.read(first.spec)
    received = place.read(second.spec)
    there = received[f"{second.name}:received"].value
    assert MOVED <= sent[f"{first.name}:sent"].value <= MOVED + 20_000
    assert abs(there - sent[f"{first.name}:sent"].value) < 2_000
    assert sent[f"{first.name}:folder:coop"].value == MOVED
    assert sent[f"{first.name}:sent"].inc != received[f"{second.name}:sent"].inc


def test_a_restart_is_another_life_that_began_later(
    place: Place, pair: tuple[Device, Device]
) -> None:
    first, second = pair
    process_of = {}
    for device in pair:
        start(place, device)
        process_of[device.at] = place.started[-1]
    arrived = second.folder / "file"
    until(lambda: arrived.exists() and arrived.stat().st_size == MOVED)
    before = place.read(first.spec)[f"{first.name}:sent"]
    process_of[1].terminate()
    process_of[1].wait()
    start(place, first)
    after = until(lambda: answered(place, first))
    assert after.inc != before.inc
    assert after.order > before.order
    assert after.value < MOVED <= before.value


def answered(place: Place, device: Device) -> Reading | None:
    """What it sent, once it answers."""
    try:
        return place.read(device.spec)[f"{device.name}:sent"]
    except AssertionError:
        return None
