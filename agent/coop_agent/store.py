"""The node's memory: one SQLite file that survives a kill or a power cut at any instant.

WAL with synchronous=FULL: what a transaction committed is on the disk. One connection a thread.
Counter values are texts, because they reach 2^64 and SQLite's integers do not.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Each kept statement costs some kilobytes, for each thread.
STATEMENTS = 16
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meter (
  meter TEXT PRIMARY KEY, driver TEXT NOT NULL, kind TEXT NOT NULL, unit TEXT NOT NULL,
  bits INTEGER NOT NULL, cap TEXT, inc TEXT NOT NULL, boot TEXT NOT NULL,
  t0 INTEGER, mt0 INTEGER NOT NULL, r0 TEXT NOT NULL,
  t1 INTEGER, mt1 INTEGER NOT NULL, r1 TEXT NOT NULL, area TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
  id INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS inventory (
  sha TEXT PRIMARY KEY, payload BLOB NOT NULL, sig BLOB NOT NULL, meters TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS envelope (
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, prev TEXT NOT NULL, chain TEXT NOT NULL,
  payload BLOB, size INTEGER NOT NULL, sig BLOB NOT NULL, sealed_at INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'sealed'
    CHECK (state IN ('sealed', 'pending', 'receipted', 'dead', 'conflict')),
  receipt TEXT, PRIMARY KEY (epoch, seq));
DROP INDEX IF EXISTS envelope_open;
CREATE INDEX IF NOT EXISTS envelope_waiting ON envelope (state, epoch, seq, size)
  WHERE state <> 'receipted';
CREATE INDEX IF NOT EXISTS envelope_kept ON envelope (sealed_at) WHERE payload IS NOT NULL;
CREATE TABLE IF NOT EXISTS dead_letter (
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
  at INTEGER NOT NULL, envelope TEXT NOT NULL, PRIMARY KEY (epoch, seq));
CREATE TABLE IF NOT EXISTS voucher (
  ticket TEXT PRIMARY KEY, unit TEXT NOT NULL, quantity TEXT NOT NULL, used TEXT NOT NULL,
  not_after INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS epoch (
  epoch INTEGER PRIMARY KEY, pub BLOB NOT NULL, at INTEGER NOT NULL,
  offered INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'accepted'
    CHECK (state IN ('accepted', 'sealed', 'waiting', 'refused')),
  rotate TEXT, chain TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS told (sha TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hook (
  hook TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (hook, subject)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert (
  code TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (code, text))
  WITHOUT ROWID;
"""


class Store:
    """A connection of one thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(
            path, isolation_level=None, timeout=30, cached_statements=STATEMENTS
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA cache_size=-64")

    @classmethod
    def opened(cls, folder: Path) -> "Store":
        """The store of a state folder, made if it was not there."""
        path = folder / "agent.sqlite3"
        if not path.exists():
            path.touch(mode=0o600)
        store = cls(path)
        with store.transaction():
            for statement in SCHEMA.split(";"):
                store.run(statement)
        return store

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; writers take turns from the first statement on."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def run(self, statement: str, *values: Any) -> None:
        self._db.execute(statement, values)

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(query, values).fetchall()

    def each(self, query: str, *values: Any) -> Iterator[sqlite3.Row]:
        """The rows one by one, for what would not fit into a small memory."""
        yield from self._db.execute(query, values)

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(query, values).fetchone()
        return found

    def number(self, query: str, *values: Any) -> int:
        row = self.row(query, *values)
        return int(row[0]) if row is not None and row[0] is not None else 0

    def backlog(self) -> int:
        """Bytes of batches that the site has not receipted."""
        return self.number("SELECT sum(size) FROM envelope WHERE state <> 'receipted'")

    def get(self, key: str) -> Any:
        """A remembered value, or None."""
        row = self.row("SELECT value FROM meta WHERE key = ?", key)
        return None if row is None else json.loads(row[0])

    def put(self, key: str, value: Any) -> None:
        self.run("REPLACE INTO meta VALUES (?, ?)", key, json.dumps(value))

    def forget(self, key: str) -> None:
        self.run("DELETE FROM meta WHERE key = ?", key)

    def add_record(self, boot: str, body: dict[str, Any]) -> None:
        self.run("INSERT INTO record (boot, body) VALUES (?, ?)", boot, json.dumps(body))

    def add_alert(self, code: str, text: str) -> bool:
        """Note what a person should see; False if it was noted before."""
        before = self._db.total_changes
        self.run("INSERT OR IGNORE INTO alert VALUES (?, ?, ?)", code, text, int(time.time()))
        return self._db.total_changes > before
