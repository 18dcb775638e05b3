"""`python -m benchmarks.tokens [--quick] [--sizes 1000 … --records N]`: how fast is the economy?

On one throw-away durable server, a cooperative with three resources for each size: its period is
opened (issue), everybody's usage is recorded (rate), and it is closed, step by step. Everything is
held against one bare INSERT … SELECT that writes as many rows. benchmarks/README.md says more.
"""

import argparse
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.growth import copy, throw_away_server, using

if TYPE_CHECKING:
    from tokens.models import Period

SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUICK = SIZES[:2]
PROVED = 100_000
"""the largest size whose books are proved: a million takes too long"""
AT_ONCE, RECORDS = 10_000, 4
"""usage records in one call, and for each book"""
CLOSE = ("settle", "match", "charge", "expire", "convert")
WRITTEN = """
SELECT coalesce(sum(n_tup_ins + n_tup_upd), 0)::bigint FROM pg_stat_user_tables
WHERE relname NOT LIKE 'bare%%'"""
BARE = """
CREATE TABLE bare (LIKE ledger_entry INCLUDING ALL);
CREATE TABLE bare_heap (LIKE ledger_entry)"""
INSERT = """
INSERT INTO {} (account_id, recorded_at, version, txn_id, commodity_id, amount, balance_after)
SELECT n, now(), 1, 1, 1, n, n FROM generate_series(1, %s) AS n"""


@dataclass
class Timed:
    """What one piece of work took: seconds, rows inserted or updated, the worker's peak in MB."""

    seconds: float
    rows: int
    peak: float
    bare: float = 0.0
    heap: float = 0.0


@dataclass
class Run:
    """All that was timed at one size."""

    members: int
    works: dict[str, Timed] = field(default_factory=dict)
    records: int = 0

    def all_of(self, *names: str) -> Timed:
        """Several pieces of work together."""
        found = [self.works[name] for name in names]
        return Timed(
            sum(t.seconds for t in found), sum(t.rows for t in found), max(t.peak for t in found),
            sum(t.bare for t in found), sum(t.heap for t in found),
        )  # fmt: skip


def main() -> None:
    """Measure, print, and leave nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="stop at ten thousand members")
    parser.add_argument("--sizes", type=int, nargs="+", help="members")
    parser.add_argument("--records", type=int, default=RECORDS, help="of usage, for each book")
    given = parser.parse_args()
    sizes = given.sizes or (QUICK if given.quick else SIZES)
    with throw_away_server():
        prepare()
        print(f"load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        runs = []
        for size in sizes:
            runs.append(measured(size, given.records))
            print(table(runs[-1]), flush=True)
        print(growth(runs))


def prepare() -> None:
    """A migrated database; every size gets a copy of it."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("check")
    call_command("migrate", verbosity=0)


def measured(members: int, records: int) -> Run:
    """Issue, rate and close for so many members, on a database of their own."""
    from django.db import connection

    opened = copy(f"tokens_{members}")
    with using(opened):
        from benchmarks.tokens_cooperative import found

        found(members)
        run_sql("VACUUM (ANALYZE)")
        run_sql(BARE)
        run = Run(members)
        worked(run, records)
        check(members)
        connection.close()
    return run


def worked(run: Run, records: int) -> None:
    """A period's life, each part timed."""
    from benchmarks.tokens_cooperative import END, START, usage
    from tokens.services import open_period, record_usage, run_step

    opened: list[Period] = []

    def issue() -> None:
        period = open_period(start=START, end=END, code="2026-06", actor=None, at=START)
        opened.append(period)

    timed(run, "issue", issue)
    period = opened[0]
    run_sql("ANALYZE")
    with watched(run, "rate") as watch:
        for batch in usage(period, AT_ONCE, records):
            watch(lambda batch=batch: record_usage(rows=batch, actor=None))  # type: ignore[misc]
            run.records += len(batch)
    run_sql("ANALYZE")
    for step in (*CLOSE, "open"):
        timed(run, step, lambda step=step: run_step(  # type: ignore[misc]
            period_id=period.pk, step=step, actor=None, at=END))  # fmt: skip


def timed(run: Run, name: str, work: Callable[[], object]) -> None:
    """Time one piece of work, and the bare inserts of as many rows."""
    with watched(run, name) as watch:
        watch(work)


@contextmanager
def watched(run: Run, name: str) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Times what is handed to what it gives; then the bare inserts of as many rows."""
    before, spent = written(), [0.0]
    forget_peak()

    def watch(work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        spent[0] += time.perf_counter() - began

    yield watch
    peak, count = peak_memory(), written() - before
    run.works[name] = Timed(spent[0], count, peak, bare("bare", count), bare("bare_heap", count))


def bare(table: str, count: int) -> float:
    """Seconds of one INSERT … SELECT of so many rows of the shape of entries, committed."""
    run_sql("CHECKPOINT")
    began = time.perf_counter()
    run_sql(INSERT.format(table), count)
    spent = time.perf_counter() - began
    run_sql(f"TRUNCATE {table}")
    return spent


def written() -> int:
    """Rows inserted and updated so far, as PostgreSQL counts them."""
    from ledger.reading import rows

    rows("SELECT pg_stat_force_next_flush()", [])
    rows("SELECT pg_stat_clear_snapshot()", [])
    return int(rows(WRITTEN, [])[0][0])


def run_sql(statement: str, *params: int) -> None:
    """Execute a statement, committed."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)


def forget_peak() -> None:
    """Let the peak of this process's memory count from now."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> float:
    """The most memory that this process held since then, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith("VmHWM"))
    return int(found.split()[1]) / 1024


def check(members: int) -> None:
    """Stop where books or tokens are not in order."""
    from ledger import invariants as books
    from tokens import invariants as tokens

    if members > PROVED:
        return
    checks = [*books.INVARIANTS, *tokens.INVARIANTS]
    wrong = [sentence for look in checks for sentence in look()]
    if wrong:
        raise SystemExit("\n".join(wrong))


def table(run: Run) -> str:
    """What each part took at one size."""
    lines = [
        f"\n{run.members:,} members, {run.records:,} usage records,"
        f" {run.records / run.works['rate'].seconds:,.0f} records a second",
        "".ljust(12) + "".join(h.rjust(12) for h in ("seconds", "rows", "bare", "ratio", "peak MB"))
        + "without keys".rjust(16),
    ]  # fmt: skip
    for name, t in (*run.works.items(), ("close", run.all_of(*CLOSE))):
        lines.append(
            f"{name:<12}{t.seconds:12.3f}{t.rows:12,}{t.bare:12.3f}{t.seconds / t.bare:12.2f}"
            f"{t.peak:12.0f}{t.seconds / t.heap:16.2f}"
        )
    return "\n".join(lines)


def growth(runs: list[Run]) -> str:
    """The exponent with which each part grows, over all sizes and over the two largest."""
    lines = ["\ngrowth exponent".ljust(20) + "all sizes".rjust(12) + "two largest".rjust(14)]
    for name, parts_of in (("issue", ("issue",)), ("rate", ("rate",)), ("close", CLOSE)):
        points = [(run.members, run.all_of(*parts_of).seconds) for run in runs]
        lines.append(f"{name:<19}{exponent(points):12.2f}{exponent(points[-2:]):14.2f}")
    return "\n".join(lines)


def exponent(points: list[tuple[int, float]]) -> float:
    """The slope of the straight line through the logarithms."""
    if len(points) < 2:
        return math.nan
    xs, ys = zip(*((math.log(n), math.log(s)) for n, s in points), strict=True)
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return float(above / sum((a - x) ** 2 for a in xs))


if __name__ == "__main__":
    main()
