"""The one pass over everything: leaves, the entries that belong to them, what they were for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any

from coop_verify.bundle import Bundle
from coop_verify.canonical import Types, dumps, from_hex, loads, shaped
from coop_verify.errors import Malformed, Unreadable
from coop_verify.forms import Document, Leaf, Transaction, read_entry, read_leaf
from coop_verify.note import Checkpoint
from coop_verify.replay import Books
from coop_verify.report import Report
from coop_verify.reversals import Reversals, Seen
from coop_verify.tree import Tree, root_of

MOST_ENTRIES = 1_000_000
Earlier = Mapping[int, Sequence[tuple[str, Checkpoint]]]
_DETAILS: dict[str, Types] = {
    "about": str, "actor": str, "body_hash": str, "key": str, "memo": str, "salt": str,
    "source": str,
}  # fmt: skip


class Source:
    """A bundle's entries, taken from the front as the leaves come by.

    An archive ends at its `size`; the bundle that the leaves are read from does not.
    """

    def __init__(self, bundle: Bundle, size: int | None = None) -> None:
        self.name = bundle.name
        self.size = size
        self.cut = bundle.manifest.cut
        self.lines = bundle.lines("entries")

    def has(self, index: int, leaf: Transaction) -> bool:
        """Whether the entries of a leaf are in this bundle."""
        reaches = self.size is None or index < self.size
        return reaches and (self.cut is None or leaf.recorded_at >= self.cut.through)


class Walk:
    """Goes through a bundle once and keeps what the closing checks need."""

    def __init__(
        self, report: Report, books: Books, sources: Sequence[Source], reversals: Reversals
    ) -> None:
        self.report = report
        self.books = books
        self.sources = sources
        self.reversals = reversals
        self.cuts = list(dict.fromkeys(source.cut for source in sources if source.cut))
        self.begins = min((s.cut.through if s.cut else "" for s in sources), default="")
        self.tree = Tree()
        self.documents: dict[int, Document] = {}
        self.titles: set[bytes] = set()
        self.lost = False
        self._ids = {Transaction: Seen(), Document: Seen()}

    def leaves(self, bundle: Bundle, earlier: Earlier, keep: Collection[int]) -> None:
        """Every leaf in order; earlier checkpoints are compared where the tree has their size.

        Documents at the places in `keep` are kept for later.
        """
        details = bundle.lines("details") if bundle.manifest.names_people else None
        self._compare(earlier)
        for index, line in enumerate(bundle.lines("leaves")):
            self.tree.add(line)
            if self.tree.size in earlier:
                self._compare(earlier)
            leaf = self._read(f"leaf {index}", line)
            if isinstance(leaf, Transaction):
                self._transaction(index, leaf, details)
            elif leaf is not None and index in keep:
                self.documents[index] = leaf
        self._ends(details)

    def _compare(self, earlier: Earlier) -> None:
        for name, checkpoint in earlier.get(self.tree.size, ()):
            if checkpoint.root != self.tree.root():
                self.report.broken(
                    "history",
                    f"{name}: the first {checkpoint.size} leaves have another root now:"
                    " history was rewritten, or others were shown other books (split view)",
                )

    def _read(self, where: str, line: bytes) -> Leaf | None:
        try:
            leaf = read_leaf(line)
        except Malformed as error:
            self._lose("leaves", f"{where}: {error}")
            return None
        seen = self._ids[type(leaf)]
        if leaf.id in seen:
            self.report.broken("leaves", f"{where} has id {leaf.id}, which came before")
        seen.add(leaf.id)
        if isinstance(leaf, Document):
            self._document(where, leaf)
        return leaf

    def _document(self, where: str, leaf: Document) -> None:
        if leaf.kind != "title":
            return
        if leaf.digest in self.titles:
            self.report.broken("titles", f"{where} has a title that came before")
        self.titles.add(leaf.digest)

    def _transaction(self, index: int, leaf: Transaction, details: Iterator[bytes] | None) -> None:
        where = f"leaf {index}"
        if details is not None:
            self._details(where, leaf, next(details, None))
        self._behind_a_cut(index, where, leaf)
        if leaf.recorded_at < self.begins:
            self.reversals.take(where, leaf, None)
        elif not self.lost:
            self.take(where, leaf, self._entries(index, leaf))

    def _behind_a_cut(self, index: int, where: str, leaf: Transaction) -> None:
        """Balances are carried when all before them is sealed: what comes later is not in them."""
        for cut in self.cuts:
            if index > cut.leaf and leaf.recorded_at < cut.through:
                self.report.broken(
                    "carried",
                    f"{where} of {leaf.recorded_at} hides behind a cut: it came after leaf"
                    f" {cut.leaf}, which carries the balances of {cut.through}",
                )

    def _entries(self, index: int, leaf: Transaction) -> list[bytes]:
        holders = [source for source in self.sources if source.has(index, leaf)]
        if not holders:
            raise Unreadable(
                f"leaf {index} of {leaf.recorded_at} has its entries in none of the bundles"
                " given: give a younger --archive too"
            )
        if leaf.entries > MOST_ENTRIES:
            self._lose("entries", f"leaf {index} says that it has {leaf.entries} entries")
            return []
        lines, *copies = [self._next(source, index, leaf.entries) for source in holders]
        if any(copy != lines for copy in copies):
            self.report.broken("entries", f"the bundles have different entries for leaf {index}")
        return lines

    def _next(self, source: Source, index: int, count: int) -> list[bytes]:
        lines = list(islice(source.lines, count))
        if len(lines) < count:
            self._lose("entries", f"{source.name} has too few entries for leaf {index}")
        return lines

    def take(self, where: str, leaf: Transaction, lines: Sequence[bytes]) -> None:
        """Check a transaction's entries against its leaf and replay them."""
        if self.lost:
            return
        if not lines or root_of(lines) != leaf.root or len(lines) != leaf.entries:
            self.report.broken("entries", f"{where} (transaction {leaf.id}) commits to others")
        try:
            entries = [read_entry(line) for line in lines]
        except Malformed as error:
            self._lose("entries", f"{where}, transaction {leaf.id}: {error}")
            return
        places = [(entry.account, entry.version) for entry in entries]
        if places != sorted(places):
            self.report.broken("entries", f"the entries of {where} are out of order")
        self.reversals.take(where, leaf, entries)
        self.books.apply(where, leaf.recorded_at, entries)

    def _details(self, where: str, leaf: Transaction, line: bytes | None) -> None:
        if line is None:
            self.report.broken("details", f"{where} has no line in details.ndjson")
            return
        if sha256(line).digest() != leaf.details:
            self.report.broken("details", f"{where} commits to other details")
        try:
            from_hex(shaped(loads(line), _DETAILS)["body_hash"])
        except Malformed as error:
            self.report.broken("details", f"the details of {where}: {error}")

    def _lose(self, promise: str, sentence: str) -> None:
        """From here on nobody can say which entries belong to which leaf."""
        self.report.broken(promise, sentence)
        if not self.lost:
            self.lost = True
            self.report.note(f"Entries were not checked from here on: {sentence}")

    def _ends(self, details: Iterator[bytes] | None) -> None:
        if details is not None and next(details, None) is not None:
            self.report.broken("details", "details.ndjson has more lines than transactions")
        if not self.lost and next(self.sources[0].lines, None) is not None:
            self.report.broken("entries", "entries.ndjson has more lines than leaves commit to")

    def pending(self, bundle: Bundle) -> None:
        """What was committed, but not sealed yet."""
        place = 0
        for place, line in enumerate(bundle.lines("pending"), 1):
            try:
                self._pending(f"line {place} of pending.ndjson", loads(line))
            except Malformed as error:
                self._lose("entries", f"line {place} of pending.ndjson: {error}")
        if place:
            self.report.note(
                f"{place} records are newer than the checkpoint and counted in: nothing binds the"
                " cooperative to them yet. A bundle of a few seconds later will have them sealed."
            )

    def _pending(self, where: str, value: Any) -> None:
        facts = shaped(value, {"entries": list, "leaf": dict})
        leaf, entries = self._read(where, dumps(facts["leaf"])), facts["entries"]
        if isinstance(leaf, Transaction):
            self._behind_a_cut(self.tree.size, where, leaf)
            self.take(where, leaf, [dumps(entry) for entry in entries])
        elif entries:
            raise Malformed("a document has no entries")
