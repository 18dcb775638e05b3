"""`manage.py export_evidence DIR`: what nodes signed, for whoever checks it elsewhere."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from ledger.bundle.files import NoRoom
from metering.bundle import Asked, export_evidence
from metering.management.commands.rerate import nodes_called

NAMES = (
    "This folder says which member used what and when. Give it to auditors only, over a safe"
    " way, and delete it when it is checked."
)


class Command(BaseCommand):
    """Writes the evidence to a folder that `coop-verify evidence` checks."""

    help = (
        "Export all that nodes signed, with receipts, keys, inventories and what was derived, to"
        " DIR, a folder that is empty or does not exist. Check it with: coop-verify evidence DIR"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dir", type=Path, metavar="DIR", help="where it is to stand")
        parser.add_argument("--node", type=UUID, metavar="UUID", help="only this node")
        parser.add_argument(
            "--since", type=datetime.fromisoformat, metavar="DATE", help="received since then, UTC"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, and say how much it was."""
        self.stderr.write(NAMES)
        node = None if options["node"] is None else nodes_called(options["node"]).get()
        since = options["since"]
        if since is not None and since.tzinfo is None:
            since = since.replace(tzinfo=UTC)
        try:
            lines = export_evidence(options["dir"], Asked(node=node, since=since))
        except NoRoom as refused:
            raise CommandError(f"{refused} Nothing was written.") from refused
        told = ", ".join(f"{count} {name.removesuffix('.ndjson')}" for name, count in lines.items())
        self.stdout.write(f"{options['dir']}: {told}")
