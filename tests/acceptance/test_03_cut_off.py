"""3: cut off for 30 days, then delivered in random order through two relays.

Three machines live through a month: traffic, a disk that fills, agents that are stopped, reboots,
interfaces made anew, one clock that is not set for a day. Once everything arrives as it is sealed;
once the network is cut, and what the agents kept comes a month later, by two relays, in any order
and some of it twice. What stands in the books is the same.
"""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from coop.invariants import all_broken
from metering.models import Envelope, Meter, Node, Reading
from metering.services import assign_meter
from tests.acceptance.field import (
    DISK,
    TX,
    FieldNode,
    end_period,
    everything_that_counts,
    post,
    rate_all,
    taken_back,
    wall,
)
from tests.metering.world import Valley, make_valley

DAYS, STEP = 30, 6 * 3600
FATES = ["nothing"] * 12 + ["stopped", "reboot", "made anew"]
Envelopes = list[dict[str, Any]]


@pytest.fixture
def valley(db: None) -> Valley:
    """The valley as it was a month ago, its period open until now."""
    start = timezone.now().replace(microsecond=0) - timedelta(days=DAYS + 2)
    with time_machine.travel(start, tick=True):
        made = make_valley()
    end_period(made.period, timezone.now() + timedelta(days=5))
    return made


def machines(valley: Valley, folder: Path, chance: random.Random) -> list[FieldNode]:
    """Three nodes a month ago, each with its meters given to somebody from the first record on."""
    then = timezone.now() - timedelta(days=DAYS + 1)
    with time_machine.travel(then, tick=True):
        nodes = [
            FieldNode(folder / name, int(then.timestamp()), name) for name in ("one", "two", "mast")
        ]
        for node in nodes:
            node.sample(starting=True)
            node.seal()
            post(node.inventories())
            give(valley, node)
    for node in nodes:
        for step in range(DAYS * 86_400 // STEP):
            node.disk = chance.randrange(10**9, 50 * 10**9)
            node.live(STEP, chance.randrange(2 * 10**9), chance.choice(FATES))
            if step % 2:
                node.seal()
    return nodes


def give(valley: Valley, node: FieldNode) -> None:
    for meter, member, code in ((TX, valley.ben, "bandwidth"), (DISK, valley.ana, "storage")):
        assign_meter(
            actor=valley.steward,
            meter=Meter.objects.get(node=node.row, name=meter),
            member=member,
            pool=valley.pool,
            resource=valley.resource(code),
            since=wall(node.at),
        )


def undisturbed(nodes: list[FieldNode]) -> dict[str, Any]:
    """Each batch arrives within seconds of its sealing, and is rated as the days go by."""
    arrivals = [
        (at, number, seq) for number, node in enumerate(nodes) for seq, at in node.sealed_at.items()
    ]
    sealed = [node.batches() for node in nodes]
    for count, (at, number, seq) in enumerate(sorted(arrivals)):
        with time_machine.travel(wall(at) + timedelta(seconds=5), tick=True):
            assert [r["status"] for r in post([sealed[number][seq]])] == ["accepted"]
            if count % 9 == 0:
                rate_all()
    rate_all()
    return everything_that_counts()


def cut_off(nodes: list[FieldNode], chance: random.Random) -> dict[str, Any]:
    """All of a month at once, shuffled over two relays, parts of it by both."""
    everything = [batch for node in nodes for batch in node.batches().values()]
    chance.shuffle(everything)
    half = len(everything) // 2
    paths = {
        str(nodes[0].row.uuid): everything[: half + 9],
        str(nodes[2].row.uuid): everything[half:],
    }
    while any(paths.values()):
        relay = chance.choice([name for name, left in paths.items() if left])
        some, paths[relay] = paths[relay][:32], paths[relay][32:]
        results = post(some, relay)
        assert {r["status"] for r in results} <= {"accepted", "pending_gap", "duplicate"}
        if chance.random() < 0.4:
            rate_all()
    rate_all()
    assert set(Envelope.objects.values_list("via", flat=True)) >= set(paths)
    return everything_that_counts()


def test_03_a_month_offline_ends_in_the_books_of_a_month_online(
    valley: Valley, tmp_path: Path
) -> None:
    chance = random.Random(3)
    nodes = machines(valley, tmp_path, chance)
    wanted = taken_back(lambda: undisturbed(nodes))
    assert Reading.objects.count() == 0
    found = cut_off(nodes, chance)
    assert set(Node.objects.values_list("state", flat=True)) == {"active"}
    for name, lines in wanted.items():
        assert found[name] == lines, name
    assert all_broken() == []
    assert_the_truth(nodes)


def assert_the_truth(nodes: list[FieldNode]) -> None:
    """What is rated is what the machines truly sent, to the byte."""
    for node in nodes:
        rated = Reading.objects.filter(meter__node=node.row, meter__name=TX)
        assert set(rated.values_list("state", flat=True)) <= {"rated"}
        counted = sum(rated.values_list("quantity", flat=True))
        assert counted == node.true
        assert {"restart", "steady", "baseline"} <= set(rated.values_list("rule", flat=True))
