"""The leaves again from the rows as they stand now: what export and verification hash."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.log import records
from ledger.log.leaves import DocumentRecord, TransactionRecord, entries_root
from ledger.reading import rows

CHUNK = 1000
"""leaves looked up at once"""
ENTRIES = 20_000
"""entries held at once, unless one transaction alone has more"""
PLACES = """
SELECT index, txn_id, document_id, entries_count, entries_root FROM ledger_leaf
WHERE index >= %s AND index < %s ORDER BY index"""
CUT = "SELECT max(through) FROM ledger_cut"
Places = dict[int, tuple[Any, ...]]
"""index → what its row says: transaction, document, how many entries, the root over them"""


@dataclass(frozen=True)
class Sealed:
    """One leaf as its rows say it: its bytes, and what stands below them.

    `entries` are the bytes of a transaction's entries, None where they were detached. `kept` is
    the count and the root of the entries as the place in the log remembers them;
    `has_other_entries` where those that are there are not those.
    """

    index: int
    content: bytes
    record: TransactionRecord | DocumentRecord
    entries: list[bytes] | None
    kept: tuple[int, bytes] | None = None
    has_other_entries: bool = False

    @property
    def name(self) -> str:
        """How sentences call it."""
        what = "transaction" if isinstance(self.record, TransactionRecord) else "document"
        return f"leaf {self.index} ({what} {self.record.id})"


@dataclass(frozen=True)
class Gone:
    """A place of the log whose record cannot be found any more, and why."""

    index: int
    why: str


class Missing(Exception):
    """A place of the log has no record any more, or the log has a gap."""


def sealed(first: int, end: int) -> Iterator[Sealed]:
    """The leaves from index `first` up to `end`, in order, at constant memory; or Missing."""
    for leaf in standing(first, end):
        if isinstance(leaf, Gone):
            raise Missing(leaf.why)
        yield leaf


def contents(first: int, end: int) -> list[bytes]:
    """The bytes of a few leaves in order; raises Missing.

    What they say of entries is what the log keeps of it: entries are not read, however many.
    """
    places = rows(PLACES, [first, end])
    if len(places) < end - first:
        raise Missing(f"the log has a gap between leaf {first} and leaf {end - 1}")
    txns = {r.id: r for r in records.headers([place[1] for place in places if place[1]])}
    documents = {r.id: r for r in records.documents([place[2] for place in places if place[2]])}
    return [_content(place, txns, documents) for place in places]


def _content(
    place: tuple[Any, ...],
    txns: Mapping[int, TransactionRecord],
    documents: Mapping[int, DocumentRecord],
) -> bytes:
    index, txn_id, document_id, count, root = place
    if txn := txns.get(txn_id):
        return txn.as_bytes(count, bytes(root))
    if document := documents.get(document_id):
        return document.as_bytes()
    raise Missing(f"the record of leaf {index} is gone")


def standing(first: int, end: int) -> Iterator[Sealed | Gone]:
    """The same, which goes on where a record is gone."""
    cut = rows(CUT)[0][0]
    for start in range(first, end, CHUNK):
        stop = min(start + CHUNK, end)
        places = {place[0]: place[1:] for place in rows(PLACES, [start, stop])}
        for indexes in _parts(range(start, stop), places):
            yield from _part(indexes, places, cut)


def _parts(indexes: range, places: Places) -> Iterator[range]:
    """The same indexes, cut where the leaves would have too many entries to hold at once."""
    first, held = indexes.start, 0
    for index in indexes:
        count = places[index][2] if index in places else 0
        if index > first and held + count > ENTRIES:
            yield range(first, index)
            first, held = index, 0
        held += count
    yield range(first, indexes.stop)


def _part(indexes: range, everything: Places, cut: datetime | None) -> Iterator[Sealed | Gone]:
    places = {index: everything[index] for index in indexes if index in everything}
    txns = {r.id: r for r in records.transactions([p[0] for p in places.values() if p[0]])}
    documents = {r.id: r for r in records.documents([p[1] for p in places.values() if p[1]])}
    for index in indexes:
        if index not in places:
            yield Gone(index, f"the log has a gap at leaf {index}")
            continue
        txn_id, document_id, count, root = places[index]
        if txn := txns.get(txn_id):
            yield _transaction(index, txn, cut, (count, bytes(root)))
        elif document := documents.get(document_id):
            yield Sealed(index, document.as_bytes(), document, None)
        else:
            yield Gone(index, f"the record of leaf {index} is gone")


def _transaction(
    index: int, record: TransactionRecord, cut: datetime | None, kept: tuple[int, bytes]
) -> Sealed:
    lines = [entry.as_bytes() for entry in record.entries]
    found = len(lines), entries_root(lines)
    if cut is not None and record.recorded_at < cut:
        is_other = bool(lines) and found != kept  # attached again, and changed meanwhile
        return Sealed(index, record.as_bytes(*kept), record, None, kept, is_other)
    return Sealed(index, record.as_bytes(*found), record, lines, kept, found != kept)
