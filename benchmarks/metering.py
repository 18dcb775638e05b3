"""`python -m benchmarks.metering [--quick]`: how fast is evidence taken in, and rated?

On one throw-away durable server, in one run: PyNaCl's verifications, COPY of the very readings that
come out, one gunicorn process that is sent batches of 500 and of 10 records, and their rating. Then
the site is kept busy for ten minutes (a minute with --quick), its memory and its lag looked at.
benchmarks/README.md says more.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.growth import throw_away_server

if TYPE_CHECKING:
    from benchmarks.metering_fleet import Fleet

ROUNDS, QUICK_ROUNDS = 5, 3
SECONDS, QUICK_SECONDS = 600, 60
READINGS, QUICK_READINGS = 24_000, 12_000
"""in the large batches of one round; a third as many in small ones"""
LARGE, SMALL = 500, 10
COPIED = "COPY of the same readings"
INDEXED = "COPY of the same readings, with our indexes"
TOOK_LARGE = f"accepted, {LARGE} a batch"
TOOK_SMALL = f"accepted, {SMALL} a batch"
BUSY = 0.5
"""the part of what was reached that is offered for minutes"""

Measured = dict[str, list[float]]


def main() -> None:
    """Measure, print, and leave nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three rounds, one minute of load")
    parser.add_argument("--seconds", type=int, help="how long the site is kept busy")
    parser.add_argument("--rounds", type=int, help="how often each case is measured")
    given = parser.parse_args()
    os.environ["COOP_NODE_REQUESTS"] = "1000000"
    with throw_away_server():
        from benchmarks.metering_fleet import prepared

        print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        with prepared() as fleet:
            rounds = given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS)
            rates = measured(fleet, rounds, QUICK_READINGS if given.quick else READINGS)
            print(table(rates), flush=True)
            busy(fleet, rates, given.seconds or (QUICK_SECONDS if given.quick else SECONDS))
        print(f"load of the machine after: {os.getloadavg()[0]:.1f}")


def measured(fleet: "Fleet", rounds: int, readings: int) -> Measured:
    """Something a second for each case, round by round; a first round warms up and is dropped."""
    from benchmarks import metering_cases as cases

    actions: dict[str, Callable[[], float]] = {
        "PyNaCl verifications, 16 KiB": cases.verifications,
        TOOK_LARGE: lambda: cases.taken(fleet, LARGE, readings),
        "rated, of these": lambda: cases.rated(),
        COPIED: cases.copied,
        INDEXED: lambda: cases.copied(indexed=True),
        TOOK_SMALL: lambda: cases.taken(fleet, SMALL, readings // 3),
        "one batch a request": lambda: cases.taken(fleet, SMALL, readings // 24, together=1),
        "rated, of these small ones": lambda: cases.rated(),
    }
    found: Measured = {name: [] for name in actions}
    for turn in range(rounds + 1):
        for name, action in actions.items():
            rate = action()
            print(f"round {turn}: {name} {rate:,.0f}", flush=True)
            if turn:
                found[name].append(rate)
    return found


def table(rates: Measured) -> str:
    """The medians, and what they are of the copied rows."""
    copied = statistics.median(rates[COPIED])
    lines = [f"{'':46}{'a second':>12}{'of COPY':>10}"]
    for name, values in rates.items():
        rate = statistics.median(values)
        ratio = "" if name.startswith("PyNaCl") else f"{rate / copied:.2f}"
        lines.append(f"{name:46}{rate:>12,.0f}{ratio:>10}")
    small = statistics.median(rates[TOOK_SMALL]) / SMALL
    alone = statistics.median(rates["one batch a request"]) / SMALL
    lines.append(f"envelopes a second of {SMALL} records: {small:,.0f}; alone: {alone:,.0f}")
    reached = statistics.median(rates[TOOK_LARGE]) / copied
    lines.append(f"target 0.40 of COPY: {reached:.2f}; target 300 envelopes: {small:,.0f}")
    return "\n".join(lines)


def busy(fleet: "Fleet", rates: Measured, seconds: int) -> None:
    """Offer a part of what was reached for minutes, while a worker rates; print how it goes."""
    from benchmarks import metering_cases as cases

    both = 1 / (1 / statistics.median(rates[TOOK_SMALL]) + 1 / statistics.median(
        rates["rated, of these small ones"]
    ))  # fmt: skip
    offered = both * BUSY / SMALL
    print(f"kept busy for {seconds} s with {offered:,.0f} envelopes a second of {SMALL} records")
    began = time.monotonic()
    for line in cases.kept_busy(fleet, SMALL, offered, seconds):
        print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)


if __name__ == "__main__":
    main()
