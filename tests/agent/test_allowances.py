"""Allowances on the node: what it believes, what it keeps, and that they end by themselves."""

import json
from pathlib import Path
from typing import Any

import pytest

from coop_agent import allowances, cli, keys, report
from coop_agent.clock import Moment, spelled
from coop_agent.errors import NotTrusted
from coop_agent.store import Store
from coop_agent.wire import Site
from tests.agent.scripted import NOON, at
from tests.agent.site import NODE, RunningSite
from tests.agent.test_delivery import Node

LINE = {
    "assignment": 7,
    "meter": "if:va:tx",
    "member": 2,
    "pool": "backbone",
    "resource": "bandwidth",
    "num": 1,
    "den": 1_000_000,
    "left": 130_000,
    "over": 62_500,
}
HOUR = 3600


def told(made: int = 0, hours: int = 24, **changes: Any) -> dict[str, Any]:
    """What the site says so many seconds after noon."""
    return {
        "v": 1,
        "node": NODE,
        "made_at": spelled(NOON + made),
        "until": spelled(NOON + made + hours * HOUR),
        "period": "2026-11",
        "allowances": [LINE | changes],
    }


def fetch(store: Store, folder: Path, running: RunningSite, moment: Moment) -> None:
    allowances.fetch(store, Site(running.url), keys.loaded(folder), moment)


def lines(store: Store, moment: Moment) -> list[tuple[int, int | None]]:
    found = allowances.current(store, moment)
    assert found is not None
    return [(line.left, line.over) for line in found.lines]


def test_they_are_fetched_kept_and_hold_without_the_site(
    enrolled: Store, folder: Path, running: RunningSite
) -> None:
    running.site.allowances = told()
    fetch(enrolled, folder, running, at(0))
    running.stop()
    assert lines(enrolled, at(23 * HOUR)) == [(130_000, 62_500)]
    found = allowances.current(enrolled, at(24 * HOUR))
    assert found is not None and not found.holds
    assert lines(enrolled, at(24 * HOUR)) == [(0, 0)]


def test_no_limit_ends_too_and_without_a_clock_nothing_holds(
    enrolled: Store, folder: Path, running: RunningSite
) -> None:
    running.site.allowances = told(over=None)
    fetch(enrolled, folder, running, at(0))
    assert lines(enrolled, at(1)) == [(130_000, None)]
    assert lines(enrolled, at(25 * HOUR)) == [(0, 0)]
    assert lines(enrolled, at(1, clock=False)) == [(0, 0)]


def test_another_key_another_node_and_older_ones_are_not_believed(
    enrolled: Store, folder: Path, running: RunningSite
) -> None:
    running.site.allowances = told(made=600)
    fetch(enrolled, folder, running, at(600))
    running.site.allowances = told(made=0, left=999_999)
    with pytest.raises(NotTrusted, match="older"):
        fetch(enrolled, folder, running, at(700))
    running.site.allowances = told(made=900) | {"node": "0192f3a4-0000-7000-8000-000000000002"}
    with pytest.raises(NotTrusted, match="another node"):
        fetch(enrolled, folder, running, at(900))
    running.site.allowances, running.site.allowances_seed = told(made=900), bytes(32)
    with pytest.raises(NotTrusted, match="not signed"):
        fetch(enrolled, folder, running, at(900))
    assert lines(enrolled, at(1000)) == [(130_000, 62_500)]


def test_what_can_no_longer_be_trusted_makes_room_for_new_ones(
    enrolled: Store, folder: Path, running: RunningSite
) -> None:
    running.site.allowances = told(made=600)
    fetch(enrolled, folder, running, at(600))
    kept = enrolled.get(allowances.KEPT)
    with enrolled.transaction():
        enrolled.put(allowances.KEPT, kept | {"payload": "e30="})
    with pytest.raises(NotTrusted):
        allowances.current(enrolled, at(600))
    fetch(enrolled, folder, running, at(700))
    assert lines(enrolled, at(700)) == [(130_000, 62_500)]


@pytest.mark.parametrize(
    "changes", [{"left": "many"}, {"over": "all"}, {"meter": 7}, {"den": None}]
)
def test_lines_of_another_shape_are_not_believed(
    changes: dict[str, Any], enrolled: Store, folder: Path, running: RunningSite
) -> None:
    running.site.allowances = told(**changes)
    fetch(enrolled, folder, running, at(0))
    with pytest.raises(NotTrusted):
        allowances.current(enrolled, at(1))


def test_a_site_that_knows_none_changes_nothing(
    enrolled: Store, folder: Path, running: RunningSite
) -> None:
    fetch(enrolled, folder, running, at(0))
    assert allowances.current(enrolled, at(0)) is None


def test_they_come_with_a_delivery_and_stand_in_status_and_on_the_command_line(
    enrolled: Store, folder: Path, running: RunningSite, capsys: pytest.CaptureFixture[str]
) -> None:
    running.site.allowances = told(hours=24 * 365 * 50)
    node = Node(enrolled, folder, running)
    node.make(1)
    node.deliver()
    shown = str(report.status(folder, enrolled)["allowances"])
    assert shown.startswith("1, hold until ")
    assert cli.main(["--state", str(folder), "allowances", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["holds"] is True
    assert printed["lines"] == [LINE]
    assert cli.main(["--state", str(folder), "allowances"]) == 0
    assert "member 2: 130000 left, beyond: 62500" in capsys.readouterr().out
