"""4: the database is put back to last week's dump.

Real pg_dump and pg_restore. The log of the restored database has the very head that its mirror
kept of that week; a mirror that was lost fills again to the same root; a mirror that had seen more
raises its alarm. The agents notice by themselves that the site has lost batches that it receipted,
and offer them again: evidence, chains and books are again what they were before the loss.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from coop.invariants import all_broken
from coop.local.places import find_places
from coop.local.programs import postgres_folder
from coop_agent.config import Intervals
from ledger.log import tree
from ledger.log.mirror import NotContinued, mirror
from metering.models import Envelope, Meter, Receipt
from metering.services import assign_meter
from signing import merkle, tiles
from signing.tiles import Address
from tests.acceptance.field import TX, FieldNode, everything_that_counts, rate_all, wall
from tests.ledger.test_mirror import root_in
from tests.metering.world import Valley, make_valley
from tests.sealing import seal_all

PLACE = ("host", "port", "user")


def program(name: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on this test's server."""
    folder = postgres_folder(find_places(Path(os.environ["COOP_DATA_DIR"])))
    given = connection.get_connection_params()
    place = [f"--{key.replace('user', 'username')}={given[key]}" for key in PLACE if given.get(key)]
    done = subprocess.run(
        [str(folder / name), *place, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def dump(file: Path) -> Path:
    program("pg_dump", "--format=custom", "--no-owner", f"--file={file}", database())
    return file


def restore(file: Path) -> None:
    """The whole database as it was when it was dumped."""
    name, given = database(), connection.get_connection_params()
    connection.close()
    with psycopg.connect(**given | {"dbname": "postgres"}, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
    program("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={name}", str(file))
    connection.connect()


def database() -> str:
    return str(connection.settings_dict["NAME"])


@pytest.fixture
def empty_again(transactional_db: None) -> Iterator[None]:
    """Whatever becomes of the database, the next test finds one with tables in it."""
    yield
    connection.ensure_connection()


def lived(valley: Valley, nodes: list[FieldNode], batches: int) -> None:
    """Some more hours of traffic, delivered by the agents themselves, rated and sealed."""
    for node in nodes:
        for _ in range(batches):
            node.live(300, 10**8)
            node.seal()
        node.deliver()
    rate_all()
    seal_all()


def head() -> tuple[int, bytes]:
    found = tree.newest()
    assert found is not None
    return int(found.size), bytes(found.root)


def make_nodes(valley: Valley, folder: Path) -> list[FieldNode]:
    then = int(timezone.now().timestamp()) - 5 * 3600
    nodes = [FieldNode(folder / name, then, name) for name in ("gate", "mast")]
    for node in nodes:
        node.limits = Intervals(60, 300, 900)
    for node in nodes:
        node.sample(starting=True)
        node.seal()
        node.deliver()
        assign_meter(
            actor=valley.steward,
            meter=Meter.objects.get(node=node.row, name=TX),
            member=valley.ben,
            pool=valley.pool,
            resource=valley.resource("bandwidth"),
            since=wall(node.at),
        )
    return nodes


@pytest.mark.timeout(600)
def test_04_a_restored_site_has_the_same_root_and_gets_its_evidence_back(
    empty_again: None, tmp_path: Path
) -> None:
    valley = make_valley()
    nodes = make_nodes(valley, tmp_path)
    lived(valley, nodes, 3)
    mirror(tmp_path / "mirror")
    last_week, week = dump(tmp_path / "week.dump"), head()
    lived(valley, nodes, 4)
    mirror(tmp_path / "mirror")
    wanted, today = everything_that_counts(), head()
    lost = set(Receipt.objects.values_list("payload", flat=True))
    latest = dump(tmp_path / "today.dump")
    assert today[0] > week[0]

    restore(last_week)
    assert head() == week
    assert_beginning(tmp_path / "mirror", week)
    assert mirror(tmp_path / "refilled") > 0
    assert root_in(tmp_path / "refilled") == week
    assert Envelope.objects.count() < len(wanted["envelopes"])

    for node in nodes:
        node.live(300, 10**8)
        node.seal()
        node.deliver()
    rate_all()
    assert_all_back(nodes, wanted)
    seal_all()
    with pytest.raises(NotContinued):
        mirror(tmp_path / "mirror")
    assert mirror(tmp_path / "refilled") > 0
    assert all_broken() == []

    restore(latest)
    assert head() == today == root_in(tmp_path / "mirror")
    assert mirror(tmp_path / "mirror") == 0
    assert {bytes(p) for p in lost} == {
        bytes(p) for p in Receipt.objects.values_list("payload", flat=True)
    }


def assert_beginning(folder: Path, kept: tuple[int, bytes]) -> None:
    """The restored head is over the first leaves of what the mirror has."""
    size, root = kept
    whole, _ = root_in(folder)
    hashes: list[bytes] = []
    for number in range(-(-whole // tiles.WIDTH)):
        width = tiles.width_at(0, number, whole)
        bundle = (folder / Address(None, number, width).path()).read_bytes()
        hashes += map(merkle.leaf_hash, tiles.parse_bundle(bundle))
    assert merkle.root(hashes[:size]) == root


def assert_all_back(nodes: list[FieldNode], wanted: dict[str, list[tuple[object, ...]]]) -> None:
    """Every batch that was lost is there again, byte for byte, and counted to the same numbers."""
    found = everything_that_counts()
    for name in ("envelopes", "readings", "usage"):
        assert set(map(repr, wanted[name])) <= set(map(repr, found[name])), name
    assert len(found["envelopes"]) == len(wanted["envelopes"]) + len(nodes)
    for node in nodes:
        left = node.store.number("SELECT count(*) FROM envelope WHERE state <> 'receipted'")
        assert left == 0
        alerts = node.store.rows("SELECT code FROM alert")
        assert {row["code"] for row in alerts} == {"offered_again"}
