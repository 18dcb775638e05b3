"""A node that samples, seals and delivers without a pause, so that a kill finds it at work.

Its one counter is the machine's own clock in nanoseconds, which goes on over a kill as a network
counter does. Its time runs a thousand times faster, so that every round ends a record.
Arguments: state folder, address of the site, and how many rounds (0: until killed).
"""

import contextlib
import itertools
import sys
import time
from pathlib import Path

from coop_agent import keys
from coop_agent.clock import Moment, boot_id, monotonic
from coop_agent.config import Intervals
from coop_agent.delivery import Delivery, TryLater
from coop_agent.drivers import Reading
from coop_agent.sampling import Sweep, absorb
from coop_agent.sealing import seal
from coop_agent.store import Store
from coop_agent.wire import Site

METER = "if:busy:tx"
LIMITS = Intervals(1, 1, 1)


def main() -> None:
    folder, rounds = Path(sys.argv[1]), int(sys.argv[3])
    store = Store.opened(folder)
    key = keys.loaded(folder)
    delivery = Delivery(store, key, Site(sys.argv[2]))
    print("working", flush=True)
    for _ in range(rounds) if rounds else itertools.count():
        absorb(store, [reading()], LIMITS, starting=False)
        seal(store, key, moment())
        with contextlib.suppress(TryLater):
            while delivery.offer():
                pass


def moment() -> Moment:
    return Moment(boot_id(), monotonic() * 1000, int(time.time()))


def reading() -> Sweep:
    value = monotonic()
    return Sweep("busy", moment(), [Reading(METER, "counter", "By", value, "inc")], 0)


if __name__ == "__main__":
    main()
