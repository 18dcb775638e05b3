"""`manage.py expire_payloads`: what the daily task does, by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from metering import services


class Command(BaseCommand):
    """Empties payloads that are older than the policy `payload_days` lets them be."""

    help = "Empty old payloads as the policy payload_days says; chains and readings stay."

    def handle(self, *args: Any, **options: Any) -> None:
        """Empty and tell."""
        self.stdout.write(f"{services.expire_payloads()} payloads emptied.")
