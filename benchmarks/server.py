"""The one server that everything is measured on: thrown away afterwards, but durable."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from coop.local import Services
from coop.local.places import find_places
from coop.local.programs import postgres_folder

BOOKS, HORDAK, TPCB = "coop", "hordak", "tpcb"
SCALE = 50
"""pgbench's tellers and branches: more than connections, so that its rows are no bottleneck"""
THREADS = 2


@contextmanager
def throw_away() -> Iterator[Services]:
    """Durable services in a folder of their own, not started; removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="coop-bench-"))
    home.chmod(0o755)
    (home / "static").mkdir()
    services = Services(find_places(home), durable=True)
    os.environ.update(
        COOP_DATA_DIR=str(home),
        DATABASE_URL=services.postgres.url,
        HORDAK_URL=url_of(services, HORDAK),
        REDIS_URL=services.redis.url,
        DJANGO_SETTINGS_MODULE="coop.settings",
    )
    try:
        yield services
    finally:
        services.stop()
        for folder in (services.places.sockets, services.places.state, home):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def durable_server() -> Iterator[Services]:
    """PostgreSQL with fsync and synchronous_commit on, and the peers' databases."""
    with throw_away() as services:
        services.start_postgres()
        create_databases(services)
        yield services


def create_databases(services: Services) -> None:
    """The peers' databases; refuses to go on where a commit would not be durable."""
    with psycopg.connect(services.postgres.url, autocommit=True) as server:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = server.execute("SELECT current_setting(%s)", [name]).fetchone()
            if row != ("on",):
                raise SystemExit(f"{name} is {row}: nothing would be durable")
        server.execute(f"CREATE DATABASE {HORDAK}")
        server.execute(f"CREATE DATABASE {TPCB}")
    program(services, "--initialize", "--quiet", f"--scale={SCALE}", TPCB)


def url_of(services: Services, database: str) -> str:
    """Where a client finds one of the server's databases."""
    return f"postgresql://coop@/{database}?host={quote(str(services.places.sockets))}"


def transactions_per_second(
    services: Services, database: str, clients: int, seconds: float, *script: str
) -> float:
    """What pgbench reaches, its connecting not counted."""
    said = program(
        services, "--no-vacuum", f"--client={clients}",
        f"--jobs={min(clients, THREADS)}", f"--time={max(1, round(seconds))}", *script, database,
    )  # fmt: skip
    found = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    if found is None:
        raise SystemExit(said)
    return float(found[1])


def program(services: Services, *arguments: str) -> str:
    """What pgbench says."""
    command = [str(postgres_folder(services.places) / "pgbench"), *arguments]
    environment = {**os.environ, "PGHOST": str(services.places.sockets), "PGUSER": "coop"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout
