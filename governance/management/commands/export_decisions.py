"""`manage.py export_decisions DIR`: closed decisions, for whoever counts them elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.bundle.export import MEMBERS, PUBLIC, export_decisions
from ledger.bundle.files import NoRoom


class Command(BaseCommand):
    """Writes the decisions to a folder that `coop-verify decisions` checks."""

    help = (
        "Export all closed decisions, with rolls, boards, delegations and certificates, to DIR, a"
        " folder that is empty or does not exist. Check it with: coop-verify decisions DIR"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, for whom, which."""
        parser.add_argument("dir", type=Path, metavar="DIR", help="where it is to stand")
        parser.add_argument("--kind", choices=[PUBLIC, MEMBERS], default=PUBLIC)
        parser.add_argument("--only", type=int, metavar="NUMBER", help="only this decision")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and say how much it was."""
        try:
            lines = export_decisions(options["dir"], kind=options["kind"], only=options["only"])
        except NoRoom as refused:
            raise CommandError(f"{refused} Nothing was written.") from refused
        told = ", ".join(f"{count} {name.removesuffix('.ndjson')}" for name, count in lines.items())
        self.stdout.write(f"{options['dir']}: {told}")
