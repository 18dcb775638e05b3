"""The books for other programs: beancount, CSV and JSON Lines, written line by line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ledger.exports.asked import Asked
from ledger.exports.beancount import beancount_lines
from ledger.exports.json_lines import json_lines
from ledger.exports.spreadsheet import csv_lines

BLOCK = 1 << 16


@dataclass(frozen=True)
class Format:
    """A way to write the books: its lines, what a browser is told, how its file name ends."""

    lines: Callable[[Asked], Iterator[str]]
    content_type: str
    ending: str


FORMATS = {
    "beancount": Format(beancount_lines, "text/plain; charset=utf-8", "beancount"),
    "csv": Format(csv_lines, "text/csv; charset=utf-8; header=present", "csv"),
    "json": Format(json_lines, "application/x-ndjson; charset=utf-8", "ndjson"),
}


def blocks(lines: Iterator[str]) -> Iterator[bytes]:
    """The same text in UTF-8, in pieces of about 64 KiB."""
    kept: list[bytes] = []
    size = 0
    for line in lines:
        kept.append(line.encode())
        size += len(kept[-1])
        if size >= BLOCK:
            yield b"".join(kept)
            kept, size = [], 0
    yield b"".join(kept)


__all__ = ["FORMATS", "Asked", "Format", "blocks"]
