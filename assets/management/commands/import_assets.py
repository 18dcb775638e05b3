"""Take a register of assets from a CSV file; with --dry-run only say what it would do."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assets.services import import_assets


class Command(BaseCommand):
    """import_assets FILE [--dry-run]"""

    help = "Add the assets of a CSV file that are not on the register yet: all of them or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, and whether to write."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the import; raises CommandError with every fault, line by line."""
        try:
            text = options["file"].read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']}: {error}") from error
        report = import_assets(text=text, actor=None, dry_run=options["dry_run"])
        if report.errors:
            lines = [f"line {fault.line}: {fault.text}" for fault in report.errors]
            raise CommandError("\n".join([*lines, "Nothing was written."]))
        verb = "would be added" if options["dry_run"] else "added"
        self.stdout.write(f"{len(report.added)} {verb}, {len(report.known)} there already")
