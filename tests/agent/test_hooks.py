"""The owner's commands: told once, never through a shell, never in the way of the rest."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from coop_agent import keys
from coop_agent.clock import SECOND, Moment, spelled
from coop_agent.delivery import Delivery
from coop_agent.hooks import Hooks, run
from coop_agent.notices import fetch_notices
from coop_agent.report import status
from coop_agent.store import Store
from coop_agent.wire import Site
from tests.agent.scripted import NOON, at, take
from tests.agent.scripted import counter as reading
from tests.agent.site import NODE, RunningSite

HOUR = 3600
OTHER = "0192f3a4-0000-7000-8000-000000000002"
WRITES = (
    "import json, os, sys;"
    "open(sys.argv[1], 'a').write(json.dumps({k: v for k, v in os.environ.items()"
    " if k.startswith('COOP_') or k in ('HOME', 'PATH')}) + chr(10))"
)


class Told:
    """A command that writes down what it was told."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "told"
        self.command = [sys.executable, "-c", WRITES, str(self.file)]

    def lines(self) -> list[dict[str, str]]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines()]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def line(left: int, over: int | None, assignment: int = 7) -> dict[str, Any]:
    return {
        "assignment": assignment, "meter": "if:va:tx", "member": 2, "pool": "backbone",
        "resource": "bandwidth", "num": 1, "den": 1000, "left": left, "over": over,
    }  # fmt: skip


def allow(store: Store, running: RunningSite, *lines: dict[str, Any], until: int = 24) -> None:
    """What the site says, as if it had been fetched at noon."""
    document = {
        "v": 1, "node": NODE, "made_at": spelled(NOON), "until": spelled(NOON + until * HOUR),
        "period": "2026-11", "allowances": list(lines),
    }  # fmt: skip
    store.put("allowances", running.site.sign("allowances", document))


def act(hooks: Hooks, store: Store, hours: float = 0, *, clock: bool = True) -> None:
    hooks.act(store, at(int(hours * HOUR), clock=clock), threading.Event())


def test_the_end_and_the_return_of_an_allowance_are_each_told_once(
    enrolled: Store, running: RunningSite, told: Told
) -> None:
    hooks = Hooks(allowance=told.command)
    allow(enrolled, running, line(5, 0))
    act(hooks, enrolled)
    act(hooks, enrolled)
    allow(enrolled, running, line(0, 0))
    act(hooks, enrolled)
    act(Hooks(allowance=told.command), enrolled)
    allow(enrolled, running, line(0, None))
    act(hooks, enrolled)
    assert [(t["COOP_STATE"], t["COOP_LEFT"]) for t in told.lines()] == [
        ("returned", "5"), ("ended", "0"), ("returned", "0"),
    ]  # fmt: skip
    first = told.lines()[0]
    assert (first["COOP_ASSIGNMENT"], first["COOP_METER"], first["COOP_MEMBER"]) == (
        "7", "if:va:tx", "2",
    )  # fmt: skip
    assert "HOME" not in first


def test_an_allowance_ends_with_its_moment_though_the_site_is_away(
    enrolled: Store, running: RunningSite, told: Told
) -> None:
    hooks = Hooks(allowance=told.command)
    allow(enrolled, running, line(5, 0), until=2)
    act(hooks, enrolled, 1.9)
    act(hooks, enrolled, 2)
    assert [t["COOP_STATE"] for t in told.lines()] == ["returned", "ended"]


def test_an_assignment_that_is_named_no_more_has_ended(
    enrolled: Store, running: RunningSite, told: Told
) -> None:
    hooks = Hooks(allowance=told.command)
    allow(enrolled, running, line(5, 0), line(5, 0, 8))
    act(hooks, enrolled)
    allow(enrolled, running, line(5, 0))
    act(hooks, enrolled)
    assert [(t["COOP_ASSIGNMENT"], t["COOP_STATE"]) for t in told.lines()] == [
        ("7", "returned"), ("8", "returned"), ("8", "ended"),
    ]  # fmt: skip


def test_a_node_without_a_clock_waits_some_minutes_before_it_ends_anything(
    enrolled: Store, running: RunningSite, told: Told
) -> None:
    hooks = Hooks(allowance=told.command)
    allow(enrolled, running, line(5, 0))
    act(hooks, enrolled, 0.05, clock=False)
    assert told.lines() == []
    act(hooks, enrolled, 0.1, clock=False)
    assert [t["COOP_STATE"] for t in told.lines()] == ["ended"]


def test_a_command_that_fails_is_run_again_later_and_hurts_nothing(
    enrolled: Store, running: RunningSite, told: Told
) -> None:
    allow(enrolled, running, line(0, 0))
    failing = Hooks(allowance=["false"])
    act(failing, enrolled)
    act(failing, enrolled)
    [alert] = enrolled.rows("SELECT code, text FROM alert")
    assert alert["code"] == "hook_failed" and "ended with 1" in alert["text"]
    act(Hooks(allowance=told.command), enrolled)
    assert [t["COOP_STATE"] for t in told.lines()] == ["ended"]


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    script = f"echo $$ > {file}; sleep 1000 & wait"
    assert run(["sh", "-c", script], {}, 1) == "took too long"
    pid = file.read_text().strip()
    assert not Path(f"/proc/{pid}").exists()


def test_no_shell_reads_a_command_or_what_it_is_told(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    assert run(["true", f"; touch {mark}"], {"COOP_REASON": f"$(touch {mark})"}, 5) == ""
    assert not mark.exists()
    assert "no-such-command" in run(["no-such-command"], {}, 5)


def notice(state: str, reason: str = "two batches with number 4") -> dict[str, Any]:
    return {
        "node": OTHER, "label": "mast", "keyids": ["ed25519:" + "a" * 32], "state": state,
        "reason": reason, "since": "2026-11-22T12:00:00Z", "until": None,
        "links": [{"own": "if:va:rx", "other": "if:wl:tx"}],
    }  # fmt: skip


def notices(*values: dict[str, Any], node: str = NODE, hour: int = 12) -> dict[str, Any]:
    issued = f"2026-11-22T{hour}:00:00Z"
    return {"v": 1, "node": node, "issued_at": issued, "notices": list(values)}


def serve(running: RunningSite, document: dict[str, Any]) -> None:
    signed = running.site.sign("quarantine-notice", document)
    running.site.signed[f"/api/v1/agent/notices/{NODE}"] = signed


def fetch(store: Store, folder: Path, running: RunningSite) -> None:
    fetch_notices(store, Site(running.url), keys.loaded(folder), Moment("b", SECOND, NOON))


def test_a_neighbours_change_is_told_once_and_shown(
    enrolled: Store, folder: Path, running: RunningSite, told: Told
) -> None:
    hooks = Hooks(notice=told.command)
    for values in ([notice("quarantined")], [notice("quarantined")], [notice("active")], []):
        serve(running, notices(*values))
        fetch(enrolled, folder, running)
        act(hooks, enrolled)
        act(hooks, enrolled)
    assert [t["COOP_STATE"] for t in told.lines()] == ["quarantined", "active", "withdrawn"]
    first = told.lines()[0]
    assert (first["COOP_NODE"], first["COOP_LABEL"]) == (OTHER, "mast")
    assert first["COOP_LINKS"] == "if:va:rx=if:wl:tx" and first["COOP_UNTIL"] == ""


def test_what_is_said_of_neighbours_must_be_the_sites_and_no_older(
    enrolled: Store, folder: Path, running: RunningSite
) -> None:
    serve(running, notices(notice("revoked"), hour=13))
    fetch(enrolled, folder, running)
    bad = [notices(hour=12), notices(node=OTHER, hour=14), notices({"state": "gone"}, hour=14)]
    for document in bad:
        serve(running, document)
        with pytest.raises(Exception, match=r"older|another|protocol"):
            fetch(enrolled, folder, running)
    running.site.seed = bytes(32)
    serve(running, notices(hour=15))
    with pytest.raises(Exception, match="trusts"):
        fetch(enrolled, folder, running)
    [shown] = status(folder, enrolled)["neighbours"]
    assert shown == {"code": "revoked", "text": "mast: two batches with number 4"}


def test_after_a_delivery_notices_and_revocations_are_at_hand(
    enrolled: Store, folder: Path, running: RunningSite
) -> None:
    serve(running, notices(notice("quarantined")))
    key = keys.loaded(folder)
    from coop_agent import dsse

    revoked = [
        {"node": OTHER, "epoch": 1, "keyid": "ed25519:" + "b" * 32, "last_seq": 9,
         "reason": "stolen", "at": "2026-11-22T12:00:00Z"},
        {"node": NODE, "epoch": 1, "keyid": dsse.keyid(bytes(key.verify_key)), "last_seq": 3,
         "reason": "lost", "at": "2026-11-22T12:00:00Z"},
    ]  # fmt: skip
    document = {"v": 1, "issued_at": "2026-11-22T12:00:00Z", "revoked": revoked}
    running.site.signed["/api/v1/agent/revocations"] = running.site.sign("revocations", document)
    take(enrolled, at(0), reading(0))
    from coop_agent.sealing import seal

    seal(enrolled, key, at(1))
    delivery = Delivery(enrolled, key, Site(running.url))
    while delivery.offer():
        pass
    facts = status(folder, enrolled)
    assert facts["neighbours"][0]["code"] == "quarantined"
    assert facts["revoked_keys"] == f"2, of this node: {dsse.keyid(bytes(key.verify_key))}"
