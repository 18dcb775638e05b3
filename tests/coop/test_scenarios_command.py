"""`manage.py simulate` as a process of its own, and the databases that it leaves behind: none."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import connect

from coop.scenarios.throwaway import (
    BLANK,
    PLAY,
    blank_database,
    create,
    databases,
    drop,
    sweep,
    throw_away_database,
)
from members.models import Member
from members.services import enrol_member, found_cooperative
from signing.keys import public_key
from tests.model import economy
from tests.model.agree import both_ways

STORIES = Path(__file__).parent.parent / "stories"
WORKED = STORIES / "worked-period.toml"
LONG = WORKED.read_text().replace('month = "2026-07"', 'month = "2026-07"\nrepeat = 600')


def start(file: Path, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "manage.py", "simulate", str(file), *options]
    return subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env={**os.environ, "COOP_TEST_DB": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores Ctrl-C, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def left_behind() -> list[str]:
    return [name for name in databases() if name.startswith(("coop_play", "coop_draft"))]


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("waited for a minute in vain")


@pytest.mark.django_db
def test_two_simulations_at_once_print_the_worked_example() -> None:
    processes = [start(WORKED, "--json"), start(WORKED, "--json")]
    model = economy.play(tomllib.loads(WORKED.read_text()))
    for process in processes:
        status, out, err = finished(process)
        assert (status, err) == (0, "")
        assert not both_ways(model, json.loads(out))
    assert left_behind() == []
    assert len([name for name in databases() if name.startswith(BLANK)]) == 1


@pytest.mark.django_db
def test_without_json_it_prints_tables_and_ownership_paths() -> None:
    status, out, _err = finished(start(STORIES / "from-user-to-owner.toml"))
    assert status == 0
    assert "  2026-08  " + "█" * 25 + "·" * 25 + "  50 %" in out
    assert "chloe · backbone    118    0.80" in out
    assert out.rstrip().endswith("The books keep every promise.")


@pytest.mark.django_db
def test_a_file_that_turns_out_impossible_prints_nothing_and_ends_with_2(tmp_path: Path) -> None:
    file = tmp_path / "greedy.toml"
    file.write_text(
        WORKED.read_text()
        + 'give = [ { from = "chloe", to = "ana", pool = "backbone", resource = "bandwidth",'
        ' tokens = "36.001" } ]\n'
    )
    status, out, err = finished(start(file, "--json"))
    assert (status, out) == (2, "")
    assert err.startswith(f"{file}, line 50: period 2, give 1, tokens:")
    assert "36 " in err
    assert left_behind() == []


@pytest.mark.django_db
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulation_that_is_interrupted_leaves_no_database(
    number: signal.Signals, tmp_path: Path
) -> None:
    file = tmp_path / "long.toml"
    file.write_text(LONG)
    process = start(file)
    wait_for(left_behind)
    wait_for(lambda: any(name.startswith("coop_play") for name in databases()))
    process.send_signal(number)
    status, out, _err = finished(process)
    assert status != 0
    assert out == ""
    assert left_behind() == []


@pytest.mark.django_db
def test_a_file_that_is_not_there_or_not_text_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "noise.toml").write_bytes(b"\xff\xfe\x00")
    sentences = {
        "nowhere.toml": "there is no such file",
        "noise.toml": "this is not a text file in UTF-8",
        ".": "it cannot be read: is a directory",
    }
    for name, sentence in sentences.items():
        with pytest.raises(CommandError) as caught:
            call_command("simulate", str(tmp_path / name))
        assert str(caught.value) == f"{tmp_path / name}: {sentence}"
        assert caught.value.returncode == 2


@pytest.mark.django_db
def test_the_database_outside_is_as_it_was() -> None:
    found_cooperative(name="Valley", legal_name="Valley", currency="EUR", timezone="UTC")
    enrol_member(name="Ana", actor=None)
    outside, key = connection.settings_dict["NAME"], public_key()
    with pytest.raises(ZeroDivisionError):
        fail_inside(outside, key)
    assert left_behind() == []
    assert connection.settings_dict["NAME"] == outside
    assert [member.name for member in Member.objects.all()] == ["Ana"]
    assert public_key() == key


@pytest.mark.django_db
def test_blank_databases_of_earlier_code_are_dropped_when_a_new_one_is_made() -> None:
    old = f"{BLANK}_{'0' * 16}"
    create(old, template="template0")
    drop(blank_database())
    current = blank_database()
    assert [name for name in databases() if name.startswith(BLANK)] == [current]


@pytest.mark.django_db
def test_what_killed_simulations_left_is_swept_and_what_lives_is_not() -> None:
    dead, young, alive = (f"{PLAY}_{when}_abc" for when in (1000, int(time.time()), 1001))
    for name in (dead, young, alive):
        create(name, template="template0")
    parameters = connection.get_connection_params() | {"dbname": alive}
    with connect(**{k: v for k, v in parameters.items() if k not in ("cursor_factory", "context")}):
        sweep()
        left = databases()
    for name in (young, alive):
        drop(name)
    assert dead not in left
    assert {young, alive} <= set(left)


def fail_inside(outside: str, key: bytes) -> None:
    with throw_away_database():
        assert connection.settings_dict["NAME"] != outside
        assert not Member.objects.exists()
        assert public_key() != key
        raise ZeroDivisionError
