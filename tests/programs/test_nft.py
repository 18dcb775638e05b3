"""nftables and the kernel, on both ends of a wire between two namespaces."""

from collections.abc import Iterator

import pytest

from tests.programs.places import Place, installed, namespace

RULES = """
table inet coop {
  counter out { }
  counter in { }
  set peers { type ipv4_addr; size 100; flags dynamic; counter; }
  chain sent {
    type filter hook output priority -200;
    ip protocol udp counter name out
    ip protocol udp add @peers { ip daddr }
  }
  chain received { type filter hook input priority -200; ip protocol udp counter name in; }
}
"""
SEND = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(1000):
    s.sendto(bytes(972), ("10.99.0.2", 9))
"""
SENT = 1000 * (972 + 8 + 20)
ETHERNET = 14


@pytest.fixture
def wire() -> Iterator[tuple[Place, Place]]:
    """Two namespaces, 10.99.0.1 and 10.99.0.2, that count."""
    nft = installed("nft")
    with namespace("a") as a, namespace("b") as b:
        a.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb", "netns", b.name)
        for at, (place, link) in enumerate(((a, "va"), (b, "vb")), 1):
            place.run("ip", "address", "add", f"10.99.0.{at}/24", "dev", link)
            place.run("ip", "link", "set", link, "up")
            place.run(nft, "-f", "-", send=RULES)
        yield a, b


def test_both_ends_of_a_wire_and_both_layers_agree_to_the_byte(wire: tuple[Place, Place]) -> None:
    a, b = wire
    a.run("python3", "-c", SEND)
    sent = a.read("nft+packets", "nft-set:inet/coop/peers", "netdev+packets:va")
    received = b.read("nft", "netdev+packets:vb")
    assert sent["nft:inet/coop/out"].value == SENT
    assert sent["nft:inet/coop/out:packets"].value == 1000
    assert sent["nft:inet/coop/peers/10.99.0.2"].value == SENT
    assert received["nft:inet/coop/in"].value == SENT
    # Beside the 1,000 packets the interfaces carried a few of the neighbours' own.
    more = sent["if:va:tx_packets"].value - 1000
    assert 0 <= more <= 30
    assert 0 <= sent["if:va:tx"].value - SENT - 1000 * ETHERNET <= more * 200


def test_counters_set_to_zero_fall_and_a_table_made_anew_is_another(
    wire: tuple[Place, Place],
) -> None:
    a, _ = wire
    a.run("python3", "-c", SEND)
    first = a.read("nft")["nft:inet/coop/out"]
    a.run("nft", "reset", "counters")
    zero = a.read("nft")["nft:inet/coop/out"]
    a.run("nft", "delete", "table", "inet", "coop")
    a.run("nft", "-f", "-", send=RULES)
    anew = a.read("nft")["nft:inet/coop/out"]
    assert (first.value, zero.value, anew.value) == (SENT, 0, 0)
    assert first.inc == zero.inc != anew.inc
    assert anew.order > first.order
