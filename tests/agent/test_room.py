"""When there is too little room: records merge, a full disk loses nothing, and both are said."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from coop_agent import config, keys
from coop_agent.clock import Moment
from coop_agent.config import BACKLOG_LIMIT, Wishes
from coop_agent.drivers import Reading
from coop_agent.loop import Agent, Setup
from coop_agent.merging import merge
from coop_agent.sampling import Sweep
from coop_agent.sealing import seal
from coop_agent.spare import MOST_OF_A_METER, Spare
from coop_agent.store import Store
from coop_agent.wire import Site
from tests.agent.scripted import LIMITS, at, counted, counter, gauge, records, take


def test_records_of_one_incarnation_become_one_from_first_to_last(store: Store) -> None:
    for minute in range(0, 61, 5):
        take(store, at(60 * minute), counter(100 * minute), gauge(minute))
    before = records(store)
    assert merge(store) == len(before) - 3
    assert counted(store) == [("0", "0"), ("0", "6000")]
    [joined] = [r for r in records(store) if r["k"] == "gauge"]
    assert (joined["mt0"], joined["mt1"]) == ("0", str(3600 * 10**9))
    spans = [(int(r["mt1"]) - int(r["mt0"])) * int(r["v"]) for r in before if r["k"] == "gauge"]
    assert int(joined["v"]) == sum(spans) // (3600 * 10**9)
    assert (joined["t0"], joined["t1"]) == ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z")
    assert merge(store) == 0


def test_what_does_not_join_stays_as_it_is(store: Store) -> None:
    values = [(0, 10, "a"), (300, 20, "a"), (600, 5, "a"), (900, 9, "a"), (1200, 3, "b"),
              (1500, 8, "b"), (1800, 9, "b")]  # fmt: skip
    for second, value, inc in values:
        take(store, at(second), counter(value, inc, 1 if inc == "a" else 9))
    merge(store)
    assert counted(store) == [
        ("10", "10"), ("10", "20"), ("20", "5"), ("5", "9"), ("3", "3"), ("3", "9"),
    ]  # fmt: skip


def test_records_with_and_without_a_clock_are_not_joined(store: Store) -> None:
    for second in (0, 300, 600):
        take(store, at(second, clock=False), counter(second))
    for second in (900, 1200):
        take(store, at(second), counter(second))
    merge(store)
    joined = [r for r in records(store) if r["k"] == "counter"]
    assert all(("t0" in r) == ("t1" in r) for r in joined)
    assert sum(int(r["r1"]) - int(r["r0"]) for r in joined) == 1200


def test_under_pressure_little_is_sealed_and_sealed_batches_wait(
    enrolled: Store, folder: Path
) -> None:
    key = keys.loaded(folder)
    take(enrolled, at(0), counter(0))
    seal(enrolled, key, at(0))
    enrolled.run("UPDATE envelope SET size = ?", BACKLOG_LIMIT)
    assert config.is_pressed(enrolled.backlog())
    agent = Agent(setup(folder), Event())
    for second in range(300, 6000, 300):
        take(enrolled, at(second), counter(second))
    assert agent._is_sealing_due(enrolled, float("inf")) is False
    assert counted(enrolled) == [("0", "5700")]
    states = [r["state"] for r in enrolled.rows("SELECT state FROM envelope")]
    assert states == ["sealed"]


def setup(folder: Path, *drivers: "Scripted") -> Setup:
    return Setup(folder, Site("http://127.0.0.1:1"), list(drivers), Wishes(1, 1, 1))  # type: ignore[arg-type]


class Scripted:
    """A driver that reads what the test says."""

    name = "netdev"

    def __init__(self, *values: tuple[int, str]) -> None:
        self._values = iter(values)

    def read(self, boot: str) -> list[Reading]:
        value, inc = next(self._values)
        return [counter(value, inc, 1 if inc == "a" else 2)]

    def measures(self, meter: str) -> bool:
        return True


def test_a_full_disk_loses_no_reading_and_is_said(enrolled: Store, folder: Path) -> None:
    values = [(0, "a"), (50, "a"), (90, "a"), (7, "b"), (40, "b"), (41, "b")]
    agent = Agent(setup(folder, Scripted(*values)), Event())
    assert agent._sample_once(enrolled, LIMITS, True) is True
    with full_disk():
        for _ in values[1:-1]:
            assert agent._sample_once(enrolled, LIMITS, False) is False
    assert agent._sample_once(enrolled, LIMITS, False) is True
    assert [r["why"] for r in records(enrolled) if r["k"] == "gap"] == ["disk_full"]
    open_record = enrolled.row("SELECT inc, r0, r1 FROM meter")
    assert open_record is not None and tuple(open_record) == ("b", "7", "41")
    assert [(r["inc"], r["r0"], r["r1"]) for r in records(enrolled) if r["k"] == "counter"] == [
        ("a", "0", "0"), ("a", "0", "90"), ("b", "7", "7"),
    ]  # fmt: skip


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond a kilobyte: the system itself refuses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_memory_for_a_full_disk_is_bounded() -> None:
    spare = Spare()
    for n in range(100):
        moment = Moment("boot-1", n, None)
        spare.keep([Sweep("netdev", moment, [counter(100 - n)], 0)])
    held = [reading for round_ in spare.rounds() for sweep in round_ for reading in sweep.readings]
    assert [reading.value for reading in held] == list(range(MOST_OF_A_METER, 0, -1))
    for round_ in spare.rounds():
        spare.forget(round_)
    assert not spare
