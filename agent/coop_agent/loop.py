"""The running agent: threads that sample, seal, send and act, and meet only in the store."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nacl.signing import SigningKey

from coop_agent import config, keys, log, memory
from coop_agent.answers import Barred, Halted, TryLater
from coop_agent.clock import now
from coop_agent.delivery import HOUR, Delivery
from coop_agent.hooks import Hooks
from coop_agent.merging import merge
from coop_agent.pulse import Pulse, feeding_interval, notify
from coop_agent.sampling import DISK_FULL, Sweep, absorb, note_full_disk, swept
from coop_agent.sealing import MAX_RECORDS, prune, seal
from coop_agent.spare import Spare
from coop_agent.store import Store
from coop_agent.wire import Site

if TYPE_CHECKING:
    from coop_agent.drivers.choose import Guarded

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Ends the wait of the main thread when the work has ended by itself.
FINISHED = signal.SIGUSR1
PATIENCE = 10
MAX_PAUSE = 900
MAX_BOOT_DELAY = 60
# A request may go over a line that carries a few hundred bytes a second.
SLOW_LINE = 1800
DRIVER_TIME = 20
SLACK = 120


class Setup(NamedTuple):
    """What the command line decided. `first_pause` is the shortest wait before a retry."""

    folder: Path
    site: Site
    drivers: list["Guarded"]
    wishes: config.Wishes
    first_pause: int = 5
    barred_pause: int = HOUR
    hooks: Hooks | None = None
    pulse: Pulse | None = None


def until_told(work: Callable[[threading.Event], int], pulse: Pulse | None = None) -> int:
    """Run `work` until it returns or SIGTERM or SIGINT comes; then its event is set.

    With a pulse the watchdog of systemd is fed meanwhile, as long as nobody in it is late.
    """
    # Waiting for signals, rather than handling them, cannot meet a lock of this same thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, {*SIGNALS, FINISHED})
    stop = threading.Event()
    outcome: list[int | BaseException] = []
    thread = threading.Thread(target=_carry_out, args=(work, stop, outcome), daemon=True)
    thread.start()
    _wait_for_signal(pulse)
    stop.set()
    notify("STOPPING=1")
    thread.join(PATIENCE)
    result = outcome[0] if outcome else 0
    if isinstance(result, BaseException):
        raise result
    return result


def _wait_for_signal(pulse: Pulse | None) -> None:
    awaited = {*SIGNALS, FINISHED}
    interval = feeding_interval()
    if pulse is None or interval is None:
        signal.sigwait(awaited)
        return
    while True:
        late = pulse.late()
        if late:
            log.error("not heard of any more: %s", ", ".join(late))
        else:
            notify("WATCHDOG=1")
        if signal.sigtimedwait(awaited, interval) is not None:
            return


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
        self._pulse = setup.pulse or Pulse()
        self._hooks = setup.hooks or Hooks()
        self._stop = stop
        self._sealed = threading.Event()
        self._full = threading.Event()
        self._failed = False
        self._spare = Spare()

    def run(self) -> int:
        """Work until told to stop; 1 if a thread failed, so that a supervisor starts anew."""
        key = self._key()
        parts = [self._sample, lambda: self._seal(key), lambda: self._send(key)]
        if self._hooks:
            parts.append(self._act)
        threads = [threading.Thread(target=self._guard, args=(p,), daemon=True) for p in parts]
        for thread in threads:
            thread.start()
        memory.trim()
        self._stop.wait()
        self._sealed.set()
        self._full.set()
        for thread in threads:
            thread.join(PATIENCE / 2)
        return 1 if self._failed else 0

    def _key(self) -> SigningKey:
        store = Store.opened(self._setup.folder)
        try:
            return keys.current(self._setup.folder, store)
        finally:
            store.close()

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
            self._pulse.expect("sampling", DRIVER_TIME * len(self._setup.drivers) + SLACK)
            limits = self._limits(store)
            starting = not self._sample_once(store, limits, starting) and starting
            due = max(due + limits.sample_s, time.monotonic())
            self._pulse.expect("sampling", limits.sample_s + SLACK)
            self._stop.wait(due - time.monotonic())

    def _sample_once(self, store: Store, limits: config.Intervals, starting: bool) -> bool:
        sweeps = swept(self._setup.drivers)
        try:
            why = self._caught_up(store, limits, sweeps)
            absorb(store, sweeps, limits, starting=starting, why=why)
            if store.number("SELECT count(*) FROM record") >= MAX_RECORDS:
                self._full.set()
        except sqlite3.OperationalError as error:
            log.error("a sample could not be kept, it stays in memory: %s", error)
            self._spare.keep(sweeps)
            return False
        return bool(sweeps)

    def _caught_up(self, store: Store, limits: config.Intervals, sweeps: list[Sweep]) -> str:
        """Store what was held in memory while the disk took nothing; the reason of its gaps."""
        if not self._spare or not sweeps:
            return ""
        with store.transaction():
            note_full_disk(store, sweeps[-1].moment)
        for held in self._spare.rounds():
            absorb(store, held, limits, starting=False, why=DISK_FULL)
            self._spare.forget(held)
        return DISK_FULL

    def _seal(self, key: SigningKey) -> None:
        store = Store.opened(self._setup.folder)
        due = time.monotonic()
        while not self._stop.is_set():
            self._pulse.expect("sealing", SLOW_LINE)
            try:
                if self._is_sealing_due(store, due):
                    self._seal_once(store, key)
                    due = time.monotonic() + self._limits(store).seal_s
            except sqlite3.OperationalError as error:
                log.error("nothing could be sealed: %s", error)
                due = time.monotonic() + self._setup.first_pause
            self._pulse.rest("sealing")
            self._full.clear()
            self._full.wait(max(0, due - time.monotonic()))

    def _is_sealing_due(self, store: Store, due: float) -> bool:
        """Whether it is time, or there is too much; under pressure merging may make it less."""
        if config.is_pressed(store.backlog()):
            merge(store)
        waiting = store.number("SELECT count(*) FROM record")
        return time.monotonic() >= due or waiting >= MAX_RECORDS

    def _seal_once(self, store: Store, key: SigningKey) -> None:
        if seal(store, key, now()):
            self._sealed.set()
        prune(store, now())
        memory.trim()

    def _send(self, key: SigningKey) -> None:
        store = Store.opened(self._setup.folder)
        delivery = Delivery(store, key, self._setup.site)
        # After a power cut in the village not all nodes should call in the same second.
        self._stop.wait(chance(0, min(MAX_BOOT_DELAY, self._limits(store).seal_s / 10)))
        failures = 0
        while not self._stop.is_set():
            self._sealed.clear()
            self._pulse.expect("sending", SLOW_LINE)
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

    def _act(self) -> None:
        """Run the owner's commands, apart from all that meters and delivers."""
        store = Store.opened(self._setup.folder)
        while not self._stop.is_set():
            try:
                self._hooks.act(store, now(), self._stop)
            except sqlite3.OperationalError as error:
                log.error("the hooks could not be run: %s", error)
            self._stop.wait(min(60, self._limits(store).sample_s))

    def _rest(self, pause: int | None) -> None:
        if pause is None:
            self._pulse.rest("sending")
            self._sealed.wait()
        else:
            self._pulse.expect("sending", pause + SLACK)
            self._stop.wait(pause)

    def _backoff(self, failures: int, asked: int) -> int:
        first = self._setup.first_pause
        longest = min(MAX_PAUSE, first * 2 ** min(failures, 10))
        return max(round(chance(first, longest)), min(asked, HOUR))


def chance(low: float, high: float) -> float:
    """Anything between the two, so that not all nodes come at once."""
    return low + (high - low) * int.from_bytes(os.urandom(4)) / 2**32
