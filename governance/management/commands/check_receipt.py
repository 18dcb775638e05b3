"""`manage.py check_receipt FILE`: whether a receipt holds, by itself and against this site."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.receipts.checking import BROKEN, HOLDS, NotAReceipt, check, read

WORDS = {HOLDS: "ok", BROKEN: "BROKEN"}


class Command(BaseCommand):
    """One line for each question; exit status 1 where one is answered with no, 2 for no receipt."""

    help = "Check the receipt of a ballot: its signatures, its proofs, and the board of this site."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file that the receipt's page gives."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the lines; raises CommandError."""
        try:
            lines = check(read(options["file"].read_bytes()))
        except (NotAReceipt, OSError) as error:
            raise CommandError(
                f"This is no receipt that can be read: {error}", returncode=2
            ) from None
        for line in lines:
            why = f" ({line.why})" if line.why else ""
            self.stdout.write(f"{WORDS.get(line.state, '-'):<7} {line.question}{why}")
        if any(line.state == BROKEN for line in lines):
            raise CommandError("This receipt does not hold. Show it to the auditors.", returncode=1)
