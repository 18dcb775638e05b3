"""Running callables in threads with their own connections, started together."""

import threading
from collections.abc import Callable, Sequence

from django.db import connections


def run_at_once(jobs: Sequence[Callable[[], object]]) -> list[object]:
    """What each job returned, or the exception that it raised, in the order given."""
    results: list[object] = [None] * len(jobs)
    barrier = threading.Barrier(len(jobs))

    def work(place: int) -> None:
        barrier.wait()
        try:
            results[place] = jobs[place]()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
