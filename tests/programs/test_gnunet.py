"""Two GNUnet peers in a namespace without a way out: one publishes, the other fetches."""

import os
from pathlib import Path

import pytest

from tests.programs.places import Place, installed, until

PUBLISHED = 2_000_000
CONFIGURATION = """
[PATHS]
GNUNET_HOME = {home}
GNUNET_RUNTIME_DIR = {home}/run
GNUNET_USER_RUNTIME_DIR = {home}/run
GNUNET_TMP = {home}/tmp
GNUNET_CONFIG_HOME = {home}/config
GNUNET_DATA_HOME = {home}/data
GNUNET_CACHE_HOME = {home}/cache
[arm]
START_SYSTEM_SERVICES = YES
START_USER_SERVICES = YES
[hostlist]
OPTIONS =
[transport]
PLUGINS = tcp
[transport-tcp]
PORT = 2{at}086
BINDTO = 127.0.0.1
[nat]
RETURN_LOCAL_ADDRESSES = YES
USE_LOCALADDR = YES
BEHIND_NAT = NO
ENABLE_UPNP = NO
USE_STUN = NO
[rest]
IMMEDIATE_START = NO
START_ON_DEMAND = NO
"""


@pytest.fixture
def peers(place: Place, tmp_path: Path) -> list[Path]:
    """Configurations of two running peers; the second knows the first."""
    installed("gnunet-statistics")
    made = []
    for at in (1, 2):
        (tmp_path / f"peer{at}").mkdir()
        path = tmp_path / f"peer{at}.conf"
        path.write_text(CONFIGURATION.format(home=tmp_path / f"peer{at}", at=at))
        place.run("gnunet-arm", "-c", path, "-s")
        made.append(path)
    return made


def value(place: Place, peer: Path, ending: str) -> int:
    """What a meter says; 0 while there is none."""
    try:
        found = place.read(f"gnunet:{peer}").get(f"gnunet:{peer}:{ending}")
    except AssertionError:
        return 0
    return found.value if found else 0


def introduce(place: Place, one: Path, other: Path) -> bool:
    hello = place.run("gnunet-peerinfo", "-c", one, "-g").strip()
    if "+tcp+" not in hello:
        return False
    place.run("gnunet-peerinfo", "-c", other, "-p", hello)
    return True


def test_what_one_peer_publishes_is_stored_and_what_it_sends_arrives(
    place: Place, tmp_path: Path, peers: list[Path]
) -> None:
    first, second = peers
    file = tmp_path / "file"
    file.write_bytes(os.urandom(PUBLISHED))
    told = place.run("gnunet-publish", "-n", "-c", first, file)
    uri = told.partition("`")[2].partition("'")[0]
    added = value(place, first, "added")
    # Blocks of 32 KiB, each with its own overhead, and the tree that holds them together.
    assert PUBLISHED <= added <= PUBLISHED * 105 // 100
    assert value(place, first, "stored") > 0
    until(lambda: introduce(place, first, second))
    place.start(tmp_path / "log", "gnunet-download", "-c", second, "-o", tmp_path / "got", uri)
    until(lambda: value(place, second, "tcp:received") > 300_000)
    received, sent = value(place, second, "tcp:received"), value(place, first, "tcp:sent")
    # The sender was asked later, and what is on its way has not arrived.
    assert received <= sent
