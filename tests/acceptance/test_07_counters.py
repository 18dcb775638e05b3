"""7: whatever happens to a counter, what is rated is the truth or says that it may not be.

A counter of 32 or 64 bits on a link of 1 Gbit/s, read by the real agent's sampling and counted by
the site's rules, while interfaces are made anew, somebody sets it to zero by hand, the agent is
stopped and the machine reboots. The true number of bytes is known here. One thing nobody can see: a
counter set to zero that is past its last value again when it is next read. What was sent before is
then lost, never charged; it is less than what one sample can hold.
"""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coop_agent.clock import SECOND, Moment
from coop_agent.config import Intervals
from coop_agent.drivers import Reading
from coop_agent.sampling import Sweep, absorb
from coop_agent.store import Store
from metering.counters import OVER_CAPACITY, Limits
from metering.payloads import Batch, Counter
from metering.replay import Replay, Taken
from tests.agent.scripted import records

GIGABIT = 125_000_000
NOON = 1_795_348_800
LATER = datetime(2100, 1, 1, tzinfo=UTC)
QUICK = Intervals(10, 30, 60)
"""a 32-bit counter goes round in 34 seconds at 1 Gbit/s: it is read three times in each round"""
TOLD = {"reset", "wrap", "discontinuity"}
"""rules that say on the reading itself that the counter did not simply grow"""
FATES = ("nothing", "nothing", "nothing", "zeroed", "made anew", "reboot", "stopped")
STEPS = st.lists(
    st.tuples(st.integers(0, GIGABIT), st.sampled_from(FATES), st.fractions(0, 1)), max_size=40
)


@dataclass
class Link:
    """A network interface and what was truly sent over it."""

    bits: int
    value: int
    inc: int = 1
    boot: int = 1
    second: int = 0
    true: int = 0
    unseen: int = 0
    """sent before a counter was set to zero that grew past its last value before it was read"""

    def go(self, seconds: int, rate: int, fate: str, part: float) -> bool:
        """Let time go by; what happens, happens after a part of it. Whether the agent starts."""
        sent = rate * seconds
        before, last = (int(sent * part) if fate == "zeroed" else 0), self.value
        self.true, self.second = self.true + sent, self.second + seconds
        if fate in ("zeroed", "made anew", "reboot"):
            self.value = 0
        self.inc += fate in ("made anew", "reboot")
        self.boot += fate == "reboot"
        self.value = (self.value + sent - before) % 2**self.bits
        if fate == "zeroed" and self.value >= last:
            self.unseen += before + last
        return fate in ("reboot", "stopped")

    def read(self, store: Store, *, starting: bool) -> None:
        moment = Moment(f"boot-{self.boot}", self.second * SECOND, NOON + self.second)
        reading = Reading("if:va:tx", "counter", "By", self.value, f"{self.inc:064x}", self.inc)
        absorb(store, [Sweep("netdev", moment, [reading], self.inc)], QUICK, starting=starting)


def lived(bits: int, first: int, steps: list[tuple[int, str, float]]) -> tuple[Link, list[Taken]]:
    """The true story, and what the site makes of what the agent wrote down."""
    with tempfile.TemporaryDirectory() as folder:
        store, link = Store.opened(Path(folder)), Link(bits, first % 2**bits)
        link.read(store, starting=True)
        for rate, fate, part in [*steps, (0, "nothing", 0), (0, "nothing", 0), (0, "nothing", 0)]:
            starting = link.go(10, rate, fate, part)
            link.read(store, starting=starting)
        found = taken(store, Limits(bits, GIGABIT))
        store.close()
    return link, found


def taken(store: Store, limits: Limits) -> list[Taken]:
    """The readings of all records, by the very code that rating uses."""
    bodies = [body for body in records(store) if body["k"] == "counter"]
    made = [msgspec.convert({"n": n, **body}, Counter) for n, body in enumerate(bodies, 1)]
    batch = Batch(
        v=1, node="n", epoch=1, seq=1, prev="00" * 32, boot="b", mono="0", clock="ntp",
        inv="00" * 32, records=list(made),
    )  # fmt: skip
    return list(Replay().take(batch, LATER, {"if:va:tx": limits}))


def assert_true_or_told(link: Link, found: list[Taken]) -> None:
    rated = [one for one in found if OVER_CAPACITY not in one.flags]
    total = sum(one.quantity for one in rated)
    told, seen = any(one.rule in TOLD or one.flags for one in found), link.true - link.unseen
    assert told or abs(total - seen) * 1000 <= seen, (total, seen)
    for one in rated:
        length = (one.ends_at - one.begins_at).total_seconds()
        allowed = GIGABIT * 1.05 * (length + (1 if one.rule == "restart" else 0))
        assert one.quantity <= allowed, one


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([32, 64]), st.integers(0, 2**63), STEPS)
@example(32, 2**32 - 1, [(GIGABIT, "nothing", 0)] * 30)
@example(32, 3 * 10**9, [(GIGABIT, "zeroed", 0.5), (GIGABIT, "nothing", 0)])
@example(64, 10**12, [(10, "nothing", 0), (10, "zeroed", 1), (10**8, "nothing", 0)])
def test_07_the_rated_volume_is_true_or_flagged_and_never_above_capacity(
    bits: int, first: int, steps: list[tuple[int, str, float]]
) -> None:
    assert_true_or_told(*lived(bits, first, steps))


def test_07_a_32_bit_counter_at_a_full_gigabit_is_rated_to_the_byte() -> None:
    link, found = lived(32, 2**32 - 5, [(GIGABIT, "nothing", 0.0)] * 60)
    assert link.true == 60 * 10 * GIGABIT
    assert sum(one.quantity for one in found) == link.true
    assert {one.rule for one in found} == {"baseline", "steady", "wrap"}
    assert all(one.flags == [] for one in found)


def test_07_what_a_reboot_and_a_new_interface_leave_out_is_nothing() -> None:
    steps = [(10**7, fate, 0.0) for fate in ("nothing", "reboot", "nothing", "made anew")] * 6
    link, found = lived(64, 77, steps)
    assert sum(one.quantity for one in found) == link.true == 24 * 10**8


def test_07_a_counter_set_to_zero_by_hand_says_so() -> None:
    link, found = lived(
        64, 10**15, [(10**6, "nothing", 0), (10**6, "zeroed", 0.5), (0, "nothing", 0)]
    )
    assert ["reset"] in [one.flags for one in found]
    assert sum(one.quantity for one in found) < link.true
