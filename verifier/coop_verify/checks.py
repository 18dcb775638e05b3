"""Which check runs when: files, heads, one walk, and what must hold at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coop_verify.bundle import Bundle
from coop_verify.closing import (
    Listed,
    check_carried,
    check_conservation,
    check_listing,
    read_carried,
    read_listing,
)
from coop_verify.forms import reversed_id
from coop_verify.note import Checkpoint, Key
from coop_verify.proofs import read_kept
from coop_verify.replay import Books
from coop_verify.report import Report
from coop_verify.reversals import Reversals
from coop_verify.titles import Titles
from coop_verify.walk import Source, Walk

LOST = "entries could not be read, see above"


@dataclass(frozen=True)
class Request:
    """What the auditor gave: a bundle, and what they know from elsewhere."""

    bundle: Path
    key: Key | None = None
    checkpoints: Sequence[Path] = ()
    archives: Sequence[Path] = ()


@dataclass
class Check:
    """One check of one bundle; `run` fills the report. Raises Unreadable."""

    request: Request
    report: Report = field(default_factory=Report)

    def __post_init__(self) -> None:
        self.bundle = Bundle.open(self.request.bundle)
        self.archives = [Bundle.open(folder) for folder in self.request.archives]
        self.manifest = self.bundle.manifest
        self.key = self.request.key or self.manifest.key
        self.earlier: dict[int, list[tuple[str, Checkpoint]]] = {}

    def run(self) -> Report:
        """Everything, in order."""
        for bundle in (self.bundle, *self.archives):
            self._files(bundle)
        self._head()
        self._history()
        listing = read_listing(self.report, self.bundle)
        roots = self._replay(listing)
        self._carried(roots)
        self._close(listing)
        return self.report

    def _files(self, bundle: Bundle) -> None:
        prefix = "" if bundle is self.bundle else f"{bundle.name}: "
        for sentence in bundle.wrong_files():
            self.report.broken("files", prefix + sentence)
        if bundle.manifest.size != bundle.checkpoint.size:
            self.report.broken(
                "files",
                f"{prefix}the manifest says {bundle.manifest.size} leaves,"
                f" the checkpoint {bundle.checkpoint.size}",
            )

    def _head(self) -> None:
        for sentence in self.manifest.found:
            self.report.note(f"The export itself says: {sentence}")
        if self.request.key is None:
            self.report.note(
                "No --key was given, so the bundle's own was used. That proves only that the"
                " bundle agrees with itself: compare the fingerprint"
                f" {self.key.fingerprint} with one that you have from the cooperative's site,"
                " a title or another member."
            )
        if self.key.public != self.manifest.key.public:
            self.report.broken("signature", "the manifest names another key than the one given")
        if self.manifest.origin != self.bundle.checkpoint.origin:
            self.report.broken("signature", "manifest and checkpoint name different logs")
        self._signed("the checkpoint", self.bundle.checkpoint, "signature")

    def _signed(self, name: str, checkpoint: Checkpoint, promise: str) -> None:
        if not checkpoint.is_signed_by(self.key):
            self.report.broken(promise, f"{name} is not signed by {self.key.fingerprint}")

    def _history(self) -> None:
        given = [(str(path), read_kept(path)) for path in self.request.checkpoints]
        given += [(archive.name, archive.checkpoint) for archive in self.archives]
        for name, checkpoint in given:
            self._signed(name, checkpoint, "history")
            if checkpoint.origin != self.bundle.checkpoint.origin:
                self.report.broken("history", f"{name} is of another log: {checkpoint.origin}")
            self.earlier.setdefault(checkpoint.size, []).append((name, checkpoint))
        if not given:
            self.report.skip("history", "none was given; see --checkpoint")

    def _replay(self, listing: dict[int, Listed]) -> dict[Path, bytes]:
        bundles = [self.bundle, *self.archives]
        carried = [(b, *read_carried(self.report, b)) for b in bundles if b.manifest.cut]
        cuts = sorted((cut for _, cut, _ in carried), key=lambda cut: cut.through)
        facts = {number: listed.opens for number, listed in listing.items() if listed.opens}
        starts = len(cuts) == len(bundles)
        self.books = Books(self.report, cuts, starts=starts, facts=facts)
        reversals = Reversals(self.report, self._reversed())
        sources = [Source(self.bundle), *(Source(a, a.manifest.size) for a in self.archives)]
        self.walk = Walk(self.report, self.books, sources, reversals)
        keep = {b.manifest.cut.leaf for b in bundles if b.manifest.cut}
        self.walk.leaves(self.bundle, self.earlier, keep)
        self._root()
        self.walk.pending(self.bundle)
        return {bundle.folder: root for bundle, _, root in carried}

    def _reversed(self) -> set[int]:
        found = {
            reversed_id(line) for name in ("leaves", "pending") for line in self.bundle.lines(name)
        }
        return {number for number in found if number is not None}

    def _root(self) -> None:
        tree, head = self.walk.tree, self.bundle.checkpoint
        if tree.size != head.size:
            self.report.broken(
                "root", f"there are {tree.size} leaves, the checkpoint is of {head.size}"
            )
        elif tree.root() != head.root:
            self.report.broken(
                "root", f"they hash to {tree.root().hex()}, the checkpoint says {head.root.hex()}"
            )
        for size in sorted(size for size in self.earlier if size > tree.size):
            for name, _ in self.earlier[size]:
                self.report.broken(
                    "history",
                    f"{name} is of {size} leaves, but the bundle has {tree.size}: it is an older"
                    " bundle, or history was rewritten",
                )

    def _carried(self, roots: dict[Path, bytes]) -> None:
        for bundle in (self.bundle, *self.archives):
            cut = bundle.manifest.cut
            if cut is not None:
                document = self.walk.documents.get(cut.leaf)
                check_carried(self.report, bundle, roots[bundle.folder], document)
        if not roots:
            self.report.skip("carried", "nothing is detached")
        elif self.walk.begins:
            self.report.note(
                f"Entries before {self.walk.begins} are not in what was given: what they summed"
                " to, and the facts of accounts opened by them, are taken from the cooperative."
                " Give a bundle from before they were detached with --archive."
            )

    def _close(self, listing: dict[int, Listed]) -> None:
        if not self.manifest.names_people:
            self.report.skip("details", "only members' bundles tell")
            self.report.skip("certificates", "only members' bundles have them")
        if self.walk.lost:
            for name in ("kept", "units", "tokens", "owners", "titles", "shares", "certificates"):
                self.report.skip(name, LOST)
            return
        self.books.finish()
        check_listing(self.report, listing, self.books)
        check_conservation(self.report, self.books)
        Titles(
            self.report,
            self.books,
            self.walk.titles,
            self.key,
            names_people=self.manifest.names_people,
        ).check(self.bundle)
