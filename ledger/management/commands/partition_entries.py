"""`manage.py partition_entries`: what the daily task does, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from ledger import partitions


class Command(BaseCommand):
    """Sees that the months ahead have partitions and that every entry stands in its month."""

    help = "Make the partitions of the next two years; move entries that stand in none into theirs."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make, move and tell."""
        made, moved = partitions.keep_ahead()
        self.stdout.write(f"{made} partitions made, {moved} entries moved into their month.")
