"""`manage.py export_register DIR`: the register as files that can be moved in again."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from titles.exchange.export import export_register
from titles.exchange.files import Files
from titles.exchange.ocf import export_ocf

PRIVATE = 0o700


class Command(BaseCommand):
    """Writes CSV files (docs/moving-in.md) or, with --ocf, an Open Cap Table package."""

    help = "Write the register to a folder that is empty or not there yet."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--ocf", action="store_true", help="Open Cap Table Format (JSON)")
        parser.add_argument("--country", default="", help="ISO 3166 code, for --ocf")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise CommandError(f"{folder} must be an empty folder, or not be there yet.")
        files: Files = (
            export_ocf(country=options["country"]) if options["ocf"] else export_register()
        )
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        for name, raw in files.items():
            (folder / name).write_bytes(raw)
        self.stdout.write(f"{len(files)} files in {folder}. They name people: keep them safe.")
