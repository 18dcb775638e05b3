"""`manage.py mirror_log DIR`: the log as files, and an alarm if it is no longer the same log."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger.log import tree
from ledger.log.mirror import NotAMirror, NotContinued, mirror

ALARM = (
    "NOT the same log: {why}. The folder keeps its checkpoint. Do not delete it: what the "
    "cooperative's key signed there is the evidence. Find out which of the two is right before "
    "anything more is booked (docs/operations.md)."
)


class Command(BaseCommand):
    """Writes what is new; exit status 1 if the folder's log is not continued by this one."""

    help = "Write the log as static files into a folder, only what is new; the checkpoint last."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            written = mirror(options["folder"])
        except NotContinued as found:
            raise CommandError(ALARM.format(why=found)) from found
        except NotAMirror as refused:
            raise CommandError(f"{refused}.") from refused
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.") from error
        head = tree.newest()
        size = head.size if head else 0
        self.stdout.write(f"{written} files written; the log has {size} leaves.")
