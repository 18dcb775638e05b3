"""`manage.py partition_readings`: what the daily task does, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from metering import months


class Command(BaseCommand):
    """Sees that the months ahead have partitions and that every reading stands in its month."""

    help = "Make the partitions of the next months; move readings that stand in none into theirs."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make, move and tell."""
        made, moved = months.keep_ahead()
        self.stdout.write(f"{made} partitions made, {moved} readings moved into their month.")
