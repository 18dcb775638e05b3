"""`manage.py import_batches FILE`: take in what somebody carried here on a stick."""

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from metering import services
from metering.agent_api import as_json


class Command(BaseCommand):
    """Takes a `.coopbatch` file and writes the answer beside it, for `import-receipts`."""

    help = "Take in a file of signed batches; the receipts are written beside it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, and where the answer goes."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--answer", type=Path, help="default: FILE with .coopreceipts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the file line by line, write what becomes of each, tell how many of what."""
        source: Path = options["file"]
        answer: Path = options["answer"] or source.with_suffix(".coopreceipts")
        counts: Counter[str] = Counter()
        try:
            with source.open("rb") as lines, answer.open("w", encoding="utf-8") as out:
                for result in services.take_file(stream=lines, via="file"):
                    counts[result.status] += 1
                    out.write(json.dumps(as_json(result), separators=(",", ":")) + "\n")
        except OSError as error:
            raise CommandError(str(error)) from error
        said = ", ".join(f"{counts[status]} {status}" for status in sorted(counts)) or "empty"
        self.stdout.write(f"{source.name}: {said}. Receipts: {answer}")
