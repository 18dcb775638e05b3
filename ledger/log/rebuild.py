"""The leaves again from the rows as they stand now: what export and verification hash."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ledger.log import records
from ledger.log.leaves import DocumentRecord, TransactionRecord, entries_root

CHUNK = 1000
PLACES = """
SELECT index, txn_id, document_id, entries_count, entries_root FROM ledger_leaf
WHERE index >= %s AND index < %s ORDER BY index"""
T = TypeVar("T")
CUT = "SELECT max(through) FROM ledger_cut"


@dataclass(frozen=True)
class Sealed:
    """One leaf as its rows say it: its bytes, and what stands below them.

    `entries` are the bytes of a transaction's entries, None where they were detached.
    """

    index: int
    content: bytes
    record: TransactionRecord | DocumentRecord
    entries: list[bytes] | None


class Missing(Exception):
    """A place of the log has no record any more, or the log has a gap."""


def sealed(first: int, end: int) -> Iterator[Sealed]:
    """The leaves from index `first` up to `end`, in order, at constant memory; or Missing."""
    cut = records.rows(CUT)[0][0]
    for start in range(first, end, CHUNK):
        stop = min(start + CHUNK, end)
        places = records.rows(PLACES, [start, stop])
        if [place[0] for place in places] != list(range(start, stop)):
            raise Missing(f"the log has a gap between {start} and {stop}")
        yield from _chunk(places, cut)


def _chunk(places: list[tuple[Any, ...]], cut: datetime | None) -> Iterator[Sealed]:
    txns = {r.id: r for r in records.transactions([p[1] for p in places if p[1]])}
    documents = {r.id: r for r in records.documents([p[2] for p in places if p[2]])}
    for index, txn_id, document_id, count, root in places:
        if txn_id is None:
            document = _found(documents, document_id, index)
            yield Sealed(index, document.as_bytes(), document, None)
        else:
            yield _transaction(index, _found(txns, txn_id, index), cut, (count, root))


def _transaction(
    index: int, record: TransactionRecord, cut: datetime | None, kept: tuple[int, bytes]
) -> Sealed:
    if cut is not None and record.recorded_at < cut:
        return Sealed(index, record.as_bytes(kept[0], bytes(kept[1])), record, None)
    lines = [entry.as_bytes() for entry in record.entries]
    return Sealed(index, record.as_bytes(len(lines), entries_root(lines)), record, lines)


def _found(rows: dict[int, T], key: int, index: int) -> T:
    if key not in rows:
        raise Missing(f"the record of leaf {index} is gone")
    return rows[key]
