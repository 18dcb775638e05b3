"""A node takes its next key: one rotation, nothing forked, the old backlog under the old key."""

import json
import sqlite3
from pathlib import Path

import pytest

from coop_agent import dsse as wire
from coop_agent import epochs, keys, rotation
from coop_agent.carrying import export, import_receipts
from coop_agent.chain import chain_problems
from coop_agent.clock import now
from coop_agent.delivery import Barred, Delivery, Halted, TryLater
from coop_agent.errors import AgentError
from coop_agent.report import status
from coop_agent.sealing import seal
from coop_agent.store import Store
from coop_agent.wire import Site
from signing import dsse, strict_json
from tests.agent.scripted import at, counter, take
from tests.agent.site import NODE, Reply, RunningSite


class Node:
    """A node whose keys change."""

    def __init__(self, store: Store, folder: Path, running: RunningSite) -> None:
        self.store, self.folder, self.running = store, folder, running
        self.second = 0

    def make(self, count: int) -> None:
        for _ in range(count):
            take(self.store, at(self.second), counter(self.second))
            seal(self.store, keys.current(self.folder, self.store), at(self.second))
            self.second += 300

    def rotate(self, *, lost: bool = False) -> epochs.Epoch:
        epoch = rotation.rotate(self.folder, self.store, now(), lost=lost)
        rotation.told(self.store)
        return epoch

    def deliver(self) -> None:
        delivery = Delivery(
            self.store, keys.current(self.folder, self.store), Site(self.running.url)
        )
        while delivery.offer():
            pass

    def states(self) -> list[tuple[int, int, str]]:
        rows = self.store.rows("SELECT epoch, seq, state FROM envelope ORDER BY epoch, seq")
        return [tuple(row) for row in rows]


@pytest.fixture
def node(enrolled: Store, folder: Path, running: RunningSite) -> Node:
    return Node(enrolled, folder, running)


def test_a_backlog_is_delivered_under_the_old_key_and_the_chain_begins_anew(node: Node) -> None:
    old = keys.loaded(node.folder)
    node.make(2)
    take(node.store, at(node.second), counter(node.second))
    node.second += 300
    promised = keys.loaded(node.folder, keys.NEXT)
    epoch = node.rotate()
    assert epoch.number == 2 and epoch.public == bytes(promised.verify_key)
    assert keys.loaded(node.folder) == promised != old
    node.make(2)
    node.deliver()
    site = node.running.site
    assert [(r["epoch"], r["last"]) for r in site.rotations] == [(1, 3)]
    assert sorted(site.batches) == [1, 2, 3] and sorted(site.later[2]) == [1, 2]
    assert all(state == "receipted" for _, _, state in node.states())
    first = site.later[2][1].body
    assert first["prev"] == wire.genesis(NODE, 2, bytes(promised.verify_key))
    assert chain_problems(node.store) == []
    assert site.promised == keys.next_digest(node.folder) == node.store.get("next")


def test_the_readings_join_over_the_rotation(node: Node) -> None:
    node.make(2)
    node.rotate()
    node.make(2)
    node.deliver()
    site = node.running.site
    bodies = [s.body for batches in (site.batches, site.later[2]) for s in batches.values()]
    readings = [(r["r0"], r["r1"]) for body in bodies for r in body["records"]]
    assert readings == [("0", "0"), ("0", "300"), ("300", "600"), ("600", "900")]


def test_nothing_of_the_new_key_is_sent_before_the_site_knows_it(node: Node) -> None:
    node.make(1)
    node.rotate()
    node.make(1)
    offers = node.running.site.offers
    node.running.site.tricks = [lambda e: (503, {}, {})]
    with pytest.raises(TryLater):
        node.deliver()
    assert offers == [[None]]
    node.deliver()
    # The rotation; the inventory in force; the older one, and the batches of both epochs.
    assert offers[1:] == [[None], [None], [None, 1, 1]]
    assert all(state == "receipted" for _, _, state in node.states())


def test_a_lost_answer_to_a_rotation_is_asked_for_again(node: Node) -> None:
    node.make(1)
    node.rotate()

    def lose(envelopes: list[dsse.Envelope]) -> Reply:
        node.running.site.accepted(envelopes)
        return 500, {}, {}

    node.running.site.tricks = [lose]
    with pytest.raises(TryLater):
        node.deliver()
    newest = epochs.newest(node.store)
    assert newest is not None and newest.state == "sealed"
    node.deliver()
    newest = epochs.newest(node.store)
    assert newest is not None and newest.state == "accepted"
    assert len(node.running.site.rotations) == 1


def test_without_the_old_key_the_new_one_waits_for_people_and_then_all_arrives(node: Node) -> None:
    node.make(2)
    take(node.store, at(node.second), counter(node.second))
    (node.folder / keys.KEY).unlink()
    node.running.site.rotation_status = "pending_approval"
    with pytest.raises(AgentError, match="--lost"):
        node.rotate()
    node.rotate(lost=True)
    node.make(1)
    node.deliver()
    assert [s for _, _, s in node.states()] == ["receipted", "receipted", "sealed"]
    assert "waits" in str(status(node.folder, node.store)["rotation"])
    node.running.site.rotation_status = "accepted"
    node.deliver()
    assert [s for _, _, s in node.states()] == ["receipted"] * 3
    assert sorted(node.running.site.later[2]) == [1]
    assert chain_problems(node.store) == []


def test_a_refused_key_is_told_and_everything_is_kept(node: Node) -> None:
    node.make(1)
    node.running.site.promised = "00" * 32
    node.rotate()
    node.make(1)
    node.deliver()
    assert [s for _, _, s in node.states()] == ["receipted", "sealed"]
    assert [r["code"] for r in node.store.rows("SELECT code FROM alert")] == ["rotation_refused"]
    assert "refused" in str(status(node.folder, node.store)["rotation"])
    with pytest.raises(AgentError, match="not yet accepted"):
        node.rotate()


def test_a_rotation_is_the_same_one_until_its_outcome_was_told(node: Node) -> None:
    node.make(1)
    first = rotation.rotate(node.folder, node.store, now())
    again = rotation.rotate(node.folder, node.store, now())
    assert first == again
    node.deliver()
    rotation.told(node.store)
    assert node.rotate().number == 3
    node.make(1)
    node.deliver()
    assert [(r["epoch"], r["last"]) for r in node.running.site.rotations] == [(1, 1), (2, 0)]
    assert chain_problems(node.store) == []


def test_the_next_key_comes_from_a_stick_and_must_be_the_promised_one(
    node: Node, tmp_path: Path
) -> None:
    promised = keys.loaded(node.folder, keys.NEXT)
    (node.folder / keys.NEXT).unlink()
    with pytest.raises(AgentError, match="--next"):
        node.rotate()
    with pytest.raises(AgentError, match="promised"):
        rotation.rotate(node.folder, node.store, now(), given=keys.spelled("00" * 32, "paper"))
    typed = " ".join(bytes(promised).hex()[at : at + 4] for at in range(0, 64, 4))
    given = keys.spelled(typed + "\n", "paper")
    assert rotation.rotate(node.folder, node.store, now(), given=given).number == 2
    assert keys.loaded(node.folder) == promised


def test_a_credential_is_the_key_until_the_next_one_comes(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "credentials"
    given.mkdir()
    (node.folder / keys.KEY).rename(given / keys.KEY)
    with pytest.raises(AgentError, match="not in"):
        keys.current(node.folder, node.store)
    monkeypatch.setenv(keys.CREDENTIALS, str(given))
    node.make(1)
    node.rotate()
    node.make(1)
    node.deliver()
    assert keys.current(node.folder, node.store) != keys.spelled(
        (given / keys.KEY).read_text(), given
    )
    assert chain_problems(node.store) == []


def test_a_site_restored_to_before_the_rotation_is_offered_it_again(node: Node) -> None:
    node.make(2)
    node.rotate()
    node.make(2)
    node.deliver()
    site = node.running.site
    del site.batches[2], site.publics[2]
    site.later, site.promised = {}, site.rotations[0]["pub"]
    site.promised = keys.digest(bytes.fromhex(site.rotations[0]["pub"]))
    node.make(1)
    with pytest.raises((TryLater, Barred)):
        node.deliver()
    node.deliver()
    assert sorted(site.batches) == [1, 2] and sorted(site.later[2]) == [1, 2, 3]
    assert node.store.get("halted") is None


def test_a_backup_from_before_a_rotation_stops_instead_of_forking(
    node: Node, tmp_path: Path
) -> None:
    node.make(1)
    node.deliver()
    folder = tmp_path / "restored"
    copied(node, folder)
    node.rotate()
    node.make(1)
    node.deliver()
    site = node.running.site
    site.next_receipt = site.later[2][1].receipt
    restored = Node(Store.opened(folder), folder, node.running)
    restored.second = node.second
    restored.make(1)
    with pytest.raises(Halted):
        restored.deliver()
    assert str(restored.store.get("halted")).startswith("restored_or_cloned")
    assert sorted(site.batches) == [1]
    restored.store.close()


def copied(node: Node, folder: Path) -> None:
    """A backup of the state folder, as SQLite makes one."""
    folder.mkdir(mode=0o700)
    for name in (keys.KEY, keys.NEXT):
        (folder / name).write_bytes((node.folder / name).read_bytes())
        (folder / name).chmod(0o600)
    source = sqlite3.connect(node.folder / "agent.sqlite3")
    target = sqlite3.connect(folder / "agent.sqlite3")
    source.backup(target)
    source.close()
    target.close()


def test_a_stick_carries_rotation_backlog_and_receipts(node: Node, tmp_path: Path) -> None:
    node.make(2)
    node.rotate()
    node.make(1)
    stick = tmp_path / "stick.coopbatch"
    assert export(node.store, stick) == 3
    lines = [dsse.Envelope.from_json(line) for line in stick.read_bytes().splitlines()]
    _, answer, _ = node.running.site.accepted(lines)
    back = tmp_path / "stick.coopreceipts"
    back.write_bytes(b"".join(strict_json.dumps(r) + b"\n" for r in answer["results"]))
    found = import_receipts(node.store, back)
    assert (found.receipts, found.others, found.untaken) == (3, 0, 0)
    assert all(state == "receipted" for _, _, state in node.states())
    newest = epochs.newest(node.store)
    assert newest is not None and newest.state == "accepted"
    again = import_receipts(node.store, back)
    assert again.receipts == 3
    assert export(node.store, stick) == 0
    assert chain_problems(node.store) == []


def test_only_what_the_site_signed_is_taken_from_a_file(node: Node, tmp_path: Path) -> None:
    node.make(2)
    site, back = node.running.site, tmp_path / "back"
    chains = [r["chain"] for r in node.store.rows("SELECT chain FROM envelope ORDER BY seq")]
    own, site.seed = site.seed, bytes(32)
    forged = site.result(1, chains[0], "accepted", site.receipt(1, chains[0]))
    site.seed = own
    other = site.result(2, chains[0], "accepted", site.receipt(2, chains[0]))
    refused = site.result(2, chains[1], "rejected", None, "schema")
    foreign = site.result(1, chains[0], "accepted", None) | {"node": "another"}
    lines = [forged, other, refused, foreign]
    back.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    found = import_receipts(node.store, back)
    assert (found.receipts, found.others, found.untaken) == (0, 1, 3)
    assert [s for _, _, s in node.states()] == ["sealed", "sealed"]
    back.write_bytes(b"not JSON\n")
    with pytest.raises(AgentError, match="line 1"):
        import_receipts(node.store, back)


def test_a_file_that_proves_another_history_stops_the_node(node: Node, tmp_path: Path) -> None:
    node.make(1)
    site, back = node.running.site, tmp_path / "back"
    [chain] = [r["chain"] for r in node.store.rows("SELECT chain FROM envelope")]
    line = site.result(1, chain, "conflict", site.receipt(1, "ab" * 32))
    back.write_bytes(json.dumps(line).encode())
    with pytest.raises(AgentError, match="conflict"):
        import_receipts(node.store, back)
    assert node.store.get("halted") is not None
