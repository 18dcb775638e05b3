"""`manage.py services start|stop|status`: the embedded PostgreSQL and Redis by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coop.local import LocalError, Services, embedded_services


class Command(BaseCommand):
    """Starts, stops or shows the embedded services of this checkout."""

    help = "Start, stop or show the embedded PostgreSQL and Redis."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One word: what to do."""
        parser.add_argument("action", choices=["start", "stop", "status"])

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Do it and say what runs now."""
        services = embedded_services()
        try:
            if action == "start":
                services.start(self.stdout.write)
            elif action == "stop":
                services.stop()
        except LocalError as error:
            raise CommandError(str(error)) from None
        self._show(services)

    def _show(self, services: Services) -> None:
        for name, server in (("PostgreSQL", services.postgres), ("Redis", services.redis)):
            state = "runs" if server.is_running() else "does not run"
            self.stdout.write(f"{name} {state}: {server.url}")
