"""Acceptance 2: a kill at each step of seal, send, receipt and rotate.

No sequence number is used twice, no byte is lost or counted twice, and the key changes once. A kill
keeps what the system was told to write; what a power cut takes besides is in
tests/agent/test_power_cut.py.
"""

import itertools
import shutil
from pathlib import Path

import pytest

from coop_agent.chain import chain_problems
from coop_agent.store import Store
from tests.agent.conftest import enrolled, folder, running, store
from tests.agent.site import NODE, RunningSite
from tests.agent.stepped import METER, live

__all__ = ["enrolled", "folder", "running", "store"]


@pytest.mark.timeout(600)
def test_02_killed_at_each_step_nothing_is_lost_doubled_or_forked(
    running: RunningSite, enrolled: Store, folder: Path, tmp_path: Path
) -> None:
    enrolled.close()
    fresh = tmp_path / "fresh"
    shutil.copytree(folder, fresh)
    known = running.site.public, running.site.promised
    steps = live(folder, running.url)
    assert steps > 40
    assert_whole(running, folder)
    for last in range(1, steps + 1):
        place = tmp_path / f"killed-{last}"
        shutil.copytree(fresh, place)
        forget(running, *known)
        assert live(place, running.url, last) == 0, f"killed before step {last}"
        assert live(place, running.url) > 0
        assert_whole(running, place)
        shutil.rmtree(place)


def forget(running: RunningSite, public: bytes, promised: str) -> None:
    """The site knows what it knew right after the enrolment."""
    site = running.site
    site.batches, site.later, site.rotations, site.offers = {}, {}, [], []
    site.publics, site.inventories = {1: public}, {}
    site.promised = promised


def assert_whole(running: RunningSite, place: Path) -> None:
    """Two epochs, each one chain without holes at the site, and readings that join throughout."""
    site = running.site
    store = Store.opened(place)
    try:
        assert chain_problems(store) == []
        assert store.get("halted") is None
        assert store.rows("SELECT * FROM alert") == []
        chains = {(r[0], r[1]): r[2] for r in store.rows("SELECT epoch, seq, chain FROM envelope")}
    finally:
        store.close()
    kept = {1: site.batches, **site.later}
    assert [r["epoch"] for r in site.rotations] == [1] and sorted(kept) == [1, 2]
    theirs = {(e, n): s.envelope.digest for e, batches in kept.items() for n, s in batches.items()}
    assert theirs == chains
    bodies = [kept[epoch][n].body for epoch in (1, 2) for n in sorted(kept[epoch])]
    assert {body["node"] for body in bodies} == {NODE}
    readings = [r for body in bodies for r in body["records"] if r.get("m") == METER]
    for before, after in itertools.pairwise(readings):
        assert (after["r0"], after["mt0"]) == (before["r1"], before["mt1"])
    total = sum(int(r["r1"]) - int(r["r0"]) for r in readings)
    assert total == int(readings[-1]["r1"]) - int(readings[0]["r0"]) > 0
