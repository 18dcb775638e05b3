"""Programs and control ports that fail, hang, or say what none should: a gap, and nothing else."""

import os
import time
from pathlib import Path

import pytest

from coop_agent.drivers.choose import Guarded, driver
from coop_agent.errors import AgentError, DriverFailed
from tests.agent.sources import first_on_path, http, program, read, tor
from tests.agent.test_driver_answers import PROCESS, described
from tests.agent.test_driver_refusals import METER


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        "{}",
        '{"m":"a","k":"gauge"}',
        '{"m":"a","k":"gauge","v":-1}',
        '{"m":"a","k":"gauge","v":NaN}',
        '{"m":"a","k":"gauge","v":null}',
        '{"m":"a","k":"gauge","v":[1]}',
        '{"m":"a","k":"gauge","v":1,"node":"other"}',
        '{"m":"a","k":"gauge","v":1,"u":"kg"}',
        '{"m":"a","k":"gauge","v":1,"bits":7}',
        '{"m":"a","k":"both","v":1}',
        '{"m":"a","k":"gauge","v":18446744073709551616}',
        '{"m":"a","k":"gauge","v":1}\n{"m":"a","k":"gauge","v":2}',
    ],
)
def test_a_program_that_prints_something_else_is_a_gap(tmp_path: Path, line: str) -> None:
    path = program(tmp_path, "meters", f"cat <<'.'\n{line}\n.")
    with pytest.raises(DriverFailed):
        read(f"exec:{path}")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "status 3"),
        ("echo it is broken >&2; exit 1", "it is broken"),
        ("kill -9 $$", "status -9"),
        ("yes", "more than"),
        ("yes >&2", "more than"),
    ],
)
def test_a_program_that_fails_or_talks_without_end_is_a_gap(
    tmp_path: Path, script: str, said: str
) -> None:
    with pytest.raises(DriverFailed, match=said):
        read(f"exec:{program(tmp_path, 'meters', script)}")


@pytest.mark.parametrize("script", ["sleep 600", "sleep 600 & exit 0", "exec >&- 2>&-; sleep 600"])
def test_a_program_that_does_not_end_is_ended_with_what_it_started(
    tmp_path: Path, script: str
) -> None:
    path = program(tmp_path, "meters", f"echo $$ > {tmp_path}/group\n{script}")
    with pytest.raises(DriverFailed):
        driver(f"exec:{path}").read("boot", time.monotonic() + 0.5)
    group = int((tmp_path / "group").read_text())
    while True:  # the limit on the test ends what never comes true
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            break
        time.sleep(0.01)


def test_a_program_that_everybody_can_change_is_not_run(tmp_path: Path) -> None:
    path = program(tmp_path, "meters", f"touch {tmp_path}/ran")
    path.chmod(0o777)
    with pytest.raises(DriverFailed, match="can be changed"):
        read(f"exec:{path}")
    assert not (tmp_path / "ran").exists()


def test_a_program_gets_no_shell_and_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COOP_SECRET", "hush")
    line = '{"m":"%s","k":"gauge","v":"1"}'
    path = program(tmp_path, "meters", f"printf '{line}\\n' \"$1${{COOP_SECRET-}}\"")
    assert set(read(f"exec:{path} '$(id);a|b'")) == {"exec:$(id);a|b"}


@pytest.mark.parametrize("name", ["nft", "gnunet-statistics", "smartctl"])
@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"nftables": 5}', '{"nftables": [{"counter": {}}]}', "5;5;5"]
)
def test_a_tool_that_says_something_else_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    first_on_path(monkeypatch, tmp_path)
    program(tmp_path, name, f"cat <<'.'\n{text}\n.")
    specs = {"nft": "nft", "gnunet-statistics": "gnunet", "smartctl": "smart:/dev/sda"}
    with pytest.raises(DriverFailed):
        read(specs[name])


def test_a_line_of_gnunet_made_to_be_looked_through_for_ever_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_on_path(monkeypatch, tmp_path)
    line = ' ;   transport; "' + " " * 900_000 + '"; many;'
    (tmp_path / "line").write_text(line)
    program(tmp_path, "gnunet-statistics", f"cat {tmp_path}/line")
    with pytest.raises(DriverFailed, match="nothing that is known"):
        read("gnunet")


def test_a_tool_that_is_not_installed_is_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for spec in ("nft", "nft-set:inet/coop/peers", "gnunet", "smart:/dev/sda"):
        with pytest.raises(DriverFailed, match="No such file"):
            read(spec)


@pytest.mark.parametrize(
    "told",
    [
        {"traffic/read": "-1"},
        {"traffic/read": "18446744073709551616"},
        {"traffic/read": "many"},
        {"traffic/written": "5\r\n250 OK\r\n250-traffic/written=9"},
    ],
)
def test_a_control_port_that_says_nonsense_is_a_gap(tmp_path: Path, told: dict[str, str]) -> None:
    with tor(tmp_path, PROCESS | told) as places, pytest.raises(DriverFailed):
        read(f"tor:{places}")


def test_a_process_that_cannot_be_looked_at_never_counts_as_new(tmp_path: Path) -> None:
    with tor(tmp_path, PROCESS | {"process/pid": "../../etc"}) as places:
        assert {reading.order for reading in read(f"tor:{places}").values()} == {0}


def test_a_cookie_is_never_another_file(tmp_path: Path) -> None:
    with tor(tmp_path, PROCESS) as places:
        (tmp_path / "cookie").write_text("the secret of somebody else")
        with pytest.raises(DriverFailed, match="no cookie"):
            read(f"tor:{places}")


def test_a_failure_of_one_reading_leaves_the_next_free(tmp_path: Path) -> None:
    answers = {"/": b"no json"}
    with http(answers) as url:
        source = Guarded(driver(f"http-json:{described(tmp_path, url, METER)}"))
        with pytest.raises(DriverFailed):
            source.read("boot")
        answers["/"] = b'{"v": 3}'
        assert [r.value for r in source.read("boot")] == [3]


@pytest.mark.parametrize(
    "spec",
    [
        "nft-set", "nft-set:peers", "nft-set:inet/coop/-f", "nft-set:inet/coop/a b", "disk",
        "disk:../etc", "disk:/dev/sda", "smart", "smart:sda", "http-json", "http-json:x.toml",
        "prometheus:http://127.0.0.1/", "exec", "exec:ls", "exec:/bin/ls 'a", "tor:9051",
        "tor:192.0.2.1:9051,/cookie", "tor:/control", "tahoe", "tahoe:node", "gnunet:conf",
        "syncthing", "syncthing:http://127.0.0.1:8384", "syncthing:key", "cgroup-io", "cpu+packets",
        "disk+packets:sda", "netdev:", "cgroup-memory:x",
    ],
)  # fmt: skip
def test_a_form_that_is_wrong_is_refused_at_the_start(spec: str) -> None:
    with pytest.raises(AgentError):
        driver(spec)
