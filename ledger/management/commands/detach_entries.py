"""`manage.py detach_entries --before 2026-01`: put the entries of old months away."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger import partitions
from ledger.errors import DomainError
from ledger.invariants import INVARIANTS

NEXT = """\
Next:
  1. Wait until the sequencer has sealed the digest (seconds), then run `manage.py verify`.
  2. Keep the tables, and try the file before anything is dropped:
     pg_dump --format=custom --file=entries.dump -t 'detached_entry_*' "$DATABASE_URL"
     pg_restore --list entries.dump
  3. {drops}
To read them again: pg_restore --dbname="$DATABASE_URL" entries.dump; manage.py attach_entries"""


class Command(BaseCommand):
    """Puts old entries away; what every account held then is kept, and its digest in the log."""

    help = "Detach the entries recorded before a month (UTC), carrying the balances forward."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", required=True, type=month, help="the first month to keep")

    def handle(self, *args: Any, **options: Any) -> None:
        """Detach and tell; nothing at all where the books are not in order."""
        wrong = [sentence for check in INVARIANTS for sentence in check()]
        if wrong:
            raise CommandError("\n".join([*wrong, "Nothing was detached."]))
        try:
            done = partitions.detach(options["before"])
        except DomainError as error:
            raise CommandError(f"{error} Nothing was detached.") from error
        self.tell(done)

    def tell(self, done: partitions.Detached) -> None:
        """What was done, and what is to be done with it."""
        for table in done.tables:
            self.stdout.write(f"detached {table}")
        self.stdout.write(f"{done.accounts} balances carried over {done.cut:%Y-%m-%d} 00:00 UTC")
        self.stdout.write(f"their digest, in the log as a document: {done.digest.hex()}")
        self.stdout.write(NEXT.format(drops=f"DROP TABLE {', '.join(done.tables)};"))


def month(text: str) -> datetime:
    """The first moment of a month such as "2026-01"."""
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is no month such as 2026-01") from error
