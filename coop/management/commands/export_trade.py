"""`manage.py export_trade`: the books for other programs, as beancount, CSV or JSON Lines."""

import sys
from argparse import ArgumentTypeError
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coop.books import everybody
from ledger.access import NOBODY
from ledger.errors import DomainError
from ledger.exports import FORMATS, Asked, blocks


class Command(BaseCommand):
    """Writes the books, all of them or those of some days, at constant memory."""

    help = "Write the books as beancount, CSV or JSON Lines to a file, or to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        """The format, the days, whether members appear by number, and the file."""
        parser.add_argument("--format", required=True, choices=sorted(FORMATS))
        parser.add_argument("--from", dest="first", type=day, help="first day, like 2026-06-01")
        parser.add_argument("--to", dest="last", type=day, help="last day, like 2026-06-30")
        parser.add_argument("--names", action="store_true", help="members by their number")
        parser.add_argument("file", help="- is standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file; one that is begun and not finished is removed."""
        first, last = options["first"], options["last"]
        if first and last and last < first:
            raise CommandError("The last day lies before the first.")
        asked = Asked(first, last, everybody() if options["names"] else NOBODY)
        try:
            write(options["format"], asked, options["file"])
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error


def day(text: str) -> date:
    """A day of the calendar."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no day like 2026-06-30") from None


def write(form: str, asked: Asked, file: str) -> None:
    """Write an export to a file, whole or not at all; "-" is standard output."""
    if file == "-":
        return _pour(form, asked, sys.stdout.buffer)
    begun = Path(f"{file}.part")
    try:
        with begun.open("wb") as out:
            _pour(form, asked, out)
        begun.replace(file)
    finally:
        with suppress(FileNotFoundError):
            begun.unlink()


def _pour(form: str, asked: Asked, out: IO[bytes]) -> None:
    for block in blocks(FORMATS[form].lines(asked)):
        out.write(block)
    out.flush()
