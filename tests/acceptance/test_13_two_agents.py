"""Acceptance 13: the Python agent and the sh agent read the same counters; the books are equal."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from coop.invariants import all_broken
from metering import services
from metering.models import Meter, Node, Reading
from tests.agent.lite import ROOT, Lite, Tree, end, needs_signer, until
from tests.metering.world import Valley, make_valley
from tokens.models import Usage

QUICK = ["--sample", "1", "--record", "1", "--seal", "1", "--retry", "1"]
MB = 10**6
HIGH = 2**63 + 5  # beyond what the arithmetic of a shell holds
METERS = ("if:wan:rx", "if:wan:tx", "if:lan:rx", "if:lan:tx")


@dataclass
class Both:
    """A node of either kind over one recorded tree, and the processes that run now."""

    tree: Tree
    lite: Lite
    folder: Path
    server: str
    running: list[subprocess.Popen[str]]

    def start(self) -> None:
        python = subprocess.Popen(
            [
                *(sys.executable, "-m", "coop_agent", "--state", str(self.folder / "python")),
                *("run", "--server", self.server, "--code-file", str(self.folder / "code")),
                *(*QUICK, "--meter", "netdev"),
            ],
            env=os.environ | {"PYTHONPATH": str(ROOT / "agent"), "COOP_ROOT": str(self.tree.root)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.running = [python, self.lite.start("run")]

    def stop(self) -> None:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
            process.communicate()
            assert process.returncode == 0

    def enrolled(self, valley: Valley) -> tuple[Node, Node]:
        """Both let in, their meters measuring two members' use of the same resource."""
        codes = (self.folder / "code", self.lite.folder / "code")
        until(lambda: all(code.exists() for code in codes))
        return (
            services.approve_enrolment(actor=None, user_code=codes[0].read_text(), label="python"),
            services.approve_enrolment(actor=None, user_code=codes[1].read_text(), label="sh"),
        )


@pytest.fixture
def both(live_server: LiveServer, tmp_path: Path) -> Iterator[Both]:
    tree = Tree(tmp_path / "tree")
    tree.faces = {"wan": (3, 5_000, 7_000), "lan": (2, 10, HIGH)}
    tree.write()
    lite = Lite(tmp_path / "lite", live_server.url, root=str(tree.root))
    made = Both(tree, lite, tmp_path, live_server.url, [])
    yield made
    for process in made.running:
        end(process)


def delivered(*nodes: Node, **values: int) -> Callable[[], bool]:
    """Whether the last reading of each of these interfaces has arrived from every node."""

    def fact() -> bool:
        services.rate_waiting()
        return all(
            last_value(node, f"if:{face}:rx") == value
            for node in nodes
            for face, value in values.items()
        )

    return fact


def last_value(node: Node, meter: str) -> int | None:
    newest = Reading.objects.filter(meter__node=node, meter__name=meter).order_by("-pk").first()
    return None if newest is None else int(newest.value)


def assign(valley: Valley, node: Node, member: Any) -> None:
    """All that the node counts is this member's use, from now on."""
    for name in METERS:
        services.assign_meter(
            actor=valley.steward,
            meter=Meter.objects.get(node=node, name=name),
            member=member,
            pool=valley.pool,
            resource=valley.resource("bandwidth"),
        )


def is_assigned(node: Node) -> bool:
    """Whether a record of every meter lies within its assignment: what counts begins now."""
    services.rate_waiting()
    rows = Reading.objects.filter(meter__node=node, assignment__isnull=False)
    return rows.values("meter").distinct().count() == len(METERS)


def counted(node: Node) -> dict[str, list[int]]:
    """What was counted by each meter, without the records in which nothing moved."""
    rows = Reading.objects.filter(meter__node=node, quantity__gt=0).order_by("pk")
    return {
        name: list(rows.filter(meter__name=name).values_list("quantity", flat=True))
        for name in METERS
    }


def used(member: Any) -> int:
    return sum(Usage.objects.filter(book__member=member).values_list("amount", flat=True))


@needs_signer
@pytest.mark.timeout(300, func_only=True)
@pytest.mark.django_db(transaction=True)
def test_13_the_python_and_the_sh_agent_give_equal_books(both: Both) -> None:
    """Growth, an interface made anew, a counter set back, a reboot: told alike by both."""
    valley, tree = make_valley(), both.tree
    both.start()
    nodes = both.enrolled(valley)
    until(delivered(*nodes, wan=5_000, lan=10))
    for node, member in zip(nodes, (valley.ana, valley.ben), strict=True):
        assign(valley, node, member)
    until(lambda: all(is_assigned(node) for node in nodes))
    for face, index, rx, tx in (
        ("wan", 3, 40 * MB, 9 * MB),
        ("lan", 2, 11, HIGH + 7 * MB),
        ("wan", 8, 3 * MB, 1 * MB),
        ("wan", 8, 1 * MB, 2 * MB),
    ):
        tree.put(face, index, rx, tx)
        until(delivered(*nodes, **{face: rx}))
    both.stop()
    tree.boot = "99999999-2222-3333-4444-555555555555"
    tree.faces = {"wan": (3, 2 * MB, 3 * MB), "lan": (2, 4 * MB, 5 * MB)}
    tree.write()
    both.lite.cut_power()
    both.start()
    until(delivered(*nodes, wan=2 * MB, lan=4 * MB))
    both.stop()
    while services.rate_waiting():
        pass
    assert counted(nodes[0]) == counted(nodes[1])
    assert counted(nodes[0])["if:wan:rx"] == [40 * MB - 5_000, 3 * MB, 1 * MB, 2 * MB]
    assert counted(nodes[0])["if:lan:tx"] == [7 * MB, 5 * MB]
    flags = [
        sorted(Reading.objects.filter(meter__node=node).values_list("flags", flat=True))
        for node in nodes
    ]
    assert [flag for flag in flags[0] if flag] == [flag for flag in flags[1] if flag]
    assert used(valley.ana) == used(valley.ben) >= 46 + 12
    assert all_broken() == []
