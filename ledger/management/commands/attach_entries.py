"""`manage.py attach_entries`: bring detached months back, to be read."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ledger import partitions


class Command(BaseCommand):
    """Attaches every `detached_entry_*` table of this database to the entries again."""

    help = "Attach the detached months that are in this database, after pg_restore."

    def handle(self, *args: Any, **options: Any) -> None:
        """Attach and tell."""
        try:
            tables = partitions.attach()
        except DatabaseError as error:
            raise CommandError(f"{error} Nothing was attached.") from error
        for table in tables:
            self.stdout.write(f"attached {table}")
        self.stdout.write(
            "The cut stays: balances as of a moment and exports go on from it."
            if tables
            else "There is no detached month in this database."
        )
