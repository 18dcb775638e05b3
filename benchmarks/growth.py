"""`python -m benchmarks.growth [--quick]`: does anything slow down as the history grows?

On one throw-away durable server a small cooperative is founded through the services, once; of it
a copy is made for each size and filled with history (benchmarks/history.py). Each thing is then
done five times and the median is told, with its ratio to that at the smallest size.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coop.local import Services
from coop.local.places import find_places

if TYPE_CHECKING:
    from benchmarks.growth_work import Work

SIZES = (100_000, 1_000_000, 10_000_000)
QUICK = SIZES[:2]
ROUNDS = 5
Action = Callable[[int], Callable[[], object]]
"""prepares round n, and gives what is to be timed"""


def main() -> None:
    """Fill, measure, print, and leave nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="stop at a million entries")
    sizes = QUICK if parser.parse_args().quick else SIZES
    with throw_away_server():
        work = prepared()
        found = {size: measured(size, work) for size in sizes}
    print(table(found))


@contextmanager
def throw_away_server() -> Iterator[None]:
    """A durable PostgreSQL and a Redis in a folder of their own, removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="coop-growth-"))
    home.chmod(0o755)
    (home / "static").mkdir()
    services = Services(find_places(home), durable=True)
    os.environ.update(
        COOP_DATA_DIR=str(home),
        DATABASE_URL=services.postgres.url,
        REDIS_URL=services.redis.url,
        DJANGO_SETTINGS_MODULE="coop.settings",
    )
    try:
        services.start()
        on_the_server(services.postgres.url, "ALTER SYSTEM SET max_wal_size = '8GB'")
        on_the_server(services.postgres.url, "SELECT pg_reload_conf()")
        yield
    finally:
        services.stop()
        for folder in (services.places.sockets, services.places.state, home):
            shutil.rmtree(folder, ignore_errors=True)


def prepared() -> "Work":
    """A migrated database with the small cooperative."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("check")  # imports all that will be needed
    call_command("migrate", verbosity=0)
    from benchmarks.growth_work import found_work

    return found_work()


def measured(size: int, work: "Work") -> dict[str, float]:
    """The median milliseconds of each thing in a copy of the database with so much history."""
    from benchmarks import history

    with copied(f"growth_{size}"):
        began = time.monotonic()
        history.fill(size, work.accounts)
        work.settle_down()
        if size < max(SIZES):  # the way it is filled is the same, and proving it takes minutes
            work.check()
        print(f"{size:>10,} entries filled in {time.monotonic() - began:.0f} s", flush=True)
        return {name: median_of(action) for name, action in work.actions().items()}


def median_of(action: Action) -> float:
    """Milliseconds, median of the rounds; one more before them warms up and does not count."""
    return statistics.median([once(action(n)) for n in range(ROUNDS + 1)][1:])


def once(timed: Callable[[], object]) -> float:
    """Milliseconds that a call takes."""
    began = time.perf_counter()
    timed()
    return (time.perf_counter() - began) * 1000


@contextmanager
def copied(name: str) -> Iterator[None]:
    """Django's database is a copy of what it was, which is dropped afterwards."""
    from django.db import connection

    was, url = connection.settings_dict["NAME"], os.environ["DATABASE_URL"]
    connection.close()
    on_the_server(url, f"CREATE DATABASE {name} TEMPLATE {was}")
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = was
        on_the_server(url, f"DROP DATABASE {name} WITH (FORCE)")


def on_the_server(url: str, statement: str) -> None:
    """Run a statement outside of every database of ours."""
    from psycopg import connect

    with connect(url, dbname="postgres", autocommit=True) as server:
        server.execute(statement.encode())


def table(found: dict[int, dict[str, float]]) -> str:
    """Milliseconds by thing and size, with the ratio to the smallest."""
    smallest = min(found)
    heads = [f"{size:,}".rjust(12) + " ratio" for size in found]
    lines = ["milliseconds, median of five".ljust(46) + "".join(heads)]
    for name, base in found[smallest].items():
        cells = [f"{of[name]:12.2f} {of[name] / base:5.2f}" for of in found.values()]
        lines.append(name.ljust(46) + "".join(cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
