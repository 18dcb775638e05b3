"""Memory does not grow with the number of transactions."""

import tracemalloc
from pathlib import Path

from tests.verifier.conftest import verify
from tests.verifier.writer import Writer

MOST_GROWTH = 1 << 20
"""Bytes; the leaves between the two measurements take more than five times as much."""


def long_books(count: int) -> Writer:
    books = Writer()
    cash, other = books.open("EUR", "cash:operating", "", 0), books.open("EUR", "capital")
    for number in range(count):
        books.post("paid", {cash: number + 1, other: -number - 1})
    return books


def peak_of(bundle: Path) -> int:
    tracemalloc.start()
    report = verify(bundle)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.holds
    return peak


def test_memory_is_bounded_for_twenty_thousand_leaves(tmp_path: Path) -> None:
    short = long_books(2_000).write(tmp_path / "short", "members")
    long = long_books(20_000).write(tmp_path / "long", "members")
    assert (long / "leaves.ndjson").stat().st_size > 6 * MOST_GROWTH
    verify(short)
    assert peak_of(long) - peak_of(short) < MOST_GROWTH
