"""Let a node in from the command line: what the page /nodes/enrol/ does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assets.models import Pool
from ledger.errors import DomainError
from metering.services import approve_enrolment


class Command(BaseCommand):
    """Approves the request behind a code and prints the node's id."""

    help = "Approve the node that shows CODE."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code")
        parser.add_argument("--label", default="", help="default: its hostname")
        parser.add_argument("--pool", default="", help="code of the pool that it serves")

    def handle(self, *args: Any, **options: Any) -> None:
        """Approve and tell."""
        pool = Pool.objects.filter(code=options["pool"]).first()
        if options["pool"] and pool is None:
            raise CommandError(f"No pool has the code {options['pool']}.")
        try:
            node = approve_enrolment(
                actor=None, user_code=options["code"], label=options["label"], pool=pool
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(node.uuid))
