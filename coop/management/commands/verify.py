"""`manage.py verify`: run every invariant; name what is broken; exit 1 where anything is."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from coop.invariants import checks
from ledger.reading import one_snapshot


class Command(BaseCommand):
    """Proves the books right, or says what is wrong."""

    help = "Run every invariant of the books; exit status 1 and a list where one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks one after the other on one snapshot of the database."""
        wrong = 0
        with one_snapshot():
            for app, check in checks():
                sentences = check()
                wrong += len(sentences)
                promise = (check.__doc__ or check.__name__).strip().splitlines()[0]
                self.stdout.write(f"{'ok    ' if not sentences else 'BROKEN'} {app}: {promise}")
                for sentence in sentences:
                    self.stdout.write(f"         {sentence}")
        if wrong:
            self.stderr.write(f"{wrong} broken. Nothing was changed.")
            sys.exit(1)
        self.stdout.write("Everything holds.")
