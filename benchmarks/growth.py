"""`python -m benchmarks.growth [--quick]`: does anything slow down as the history grows?

On one throw-away durable server a small cooperative is founded through the services, once; of it
a copy is made for each size and filled with history (benchmarks/history.py). Each thing is then
done five times and the median is told, with its ratio to that at the smallest size.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.server import throw_away

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

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
        books = {size: filled(size, work) for size in sizes}
        print(table(measured(books, work)))
        for opened in books.values():
            opened.close()


@contextmanager
def throw_away_server() -> Iterator[None]:
    """A durable PostgreSQL, with room for much WAL, and a Redis."""
    with throw_away() as services:
        services.start()
        on_the_server(services.postgres.url, "ALTER SYSTEM SET max_wal_size = '8GB'")
        on_the_server(services.postgres.url, "SELECT pg_reload_conf()")
        yield


def prepared() -> "Work":
    """A migrated database with the small cooperative."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("check")  # imports all that will be needed
    call_command("migrate", verbosity=0)
    from benchmarks.growth_work import found_work

    return found_work()


def filled(size: int, work: "Work") -> "BaseDatabaseWrapper":
    """A connection to a copy of the database with so much history."""
    from benchmarks import history

    opened, began = copy(f"growth_{size}"), time.monotonic()
    with using(opened):
        history.fill(size, work.accounts)
        work.settle_down()
        if size < max(SIZES):  # the way it is filled is the same, and proving it takes minutes
            work.check()
    print(f"{size:>10,} entries filled in {time.monotonic() - began:.0f} s", flush=True)
    return opened


def copy(name: str) -> "BaseDatabaseWrapper":
    """A connection to a new database that is as Django's is now."""
    from django.db import connections

    now = connections["default"]
    now.close()
    on_the_server(
        os.environ["DATABASE_URL"], f"CREATE DATABASE {name} TEMPLATE {now.settings_dict['NAME']}"
    )
    opened = connections.create_connection("default")
    opened.settings_dict = {**now.settings_dict, "NAME": name}
    return opened


@contextmanager
def using(opened: "BaseDatabaseWrapper") -> Iterator[None]:
    """Let Django's connection be this one."""
    from django.db import connections

    was = connections["default"]
    connections["default"] = opened
    try:
        yield
    finally:
        connections["default"] = was


def measured(books: dict[int, "BaseDatabaseWrapper"], work: "Work") -> dict[int, dict[str, float]]:
    """The median milliseconds of each thing at each size; one round before them warms up.

    The sizes take turns, so that whatever else this machine does burdens all of them alike.
    """
    actions: dict[int, dict[str, Action]] = {}
    for size, opened in books.items():
        with using(opened):
            actions[size] = work.actions()
    found: dict[int, dict[str, float]] = {size: {} for size in books}
    for name in actions[min(books)]:
        times: dict[int, list[float]] = {size: [] for size in books}
        for n in range(ROUNDS + 1):
            for size, opened in books.items():
                with using(opened):
                    times[size].append(once(actions[size][name](n)))
        for size in books:
            found[size][name] = statistics.median(times[size][1:])
    return found


def once(timed: Callable[[], object]) -> float:
    """Milliseconds that a call takes."""
    began = time.perf_counter()
    timed()
    return (time.perf_counter() - began) * 1000


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
