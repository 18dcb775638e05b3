"""Proofs for those who ask: where something stands in the log, and that the log only grew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ledger.asof import TICK
from ledger.errors import DomainError
from ledger.log import rebuild, records, tree
from ledger.models import Balance, Checkpoint, Document, Entry, Leaf, Transaction
from signing import merkle, notes, tiles


class NotSealed(DomainError):
    """It is committed, and the sequencer has not come to it."""

    code: ClassVar[str] = "not_sealed"
    status: ClassVar[int] = 409
    text = _("This is recorded and waits for its place in the log. Ask again in a few seconds.")


class NotInTheLog(DomainError):
    """There is no such transaction, document or entry."""

    code: ClassVar[str] = "unknown"
    status: ClassVar[int] = 404
    text = _("The books know nothing by this name. Check the number or the digest.")


class BeyondTheLog(DomainError):
    """A place or a size that the log has not reached."""

    code: ClassVar[str] = "beyond_the_log"
    text = _("The log has %(size)s leaves so far: ask for a place and a size within them.")


class PutAway(DomainError):
    """The entries of that time are no longer in the database."""

    code: ClassVar[str] = "put_away"
    status: ClassVar[int] = 410
    text = _("The entries of that time were put away. The cooperative keeps them in an archive.")


class RecordChanged(DomainError):
    """The rows no longer give the leaf that was sealed."""

    code: ClassVar[str] = "record_changed"
    status: ClassVar[int] = 500
    text = _(
        "The record no longer is what was sealed as leaf %(index)s of the log. Keep this answer "
        "and tell the auditors."
    )


@dataclass(frozen=True)
class Inclusion:
    """A leaf, and the hashes that lead from it to the root of the first `size`.

    `note` is the signed head of that size; "" where none was signed of just this size.
    """

    index: int
    size: int
    content: bytes
    hashes: tuple[bytes, ...]
    root: bytes
    note: str

    @property
    def text(self) -> str:
        """The bytes of the leaf, as text."""
        return self.content.decode()

    @property
    def leaf_hash(self) -> bytes:
        """The hash that the tree is over."""
        return merkle.leaf_hash(self.content)

    def file(self) -> str:
        """The proof as a file, c2sp.org/tlog-proof, with the leaf as its `extra`."""
        return notes.Proof(self.index, self.hashes, self.note, self.content).text()


@dataclass(frozen=True)
class Consistency:
    """The hashes that show that a smaller tree is the beginning of a larger one."""

    old: int
    new: int
    old_root: bytes
    new_root: bytes
    hashes: tuple[bytes, ...]
    note: str


@dataclass(frozen=True)
class EntryProof:
    """One entry within its transaction: the hashes up to the root that the leaf names."""

    txn_id: int
    index: int
    position: int
    content: bytes
    hashes: tuple[bytes, ...]
    root: bytes
    count: int


def inclusion(index: int, size: int | None = None) -> Inclusion:
    """That a leaf is in the log, at the newest head or at another size.

    Raises BeyondTheLog, RecordChanged.
    """
    newest = tree.newest()
    most = newest.size if newest else 0
    wanted = most if size is None else size
    if not 0 <= index < wanted <= most:
        raise BeyondTheLog(size=most)
    hashes = tuple(tree.inclusion(index, wanted))
    content = sealed_leaf(index).content
    return Inclusion(index, wanted, content, hashes, tree.root_at(wanted), note_of(wanted))


def sealed_leaf(index: int) -> rebuild.Sealed:
    """A leaf from its rows; raises RecordChanged unless it is the one that was sealed."""
    try:
        leaf = next(rebuild.sealed(index, index + 1))
    except rebuild.Missing as missing:
        raise RecordChanged(index=index) from missing
    if merkle.leaf_hash(leaf.content) != tiles.node_reader(tree.read_tile)(0, index):
        raise RecordChanged(index=index)
    return leaf


def consistency(old: int, new: int | None = None) -> Consistency:
    """That the log of `old` leaves is the beginning of that of `new`; raises BeyondTheLog."""
    newest = tree.newest()
    most = newest.size if newest else 0
    wanted = most if new is None else new
    if not 0 <= old <= wanted <= most:
        raise BeyondTheLog(size=most)
    hashes = tuple(tree.consistency(old, wanted))
    roots = tree.root_at(old), tree.root_at(wanted)
    return Consistency(old, wanted, *roots, hashes, note_of(wanted))


def note_of(size: int) -> str:
    """The signed head of a size; "" where there is none."""
    notes_found = Checkpoint.objects.filter(size=size).values_list("note", flat=True)
    return notes_found.first() or ""


def sealed_at(index: int) -> datetime:
    """When the first head over a leaf was signed; raises Checkpoint.DoesNotExist."""
    return Checkpoint.objects.filter(size__gt=index).order_by("size")[:1].get().sealed_at


def place_of_transaction(txn_id: int) -> int:
    """The index of a transaction's leaf; raises NotSealed, NotInTheLog."""
    is_known = Transaction.objects.filter(pk=txn_id)
    return _index(tree.leaf_of_transaction(txn_id), is_known.exists)


def place_of_document(digest: bytes) -> int:
    """The index of a document's leaf; raises NotSealed, NotInTheLog."""
    is_known = Document.objects.filter(digest=digest)
    return _index(tree.leaf_of_document(digest), is_known.exists)


def _index(leaf: Leaf | None, is_known: Callable[[], bool]) -> int:
    if leaf is not None:
        return leaf.index
    raise NotSealed if is_known() else NotInTheLog


def entry(account: int, version: int) -> EntryProof:
    """That an entry is one of its transaction's, as its leaf counts them.

    Raises NotInTheLog, NotSealed, PutAway, RecordChanged.
    """
    row = entry_row(account, version)
    leaf = sealed_leaf(place_of_transaction(row.txn_id))
    if leaf.entries is None:
        raise PutAway
    position = _position(leaf, account, version)
    hashes = [merkle.leaf_hash(content) for content in leaf.entries]
    proof = merkle.inclusion_proof(position, len(hashes), _node_over(hashes))
    return EntryProof(
        txn_id=row.txn_id,
        index=leaf.index,
        position=position,
        content=leaf.entries[position],
        hashes=tuple(proof),
        root=merkle.root(hashes),
        count=len(hashes),
    )


def _position(leaf: rebuild.Sealed, account: int, version: int) -> int:
    found = records.transactions([leaf.record.id])[0].entries
    return [(line.account, line.version) for line in found].index((account, version))


def _node_over(hashes: Sequence[bytes]) -> merkle.NodeReader:
    return lambda level, index: merkle.root(hashes[index << level : (index + 1) << level])


def entry_row(account: int, version: int) -> Entry:
    """An entry by account and version; raises NotInTheLog, PutAway.

    The rows are ordered by time, and versions ascend with it: the moment is found by halving the
    time, each step one seek in the index, so that an account of any length is answered at once.
    """
    kept = Balance.objects.filter(account_id=account).first()
    rows = Entry.objects.filter(account_id=account).order_by("recorded_at", "version")
    if kept is None or not 0 < version <= kept.version:
        raise NotInTheLog
    first = rows.first()
    if first is None or version < first.version:
        raise PutAway
    at = _moment_of(version, rows, first.recorded_at)
    found = rows.filter(recorded_at=at, version=version).first()
    if found is None:
        raise NotInTheLog
    return found


def _moment_of(version: int, rows: QuerySet[Entry], early: datetime) -> datetime:
    """The earliest moment by which an account's entries come to this version."""
    last = rows.last()
    late = early if last is None else last.recorded_at
    while early < late:
        half = early + (late - early) // 2
        before = rows.filter(recorded_at__lte=half).last()
        if before is not None and before.version >= version:
            late = before.recorded_at
        else:
            early = half + TICK
    return late
