"""The running agent: three threads that sample, seal and send, and meet only in the store."""

import logging
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nacl.signing import SigningKey

from coop_agent import config, keys
from coop_agent.clock import now
from coop_agent.delivery import HOUR, Barred, Delivery, Halted, TryLater
from coop_agent.drivers.choose import Guarded
from coop_agent.sampling import absorb, swept
from coop_agent.sealing import MAX_RECORDS, prune, seal
from coop_agent.store import Store
from coop_agent.wire import Site

log = logging.getLogger(__name__)
SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Ends the wait of the main thread when the work has ended by itself.
FINISHED = signal.SIGUSR1
PATIENCE = 10
MAX_PAUSE = 900
MAX_BOOT_DELAY = 60


@dataclass(frozen=True, slots=True)
class Setup:
    """What the command line decided. `first_pause` is the shortest wait before a retry."""

    folder: Path
    site: Site
    drivers: list[Guarded]
    wishes: config.Wishes
    first_pause: int = 5
    barred_pause: int = HOUR


def until_told(work: Callable[[threading.Event], int]) -> int:
    """Run `work` until it returns or SIGTERM or SIGINT comes; then its event is set."""
    # Waiting for signals, rather than handling them, cannot meet a lock of this same thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, {*SIGNALS, FINISHED})
    stop = threading.Event()
    outcome: list[int | BaseException] = []
    thread = threading.Thread(target=_carry_out, args=(work, stop, outcome), daemon=True)
    thread.start()
    signal.sigwait({*SIGNALS, FINISHED})
    stop.set()
    thread.join(PATIENCE)
    result = outcome[0] if outcome else 0
    if isinstance(result, BaseException):
        raise result
    return result


def _carry_out(
    work: Callable[[threading.Event], int],
    stop: threading.Event,
    outcome: list[int | BaseException],
) -> None:
    try:
        outcome.append(work(stop))
    except BaseException as error:  # raised again in the main thread
        outcome.append(error)
    finally:
        os.kill(os.getpid(), FINISHED)


class Agent:
    """One enrolled node at work."""

    def __init__(self, setup: Setup, stop: threading.Event) -> None:
        self._setup = setup
        self._stop = stop
        self._sealed = threading.Event()
        self._full = threading.Event()
        self._failed = False

    def run(self) -> int:
        """Work until told to stop; 1 if a thread failed, so that a supervisor starts anew."""
        key = keys.loaded(self._setup.folder)
        parts = (self._sample, lambda: self._seal(key), lambda: self._send(key))
        threads = [threading.Thread(target=self._guard, args=(p,), daemon=True) for p in parts]
        for thread in threads:
            thread.start()
        self._stop.wait()
        self._sealed.set()
        self._full.set()
        for thread in threads:
            thread.join(PATIENCE / 2)
        return 1 if self._failed else 0

    def _guard(self, part: Callable[[], None]) -> None:
        try:
            part()
        except Exception:
            log.exception("a part of the agent failed")
            self._failed = True
            self._stop.set()

    def _limits(self, store: Store) -> config.Intervals:
        return config.stretched(config.intervals(store, self._setup.wishes), store.backlog())

    def _sample(self) -> None:
        store = Store.opened(self._setup.folder)
        starting = True
        due = time.monotonic()
        while not self._stop.is_set():
            limits = self._limits(store)
            starting = not self._sample_once(store, limits, starting) and starting
            due = max(due + limits.sample_s, time.monotonic())
            self._stop.wait(due - time.monotonic())

    def _sample_once(self, store: Store, limits: config.Intervals, starting: bool) -> bool:
        sweeps = swept(self._setup.drivers)
        try:
            absorb(store, sweeps, limits, starting=starting)
            if store.number("SELECT count(*) FROM record") >= MAX_RECORDS:
                self._full.set()
        except sqlite3.OperationalError as error:
            # A full disk: counters go on by themselves, and the next sample that fits has it all.
            log.error("a sample could not be kept: %s", error)
            return False
        return bool(sweeps)

    def _seal(self, key: SigningKey) -> None:
        store = Store.opened(self._setup.folder)
        while not self._stop.is_set():
            try:
                if seal(store, key, now()):
                    self._sealed.set()
                prune(store, now())
            except sqlite3.OperationalError as error:
                log.error("nothing could be sealed: %s", error)
            self._full.clear()
            self._full.wait(self._limits(store).seal_s)

    def _send(self, key: SigningKey) -> None:
        store = Store.opened(self._setup.folder)
        delivery = Delivery(store, key, self._setup.site)
        # After a power cut in the village not all nodes should call in the same second.
        self._stop.wait(random.uniform(0, min(MAX_BOOT_DELAY, self._limits(store).seal_s / 10)))
        failures = 0
        while not self._stop.is_set():
            self._sealed.clear()
            try:
                pause = 0 if delivery.offer() else None
                failures = 0
            except (TryLater, sqlite3.OperationalError) as error:
                pause = self._backoff(failures, getattr(error, "pause", 0))
                failures += 1
                log.warning("not delivered, next try in %d s: %s", pause, error)
            except (Barred, Halted) as error:
                pause = self._setup.barred_pause
                delivery.greet_again()
                log.error("the site takes nothing from this node: %s", error)
            self._rest(pause)

    def _rest(self, pause: int | None) -> None:
        if pause is None:
            self._sealed.wait()
        else:
            self._stop.wait(pause)

    def _backoff(self, failures: int, asked: int) -> int:
        first = self._setup.first_pause
        longest = min(MAX_PAUSE, first * 2 ** min(failures, 10))
        return max(round(random.uniform(first, longest)), min(asked, HOUR))
