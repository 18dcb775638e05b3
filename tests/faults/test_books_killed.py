"""PostgreSQL killed with SIGKILL while it posts and while it seals, again and again.

A durable server of the test's own, writers and sequencers that insist. At the end nothing that
was acknowledged is lost, nothing is there twice, and the tree continues every head ever published.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from coop.local import Services
from coop.local.places import find_places
from coop.local.postgres import Postgres
from coop.local.process import workers_in
from tests.faults.books_at_work import postings

pytestmark = pytest.mark.timeout(400)
ROOT = Path(__file__).parents[2]
ROUNDS = 22
WRITERS = ("ana", "ben")
ACCOUNTS = 12
FILL = """
INSERT INTO ledger_commodity (code, kind, exponent) VALUES ('EUR', 'money', 2);
INSERT INTO ledger_account (commodity_id, kind, owner)
SELECT c.id, 'test', n::text FROM ledger_commodity c, generate_series(1, 12) AS n;"""
CHECK = """
import django; django.setup()
from ledger.invariants import INVARIANTS
from ledger.log import invariants, seal
while seal.seal_chunk(): pass
found = [s for check in INVARIANTS + invariants.INVARIANTS for s in check()]
print("\\n".join(found))"""
CONSISTENT = """
import sys
import django; django.setup()
from ledger.log import tree
from signing import merkle
newest = tree.newest()
for line in sys.stdin:
    size, root = line.split()
    old = int(size), bytes.fromhex(root)
    proof = tree.consistency(old[0], newest.size)
    merkle.verify_consistency(*old, newest.size, bytes(newest.root), proof)
    print(size)"""


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A durable server in a folder of its own; its processes are ended by number."""
    home = Path(tempfile.mkdtemp(prefix="coop-killed-"))
    home.chmod(0o755)
    services = Services(find_places(home))
    services.start_postgres()
    postgres = services.postgres
    yield postgres
    kill_all(postgres)
    for folder in (postgres.places.sockets, postgres.places.state, home):
        shutil.rmtree(folder, ignore_errors=True)


class Site:
    """What works on the server, each program with the file of all that it said."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self.postgres, self.folder = postgres, folder
        self.running: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": self.postgres.url,
            "DJANGO_SETTINGS_MODULE": "coop.settings",
        }

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True)

    def python(self, code: str, given: str = "") -> list[str]:
        """The lines that a program prints."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT, env=self.environment, check=True, input=given, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        return done.stdout.split("\n")[:-1] if done.stdout.strip() else []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A program that goes on for ever; what it says is added to its file."""
        command = [sys.executable, "-m", "tests.faults.books_at_work", *arguments]
        with (self.folder / "-".join(arguments[:2])).open("ab") as file:
            process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=file)
        self.running.append(process)
        return process

    def said(self, name: str) -> list[str]:
        """All whole lines that a program has said so far."""
        file = self.folder / name
        return file.read_text().split("\n")[:-1] if file.exists() else []

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def site(server: Postgres, tmp_path: Path) -> Iterator[Site]:
    made = Site(server, tmp_path)
    yield made
    made.end()


def kill_all(postgres: Postgres) -> None:
    """SIGKILL to the server and its backends: they are whoever works in its data folder."""
    while found := workers_in(postgres.data):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.01)


def until_more(site: Site, name: str, word: str = "") -> None:
    """Wait until a program says something more; the limit on the test ends what never comes."""
    seen = len(site.said(name))
    while not any(word in line for line in site.said(name)[seen:]):
        time.sleep(0.02)


def test_nothing_acknowledged_is_lost_or_doubled_and_the_log_goes_on(
    server: Postgres, site: Site
) -> None:
    site.manage("migrate", "ledger")
    with psycopg.connect(server.url) as connection:
        connection.execute(FILL.replace("12", str(ACCOUNTS)))
        found = connection.execute("SELECT id FROM ledger_account ORDER BY id").fetchall()
    accounts = [row[0] for row in found]
    for name in WRITERS:
        site.start("writer", name, *map(str, accounts))
    sequencer = site.start("sequencer")
    chance = random.Random(20)
    for turn in range(ROUNDS):
        until_more(site, "writer-ana")
        until_more(site, "sequencer", "sealing" if turn % 2 else " ")
        if turn % 2 == 0:
            time.sleep(chance.uniform(0, 0.1))
        if turn % 8 == 7:
            sequencer.kill()
            sequencer.wait()
        kill_all(server)
        server.start()
        if turn % 8 == 7:
            sequencer = site.start("sequencer")
    until_more(site, "sequencer", "sealing")
    site.end()
    acknowledged = {(name, key) for name in WRITERS for key in site.said(f"writer-{name}")}
    heads = [line for line in site.said("sequencer") if line != "sealing"]
    assert len(acknowledged) > ROUNDS < len(heads) * 3
    assert site.python(CHECK) == []
    assert len(site.python(CONSISTENT, "\n".join(heads))) == len(heads)
    assert_books(server, acknowledged, accounts)


def assert_books(server: Postgres, acknowledged: set[tuple[str, str]], accounts: list[int]) -> None:
    """Each acknowledged key is there once, and balances are what the keys there add up to."""
    with psycopg.connect(server.url) as connection:
        there = connection.execute("SELECT source, key FROM ledger_transaction").fetchall()
        kept = dict(connection.execute("SELECT account_id, amount FROM ledger_balance").fetchall())
    assert max(Counter(there).values()) == 1
    assert acknowledged <= set(there)
    expected = Counter(dict.fromkeys(accounts, 0))
    for name in WRITERS:
        steps = {int(key.partition(".")[0]) for source, key in there if source == name}
        for number in steps:
            for posting in postings(name, number, accounts):
                assert (name, posting.key) in there
                expected.update({leg.account_id: 0 for leg in posting.legs})
                for leg in posting.legs:
                    expected[leg.account_id] += leg.amount
    assert kept == dict(expected)
