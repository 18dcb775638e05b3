"""What somebody can change who is superuser of the database, and who must find it.

For every column of every row that holds the past: a change, and who sees it. `PUBLIC` and
`MEMBERS` are the auditor with a bundle of that kind, `HERE` is `manage.py verify`, `EXPORT` the
command that writes the bundle, which says so and ends with status 1.
"""

from dataclasses import dataclass

PUBLIC, MEMBERS, HERE, EXPORT = "public", "members", "verify", "export"
LOG = frozenset({PUBLIC, MEMBERS, HERE, EXPORT})
"""the leaf comes out another: all see it"""
BOOKS = frozenset({PUBLIC, MEMBERS, HERE})
"""the leaves stand, but do not agree with what else is kept"""
OURS = frozenset({HERE, EXPORT})
"""what a bundle does not hold, since it can be worked out from what it holds"""


@dataclass(frozen=True)
class Change:
    """`sql` with {names} of the books' facts; `place` is what the finding must speak of."""

    sql: str
    seen: frozenset[str] = LOG
    place: str = "leaf {leaf}"


def column(table: str, name: str, value: str, where: str) -> Change:
    return Change(f"UPDATE {table} SET {name} = {value} WHERE {where}")


TXN = "id = {txn}"
ENTRY = "txn_id = {txn} AND account_id = {account}"
ACCOUNT = "id = {account}"
EUR = "id = {commodity}"
BALANCE = "account_id = {account}"
DOCUMENT = "id = {document}"
PLACE = "index = {leaf}"
TITLE = "number = {title}"
_LATER = "{} + interval '1 microsecond'"
_VALUES: dict[str, tuple[str, dict[str, str]]] = {
    "ledger_transaction": (
        TXN,
        {
            "id": "id + 1000000",
            "source": "'another'",
            "key": "'another'",
            "body_hash": "sha256(body_hash)",
            "kind": "'another'",
            "about": "'another'",
            "actor": "'another'",
            "memo": "'another'",
            "effective_at": _LATER.format("effective_at"),
            "recorded_at": _LATER.format("recorded_at"),
            "reverses_id": "{other_txn}",
            "salt": "gen_random_uuid()",
        },
    ),
    "ledger_entry": (
        ENTRY,
        {
            "account_id": "{other_account}",
            "recorded_at": _LATER.format("recorded_at"),
            "version": "version + 1000",
            "txn_id": "{other_txn}",
            "commodity_id": "{other_commodity}",
            "amount": "amount + 1",
            "balance_after": "balance_after + 1",
        },
    ),
    "ledger_account": (
        ACCOUNT,
        {
            "id": "id + 1000000",
            "commodity_id": "{other_commodity}",
            "kind": "'another'",
            "owner": "'pool/another'",
            "floor": "-1",
            "opened_at": _LATER.format("opened_at"),
            "salt": "gen_random_uuid()",
        },
    ),
    "ledger_commodity": (
        EUR,
        {
            "id": "id + 1000000",
            "code": "'USD'",
            "kind": "'token'",
            "exponent": "exponent + 1",
        },
    ),
    "ledger_balance": (
        BALANCE,
        {
            "account_id": "account_id + 1000000",
            "amount": "amount + 1",
            "version": "version + 1",
            "floor": "-1000000",
            "recorded_at": "recorded_at + interval '1 hour'",
        },
    ),
    "ledger_document": (
        DOCUMENT,
        {
            "id": "id + 1000000",
            "kind": "'another'",
            "digest": "sha256(digest)",
            "recorded_at": _LATER.format("recorded_at"),
        },
    ),
    "ledger_leaf": (
        PLACE,
        {
            "index": "1000000",
            "txn_id": "1000000",
            "document_id": "1000000",
            "entries_count": "entries_count + 1",
            "entries_root": "sha256(entries_root)",
        },
    ),
    "ledger_tile": (
        "level = 0 AND index = 0",
        {
            "level": "7",
            "index": "7",
            "data": "set_byte(data, 32 * {leaf}, 255 - get_byte(data, 32 * {leaf}))",
        },
    ),
    "ledger_checkpoint": (
        "size = {size}",
        {
            "size": "size + 1",
            "root": "sha256(root)",
            "note": "replace(note, '/log', '/lag')",
        },
    ),
    "titles_title": (
        TITLE,
        {
            "number": "number + 1000000",
            "member_id": "{other_member}",
            "pool_id": "{other_pool}",
            "units": "units + 1",
            "capital": "capital + 1",
            "state": "'cancelled', ended_at = issued_at, end_recorded_at = recorded_at,"
            " end_txn_id = {txn}",
            "envelope": "set_byte(envelope, 20, 255 - get_byte(envelope, 20))",
            "salt": "sha256(salt)",
        },
    ),
}
COLUMNS = {
    (table, name): column(table, name, value, where)
    for table, (where, values) in _VALUES.items()
    for name, value in values.items()
}
_OF_TABLES = {
    "ledger_account": (LOG, "leaf {opened_at_leaf}"),
    "ledger_commodity": (LOG, "leaf {first_of_commodity}"),
    "ledger_balance": (BOOKS, "account {account}"),
    "ledger_document": (LOG, "leaf {document_leaf}"),
    "ledger_tile": (OURS, "leaf {leaf}"),
}
_OF_COLUMNS = {
    ("ledger_leaf", "entries_count"): (OURS, "leaf {leaf}"),
    ("ledger_balance", "recorded_at"): (frozenset({HERE}), "account {account}"),
    ("ledger_checkpoint", "size"): (LOG, "the checkpoint {size}"),
    ("ledger_tile", "level"): (OURS, "tile 0/0 is gone"),
    ("ledger_tile", "index"): (OURS, "tile 0/0 is gone"),
    ("ledger_checkpoint", "root"): (OURS, "the newest head"),
    ("ledger_checkpoint", "note"): (LOG, "the checkpoint is not signed"),
    ("titles_title", "number"): (BOOKS, "place {titles} has title"),
    ("titles_title", "member_id"): (frozenset({MEMBERS, HERE}), "account {other_holding}"),
    ("titles_title", "pool_id"): (BOOKS, "pool backbone"),
    ("titles_title", "units"): (BOOKS, "pool backbone"),
    ("titles_title", "capital"): (frozenset({HERE}), "live titles of backbone/member/"),
    ("titles_title", "state"): (BOOKS, "pool backbone"),
    ("titles_title", "envelope"): (frozenset({MEMBERS, HERE}), "title {title}"),
    ("titles_title", "salt"): (frozenset({MEMBERS, HERE}), "title {title}"),
}
for _key in COLUMNS:
    _how = _OF_COLUMNS.get(_key) or _OF_TABLES.get(_key[0])
    if _how:
        COLUMNS[_key] = Change(COLUMNS[_key].sql, *_how)
COLUMNS["ledger_leaf", "document_id"] = Change(
    "UPDATE ledger_leaf SET document_id = 1000000 WHERE index = {document_leaf}",
    LOG,
    "leaf {document_leaf}",
)
OUTSIDE = {
    ("ledger_transaction", "xid"): "tells the sequencer what it may seal; a sealed place stands",
    ("ledger_document", "xid"): "tells the sequencer what it may seal; a sealed place stands",
    ("ledger_checkpoint", "sealed_at"): "nobody signs it",
    ("ledger_checkpoint", "xid_floor"): "where the sequencer goes on",
    ("titles_title", "id"): "other tables' way to the row; the number is what counts",
    ("titles_title", "origin"): "a copy of what the signed document says, which is in the log",
    ("titles_title", "issued_at"): "a copy of what the signed document says, which is in the log",
    ("titles_title", "recorded_at"): "when this site knew; no document says it",
    ("titles_title", "ended_at"): "a copy of when the transaction counts that moved the units on",
    ("titles_title", "end_recorded_at"): "a copy of when that transaction was recorded",
    ("titles_title", "end_txn_id"): "this site's way to that transaction; no document says it",
    ("titles_title", "reference"): "a copy of what the signed document says, which is in the log",
    ("titles_title", "txn_id"): "this site's way to the transaction; no document says it",
}
"""Columns that the promise of the log is not about, and why."""
FREED = {
    ("ledger_transaction", "xid"): "'7'",
    ("ledger_document", "xid"): "'7'",
    ("ledger_checkpoint", "sealed_at"): "sealed_at + interval '1 hour'",
    ("ledger_checkpoint", "xid_floor"): "7",
    ("titles_title", "id"): "id + 1000000",
    ("titles_title", "origin"): "'another'",
    ("titles_title", "issued_at"): "issued_at + interval '1 hour'",
    ("titles_title", "recorded_at"): "recorded_at - interval '1 hour'",
    ("titles_title", "ended_at"): "ended_at + interval '1 hour'",
    ("titles_title", "end_recorded_at"): "end_recorded_at + interval '1 hour'",
    ("titles_title", "end_txn_id"): "end_txn_id + 1000000",
    ("titles_title", "reference"): "gen_random_uuid()",
    ("titles_title", "txn_id"): "txn_id + 1000000",
}
"""What these are changed to, to show that a bundle is none the worse."""
ROWS = {
    "a transaction removed": Change(f"DELETE FROM ledger_transaction WHERE {TXN}"),
    "an entry removed": Change(f"DELETE FROM ledger_entry WHERE {ENTRY}"),
    "all entries of a transaction removed": Change("DELETE FROM ledger_entry WHERE txn_id = {txn}"),
    "a transaction removed with its entries": Change(
        f"DELETE FROM ledger_entry WHERE txn_id = {{txn}};"
        f"DELETE FROM ledger_transaction WHERE {TXN}"
    ),
    "two entries added that cancel out": Change(
        "INSERT INTO ledger_entry SELECT account_id, recorded_at, version + 1000 * n, txn_id,"
        " commodity_id, n, balance_after FROM ledger_entry, (VALUES (1), (-1)) AS m(n)"
        f" WHERE {ENTRY}"
    ),
    "a transaction slipped in": Change(
        "INSERT INTO ledger_transaction (source, key, body_hash, kind, about, actor, memo,"
        " effective_at, recorded_at) SELECT source, 'late', body_hash, kind, about, actor, memo,"
        f" effective_at, recorded_at FROM ledger_transaction WHERE {TXN};"
        "INSERT INTO ledger_entry SELECT account_id, recorded_at, version + 1000,"
        " (SELECT max(id) FROM ledger_transaction), commodity_id, amount, balance_after"
        " FROM ledger_entry WHERE txn_id = {txn}",
        BOOKS,
        "pending.ndjson",
    ),
    "an account removed": Change(
        f"DELETE FROM ledger_account WHERE {ACCOUNT}", LOG, "leaf {opened_at_leaf}"
    ),
    "a commodity removed": Change(
        f"DELETE FROM ledger_commodity WHERE {EUR}", LOG, "leaf {first_of_commodity}"
    ),
    "a balance removed": Change(
        f"DELETE FROM ledger_balance WHERE {BALANCE}", BOOKS, "account {account}"
    ),
    "a document removed": Change(
        f"DELETE FROM ledger_document WHERE {DOCUMENT}", LOG, "leaf {document_leaf}"
    ),
    "a place removed": Change(f"DELETE FROM ledger_leaf WHERE {PLACE}"),
    "the last place removed": Change(
        "DELETE FROM ledger_leaf WHERE index = {size} - 1", LOG, "leaf "
    ),
    "a tile removed": Change("DELETE FROM ledger_tile WHERE level = 0", OURS, "tile 0/0 is gone"),
    "the last title removed": Change(
        "DELETE FROM titles_title WHERE number = {titles}", BOOKS, "pool backbone"
    ),
    "a title removed": Change(f"DELETE FROM titles_title WHERE {TITLE}", BOOKS, "place {title}"),
    "two places changed over": Change(
        "UPDATE ledger_leaf SET txn_id = 1000000 WHERE index = {leaf};"
        "UPDATE ledger_leaf SET txn_id = {txn} WHERE txn_id = {other_txn};"
        "UPDATE ledger_leaf SET txn_id = {other_txn} WHERE index = {leaf}"
    ),
    "an amount changed on both sides": Change(
        "UPDATE ledger_entry SET amount = amount + sign(amount) WHERE txn_id = {txn}"
    ),
    "an amount changed with every balance after it": Change(
        "UPDATE ledger_entry e SET balance_after = e.balance_after + sign(t.amount)"
        " FROM ledger_entry t WHERE t.txn_id = {txn} AND t.account_id = e.account_id"
        " AND e.version >= t.version;"
        "UPDATE ledger_balance b SET amount = b.amount + sign(t.amount)"
        " FROM ledger_entry t WHERE t.txn_id = {txn} AND t.account_id = b.account_id;"
        "UPDATE ledger_entry SET amount = amount + sign(amount) WHERE txn_id = {txn}"
    ),
    "a head emptied": Change(
        "UPDATE ledger_checkpoint SET note = '' WHERE size = {size}", LOG, "checkpoint"
    ),
    "a tile cut short": Change(
        "UPDATE ledger_tile SET data = substr(data, 1, 64) WHERE level = 0",
        OURS,
        "tile 0/0 is gone",
    ),
    "an owner changed for another's name and salt": Change(
        "UPDATE ledger_account a SET owner = o.owner || '/x', salt = o.salt"
        " FROM ledger_account o WHERE o.id = {other_account} AND a.id = {account}",
        LOG,
        "leaf {opened_at_leaf}",
    ),
}
