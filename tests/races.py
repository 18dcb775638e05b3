"""Things that happen at the same moment, each on a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def at_once(*tasks: Callable[[], Result]) -> list[Result]:
    """What the tasks give, all started at the same moment, each on its own connection."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], Result]) -> Result:
        try:
            barrier.wait()
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))
