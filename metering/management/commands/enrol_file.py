"""Let a node in that has no connection: its request from a file, the answer into one."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.errors import DomainError
from metering.models import EnrolmentRequest
from metering.services.enrol_files import answer_to_file, enrol_from_file
from signing.errors import SigningError
from signing.words import fingerprint_words


class Command(BaseCommand):
    """Without --answer takes the request in and prints its code and words; with it, the answer."""

    help = "Take FILE, a node's request; or write FILE, the answer for the node let in with CODE."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--answer", metavar="CODE", help="write the answer for this code")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take in, or answer."""
        try:
            if options["answer"]:
                options["file"].write_bytes(answer_to_file(user_code=options["answer"]))
            else:
                self.stdout.write(self._taken(options["file"]))
        except (DomainError, SigningError, OSError) as error:
            raise CommandError(str(error)) from error

    def _taken(self, file: Path) -> str:
        """The code to let the node in with, and the words to compare."""
        codes = enrol_from_file(raw=file.read_bytes())
        request = EnrolmentRequest.objects.get(user_code=codes.user_code, state="pending")
        return f"{codes.user_code} {fingerprint_words(bytes(request.public_key))}"
