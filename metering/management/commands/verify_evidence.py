"""Check a file of evidence from a usage page, with nothing but the file and a public key."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from metering.evidence import check
from signing import strict_json
from signing.errors import SigningError


class Command(BaseCommand):
    """Prints what the evidence proves; exits with 1 where it does not hold."""

    help = "Check a file of evidence from a usage page."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--cooperative-key", default="", metavar="HEX")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, check, tell."""
        try:
            value = strict_json.loads(options["file"].read_bytes())
            proof = check(value, options["cooperative_key"])
        except (SigningError, OSError) as error:
            raise CommandError(f"The evidence does not hold: {error}") from error
        if proof.expired_at:
            self.stdout.write(f"The payload expired on {proof.expired_at}: what node {proof.node}")
            self.stdout.write(f"signed as batch {proof.seq} cannot be checked any more.")
        else:
            self.stdout.write(f"The signature of node {proof.node} over batch {proof.seq} holds.")
        self.stdout.write(f"Chain value {proof.chain}")
        if proof.received_at:
            self.stdout.write(f"The cooperative's receipt of {proof.received_at} holds.")
        if proof.record:
            self.stdout.write(json.dumps(proof.record, indent=2))
