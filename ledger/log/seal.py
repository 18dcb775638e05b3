"""The sequencer: gives every committed record its place in the log, off the hot path.

What was committed is known by PostgreSQL's own horizon: every database transaction older than
`pg_snapshot_xmin` has ended, so what of it can be seen is all there will ever be. The order
respects commits: of two transactions that moved one account the earlier comes first, and so does
one that had ended before the other began. docs/ledger.md says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from ledger.log import records
from ledger.log.leaves import TransactionRecord, entries_root
from ledger.log.tree import origin, read_tile
from ledger.models import Checkpoint
from ledger.reading import rows
from signing import keys, merkle, notes, tiles

CHUNK = 2000
"""records sealed in one database transaction: what a killed sequencer has to do again"""
ONE_AT_A_TIME = 0x6C6F67
"""the advisory lock of the sequencer: "log" in ASCII"""

# Rows beyond `next` came from a dump of another server, which had counted further than this one.
HORIZON = """
SELECT h.xid, h.next, (SELECT min(id) FROM ledger_transaction
                       WHERE xid >= h.xid::text::xid8 AND xid < h.next::text::xid8)
FROM (SELECT pg_snapshot_xmin(now)::text::bigint AS xid, pg_snapshot_xmax(now)::text::bigint AS next
      FROM pg_current_snapshot() AS now) AS h"""
# Beyond `before` stands what may depend on somebody who has not ended yet: it waits with them.
WAITING = """
SELECT t.id FROM ledger_{table} t
WHERE (t.xid >= %(restored)s::text::xid8
       OR t.xid >= %(floor)s::text::xid8 AND t.xid < %(horizon)s::text::xid8
          AND t.id < coalesce(%(before)s::bigint, 9223372036854775807))
  AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.{column}_id = t.id)
ORDER BY t.id LIMIT %(limit)s"""
LEFT_OVER = """
SELECT coalesce(min(x), %(horizon)s) FROM (
    SELECT min(t.xid::text::bigint) FROM ledger_transaction t
    WHERE t.xid >= %(floor)s::text::xid8 AND t.xid < %(horizon)s::text::xid8
      AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.txn_id = t.id)
    UNION ALL
    SELECT min(d.xid::text::bigint) FROM ledger_document d
    WHERE d.xid >= %(floor)s::text::xid8 AND d.xid < %(horizon)s::text::xid8
      AND NOT EXISTS (SELECT FROM ledger_leaf l WHERE l.document_id = d.id)
) AS rest(x)"""
KEEP_TILES = """
INSERT INTO ledger_tile (level, index, data)
SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])
ON CONFLICT (level, index) DO UPDATE SET data = excluded.data"""
KEEP_LEAVES = """
INSERT INTO ledger_leaf (index, txn_id, document_id, entries_count, entries_root)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::int[], %s::bytea[])"""


class TreeChanged(Exception):
    """The kept tree was changed since it was signed: what is signed now could not be taken back."""


@dataclass(frozen=True)
class Window:
    """What may be sealed now: records of database transactions from `floor` up to `horizon`.

    `restored` where a dump was restored into a server that counts anew: records from there on
    were committed on the old one.
    """

    floor: int
    horizon: int
    before: int | None
    restored: int | None = None

    @classmethod
    def after(cls, floor: int) -> "Window":
        """What may be sealed after a head with this floor."""
        horizon, following, before = rows(HORIZON)[0]
        is_restored = floor > following
        return cls(0 if is_restored else floor, horizon, before, floor if is_restored else None)

    def waiting(self, table: str, column: str, limit: int) -> list[int]:
        """The ids of records that wait, in their order."""
        sql = WAITING.format(table=table, column=column)
        params = {**vars(self), "limit": limit}
        if table == "document":  # documents depend on nobody's locks
            params["before"] = None
        return [row[0] for row in rows(sql, params)]

    def floor_after(self, places: "Sequence[Place]") -> int:
        """Where the next batch begins once this one is in the log."""
        if self.restored and len(places) == CHUNK:
            return self.restored  # more that was restored may wait
        floor: int = rows(LEFT_OVER, vars(self))[0][0]
        return floor


@dataclass(frozen=True)
class Place:
    """A leaf and what it stands for."""

    content: bytes
    txn_id: int | None = None
    document_id: int | None = None
    entries_count: int = 0
    entries_root: bytes | None = None


def seal(*, chunks: int | None = None) -> int:
    """Seal what waits, at most so many chunks of it; returns how many leaves were added.

    A second sequencer at the same time finds the door closed and adds nothing. Killed at any
    moment it has done whole chunks or nothing of them, and the next one goes on from there.
    """
    added = 0
    while chunks is None or chunks > 0:
        sealed = seal_chunk()
        added += sealed
        if sealed < CHUNK:
            break
        chunks = None if chunks is None else chunks - 1
    return added


@transaction.atomic(durable=True)
def seal_chunk() -> int:
    """Seal one chunk, with a checkpoint over it."""
    if not is_alone():
        return 0
    newest = Checkpoint.objects.order_by("-size").first()
    size, floor = (newest.size, newest.xid_floor) if newest else (0, 0)
    window = Window.after(floor)
    places = next_places(window)
    if places:
        require_tree_of(newest)
        write(size, places, window)
    return len(places)


def require_tree_of(head: Checkpoint | None) -> None:
    """Refuse to sign on over tiles that are not those of the newest head; raises TreeChanged."""
    if head and tiles.root_at(head.size, read_tile) != bytes(head.root):
        raise TreeChanged(f"the tiles are not those of the head over {head.size} leaves: verify")


def is_alone() -> bool:
    """Whether this is the only sequencer until the end of the database transaction."""
    return bool(rows("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])[0][0])


def next_places(window: Window) -> list[Place]:
    """The next leaves: transactions first, then documents, each by id."""
    ids = window.waiting("transaction", "txn", CHUNK)
    places = [place_of(record) for record in records.transactions(ids)]
    if len(places) < CHUNK:
        found = window.waiting("document", "document", CHUNK - len(places))
        places += [
            Place(record.as_bytes(), document_id=record.id) for record in records.documents(found)
        ]
    return places


def place_of(record: TransactionRecord) -> Place:
    """The leaf of a transaction."""
    lines = [entry.as_bytes() for entry in record.entries]
    root = entries_root(lines)
    return Place(record.as_bytes(len(lines), root), record.id, None, len(lines), root)


def write(size: int, places: Sequence[Place], window: Window) -> None:
    """Leaves, tiles and the signed head, all in this database transaction."""
    hashes = [merkle.leaf_hash(place.content) for place in places]
    grown = tiles.grow(size, hashes, read_tile)
    with connection.cursor() as cursor:
        columns = [[level for level, _ in grown], [index for _, index in grown]]
        cursor.execute(KEEP_TILES, [*columns, list(grown.values())])
        cursor.execute(KEEP_LEAVES, leaf_columns(size, places))
    publish(size + len(places), window.floor_after(places))


def leaf_columns(size: int, places: Sequence[Place]) -> list[list[object]]:
    """What `KEEP_LEAVES` takes."""
    return [
        list(range(size, size + len(places))),
        [place.txn_id for place in places],
        [place.document_id for place in places],
        [place.entries_count for place in places],
        [place.entries_root for place in places],
    ]


def publish(size: int, xid_floor: int) -> Checkpoint:
    """The signed head of the first `size` leaves."""
    root = tiles.root_at(size, read_tile)
    head = notes.Checkpoint(origin(), size, root)
    return Checkpoint.objects.create(
        size=size,
        root=root,
        note=notes.sign_checkpoint(head, bytes(keys.cooperative_key())),
        sealed_at=timezone.now(),
        xid_floor=xid_floor,
    )
