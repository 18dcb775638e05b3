"""Whatever happens to a counter, the site's rules read the true volume from the node's records."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from coop_agent.store import Store
from metering.counters import Arrival, Last, Limits, counter_delta, placed
from metering.payloads import Counter
from tests.agent.scripted import at, counter, records, take

# Seconds to the next sample, units counted until then, and what happens right after this sample.
STEP = st.tuples(
    st.sampled_from([60, 61, 300, 4000]),
    st.integers(0, 10**12),
    st.sampled_from(["nothing"] * 6 + ["stopped", "made anew", "reboot"]),
)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
FIRST = st.integers(0, 2**63)


@settings(max_examples=30)
@given(FIRST, st.lists(STEP, max_size=40))
def test_the_true_volume_is_rated(first: int, steps: list[tuple[int, int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.opened(Path(folder))
        second, value, inc, boot, truth = 0, first, 0, 0, 0
        take(store, at(second, "boot-0"), counter(value, hexed(inc), inc))
        for seconds, grown, fate in steps:
            second += seconds
            if fate in ("made anew", "reboot"):
                inc, value = inc + 1, 0
            boot += fate == "reboot"
            value, truth = value + grown, truth + grown
            stopped = fate in ("stopped", "reboot")
            moment = at(second, f"boot-{boot}")
            take(store, moment, counter(value, hexed(inc), inc), starting=stopped)
        take(store, at(second + 600, f"boot-{boot}"), counter(value, hexed(inc), inc))
        assert rated(records(store)) == truth
        store.close()


def hexed(inc: int) -> str:
    return f"{inc:064x}"


def rated(waiting: list[dict[str, Any]]) -> int:
    """What the site makes of the records, in their order."""
    last, total = None, 0
    for n, body in enumerate(waiting, 1):
        if body["k"] != "counter":
            continue
        record = msgspec.convert({"n": n, **body}, Counter)
        span = placed(record, Arrival(LATER), last)
        total += counter_delta(last, record, Limits(), span).quantity
        last = Last(record.inc, int(record.r1), span.ends_at)
    return total
