"""Readings and moments that a test decides, in the form that drivers and clock give them."""

import json
from typing import Any

from coop_agent.clock import SECOND, Moment
from coop_agent.config import Intervals
from coop_agent.drivers import Reading
from coop_agent.sampling import Sweep, absorb
from coop_agent.store import Store

NOON = 1_795_348_800
LIMITS = Intervals(sample_s=60, record_s=300, seal_s=900)


def at(seconds: int, boot: str = "boot-1", *, clock: bool = True) -> Moment:
    """So many seconds after the boot; the machine booted at noon."""
    return Moment(boot, seconds * SECOND, NOON + seconds if clock else None)


def counter(value: int, inc: str = "a", order: int = 1, meter: str = "if:lo:tx") -> Reading:
    return Reading(meter, "counter", "By", value, inc, order)


def gauge(value: int, meter: str = "fs:/") -> Reading:
    return Reading(meter, "gauge", "By", value)


def take(
    store: Store, moment: Moment, *readings: Reading, driver: str = "netdev", starting: bool = False
) -> None:
    """One round of one driver."""
    order = max((reading.order for reading in readings), default=0)
    absorb(store, [Sweep(driver, moment, list(readings), order)], LIMITS, starting=starting)


def records(store: Store) -> list[dict[str, Any]]:
    """What waits to be sealed."""
    return [json.loads(row["body"]) for row in store.rows("SELECT body FROM record ORDER BY id")]


def counted(store: Store) -> list[tuple[str, str]]:
    return [(r["r0"], r["r1"]) for r in records(store) if r["k"] == "counter"]
