"""Tor in a namespace without a way out: a bridge, and a client that asks it for its descriptor."""

from pathlib import Path

import pytest

from tests.programs.places import Place, installed, until

COMMON = """DataDirectory {folder}/data
ControlPort unix:{folder}/control
CookieAuthentication 1
CookieAuthFile {folder}/cookie
SocksPort 0
# Tor does not count what stays on private addresses unless it is told to.
CountPrivateBandwidth 1
DirAuthority test orport=5109 no-v2 127.0.0.1:5110 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
"""
BRIDGE = """ORPort 127.0.0.1:5101 IPv4Only
Address 127.0.0.1
Nickname bridge
BridgeRelay 1
AssumeReachable 1
PublishServerDescriptor 0
BridgeDistribution none
AccountingMax 1000 TBytes
AccountingStart day 00:00
"""
CLIENT = """UseBridges 1
UpdateBridgesFromAuthority 0
Bridge 127.0.0.1:5101 {fingerprint}
"""


def start(place: Place, folder: Path, more: str) -> str:
    """A Tor with this configuration; returns where its control port and cookie are."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "torrc").write_text(COMMON.format(folder=folder) + more)
    place.start(folder / "log", installed("tor"), "-f", folder / "torrc")
    until((folder / "control").exists)
    until((folder / "cookie").exists)
    return f"{folder}/control,{folder}/cookie"


@pytest.fixture
def bridge(place: Place, tmp_path: Path) -> str:
    return start(place, tmp_path / "bridge", BRIDGE)


@pytest.fixture
def client(place: Place, tmp_path: Path, bridge: str) -> str:
    known = tmp_path / "bridge" / "data" / "fingerprint"
    until(known.exists)
    fingerprint = known.read_text().split()[1]
    return start(place, tmp_path / "client", CLIENT.format(fingerprint=fingerprint))


def values(place: Place, kind: str, where: str) -> tuple[int, int]:
    found = place.read(f"{kind}:{where}")
    name = f"{kind}:{where.partition(',')[0]}"
    return found[f"{name}:read"].value, found[f"{name}:written"].value


def test_what_the_bridge_wrote_the_client_read(place: Place, bridge: str, client: str) -> None:
    def agree() -> bool:
        _, written = values(place, "tor", bridge)
        read, _ = values(place, "tor", client)
        _, accounted = values(place, "tor-accounting", bridge)
        close = pytest.approx(written, rel=0.25)
        return read > 10_000 and read == close and accounted == close

    until(agree)  # they sum up seconds that do not end together, while a little goes on to flow


def test_a_restart_begins_the_process_anew_and_goes_on_in_the_accounts(
    place: Place, tmp_path: Path, bridge: str, client: str
) -> None:
    until(lambda: values(place, "tor-accounting", bridge)[1] > 5_000)
    name = f"{bridge.partition(',')[0]}:written"
    before = place.read(f"tor:{bridge}", f"tor-accounting:{bridge}")
    process = place.started[0]
    process.terminate()
    process.wait()
    (tmp_path / "bridge" / "control").unlink(missing_ok=True)
    start(place, tmp_path / "bridge", BRIDGE)
    after = place.read(f"tor:{bridge}", f"tor-accounting:{bridge}")
    process_before, process_after = before[f"tor:{name}"], after[f"tor:{name}"]
    assert process_after.inc != process_before.inc
    assert process_after.order > process_before.order
    accounts_before, accounts_after = (seen[f"tor-accounting:{name}"] for seen in (before, after))
    assert accounts_after.inc == accounts_before.inc
    assert accounts_after.value >= accounts_before.value
