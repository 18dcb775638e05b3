"""`manage.py export_books DIR`: the books as a folder that `coop-verify` checks."""

from argparse import ArgumentParser
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coop.bundles import KINDS, MEMBERS, PUBLIC, export_books
from ledger.bundle.export import Written
from ledger.bundle.files import NoRoom
from ledger.log.seal import seal

NAMES = (
    "This bundle holds names, purchases and charges of members. Give it to members and auditors"
    " only, over a safe way, and delete it when it is checked."
)
EARLY = (
    "{pending} records were written too recently to be sealed; the bundle lists them, but nothing"
    " binds the cooperative to them yet. --seal seals first."
)


class Command(BaseCommand):
    """Writes the books to a folder; exit status 1 where the rows do not agree with the log."""

    help = (
        "Export the books to DIR, a folder that is empty or does not exist. The public kind has"
        " pseudonyms that hold within the bundle, the members' kind has names."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", type=Path, metavar="DIR", help="where the bundle is to stand")
        parser.add_argument("--kind", choices=KINDS, default=PUBLIC, help=f"default: {PUBLIC}")
        parser.add_argument("--seal", action="store_true", help="seal what waits for it first")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and say what was written and what was found."""
        if options["seal"]:
            self.stderr.write(f"{seal()} leaves sealed")
        if options["kind"] == MEMBERS:
            self.stderr.write(NAMES)
        begun = monotonic()
        try:
            done = export_books(options["dir"], kind=options["kind"], tell=self.stderr.write)
        except NoRoom as refused:
            raise CommandError(f"{refused} Nothing was written.") from refused
        self.report(done, options["dir"], monotonic() - begun)

    def report(self, done: Written, place: Path, seconds: float) -> None:
        """The size and the time; raises CommandError where something was wrong."""
        self.stdout.write(
            f"{place}: {done.leaves} leaves, {done.size} bytes, in {seconds:.1f} seconds"
        )
        if done.pending:
            self.stderr.write(EARLY.format(pending=done.pending))
        if done.found:
            more = done.found - len(done.sentences)
            rest = [f"… and {more} more"] if more else []
            head = "The bundle is written, but the books were changed, or are not complete:"
            raise CommandError("\n".join([head, *done.sentences, *rest]), returncode=1)
