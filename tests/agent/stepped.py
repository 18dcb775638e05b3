"""A node's year in small, killed before any step that anybody outside could notice.

A step is the begin or the commit of a transaction, a file that gets or loses a name, or a
connection to the site: between two of them nothing reaches disk or network. `live` forks a child,
which ends itself with SIGKILL before step number `last` (0: never).
"""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coop_agent import epochs, keys, rotation
from coop_agent.clock import Moment, boot_id, monotonic, now
from coop_agent.config import Intervals
from coop_agent.delivery import Delivery, TryLater
from coop_agent.drivers import Reading
from coop_agent.sampling import Sweep, absorb
from coop_agent.sealing import seal
from coop_agent.store import Store
from coop_agent.wire import Site

METER = "if:busy:tx"
LIMITS = Intervals(1, 1, 1)
NAMED = ("os.rename", "os.link", "os.remove", "socket.connect")
TRANSACTION = ("BEGIN", "COMMIT")


class Steps:
    """Counts, and kills this process before the last."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.taken = 0

    def take(self, *_: Any) -> None:
        self.taken += 1
        if self.taken == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(self, event: str, _: Any) -> None:
        if event in NAMED:
            self.take()

    def trace(self, statement: str) -> None:
        if statement.startswith(TRANSACTION):
            self.take()


def live(folder: Path, url: str, last: int = 0) -> int:
    """One life in a child; returns the steps that it took, or 0 where it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            steps = Steps(last)
            work(folder, url, steps)
            os.write(writing, str(steps.taken).encode())
            status = 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == (0 if said else -signal.SIGKILL), f"the child ended with {status}"
    return int(said or 0)


def work(folder: Path, url: str, steps: Steps) -> None:
    """Samples, seals and delivers; takes the next key once; and goes on."""
    store = Store.opened(folder)
    watched(store).set_trace_callback(steps.trace)
    sys.addaudithook(steps.hear)
    year(folder, store, url, 2)
    change_keys(folder, store, url)
    year(folder, store, url, 2)


def watched(store: Store) -> sqlite3.Connection:
    return store._db


def change_keys(folder: Path, store: Store, url: str) -> None:
    """What `coop-agent rotate` does, once in a node's life."""
    newest = epochs.newest(store)
    assert newest is not None
    if newest.number == 1 or store.get(rotation.ONGOING) is not None:
        rotation.rotate(folder, store, now())
        deliver(folder, store, url)
        rotation.told(store)


def year(folder: Path, store: Store, url: str, rounds: int) -> None:
    for _ in range(rounds):
        absorb(store, [sampled()], LIMITS, starting=False)
        seal(store, keys.current(folder, store), moment())
        deliver(folder, store, url)


def deliver(folder: Path, store: Store, url: str) -> None:
    delivery = Delivery(store, keys.current(folder, store), Site(url))
    # What else the site says is asked elsewhere: it would only make the walk longer.
    quiet: Callable[[], None] = lambda: None  # noqa: E731
    delivery._inquire = quiet  # type: ignore[method-assign]
    try:
        while delivery.offer():
            pass
    except TryLater as error:
        print(f"not delivered: {error}", file=sys.stderr)


def moment() -> Moment:
    """A thousand times faster, so that every round ends a record."""
    return Moment(boot_id(), monotonic() * 1000, int(time.time()))


def sampled() -> Sweep:
    return Sweep("busy", moment(), [Reading(METER, "counter", "By", monotonic(), "inc")], 0)


if __name__ == "__main__":
    work(Path(sys.argv[1]), sys.argv[2], Steps(0))
