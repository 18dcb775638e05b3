"""From readings to records: what is open is on the disk after every sample.

A counter's records of one incarnation join without a hole, also over a stop of the agent, so a
kill loses no byte. A gauge's value is held for at most two record intervals.
"""

import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

from coop_agent import log
from coop_agent.clock import SECOND, Moment, boot_id, now, spelled
from coop_agent.config import Intervals
from coop_agent.drivers import Reading
from coop_agent.errors import DriverFailed
from coop_agent.store import Store

if TYPE_CHECKING:
    from coop_agent.drivers.choose import Guarded

LAST = "last_sample"
DISK_FULL = "disk_full"


class Sweep(NamedTuple):
    """What one driver read at one moment: the wanted readings, and the highest order of all."""

    driver: str
    moment: Moment
    readings: list[Reading]
    order: int


COLUMNS = (
    "meter", "driver", "kind", "unit", "bits", "cap", "inc", "boot",
    "t0", "mt0", "r0", "t1", "mt1", "r1", "area",
)  # fmt: skip


class Open:
    """A meter's open record, as the table `meter` keeps it. `area` is value times nanoseconds."""

    __slots__ = COLUMNS

    meter: str
    driver: str
    kind: str
    unit: str
    bits: int
    cap: str | None
    inc: str
    boot: str
    t0: int | None
    mt0: int
    r0: str
    t1: int | None
    mt1: int
    r1: str
    area: str

    def __init__(self, *values: Any) -> None:
        for name, value in zip(COLUMNS, values, strict=True):
            setattr(self, name, value)


class Round(NamedTuple):
    """What all meters of one round need to know."""

    store: Store
    limits: Intervals
    previous: Moment | None
    why: str

    @property
    def due(self) -> int:
        """The length at which a record ends; half a sample early, so that jitter adds none."""
        return self.limits.record_s * SECOND - self.limits.sample_s * SECOND // 2

    @property
    def hold(self) -> int:
        """For how long a value without a new sample is believed."""
        return 2 * self.limits.record_s * SECOND


def swept(drivers: list["Guarded"]) -> list[Sweep]:
    """Read every driver; one that fails is logged and left out."""
    sweeps: list[Sweep] = []
    for source in drivers:
        try:
            readings = source.read(boot_id())
        except DriverFailed as error:
            log.warning("%s", error)
            continue
        wanted = [r for r in readings if source.measures(r.meter)]
        order = max((r.order for r in readings), default=0)
        sweeps.append(Sweep(source.name, now(), wanted, order))
    return sweeps


def absorb(
    store: Store, sweeps: list[Sweep], limits: Intervals, *, starting: bool, why: str = ""
) -> None:
    """Take one round of readings into the store, in one transaction.

    `why` is the reason of gaps, where it is not that a driver failed or the agent was stopped.
    """
    if not sweeps:
        return
    with store.transaction():
        current = sweeps[-1].moment
        why = why or ("agent_stopped" if starting else "driver_failed")
        this = Round(store, limits, _previous(store), why)
        meters = {row["meter"]: _open(row) for row in store.rows("SELECT * FROM meter")}
        _close_abandoned(this, meters, current)
        _note_interruption(this, current)
        for sweep in sweeps:
            _absorb_sweep(this, meters, sweep)
        _remember(store, current)


def note_full_disk(store: Store, moment: Moment) -> None:
    """Say that from the last sample on nothing could be stored, however short. In a transaction."""
    before = _previous(store)
    if before is None:
        return
    start = _start(before) if before.boot == moment.boot else {}
    body = {"k": "gap", "why": DISK_FULL} | start | _end(moment)
    store.add_record(moment.boot, body)


def _absorb_sweep(this: Round, meters: dict[str, Open], sweep: Sweep) -> None:
    high = _high(this.store, sweep)
    for reading in sweep.readings:
        known = meters.get(reading.meter)
        take = _count if reading.kind == "counter" else _gauge
        _save(this.store, take(this, known, reading, sweep, high))
    this.store.put(f"order {sweep.driver}", [sweep.moment.boot, sweep.order])


def _high(store: Store, sweep: Sweep) -> int:
    """The highest order that the driver had seen before, in this boot unless it outlives boots."""
    boot, order = store.get(f"order {sweep.driver}") or ("", 0)
    lasting = any(reading.lasting for reading in sweep.readings)
    return int(order) if lasting or boot == sweep.moment.boot else 0


def _count(this: Round, known: Open | None, reading: Reading, sweep: Sweep, high: int) -> Open:
    if known is None or known.inc != reading.inc:
        return _baseline(this, known, reading, sweep, high)
    if known.boot != sweep.moment.boot:
        # It outlived the boot: its record goes on from the last value, in the new boot's scale.
        known.boot, known.mt0, known.mt1 = sweep.moment.boot, 0, 0
    if reading.value < int(known.r1):
        # A fall inside a record could not be seen from its two ends, so it gets a record alone.
        _close(this.store, known)
        _advance(known, reading, sweep.moment)
        _close(this.store, known)
    else:
        _advance(known, reading, sweep.moment)
        _close_if_due(this, known)
    return known


def _baseline(this: Round, known: Open | None, reading: Reading, sweep: Sweep, high: int) -> Open:
    if known is not None:
        _close(this.store, known)
    anew = known is not None and known.boot != sweep.moment.boot and not reading.lasting
    fresh = anew or (known is not None and reading.order > high)
    _note_interface(this, reading, sweep)
    begun = _begun(reading, sweep)
    _emit(this.store, begun, ["fresh"] if fresh else [])
    return begun


def _gauge(this: Round, known: Open | None, reading: Reading, sweep: Sweep, high: int) -> Open:
    moment = sweep.moment
    if known is None:
        return _begun(reading, sweep)
    if known.boot != moment.boot or moment.mono - known.mt1 > this.hold:
        _close(this.store, known)
        _note_gap(this, known, moment)
        return _begun(reading, sweep)
    known.area = str(int(known.area) + int(known.r1) * (moment.mono - known.mt1))
    _advance(known, reading, moment)
    _close_if_due(this, known)
    return known


def _begun(reading: Reading, sweep: Sweep) -> Open:
    at, value = sweep.moment, str(reading.value)
    cap = None if reading.cap is None else str(reading.cap)
    return Open(
        reading.meter, sweep.driver, reading.kind, reading.unit, reading.bits, cap, reading.inc,
        at.boot, at.wall, at.mono, value, at.wall, at.mono, value, "0",
    )  # fmt: skip


def _advance(record: Open, reading: Reading, moment: Moment) -> None:
    record.t1, record.mt1, record.r1 = moment.wall, moment.mono, str(reading.value)
    record.cap = None if reading.cap is None else str(reading.cap)


def _close_if_due(this: Round, record: Open) -> None:
    if record.mt1 - record.mt0 >= this.due:
        _close(this.store, record)


def _close(store: Store, record: Open) -> None:
    """Write the record if it spans any time, and let the next begin where it ends."""
    if record.mt1 > record.mt0:
        _emit(store, record, [])
    record.t0, record.mt0, record.r0, record.area = record.t1, record.mt1, record.r1, "0"


def _emit(store: Store, record: Open, flags: list[str]) -> None:
    body = {"k": record.kind, "m": record.meter} | _times(record)
    if record.kind == "counter":
        body |= {"inc": record.inc, "r0": record.r0, "r1": record.r1}
    else:
        body |= {"v": str(int(record.area) // (record.mt1 - record.mt0))}
    store.add_record(record.boot, body | ({"f": flags} if flags else {}))


def _times(record: Open) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if record.t0 is not None and record.t1 is not None:
        body = {"t0": spelled(record.t0), "t1": spelled(record.t1)}
    return body | {"mt0": str(record.mt0), "mt1": str(record.mt1)}


def _close_abandoned(this: Round, meters: dict[str, Open], current: Moment) -> None:
    """End what an earlier boot left open before anything of this boot, and what is seen no more."""
    for record in meters.values():
        gone = record.boot != current.boot or current.mono - record.mt1 > this.hold
        if gone and record.mt1 > record.mt0:
            _close(this.store, record)
            _save(this.store, record)


def _note_interruption(this: Round, current: Moment) -> None:
    before = this.previous
    if before is None:
        return
    if before.boot != current.boot:
        this.store.add_record(current.boot, {"k": "event", "e": "reboot"} | _end(current))
    elif current.mono - before.mono > this.hold and this.why != DISK_FULL:
        body = {"k": "gap", "why": this.why} | _start(before) | _end(current)
        this.store.add_record(current.boot, body)


def _note_gap(this: Round, known: Open, moment: Moment) -> None:
    body: dict[str, Any] = {"k": "gap", "m": known.meter, "why": this.why}
    if known.boot == moment.boot:
        body |= _start(Moment(known.boot, known.mt1, known.t1))
    elif known.t1 is not None and moment.wall is not None:
        body |= {"t0": spelled(known.t1)}
    this.store.add_record(moment.boot, body | _end(moment))


def _note_interface(this: Round, reading: Reading, sweep: Sweep) -> None:
    """Say that an interface appeared while the node was up and watched."""
    before = this.previous
    if sweep.driver == "netdev" and before is not None and before.boot == sweep.moment.boot:
        body = {"k": "event", "e": "iface_new", "m": reading.meter} | _end(sweep.moment)
        this.store.add_record(sweep.moment.boot, body)


def _start(moment: Moment) -> dict[str, Any]:
    wall = {} if moment.wall is None else {"t0": spelled(moment.wall)}
    return wall | {"mt0": str(moment.mono)}


def _end(moment: Moment) -> dict[str, Any]:
    wall = {} if moment.wall is None else {"t1": spelled(moment.wall)}
    return wall | {"mt1": str(moment.mono)}


def _previous(store: Store) -> Moment | None:
    value = store.get(LAST)
    return None if value is None else Moment(*value)


def _remember(store: Store, moment: Moment) -> None:
    store.put(LAST, [moment.boot, moment.mono, moment.wall])


def _open(row: sqlite3.Row) -> Open:
    return Open(*(row[name] for name in COLUMNS))


def _save(store: Store, record: Open) -> None:
    marks = ", ".join("?" * len(COLUMNS))
    values = (getattr(record, name) for name in COLUMNS)
    store.run(f"REPLACE INTO meter ({', '.join(COLUMNS)}) VALUES ({marks})", *values)
