"""Writes a bundle in one pass over one snapshot of the database."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from django.utils import timezone

from ledger import partitions
from ledger.bundle.files import LineFile, new_folder, write_manifest, write_whole
from ledger.bundle.rows import Label, account_lines, named, pending_lines, pseudonymous
from ledger.log import tree
from ledger.log.leaves import TransactionRecord, canonical, moment
from ledger.log.rebuild import Gone, Sealed, standing
from ledger.models import Checkpoint, Cut, Leaf
from ledger.reading import one_snapshot
from signing import keys, merkle, notes
from signing.errors import SigningError
from signing.tiles import WIDTH, width_at

FORMAT = "coop-books/1"
MOST_SENTENCES = 20
LONGEST_LINE = 1 << 20
"""what the auditor's program takes of one line"""
NO_LEAF = -1
SECONDS_BETWEEN = 2
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Contents:
    """What the apps above know: whose books, who "member/12" is, lines of titles.ndjson.

    Without `names` it is a bundle for the public: persons by a pseudonym of this bundle.
    """

    cooperative: str
    titles: Callable[[], Iterator[bytes]]
    names: Mapping[str, str] | None = None

    @property
    def kind(self) -> str:
        """Whom it is for."""
        return "public" if self.names is None else "members"

    def label(self) -> Label:
        """What persons are called in it."""
        return pseudonymous() if self.names is None else named(self.names)


@dataclass
class Written:
    """What was written: leaves, records not sealed yet, bytes; and what was found wrong."""

    leaves: int = 0
    pending: int = 0
    size: int = 0
    found: int = 0
    sentences: list[str] = field(default_factory=list)

    def wrong(self, sentence: str) -> None:
        """Something in the rows does not agree with the rest."""
        self.found += 1
        if len(self.sentences) < MOST_SENTENCES:
            self.sentences.append(sentence)


def export(place: Path, contents: Contents, tell: Tell) -> Written:
    """Write the bundle to a folder that is empty or not there yet.

    The folder is there when it is whole. What is wrong with the rows is written as it stands and
    named in the result. Raises NoRoom.
    """
    with new_folder(place, private=contents.names is not None) as draft, one_snapshot():
        return _Export(draft, contents, tell).run()


class _Export:
    def __init__(self, folder: Path, contents: Contents, tell: Tell) -> None:
        self.folder = folder
        self.contents = contents
        self.tell = tell
        self.is_named = contents.names is not None
        self.head = tree.newest()
        self.size = self.head.size if self.head else 0
        self.done = Written(leaves=self.size)
        self.files: dict[str, object] = {}

    def run(self) -> Written:
        """Every file, the manifest last."""
        carried = self._carried()
        self._leaves()
        label = self.contents.label()
        self._file("accounts", account_lines(label, members=self.is_named))
        self.done.pending = self._file("pending", self._pending())
        self._file("titles", self.contents.titles())
        self.done.size += write_whole(self.folder / "checkpoint", self._note().encode())
        self.done.size += write_manifest(self.folder, self._manifest(carried))
        return self.done

    def _file(self, name: str, lines: Iterator[bytes]) -> int:
        self.tell(f"{name} …")
        with LineFile(self.folder, name) as file:
            file.write_all(lines)
        return self._closed(file)

    def _closed(self, file: LineFile) -> int:
        self.files[file.name] = file.facts()
        self.done.size += file.size
        return file.lines

    def _leaves(self) -> None:
        names = ["leaves", "entries", *(["details"] if self.is_named else [])]
        with ExitStack() as stack:
            files = [stack.enter_context(LineFile(self.folder, name)) for name in names]
            self._walk(*files)
        for file in files:
            self._closed(file)

    def _walk(self, leaves: LineFile, entries: LineFile, details: LineFile | None = None) -> None:
        check = _AsSealed(self.done, self.head)
        progress = _Progress(self.tell, self.size)
        for leaf in standing(0, self.size):
            content = check.take(leaf)
            leaves.write(content)
            if isinstance(leaf, Sealed):
                entries.write_all(leaf.entries or ())
                if details and isinstance(leaf.record, TransactionRecord):
                    details.write(leaf.record.details())
            progress.at(leaf.index)
        check.end()

    def _pending(self) -> Iterator[bytes]:
        for line in pending_lines(self.size):
            if len(line) > LONGEST_LINE:
                self.done.wrong("a transaction too large for pending.ndjson waits: seal first")
            yield line

    def _carried(self) -> dict[str, object] | None:
        cut = Cut.objects.order_by("-through").first()
        if cut is None:
            return None
        self._file("carried", partitions.carried_lines())
        places = Leaf.objects.filter(document_id=cut.document_id, index__lt=self.size)
        index = places.values_list("index", flat=True).first()
        if index is None:
            self.done.wrong("the balances of the last cut are not in the log: seal first")
        return {"through": moment(cut.through), "leaf": NO_LEAF if index is None else index}

    def _note(self) -> str:
        if self.head:
            return self.head.note
        empty = notes.Checkpoint(tree.origin(), 0, merkle.EMPTY_ROOT)
        return notes.sign_checkpoint(empty, bytes(keys.cooperative_key()))

    def _manifest(self, carried: dict[str, object] | None) -> dict[str, object]:
        facts: dict[str, object] = {
            "format": FORMAT,
            "kind": self.contents.kind,
            "cooperative": self.contents.cooperative,
            "origin": tree.origin(),
            "public_key": keys.public_key().hex(),
            "exported_at": moment(timezone.now()),
            "size": self.size,
            "carried": carried,
            "files": self.files,
        }
        return {**facts, "found": self.done.sentences} if self.done.found else facts


class _AsSealed:
    """Compares the leaves, in order, with what was kept when they were sealed.

    The bundle does not rest on that: it tells which leaf it is where the root comes out another.
    """

    def __init__(self, done: Written, head: Checkpoint | None) -> None:
        self.done = done
        self.head = head
        self.size = head.size if head else 0
        self.frontier = merkle.Frontier()
        self.number, self.tile = -1, b""

    def take(self, leaf: Sealed | Gone) -> bytes:
        """The line of the next leaf."""
        if isinstance(leaf, Gone):
            self.done.wrong(leaf.why)
            content = canonical({"index": leaf.index, "missing": leaf.why})
        else:
            content = committed(leaf)
        hashed = merkle.leaf_hash(content)
        self.frontier.append(hashed)
        if isinstance(leaf, Sealed):
            self._compare(leaf, hashed)
        return content

    def _compare(self, leaf: Sealed, hashed: bytes) -> None:
        if leaf.has_other_entries:
            self.done.wrong(f"{leaf.name} has other entries than were sealed")
        elif self._sealed_as(leaf.index) not in (None, hashed):
            self.done.wrong(f"{leaf.name} is not what was sealed, or its tile was changed")

    def _sealed_as(self, index: int) -> bytes | None:
        """The hash that was kept of a leaf; None where it is gone, which is said once a tile."""
        number, place = divmod(index, WIDTH)
        if number != self.number:
            self.number, self.tile = number, tree.read_tile(0, number)
            if len(self.tile) < merkle.HASH_BYTES * width_at(0, number, self.size):
                self.done.wrong(f"tile 0/{number} is gone, or too short")
        start = place * merkle.HASH_BYTES
        return self.tile[start : start + merkle.HASH_BYTES] or None

    def end(self) -> None:
        """Look at the head over all of them."""
        if self.head is None:
            return
        said = self.head.size, bytes(self.head.root)
        try:
            opened = notes.open_checkpoint(self.head.note, tree.verifier_key())
        except SigningError as error:
            self.done.wrong(f"the newest head cannot be read: {error}")
            return
        if (opened.size, opened.root) != said:
            self.done.wrong("the newest head says another thing than its note")
        if (opened.size, opened.root) != (self.frontier.size, self.frontier.root()):
            self.done.wrong("the leaves do not come to the root of the newest head")


def committed(leaf: Sealed) -> bytes:
    """The bytes of a leaf, with the root that its place keeps over as many entries.

    So entries that were changed stand below a leaf that does not commit to them, and the auditor
    sees which. Where their number changed, the leaf is over those that are there.
    """
    if not leaf.has_other_entries or leaf.kept is None or leaf.entries is None:
        return leaf.content
    if leaf.kept[0] != len(leaf.entries) or not isinstance(leaf.record, TransactionRecord):
        return leaf.content
    return leaf.record.as_bytes(*leaf.kept)


class _Progress:
    """Says now and then how far it is."""

    def __init__(self, tell: Tell, total: int) -> None:
        self.tell = tell
        self.total = total
        self.said = monotonic()

    def at(self, index: int) -> None:
        """Leaf `index` is written."""
        if index % WIDTH == 0 and monotonic() - self.said > SECONDS_BETWEEN:
            self.said = monotonic()
            self.tell(f"leaves: {index} of {self.total}")
