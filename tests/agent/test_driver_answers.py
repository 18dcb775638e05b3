"""What each driver makes of the answers that real programs gave: recorded/README.md."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from coop_agent.drivers import blockdev, cgroup
from coop_agent.drivers.cgroup import _transferred
from coop_agent.drivers.choose import Guarded, driver
from coop_agent.errors import DriverFailed
from tests.agent.sources import (
    RECORDED,
    asked,
    first_on_path,
    http,
    ok,
    program,
    read,
    read_by,
    recorded,
    secret,
    tor,
)

NFT = f"""
case "$*" in
  "-j list tables") cat {RECORDED}/nft-tables.json ;;
  "-j list counters") cat {RECORDED}/nft-counters.json ;;
  "-j list set inet coop "*) cat {RECORDED}/nft-set-$6.json ;;
  *) echo "Error: No such file or directory" >&2; exit 1 ;;
esac"""


@pytest.fixture
def nft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    first_on_path(monkeypatch, tmp_path)
    return program(tmp_path, "nft", NFT)


def test_named_counters_of_nftables(nft: Path) -> None:
    found = read("nft+packets:inet/coop/a")
    assert {m: (r.unit, r.value) for m, r in found.items()} == {
        "nft:inet/coop/a": ("By", 284),
        "nft:inet/coop/a:packets": ("{packet}", 2),
    }
    assert set(read("nft")) == {"nft:inet/coop/a", "nft:inet/coop/b"}


@pytest.mark.parametrize(
    ("name", "meters"),
    [
        ("peers", ["127.0.0.1"]),
        ("ports", ["80", "443"]),
        ("nets", ["10.0.0.0/8", "192.168.1.1-192.168.1.9"]),
        ("pair", []),
    ],
)
def test_elements_of_a_set_that_counts(nft: Path, name: str, meters: list[str]) -> None:
    assert list(read(f"nft-set:inet/coop/{name}")) == [f"nft:inet/coop/{name}/{m}" for m in meters]


def test_elements_of_two_parts_are_named_as_nft_shows_them(nft: Path, tmp_path: Path) -> None:
    [row] = [i["set"] for i in json.loads(recorded("nft-set-peers.json"))["nftables"] if "set" in i]
    row["elem"][0]["elem"]["val"] = {"concat": ["127.0.0.1", 80]}
    (tmp_path / "changed.json").write_text(json.dumps({"nftables": [{"set": row}]}))
    nft.write_text(
        nft.read_text().replace(f"{RECORDED}/nft-set-$6.json", "$(dirname $0)/changed.json")
    )
    assert list(read("nft-set:inet/coop/peers")) == ["nft:inet/coop/peers/127.0.0.1 . 80"]


def test_a_table_made_anew_begins_another_life_with_a_higher_order(
    nft: Path, tmp_path: Path
) -> None:
    before = read("nft:inet/coop/a")["nft:inet/coop/a"]
    newer = recorded("nft-tables.json").replace(b'"handle": 1', b'"handle": 2')
    (tmp_path / "tables.json").write_bytes(newer)
    nft.write_text(
        nft.read_text().replace(f"{RECORDED}/nft-tables.json", "$(dirname $0)/tables.json")
    )
    after = read("nft:inet/coop/a")["nft:inet/coop/a"]
    assert after.inc != before.inc
    assert after.order > before.order


def test_a_set_that_is_not_there_fails_with_what_nft_says(nft: Path) -> None:
    with pytest.raises(DriverFailed, match="No such file"):
        read("nft-set:inet/other/none")


def test_bytes_of_syncthing_on_the_wire_and_in_its_folders(tmp_path: Path) -> None:
    answers = {
        "/rest/system/status": recorded("syncthing-system-status.json"),
        "/rest/system/connections": recorded("syncthing-system-connections.json"),
        "/rest/config/folders": recorded("syncthing-config-folders.json"),
        "/rest/db/status?folder=coop": recorded("syncthing-db-status.json"),
    }
    with http(answers) as url:
        source = Guarded(driver(f"syncthing:{url},{secret(tmp_path)}"))
        first = read_by(source)
        begun = answers["/rest/system/status"].replace(b"04:39:17Z", b"04:39:18.123456789Z")
        answers["/rest/system/status"] = begun
        second = read_by(source)
    place = url.removeprefix("http://")
    assert {m.removeprefix(f"syncthing:{place}:"): r.value for m, r in first.items()} == {
        "received": 4968,
        "sent": 5_002_809,
        "folder:coop": 5_000_000,
    }
    sent = f"syncthing:{place}:sent"
    assert first[sent].inc != second[sent].inc
    assert second[sent].order - first[sent].order == 1_123_456


def test_a_tahoe_node_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "running.process").write_text("4251 1795406864.91\n")
    (tmp_path / "storage" / "shares").mkdir(parents=True)
    (tmp_path / "storage" / "shares" / "share").write_bytes(os.urandom(100_000))
    with http({"/statistics?t=json": recorded("tahoe.json")}) as url:
        (tmp_path / "node.url").write_text(f"{url}/\n")
        first = read(f"tahoe:{tmp_path}")
        (tmp_path / "running.process").write_text("4300 1795406999.5\n")
        second = read(f"tahoe:{tmp_path}")
    added = f"tahoe:{tmp_path}:added"
    assert first[added].value == 3_001_156
    assert first[f"tahoe:{tmp_path}:uploaded"].value == 3_000_000
    assert first[f"tahoe:{tmp_path}:stored"].value >= 100_000
    assert first[added].inc != second[added].inc
    assert second[added].order - first[added].order == 134_590_000


def test_a_tahoe_node_that_has_stored_nothing_yet_counts_zero() -> None:
    with http({"/statistics?t=json": recorded("tahoe-new.json")}) as url:
        assert [(r.value, r.order) for r in read(f"tahoe:{url}").values()] == [(0, 0)]


def test_a_gnunet_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first_on_path(monkeypatch, tmp_path)
    program(tmp_path, "gnunet-statistics", f"cat {RECORDED}/gnunet.txt")
    found = {m: (r.kind, r.value) for m, r in read("gnunet:/etc/gnunet.conf").items()}
    assert {m.removeprefix("gnunet:/etc/gnunet.conf:"): v for m, v in found.items()} == {
        "tcp:sent": ("counter", 3_475_614),
        "tcp:received": ("counter", 1_331_399),
        "added": ("counter", 897_136),
        "stored": ("gauge", 44_744),
    }


PROCESS = {"traffic/read": "39741", "traffic/written": "40000", "process/pid": str(os.getpid())}
ACCOUNTS = {
    "accounting/enabled": "1",
    "accounting/bytes": "5763038 5807297",
    "accounting/interval-start": "2026-11-23 00:00:00",
}


def test_bytes_of_a_tor_process(tmp_path: Path) -> None:
    with tor(tmp_path, PROCESS) as places:
        found = read(f"tor:{places}")
    name = f"tor:{tmp_path}/control"
    assert {m: r.value for m, r in found.items()} == {
        f"{name}:read": 39741,
        f"{name}:written": 40000,
    }
    assert all(r.order > 0 and not r.lasting for r in found.values())


def test_the_accounts_of_tor_outlive_its_process_and_begin_anew_with_each_period(
    tmp_path: Path,
) -> None:
    told = dict(ACCOUNTS)
    with tor(tmp_path, told) as places:
        first = list(read(f"tor-accounting:{places}").values())
        told["accounting/interval-start"] = "2026-11-24 00:00:00"
        second = list(read(f"tor-accounting:{places}").values())
    assert [r.value for r in first] == [5763038, 5807297]
    assert all(r.lasting for r in first)
    assert first[0].inc != second[0].inc
    assert second[0].order - first[0].order == 86_400


def test_a_tor_without_accounts_says_what_to_do(tmp_path: Path) -> None:
    with (
        tor(tmp_path, {"accounting/enabled": "0"}) as places,
        pytest.raises(DriverFailed, match="AccountingMax"),
    ):
        read(f"tor-accounting:{places}")


def test_a_control_port_without_the_cookie_learns_nothing(tmp_path: Path) -> None:
    with (
        tor(tmp_path, PROCESS, cookie=bytes(32)) as places,
        pytest.raises(DriverFailed, match="does not have the cookie"),
    ):
        read(f"tor:{places}")


def smart(spec: str) -> dict[str, tuple[str, str, int]]:
    found = read(spec)
    return {m.rpartition(":")[2]: (r.kind, r.unit, r.value) for m, r in found.items()}


def test_health_of_a_disk_that_speaks_nvme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first_on_path(monkeypatch, tmp_path)
    program(tmp_path, "smartctl", f"cat {RECORDED}/smart-nvme.json")
    assert smart("smart:/dev/nvme0") == {
        "wear": ("gauge", "%", 7),
        "faults": ("gauge", "1", 2),
        "hours": ("gauge", "1", 12345),
        "failing": ("gauge", "1", 0),
        "written": ("counter", "By", 2_048_000_000_000),
    }


def test_health_of_a_disk_that_speaks_ata_and_is_failing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_on_path(monkeypatch, tmp_path)
    program(tmp_path, "smartctl", f"cat {RECORDED}/smart-ata.json; exit 64")
    expected = {"wear": 9, "faults": 4, "hours": 40000, "failing": 1, "written": 1_024_000_000}
    assert {name: value for name, (_, _, value) in smart("smart:/dev/sda").items()} == expected


def test_health_of_a_disk_from_a_file_that_root_keeps(tmp_path: Path) -> None:
    file = tmp_path / "sda.json"
    file.write_bytes(recorded("smart-nvme.json"))
    assert smart(f"smart:{file}")["wear"] == ("gauge", "%", 7)
    os.utime(file, (0, 0))
    with pytest.raises(DriverFailed, match="two days"):
        read(f"smart:{file}")


def test_bytes_of_a_disk_and_a_disk_that_took_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blockdev, "BLOCK", tmp_path)
    disk = tmp_path / "sda"
    disk.mkdir()
    (disk / "stat").write_text("4563758 439275 146864978 39 72079 42541 658207808 4 0 11 9 2 0\n")
    (disk / "dev").write_text("8:0\n")
    (disk / "diskseq").write_text("9\n")
    first = read("disk:sda")
    assert first["disk:sda:read"].value == 146_864_978 * 512
    assert first["disk:sda:written"].value == 658_207_808 * 512
    (disk / "diskseq").write_text("10\n")
    second = read("disk:sda")
    assert second["disk:sda:read"].inc != first["disk:sda:read"].inc
    assert second["disk:sda:read"].order == 10


def test_a_disk_of_this_machine() -> None:
    disks = [d.name for d in Path("/sys/block").iterdir() if (d / "stat").exists()]
    if not disks:
        pytest.skip("this machine shows no disk")
    assert len(read(f"disk:{disks[0]}")) == 2


def test_io_of_a_control_group_is_the_sum_of_its_disks() -> None:
    lines = "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n8:0 rbytes=1 wbytes=2\n"
    assert _transferred(lines) == (4097, 8194)
    assert _transferred("") == (0, 0)


def test_memory_and_io_of_a_control_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "_mount", lambda: tmp_path)
    (tmp_path / "a").mkdir()
    for spec in ("cgroup-memory:/a", "cgroup-io:/a"):
        with pytest.raises(DriverFailed, match="controller"):
            read(spec)
    (tmp_path / "a" / "memory.current").write_text("8192\n")
    (tmp_path / "a" / "io.stat").write_text("254:0 rbytes=4096 wbytes=8192 rios=1 wios=2\n")
    assert [r.value for r in read("cgroup-memory:/a").values()] == [8192]
    found = {m: r.value for m, r in read("cgroup-io:/a").items()}
    assert found == {"io:/a:read": 4096, "io:/a:written": 8192}


def test_packets_beside_bytes() -> None:
    found = read("netdev+packets:lo")
    assert {m: r.unit for m, r in found.items()} == {
        "if:lo:rx": "By",
        "if:lo:tx": "By",
        "if:lo:rx_packets": "{packet}",
        "if:lo:tx_packets": "{packet}",
    }
    assert found["if:lo:tx"].inc == found["if:lo:tx_packets"].inc


def described(folder: Path, url: str, *meters: str, **options: Any) -> Path:
    lines = [f"url = {json.dumps(url)}", *(f"{k} = {json.dumps(v)}" for k, v in options.items())]
    path = folder / "cloud.toml"
    path.write_text("\n".join([*lines, *(f"[[meter]]\n{meter}" for meter in meters)]))
    return path


def test_values_of_a_json_answer_at_described_places(tmp_path: Path) -> None:
    with http({"/s?t=json": recorded("tahoe.json")}) as url:
        path = described(
            tmp_path,
            f"{url}/s?t=json",
            'name = "added"\npath = "/counters/storage_server.bytes_added"\nkind = "counter"\n'
            'incarnation = "/stats/storage_server.reserved_space"\ncap = 125000000',
            'name = "cpu"\npath = "/stats/cpu_monitor.total"\nkind = "counter"\nunit = "us"\n'
            "scale = 1000000",
        )
        found = read(f"http-json:{path}")
    added, cpu = found["http:cloud:added"], found["http:cloud:cpu"]
    assert (added.value, added.cap) == (3_001_156, 125_000_000)
    seconds = json.loads(recorded("tahoe.json"), parse_float=str)["stats"]["cpu_monitor.total"]
    whole, _, fraction = seconds.partition(".")
    assert cpu.value == int(whole + fraction[:6].ljust(6, "0"))


def test_samples_for_prometheus_by_their_selectors(tmp_path: Path) -> None:
    text = recorded("tahoe.openmetrics") + (
        b"# TYPE node_network_receive_bytes_total counter\n"
        b'node_network_receive_bytes_total{device="eth0"} 1.234567e+09\n'
        b'node_network_receive_bytes_total{device="a,\\"b"} 7 1795408757000\n'
    )
    with http({"/metrics": text}) as url:
        path = described(
            tmp_path,
            f"{url}/metrics",
            'name = "added"\npath = "tahoe_counters_storage_server_bytes_added"\nkind = "counter"',
            'name = "eth0"\nkind = "counter"\n'
            "path = 'node_network_receive_bytes_total{device=\"eth0\"}'",
            'name = "odd"\nkind = "counter"\n'
            'path = \'node_network_receive_bytes_total{device="a,\\"b"}\'',
        )
        found = {m: r.value for m, r in read(f"prometheus:{path}").items()}
    assert found == {
        "prom:cloud:added": 3_001_156,
        "prom:cloud:eth0": 1_234_567_000,
        "prom:cloud:odd": 7,
    }


def test_a_secret_is_read_from_its_file_and_sent_as_the_named_header(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def listen(connection: Any) -> None:
        heard.append(asked(connection))
        connection.sendall(ok(b'{"v": "5"}'))

    with http(listen) as url:
        options = {"header": "X-Token", "secret": str(secret(tmp_path, "hush"))}
        meter = 'name = "v"\npath = "/v"\nkind = "gauge"'
        found = read(f"http-json:{described(tmp_path, url, meter, **options)}")
    assert found["http:cloud:v"].value == 5
    assert b"X-Token: hush\r\n" in heard[0]


def test_a_program_of_ones_own(tmp_path: Path) -> None:
    lines = [
        {"m": "rides", "k": "counter", "u": "1", "v": 12, "inc": "life 3", "order": 3},
        {"m": "tank", "k": "gauge", "v": "18446744073709551615", "cap": "18446744073709551615"},
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    path = program(tmp_path, "meters", f"cat <<'.'\n{text}\n.")
    found = read(f"exec:{path} 'an argument'")
    assert (found["exec:rides"].value, found["exec:rides"].order) == (12, 3)
    assert found["exec:tank"].value == 2**64 - 1
