"""`python -m benchmarks.ledger [--quick]`: how fast are the books, beside what they can be held to?

On one throw-away durable server, in one run: pgbench's tpcb-like, raw COPY, django-hordak, and
this ledger. Every figure is the median of five rounds, and every round measures every case, so
that whatever else the machine does hits all of them alike. benchmarks/README.md says what is what.
"""

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks import cases
from benchmarks.clients import ACCOUNTS, Crew
from benchmarks.reading import SIZES, History, readings
from benchmarks.server import durable_server
from coop.local import Services

ROUNDS = 5
SECONDS, QUICK_SECONDS = 2.0, 1.0
PGBENCH_TIMES = 2
"""pgbench runs longer: a connection's first posting makes all its plans, some ten milliseconds"""
QUICK_LARGEST = 1_000_000
Figures = dict[str, float]


@dataclass(frozen=True)
class Target:
    """A figure is to be so many times another one."""

    of: str
    times: float
    to: str


SINGLE = "single, on 1,000 accounts, 8"
HOT = "single, one hot account, 8"
BY_PYTHON = "ledger from Python, on 1,000 accounts, 1"
TARGETS = [
    Target(SINGLE, 1.0, "tpcb-like, 8"),
    *(Target(f"batches of {size:,}, on 1,000 accounts", 10, BY_PYTHON) for size in cases.BATCHES),
    *(
        Target(f"batches of {size:,}, on 1,000 accounts", 0.25, "COPY of the same rows")
        for size in cases.BATCHES
    ),
    *(
        Target(f"ledger from Python, {place}, {n}", times, f"hordak from Python, {place}, {n}")
        for place, times in ((cases.PLACES["hot"], 5), (cases.PLACES["spread"], 3))
        for n in cases.CREW
    ),
]
PREPARED = f"{cases.PREPARED}, prepared"
ALSO = [
    *(Target(f"single, {place}, {PREPARED}", 0, f"tpcb-like, {PREPARED}")
      for place in cases.PLACES.values()),
    *(Target(f"batches of {size:,}, on 1,000 accounts", 0, cases.INDEXED)
      for size in cases.BATCHES),
    *(Target(f"single, {place}, {n}", 0, f"tpcb-like, {n}")
      for place in cases.PLACES.values() for n in cases.CLIENTS),
    *(Target(f"batches of {size:,}, {place}", 0, SINGLE)
      for place in cases.PLACES.values() for size in cases.BATCHES),
]  # fmt: skip


def main() -> None:
    """Measure, print, and leave nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter, and up to a million entries")
    quick = parser.parse_args().quick
    with durable_server() as services:
        ids = prepare()
        print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        figures = measured(services, ids, QUICK_SECONDS if quick else SECONDS)
        print(rates(figures), ratios(figures, TARGETS, "target"), sep="\n\n", flush=True)
        print(f"\n{ratios(figures, ALSO, '')}", flush=True)
        largest = QUICK_LARGEST if quick else max(SIZES)
        print(f"\n{read(services, [size for size in SIZES if size <= largest])}")
        print(f"load of the machine after: {os.getloadavg()[0]:.1f}")


def prepare() -> list[int]:
    """Empty books with 1,000 accounts, and as many of django-hordak; ids of ours."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", "ledger", verbosity=0)
    subprocess.run(
        [sys.executable, "-m", "benchmarks.hordak_accounts", str(ACCOUNTS)],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.hordak_settings"},
        check=True,
    )
    from ledger.services import ensure_commodity, open_account

    ensure_commodity(code="EUR", kind="money", exponent=2)
    return [
        open_account(commodity="EUR", kind="bench", owner=f"member/{n}") for n in range(ACCOUNTS)
    ]


def measured(services: Services, ids: list[int], seconds: float) -> Figures:
    """The median of each case."""
    crews = {kind: Crew(kind, max(cases.CREW)) for kind in ("hordak", "ledger")}
    by_pgbench = cases.pgbench_cases(services, ids[0] - 1)
    every = {
        **by_pgbench,
        **cases.python_cases(crews),
        **cases.batch_cases(services.postgres.url, ids),
    }
    found: dict[str, list[float]] = {name: [] for name in every}
    for number in range(ROUNDS):
        for name, case in every.items():
            longer = PGBENCH_TIMES if name in by_pgbench else 1
            found[name].append(case(seconds * longer))
        print(f"round {number + 1} of {ROUNDS}, load {os.getloadavg()[0]:.1f}", flush=True)
    for crew in crews.values():
        crew.dismiss()
    return {name: statistics.median(values) for name, values in found.items()}


def read(services: Services, sizes: list[int]) -> str:
    """Milliseconds of reading at each size, with the ratio to the smallest."""
    from django.db import connection

    connection.close()
    history = History(services.postgres.url, sizes[-1])
    history.open_accounts()
    kept = {}
    for size in sizes:
        history.grow(size)
        kept[size] = history.keep()
    rounds = [
        {size: readings(history, size, name) for size, name in kept.items()} for _ in range(ROUNDS)
    ]
    found = {
        size: {name: statistics.median(r[size][name] for r in rounds) for name in rounds[0][size]}
        for size in sizes
    }
    heads = "".join(f"{size:,}".rjust(13) + " ratio" for size in sizes)
    lines = ["reading, ms at entries".ljust(34) + heads]
    for name, base in found[sizes[0]].items():
        cells = "".join(f"{at[name]:13.2f} {at[name] / base:5.2f}" for at in found.values())
        lines.append(name.ljust(34) + cells)
    return "\n".join(lines)


def rates(figures: Figures) -> str:
    """Every figure, in transactions per second."""
    lines = ["transactions per second, median of five".ljust(48)]
    return "\n".join(lines + [f"{name:<48}{value:>10,.0f}" for name, value in figures.items()])


def ratios(figures: Figures, targets: Iterable[Target], head: str) -> str:
    """What each figure is of another one, and whether that is what it is to be."""
    lines = [f"{'ratio':<88}{'is':>8}{head:>8}"]
    for target in targets:
        ratio = figures[target.of] / figures[target.to]
        verdict = ("reached" if ratio >= target.times else "NOT REACHED") if target.times else ""
        wanted = f"{target.times:g}" if target.times else ""
        lines.append(f"{target.of + ' / ' + target.to:<88}{ratio:>8.2f}{wanted:>8}  {verdict}")
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    main()
