"""Reads the rows that leaves are made of. An entry that does not agree with its transaction's
moment or its account's commodity is not found, so that the leaf comes out another."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from ledger.log.leaves import DocumentRecord, EntryLine, Opening, TransactionRecord
from ledger.reading import rows

TRANSACTIONS = """
SELECT id, kind, effective_at, recorded_at, reverses_id, source, key, body_hash, about, actor,
       memo, salt::text
FROM ledger_transaction WHERE id = ANY (%s) ORDER BY id"""
# The bounds prune the partitions before the rows are looked up; OFFSET keeps the planner from
# reading the whole month instead of each transaction's rows by their index.
ENTRIES = """
SELECT e.txn_id, e.account_id, e.version, e.amount, e.balance_after, c.code, c.kind, c.exponent,
       CASE WHEN e.version = 1 THEN a.kind END, CASE WHEN e.version = 1 THEN a.floor END,
       CASE WHEN e.version = 1 THEN a.opened_at END, CASE WHEN e.version = 1 THEN a.owner END,
       CASE WHEN e.version = 1 THEN a.salt::text END
FROM ledger_transaction t
CROSS JOIN LATERAL (
    SELECT * FROM ledger_entry
    WHERE txn_id = t.id AND recorded_at = t.recorded_at AND recorded_at BETWEEN %s AND %s OFFSET 0
) AS e
JOIN ledger_account a ON a.id = e.account_id AND a.commodity_id = e.commodity_id
LEFT JOIN ledger_commodity c ON c.id = a.commodity_id AND e.version = 1
WHERE t.id = ANY (%s)
ORDER BY e.txn_id, e.account_id, e.version"""
DOCUMENTS = """
SELECT id, kind, digest, recorded_at FROM ledger_document WHERE id = ANY (%s) ORDER BY id"""


def transactions(ids: Sequence[int]) -> list[TransactionRecord]:
    """Transactions with their entries, by id; those that do not exist are left out."""
    found = headers(ids)
    by_id = {record.id: record for record in found}
    for txn_id, entry in entries(ids, [record.recorded_at for record in found]):
        by_id[txn_id].entries.append(entry)
    return found


def headers(ids: Sequence[int]) -> list[TransactionRecord]:
    """The same without their entries, which are not read."""
    return [TransactionRecord(*row) for row in rows(TRANSACTIONS, [list(ids)])]


def entries(ids: Sequence[int], moments: Sequence[datetime]) -> Iterator[tuple[int, EntryLine]]:
    """The entries of transactions that were recorded at these moments, each with its id."""
    if not moments:
        return
    for txn_id, account, version, amount, balance, *facts in rows(
        ENTRIES, [min(moments), max(moments), list(ids)]
    ):
        opening = Opening(*facts[:3], *facts[3:]) if version == 1 else None
        yield txn_id, EntryLine(account, version, amount, balance, opening)


def documents(ids: Sequence[int]) -> list[DocumentRecord]:
    """Documents, by id."""
    return [DocumentRecord(*row) for row in rows(DOCUMENTS, [list(ids)])]
