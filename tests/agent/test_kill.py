"""SIGKILL at any instant: no number used twice, no byte lost, none doubled."""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from coop_agent import keys
from coop_agent.chain import chain_problems
from coop_agent.store import Store
from signing import dsse
from tests.agent.busy_node import METER
from tests.agent.site import Reply, RunningSite, problem

pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).parents[2]
KILLS = 12


def start(folder: Path, url: str, rounds: int = 0) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(ROOT / "agent"), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.agent.busy_node", str(folder), url, str(rounds)],
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_at_work(folder: Path, url: str, seconds: float) -> None:
    process = start(folder, url)
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    threading.Event().wait(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def finish(folder: Path, url: str) -> None:
    process = start(folder, url, rounds=3)
    process.communicate()
    assert process.returncode == 0


def assert_whole(running: RunningSite, folder: Path, store: Store) -> None:
    """The site has every batch once, in one chain, and their readings join from end to end."""
    batches = running.site.batches
    assert sorted(batches) == list(range(1, store.get("next_seq")))
    public = bytes(keys.loaded(folder).verify_key)
    prev = store.row("SELECT prev FROM envelope WHERE seq = 1")
    link = None if prev is None else prev["prev"]
    for seq in sorted(batches):
        dsse.verify(batches[seq].envelope, public, dsse.payload_type("usage-batch"))
        assert batches[seq].body["prev"] == link
        link = batches[seq].envelope.digest
    records = [r for seq in sorted(batches) for r in batches[seq].body["records"]]
    readings = [r for r in records if r.get("m") == METER]
    assert len(readings) >= len(batches) > 3
    for before, after in itertools.pairwise(readings):
        assert (after["r0"], after["mt0"]) == (before["r1"], before["mt1"])
    total = sum(int(r["r1"]) - int(r["r0"]) for r in readings)
    assert total == int(readings[-1]["r1"]) - int(readings[0]["r0"])
    assert chain_problems(store) == []
    assert store.rows("SELECT * FROM alert") == []


def test_killed_at_random_instants_the_chain_and_the_count_are_whole(
    running: RunningSite, enrolled: Store, folder: Path
) -> None:
    chance = random.Random(7)
    for _ in range(KILLS):
        kill_at_work(folder, running.url, chance.uniform(0, 0.15))
    finish(folder, running.url)
    assert_whole(running, folder, enrolled)


def test_killed_between_the_site_storing_and_the_node_knowing(
    running: RunningSite, enrolled: Store, folder: Path
) -> None:
    for _ in range(4):
        process = start(folder, running.url)

        def kill(envelopes: list[dsse.Envelope], victim: int = process.pid) -> Reply:
            reply = running.site.accepted(envelopes)
            os.kill(victim, signal.SIGKILL)
            return reply

        running.site.tricks = [lambda e: None, lambda e: None, kill]
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    finish(folder, running.url)
    assert_whole(running, folder, enrolled)
    offers = [seq for offer in running.site.offers for seq in offer if seq is not None]
    assert len(offers) > len(set(offers)), "the site saw some batches twice"


def test_killed_while_the_site_is_in_trouble(
    running: RunningSite, enrolled: Store, folder: Path
) -> None:
    chance = random.Random(8)

    def fail(envelopes: list[dsse.Envelope]) -> Reply | None:
        if chance.random() < 0.5:
            return problem(503, "unavailable")
        return problem(500, "crash") if running.site.accepted(envelopes) else None

    for _ in range(4):
        running.site.tricks = [lambda e: None, *[fail] * 200]
        kill_at_work(folder, running.url, chance.uniform(0, 0.2))
    running.site.tricks = []
    finish(folder, running.url)
    assert_whole(running, folder, enrolled)
