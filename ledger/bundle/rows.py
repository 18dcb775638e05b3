"""What stands in a bundle beside the leaves: accounts, carried balances, what is not sealed yet.

Each function streams exact lines, without their ends, at constant memory.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from ledger.access import PERSON
from ledger.log import records
from ledger.log.leaves import Opening, TransactionRecord, canonical, entries_root
from ledger.reading import rows

CHUNK = 2000
ACCOUNTS = """
SELECT a.id, b.amount, b.version, b.floor, k.account_id IS NOT NULL,
       c.code, c.kind, c.exponent, a.kind, a.floor, a.opened_at, a.owner, a.salt::text
FROM ledger_account a
LEFT JOIN ledger_balance b ON b.account_id = a.id
LEFT JOIN ledger_commodity c ON c.id = a.commodity_id
LEFT JOIN ledger_carried k ON k.account_id = a.id
ORDER BY a.id"""
# Not by what the sequencer remembers: a record must be found wherever its place went.
PENDING = """
SELECT t.id FROM ledger_{table} t
WHERE t.id > %s AND NOT EXISTS (
    SELECT FROM ledger_leaf l WHERE l.{column}_id = t.id AND l.index < %s)
ORDER BY t.id LIMIT %s"""
AT_ONCE = 100
"""transactions of which the entries are held at once"""
Label = Callable[[str], str]


def streamed(sql: str, params: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, read in pieces; only inside a database transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def named(names: Mapping[str, str]) -> Label:
    """Tells who a person is, from a name for each "member/12"."""
    return lambda person: names.get(person, person)


def pseudonymous() -> Label:
    """Gives each person one name for as long as it is held, and no way back to the person."""
    key = secrets.token_bytes(32)

    def label(person: str) -> str:
        return f"holder {hmac.new(key, person.encode(), hashlib.sha256).hexdigest()[:16]}"

    return label


def account_lines(label: Label, *, members: bool) -> Iterator[bytes]:
    """accounts.ndjson, by id; whose accounts they are stands open where it is no person."""
    for number, amount, version, floor, was_carried, *facts in streamed(ACCOUNTS):
        opening = Opening(*facts)
        line = {
            "account": number,
            "amount": amount or 0,
            "version": version or 0,
            "floor": floor,
            "holder": holder(opening.owner, label),
        }
        if members or not PERSON.search(opening.owner):
            line |= {"owner": opening.owner, "salt": opening.salt}
        if not version or was_carried:
            line["opens"] = opening.facts()
        yield canonical(line)


def holder(owner: str, label: Label) -> str:
    """An account's owner in words: "pool backbone", "backbone · holder 3fa9…"."""
    text = PERSON.sub(lambda found: label(found.group(0)), owner)
    return re.sub("^pool/", "pool ", text).replace("/", " · ")


def pending_lines(size: int) -> Iterator[bytes]:
    """pending.ndjson: the records that have no place below `size`, in the order of sealing."""
    for ids in _pending("transaction", "txn", size):
        yield from map(_pending_transaction, records.transactions(ids))
    for ids in _pending("document", "document", size):
        yield from (_pending_line(record.as_bytes(), ()) for record in records.documents(ids))


def _pending(table: str, column: str, size: int) -> Iterator[list[int]]:
    sql, last = PENDING.format(table=table, column=column), 0
    while ids := [row[0] for row in rows(sql, [last, size, AT_ONCE])]:
        yield ids
        last = ids[-1]


def _pending_transaction(record: TransactionRecord) -> bytes:
    entries = [entry.as_bytes() for entry in record.entries]
    return _pending_line(record.as_bytes(len(entries), entries_root(entries)), entries)


def _pending_line(leaf: bytes, entries: Sequence[bytes]) -> bytes:
    """Canonical, since its parts are."""
    return b'{"entries":[' + b",".join(entries) + b'],"leaf":' + leaf + b"}"
